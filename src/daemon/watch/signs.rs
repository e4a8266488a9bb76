//! What an event means: whether it is worth a look, and whether the watches have to be made anew.
//!
//! In: events, in the thread of notifications, and the plan of what matters. Out: [`Signs::hinted`].

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind};
use tokio::sync::Notify;

use super::trail::Plan;

/// What the thread of notifications tells.
#[derive(Debug)]
pub(super) struct Signs {
    hinted: Notify,
    /// What matters.
    plan: Mutex<Plan>,
    /// The watches may be on what is no longer there.
    stale: AtomicBool,
    overflowed: AtomicBool,
}

impl Signs {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            hinted: Notify::new(),
            plan: Mutex::default(),
            stale: AtomicBool::new(true),
            overflowed: AtomicBool::new(false),
        })
    }

    /// What matters from now on.
    pub fn judge_by(&self, plan: &Plan) {
        plan.clone_into(&mut self.plan());
    }

    /// Returns true if the watches may be on what is no longer there, and forgets it.
    pub fn take_stale(&self) -> bool {
        self.stale.swap(false, Ordering::AcqRel)
    }

    /// Returns true if notifications were dropped, and forgets it.
    pub fn take_overflow(&self) -> bool {
        self.overflowed.swap(false, Ordering::AcqRel)
    }

    /// Returns when something has happened that matters. Hints that nobody waited for are one.
    pub async fn hinted(&self) {
        self.hinted.notified().await;
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make_stale(&self) {
        self.stale.store(true, Ordering::Release);
    }

    /// Runs in the thread of notifications.
    pub fn receive(&self, event: notify::Result<Event>) {
        let Ok(event) = event else {
            self.make_stale();
            self.hinted.notify_one();
            return;
        };
        if event.need_rescan() {
            self.overflowed.store(true, Ordering::Release);
            self.make_stale();
            self.hinted.notify_one();
            return;
        }
        let plan = self.plan();
        if !is_write(event.kind) || !event.paths.iter().any(|path| matters(&plan, path)) {
            return;
        }
        if is_replacement(event.kind) && event.paths.iter().any(|path| on_the_way(&plan, path)) {
            self.make_stale();
        }
        drop(plan);
        self.hinted.notify_one();
    }

    /// The thread of notifications has ended. No hint: the next look is soon enough, and where no
    /// thread can be had, a hint would lead to a look, and that to the next attempt.
    pub fn ended(&self) {
        self.make_stale();
    }
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
        let signs = Signs::new();
        signs.take_stale();
        signs.judge_by(&plan());
        signs.receive(Ok(event));
        let notified = signs.hinted.notified();
        tokio::pin!(notified);
        let hint = notified.as_mut().enable();
        (hint, signs.take_stale())
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
}
