//! The parts of the daemon that are not well now: one list for `status` and systemd.
//!
//! In: the name of a part and what is wrong with it; later, that the part is well again. Out: the current
//! problems, the oldest first.
//!
//! Not here: errors in the rules (`reload` reports them) and in the configuration (`settings`).

use std::{sync::Arc, time::Instant};

use tokio::sync::watch;

/// A part that is not well.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The name of the part: `reloader`, `milter unix:/run/readdress/readdress.sock`.
    pub part: String,
    /// What is wrong, and what to do.
    pub what: String,
    /// Since when.
    pub since: Instant,
}

/// The current problems. Clones share one list.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<watch::Sender<Vec<Problem>>>);

impl Health {
    /// Records that something is wrong with a part. Returns true if nothing was wrong with it before.
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

    /// Records that a part is well. Returns true if it was not well before.
    pub fn well(&self, part: &str) -> bool {
        self.0.send_if_modified(|problems| {
            let before = problems.len();
            problems.retain(|problem| problem.part != part);
            problems.len() != before
        })
    }

    /// Returns the current problems, the oldest first.
    pub fn problems(&self) -> Vec<Problem> {
        self.0.borrow().clone()
    }

    /// Returns a receiver that sees each change of the list.
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
