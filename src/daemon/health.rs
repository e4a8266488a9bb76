//! What of the daemon is not as it should be now: one list for `status` and systemd.
//!
//! In: a part of the daemon, by its name, and what is wrong with it; later, that it is well again.
//! Out: the problems of now, the oldest first. What is wrong with the rules is not in it: the
//! reloader says that.

use std::{sync::Arc, time::Instant};

use tokio::sync::watch;

/// One part that is not well.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The part: `reloader`, `milter unix:/run/readdress/readdress.sock`.
    pub part: String,
    /// What is wrong, and what to do about it.
    pub what: String,
    /// Since when.
    pub since: Instant,
}

/// The problems of now. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<watch::Sender<Vec<Problem>>>);

impl Health {
    /// Something is wrong with `part`. Returns true if nothing was before.
    pub fn wrong(&self, part: &str, what: &str) -> bool {
        let mut is_new = false;
        self.0.send_if_modified(|problems| {
            match problems.iter_mut().find(|problem| problem.part == part) {
                Some(known) if known.what == what => return false,
                Some(known) => what.clone_into(&mut known.what),
                None => {
                    is_new = true;
                    problems.push(Problem {
                        part: part.to_owned(),
                        what: what.to_owned(),
                        since: Instant::now(),
                    });
                }
            }
            true
        });
        is_new
    }

    /// `part` is well. Returns true if it was not before.
    pub fn well(&self, part: &str) -> bool {
        self.0.send_if_modified(|problems| {
            let before = problems.len();
            problems.retain(|problem| problem.part != part);
            problems.len() != before
        })
    }

    /// What is wrong now, the oldest first.
    pub fn problems(&self) -> Vec<Problem> {
        self.0.borrow().clone()
    }

    /// Tells when something else is wrong than before.
    pub fn subscribe(&self) -> watch::Receiver<Vec<Problem>> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_one_problem_until_it_is_well() {
        let health = Health::default();
        assert!(health.wrong("log", "full"));
        assert!(health.wrong("reloader", "ended"));
        assert!(!health.wrong("log", "stuck"));
        let problems = health.problems();
        let parts: Vec<_> = problems.iter().map(|problem| &*problem.part).collect();
        assert_eq!(parts, ["log", "reloader"]);
        assert_eq!(problems[0].what, "stuck");
        assert!(health.well("log"));
        assert!(!health.well("log"));
        assert_eq!(health.problems().len(), 1);
    }
}
