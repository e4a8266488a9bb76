//! Notifications of the system, as hints that it is worth looking.
//!
//! In: targets. Out: [`Hints::hinted`], which returns when something that matters may have happened.
//!
//! | limit | source | when reached |
//! |---|---|---|
//! | `fs.inotify.max_user_instances`, `max_user_watches`, open files, threads | sysctl, `LimitNOFILE=`, `TasksMax=` | [`Mode::RescanOnly`], one warning; tried again at each look |
//! | `fs.inotify.max_queued_events` | sysctl | one hint, the watches are renewed, one warning |
//!
//! A watch belongs to an inode, not to a path: after a rename it is deaf without a word. So the
//! watches are made anew whenever the way to the targets is another than it was.
//!
//! One thread of notifications serves as long as the daemon: it is started with [`Hints`], and later
//! watches are taken from it and given to it. Both wait for the file system, and are done by
//! [`Watches::renew`], on the thread of [`Jobs`](crate::daemon::jobs::Jobs).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Target;
use super::notifications::Notifications;
use super::signs::Signs;
use super::trail::Plan;
use crate::daemon::{health::Health, record};

/// How changes are found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// By notification, and by looking every now and then.
    Notified,
    /// By looking every now and then alone.
    RescanOnly,
}

impl Mode {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notified => "notified",
            Self::RescanOnly => "rescan-only",
        }
    }
}

/// The half that adds watches, used by one job at a time.
#[derive(Debug)]
pub(super) struct Watches {
    signs: Arc<Signs>,
    /// `None` where there are none, and after an attempt that failed.
    current: Mutex<Option<(Notifications, Plan)>>,
    warned_of_overflow: AtomicBool,
}

impl Watches {
    /// Makes the watches fit the way to `targets` as it is now. Blocks as long as the file system does.
    pub fn renew(&self, targets: &[Target]) -> Result<(), String> {
        if self.signs.take_overflow() && !self.warned_of_overflow.swap(true, Ordering::AcqRel) {
            record::watch_overflowed();
        }
        // Taken back before the plan is made: what comes after is for the next time.
        let stale = self.signs.take_stale();
        let plan = Plan::of(targets);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out: after a failure nothing is left, since watches count against a limit of all
        // programs, and half of them are of no use.
        let (mut notifications, before) = match current.take() {
            Some((notifications, before)) if !stale && before == plan => {
                *current = Some((notifications, before));
                return Ok(());
            }
            Some(both) => both,
            None => (Notifications::start(&self.signs)?, Plan::default()),
        };
        // Before the watches, whose first event is judged by it.
        self.signs.judge_by(&plan);
        notifications.exchange(before.directories.keys(), plan.directories.keys())?;
        *current = Some((notifications, plan));
        Ok(())
    }
}

/// The half that waits for hints.
#[derive(Debug)]
pub(super) struct Hints {
    watches: Arc<Watches>,
    mode: Mode,
    /// How a lack of notifications is called among the problems: `watch of rules`.
    part: String,
    health: Health,
}

impl Hints {
    /// Starts the thread of notifications. No watch yet.
    pub fn new(part: String, health: Health) -> Self {
        let signs = Signs::new();
        // The first look tries it again, and says why it failed.
        let started = Notifications::start(&signs).ok();
        Self {
            watches: Arc::new(Watches {
                signs,
                current: Mutex::new(started.map(|started| (started, Plan::default()))),
                warned_of_overflow: AtomicBool::new(false),
            }),
            mode: Mode::RescanOnly,
            part,
            health,
        }
    }

    /// The half that adds watches.
    pub fn watches(&self) -> Arc<Watches> {
        Arc::clone(&self.watches)
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// A renewal ended so.
    pub fn renewed(&mut self, renewal: Result<(), String>) {
        match renewal {
            Ok(()) => {
                self.mode = Mode::Notified;
                if self.health.well(&self.part) {
                    record::watch_restored();
                }
            }
            Err(error) => {
                self.mode = Mode::RescanOnly;
                // Said once, not at every look.
                let what = format!("rescan-only, changes are seen later: {error}");
                if self.health.wrong(&self.part, &what) {
                    record::watch_unavailable(&error);
                }
            }
        }
    }

    /// Returns when there is something worth a look; never without notifications. Hints that nobody
    /// waited for are one.
    pub async fn hinted(&self) {
        self.watches.signs.hinted().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_replaced_directory_is_heard_of_again_and_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = std::fs::canonicalize(dir.path()).unwrap().join("rules");
        let targets = [Target::Directory(path.clone())];
        let mut hints = Hints::new("watch".to_owned(), Health::default());
        let watches = hints.watches();
        for _ in 0..5 {
            hints.renewed(watches.renew(&targets));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir(&path).unwrap();
            hints.hinted().await;
            hints.renewed(watches.renew(&targets));
            std::fs::write(path.join("a.rules"), "").unwrap();
            hints.hinted().await;
            assert_eq!(hints.mode(), Mode::Notified);
        }
    }

    #[test]
    fn without_notifications_that_is_a_problem_until_they_are_back() {
        let health = Health::default();
        let mut hints = Hints::new("watch of rules".to_owned(), health.clone());
        hints.renewed(Err("no thread".to_owned()));
        assert_eq!(hints.mode(), Mode::RescanOnly);
        let problems = health.problems();
        assert_eq!(problems[0].part, "watch of rules");
        assert!(problems[0].what.ends_with("no thread"), "{problems:?}");
        hints.renewed(hints.watches().renew(&[]));
        assert_eq!(hints.mode(), Mode::Notified);
        assert!(health.problems().is_empty());
    }
}
