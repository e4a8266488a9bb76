//! Notifications of the system, as hints that it is worth looking.
//!
//! In: targets. Out: a [`Notify`] that is signalled when something that matters may have happened.
//!
//! | limit | source | when reached |
//! |---|---|---|
//! | `fs.inotify.max_user_instances`, `max_user_watches` | sysctl | [`Mode::RescanOnly`], one warning; tried again at each look |
//! | `fs.inotify.max_queued_events` | sysctl | one hint, the watches are renewed, one warning |
//!
//! A watch belongs to an inode, not to a path: after a rename it is deaf without a word. So the
//! watches are made anew whenever the way to the targets is another than it was.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::Target;
use super::trail::Plan;
use crate::daemon::record;

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

/// What the thread of notifications tells.
#[derive(Debug)]
struct Signs {
    hinted: Arc<Notify>,
    /// The watches may be on what is no longer there.
    stale: AtomicBool,
    overflowed: AtomicBool,
}

/// The watches.
#[derive(Debug)]
pub(super) struct Hints {
    signs: Arc<Signs>,
    plan: Plan,
    watcher: Option<RecommendedWatcher>,
    /// Each is said once, not at every look.
    warned: bool,
    warned_of_overflow: bool,
}

impl Hints {
    /// No watch yet; `hinted` is signalled as soon as there are.
    pub fn new(hinted: Arc<Notify>) -> Self {
        Self {
            signs: Arc::new(Signs {
                hinted,
                stale: AtomicBool::new(true),
                overflowed: AtomicBool::new(false),
            }),
            plan: Plan::default(),
            watcher: None,
            warned: false,
            warned_of_overflow: false,
        }
    }

    pub fn mode(&self) -> Mode {
        match self.watcher {
            Some(_) => Mode::Notified,
            None => Mode::RescanOnly,
        }
    }

    /// Makes the watches fit the way to `targets` as it is now.
    pub fn renew(&mut self, targets: &[Target]) {
        if self.signs.overflowed.swap(false, Ordering::AcqRel) && !self.warned_of_overflow {
            self.warned_of_overflow = true;
            record::watch_overflowed();
        }
        // Taken back before the plan is made: what comes after is for the next time.
        let stale = self.signs.stale.swap(false, Ordering::AcqRel);
        let plan = Plan::of(targets);
        if !stale && self.watcher.is_some() && plan == self.plan {
            return;
        }
        // First the old ones, which count against the limits.
        self.watcher = None;
        match watch(&plan, Arc::clone(&self.signs)) {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                if std::mem::take(&mut self.warned) {
                    record::watch_restored();
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.warned, true) {
                    record::watch_unavailable(&error);
                }
            }
        }
        self.plan = plan;
    }
}

fn watch(plan: &Plan, signs: Arc<Signs>) -> notify::Result<RecommendedWatcher> {
    let filter = plan.clone();
    let mut watcher = notify::recommended_watcher(move |event| receive(&filter, &signs, event))?;
    for directory in plan.directories.keys() {
        match watcher.watch(directory, RecursiveMode::NonRecursive) {
            Err(error) if !is_of_the_path(&error) => return Err(error),
            // Not there, or not for us to read: the directory above it tells, or the next look.
            _ => {}
        }
    }
    Ok(watcher)
}

/// Whether the error is about one path rather than about watching.
fn is_of_the_path(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => matches!(
            error.raw_os_error(),
            Some(libc::ENOENT | libc::ENOTDIR | libc::EACCES | libc::ELOOP)
        ),
        _ => false,
    }
}

