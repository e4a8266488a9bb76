//! Notifications of the system that something may have changed.
//!
//! In: paths. Out: [`ChangeEvents::next`], which returns after a notification that matters.
//!
//! | limit | set by | when reached |
//! |---|---|---|
//! | `fs.inotify.max_user_instances`, `max_user_watches`, open files, threads | sysctl, `LimitNOFILE=`, `TasksMax=` | [`Mode::RescanOnly`] and one warning; the next check tries again |
//! | `fs.inotify.max_queued_events` | sysctl | one event, the watches are renewed, one warning |
//!
//! A watch belongs to an inode, not to a path: after a rename it gets no events any more, without an
//! error. So the watches are renewed whenever the way to the paths has changed.
//!
//! One thread of notifications runs as long as the daemon. It is started with [`ChangeEvents`]; later
//! watches are added to it and removed from it. Both operations wait for the file system, so
//! [`Watches::renew`] does them on the thread of [`Jobs`](crate::daemon::jobs::Jobs).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::filter::EventFilter;
use super::notifications::Notifications;
use super::plan::WatchPlan;
use super::watched::WatchedPath;
use crate::daemon::{record, state::health::Health};

/// How changes are found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// By notifications, and by a periodic check.
    Notified,
    /// By the periodic check alone.
    RescanOnly,
}

impl Mode {
    /// The word that is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notified => "notified",
            Self::RescanOnly => "rescan-only",
        }
    }
}

/// Adds and removes watches. One job at a time uses it.
#[derive(Debug)]
pub(super) struct Watches {
    filter: Arc<EventFilter>,
    /// The watches that there are. `None` after an attempt that failed.
    current: Mutex<Option<(Notifications, WatchPlan)>>,
    warned_of_overflow: AtomicBool,
}

impl Watches {
    /// Watches every directory on the way to `paths` as the way is now. Blocks.
    pub fn renew(&self, paths: &[WatchedPath]) -> Result<(), String> {
        if self.filter.take_overflow() && !self.warned_of_overflow.swap(true, Ordering::AcqRel) {
            record::watch_overflowed();
        }
        // Reset before the plan is made: later events are for the next renewal.
        let stale = self.filter.take_stale();
        let plan = WatchPlan::of(paths);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out, so that no watch is left after a failure: watches count against a limit of all
        // programs, and half of them are useless.
        let (mut notifications, before) = match current.take() {
            Some((notifications, before)) if !stale && before == plan => {
                *current = Some((notifications, before));
                return Ok(());
            }
            Some(both) => both,
            None => (Notifications::start(&self.filter)?, WatchPlan::default()),
        };
        // Before the watches are added, because the filter needs the plan for their first event.
        self.filter.set_plan(&plan);
        notifications.replace(before.directories.keys(), plan.directories.keys())?;
        *current = Some((notifications, plan));
        Ok(())
    }
}

/// Waits for notifications.
#[derive(Debug)]
pub(super) struct ChangeEvents {
    watches: Arc<Watches>,
    mode: Mode,
    /// The name of this watch in the list of problems: `watch of rules`.
    part: String,
    health: Health,
}

impl ChangeEvents {
    /// Starts the thread of notifications. No watch yet.
    pub fn new(part: String, health: Health) -> Self {
        let filter = EventFilter::new();
        // If this fails, the first check tries again and reports the error.
        let started = Notifications::start(&filter).ok();
        Self {
            watches: Arc::new(Watches {
                filter,
                current: Mutex::new(started.map(|started| (started, WatchPlan::default()))),
                warned_of_overflow: AtomicBool::new(false),
            }),
            mode: Mode::RescanOnly,
            part,
            health,
        }
    }

    /// Returns what adds and removes watches.
    pub fn watches(&self) -> Arc<Watches> {
        Arc::clone(&self.watches)
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Takes note of the result of a renewal.
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
                // Logged once, not at every check.
                let what = format!("rescan-only, changes are seen later: {error}");
                if self.health.wrong(&self.part, &what) {
                    record::watch_unavailable(&error);
                }
            }
        }
    }

    /// Returns after the next notification that matters; never if there are no notifications. Several
    /// notifications that came before the call are one.
    pub async fn next(&self) {
        self.watches.filter.event().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_replaced_directory_still_gives_events() {
        let dir = tempfile::tempdir().unwrap();
        let path = std::fs::canonicalize(dir.path()).unwrap().join("rules");
        let paths = [WatchedPath::Directory(path.clone())];
        let mut events = ChangeEvents::new("watch".to_owned(), Health::default());
        let watches = events.watches();
        for _ in 0..5 {
            events.renewed(watches.renew(&paths));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir(&path).unwrap();
            events.next().await;
            events.renewed(watches.renew(&paths));
            std::fs::write(path.join("a.rules"), "").unwrap();
            events.next().await;
            assert_eq!(events.mode(), Mode::Notified);
        }
    }

    #[test]
    fn without_notifications_that_is_a_problem_until_they_are_back() {
        let health = Health::default();
        let mut events = ChangeEvents::new("watch of rules".to_owned(), health.clone());
        events.renewed(Err("no thread".to_owned()));
        assert_eq!(events.mode(), Mode::RescanOnly);
        let problems = health.problems();
        assert_eq!(problems[0].part, "watch of rules");
        assert!(problems[0].what.ends_with("no thread"), "{problems:?}");
        events.renewed(events.watches().renew(&[]));
        assert_eq!(events.mode(), Mode::Notified);
        assert!(health.problems().is_empty());
    }
}
