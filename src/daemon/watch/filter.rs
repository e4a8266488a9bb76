//! Decides which events matter, and which of them mean that the watches must be renewed.
//!
//! In: events, on the thread of notifications, and the plan of what matters. Out: [`EventFilter::event`].

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind};
use tokio::sync::Notify;

use super::plan::WatchPlan;

/// Shared by the thread of notifications and those who wait for events.
#[derive(Debug)]
pub(super) struct EventFilter {
    event: Notify,
    /// What matters.
    plan: Mutex<WatchPlan>,
    /// The watches may be on directories that are no longer there.
    stale: AtomicBool,
    overflowed: AtomicBool,
}

impl EventFilter {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            event: Notify::new(),
            plan: Mutex::default(),
            stale: AtomicBool::new(true),
            overflowed: AtomicBool::new(false),
        })
    }

    /// Sets what matters from now on.
    pub fn set_plan(&self, plan: &WatchPlan) {
        plan.clone_into(&mut self.plan());
    }

    /// Returns true if the watches may be on directories that are no longer there, and resets that.
    pub fn take_stale(&self) -> bool {
        self.stale.swap(false, Ordering::AcqRel)
    }

    /// Returns true if the system dropped notifications, and resets that.
    pub fn take_overflow(&self) -> bool {
        self.overflowed.swap(false, Ordering::AcqRel)
    }

    /// Returns after the next event that matters. Several events that came before the call are one.
    pub async fn event(&self) {
        self.event.notified().await;
    }

    fn plan(&self) -> MutexGuard<'_, WatchPlan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make_stale(&self) {
        self.stale.store(true, Ordering::Release);
    }

    /// Takes an event. Runs on the thread of notifications.
    pub fn receive(&self, event: notify::Result<Event>) {
        let Ok(event) = event else {
            self.make_stale();
            self.event.notify_one();
            return;
        };
        if event.need_rescan() {
            self.overflowed.store(true, Ordering::Release);
            self.make_stale();
            self.event.notify_one();
            return;
        }
        let plan = self.plan();
        if !is_write(event.kind) || !event.paths.iter().any(|path| matters(&plan, path)) {
            return;
        }
        if is_replacement(event.kind) && event.paths.iter().any(|path| is_on_the_way(&plan, path)) {
            self.make_stale();
        }
        drop(plan);
        self.event.notify_one();
    }

    /// Takes note that the thread of notifications has ended. This is no event: the next check is soon
    /// enough. If no thread can be started, an event would lead to a check, the check to the next attempt
    /// to start one, and so on without a pause.
    pub fn ended(&self) {
        self.make_stale();
    }
}

/// Returns false for reads: our own reading causes events too, and must not wake us.
fn is_write(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

/// Returns true if a name may refer to another file or directory now.
fn is_replacement(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(_) => false,
        EventKind::Modify(modify) => matches!(modify, ModifyKind::Name(_) | ModifyKind::Any),
        _ => true,
    }
}

fn is_on_the_way(plan: &WatchPlan, path: &Path) -> bool {
    plan.steps.contains(path) || plan.directories.contains_key(path)
}

fn matters(plan: &WatchPlan, path: &Path) -> bool {
    is_on_the_way(plan, path)
        || path
            .parent()
            .is_some_and(|parent| plan.whole.contains(parent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{DataChange, Flag, RemoveKind, RenameMode};
    use std::path::PathBuf;

    fn plan() -> WatchPlan {
        let mut plan = WatchPlan::default();
        plan.directories.insert("/etc".into(), None);
        plan.directories.insert("/etc/rules".into(), None);
        plan.steps.insert("/etc".into());
        plan.steps.insert("/etc/rules".into());
        plan.whole.insert("/etc/rules".into());
        plan
    }

    /// Returns whether the event matters, and whether the watches must be renewed.
    fn effect(event: Event) -> (bool, bool) {
        let filter = EventFilter::new();
        filter.take_stale();
        filter.set_plan(&plan());
        filter.receive(Ok(event));
        let notified = filter.event.notified();
        tokio::pin!(notified);
        let matters = notified.as_mut().enable();
        (matters, filter.take_stale())
    }

    fn at(path: &str, kind: EventKind) -> Event {
        Event::new(kind).add_path(PathBuf::from(path))
    }

    const WRITTEN: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    const RENAMED: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::From));
    const REMOVED: EventKind = EventKind::Remove(RemoveKind::Folder);

    #[test]
    fn reading_does_not_matter() {
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
        assert_eq!(effect(at("/etc/rules/a", opened)), (false, false));
        let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
        assert_eq!(effect(at("/etc/rules/a", read)), (false, false));
    }

    #[test]
    fn writing_matters_and_leaves_the_watches() {
        let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
        assert_eq!(effect(at("/etc/rules/a", closed)), (true, false));
        assert_eq!(effect(at("/etc/rules/a", WRITTEN)), (true, false));
        assert_eq!(effect(at("/etc/rules/a", RENAMED)), (true, false));
    }

    #[test]
    fn what_happens_beside_the_way_does_not_matter() {
        assert_eq!(effect(at("/etc/passwd", WRITTEN)), (false, false));
        assert_eq!(effect(at("/etc/rules.old/a", REMOVED)), (false, false));
    }

    #[test]
    fn after_a_replaced_directory_the_watches_are_renewed() {
        assert_eq!(effect(at("/etc/rules", REMOVED)), (true, true));
        assert_eq!(effect(at("/etc/rules", RENAMED)), (true, true));
    }

    #[test]
    fn after_an_overflow_the_watches_are_renewed() {
        let event = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert_eq!(effect(event), (true, true));
    }
}