/// Runs in the thread of notifications.
fn receive(plan: &Plan, signs: &Signs, event: notify::Result<Event>) {
    let Ok(event) = event else {
        signs.stale.store(true, Ordering::Release);
        signs.hinted.notify_one();
        return;
    };
    if event.need_rescan() {
        signs.overflowed.store(true, Ordering::Release);
        signs.stale.store(true, Ordering::Release);
        signs.hinted.notify_one();
        return;
    }
    if !is_write(event.kind) || !event.paths.iter().any(|path| matters(plan, path)) {
        return;
    }
    if is_replacement(event.kind) && event.paths.iter().any(|path| on_the_way(plan, path)) {
        signs.stale.store(true, Ordering::Release);
    }
    signs.hinted.notify_one();
}

/// Our own reading is an event too, and must not wake us.
fn is_write(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

/// Whether a name may stand for something else now.
fn is_replacement(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(_) => false,
        EventKind::Modify(modify) => matches!(modify, ModifyKind::Name(_) | ModifyKind::Any),
        _ => true,
    }
}

fn on_the_way(plan: &Plan, path: &Path) -> bool {
    plan.steps.contains(path) || plan.directories.contains_key(path)
}

fn matters(plan: &Plan, path: &Path) -> bool {
    on_the_way(plan, path)
        || path
            .parent()
            .is_some_and(|parent| plan.whole.contains(parent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{DataChange, Flag, RemoveKind, RenameMode};
    use std::path::PathBuf;

    fn plan() -> Plan {
        let mut plan = Plan::default();
        plan.directories.insert("/etc".into(), None);
        plan.directories.insert("/etc/rules".into(), None);
        plan.steps.insert("/etc".into());
        plan.steps.insert("/etc/rules".into());
        plan.whole.insert("/etc/rules".into());
        plan
    }

    /// Whether the event is a hint, and whether it asks for new watches.
    fn told(event: Event) -> (bool, bool) {
        let mut hints = Hints::new(Arc::new(Notify::new()));
        hints.signs.stale.store(false, Ordering::Release);
        receive(&plan(), &hints.signs, Ok(event));
        let stale = hints.signs.stale.load(Ordering::Acquire);
        let overflowed = hints.signs.overflowed.load(Ordering::Acquire);
        hints.renew(&[]);
        assert_eq!(hints.warned_of_overflow, overflowed);
        let notified = hints.signs.hinted.notified();
        tokio::pin!(notified);
        (notified.as_mut().enable(), stale)
    }

    fn at(path: &str, kind: EventKind) -> Event {
        Event::new(kind).add_path(PathBuf::from(path))
    }

    const WRITTEN: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    const RENAMED: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::From));
    const REMOVED: EventKind = EventKind::Remove(RemoveKind::Folder);

    #[test]
    fn reading_is_no_hint() {
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
        assert_eq!(told(at("/etc/rules/a", opened)), (false, false));
        let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
        assert_eq!(told(at("/etc/rules/a", read)), (false, false));
    }

    #[test]
    fn writing_is_a_hint_and_leaves_the_watches() {
        let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
        assert_eq!(told(at("/etc/rules/a", closed)), (true, false));
        assert_eq!(told(at("/etc/rules/a", WRITTEN)), (true, false));
        assert_eq!(told(at("/etc/rules/a", RENAMED)), (true, false));
    }

    #[test]
    fn what_happens_beside_the_way_is_no_hint() {
        assert_eq!(told(at("/etc/passwd", WRITTEN)), (false, false));
        assert_eq!(told(at("/etc/rules.old/a", REMOVED)), (false, false));
    }

    #[test]
    fn a_replaced_directory_asks_for_new_watches() {
        assert_eq!(told(at("/etc/rules", REMOVED)), (true, true));
        assert_eq!(told(at("/etc/rules", RENAMED)), (true, true));
    }

    #[test]
    fn an_overflow_asks_for_new_watches() {
        let event = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert_eq!(told(event), (true, true));
    }

    #[test]
    fn an_error_of_a_path_is_none_of_watching() {
        assert!(is_of_the_path(&notify::Error::path_not_found()));
        assert!(!is_of_the_path(&notify::Error::new(
            ErrorKind::MaxFilesWatch
        )));
    }
}
