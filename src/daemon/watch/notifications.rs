//! The watcher of the `notify` crate with its thread. It is started once; later its watches are replaced.
//!
//! In: directories. Out: events, given to [`EventFilter::receive`], or an error if there can be none.
//!
//! That crate expects that a thread can always be started. If the system refuses one, the crate reports no
//! error, and panics later, when a watch is added or the watcher is dropped. So a thread is started first
//! as a test, and panics are caught here and returned as errors.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::filter::EventFilter;
use crate::daemon::jobs::message;

/// The watcher of the crate. Dropping it cannot panic.
#[derive(Debug)]
pub(super) struct Notifications(Option<RecommendedWatcher>);

/// Owned by the thread, which drops it at its end.
struct Receiver(Arc<EventFilter>);

impl Receiver {
    fn receive(&self, event: notify::Result<notify::Event>) {
        self.0.receive(event);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.0.ended();
    }
}

impl Notifications {
    /// Starts the thread, which gives events to `filter`.
    pub fn start(filter: &Arc<EventFilter>) -> Result<Self, String> {
        let tried = thread::Builder::new().name("notify".into()).spawn(|| ());
        let tried = tried.map_err(|error| {
            format!("no thread can be had for notifications, raise TasksMax= of the unit: {error}")
        })?;
        // It does nothing, so it does not panic.
        let _ = tried.join();
        let receiver = Receiver(Arc::clone(filter));
        let started = catch_unwind(AssertUnwindSafe(|| {
            notify::recommended_watcher(move |event| receiver.receive(event))
        }));
        match started {
            Ok(Ok(watcher)) => Ok(Self(Some(watcher))),
            Ok(Err(error)) => Err(error.to_string()),
            Err(cause) => Err(broke_down(&*cause)),
        }
    }

    /// Watches the directories `now` instead of `before`. Blocks.
    pub fn replace<'p>(
        &mut self,
        before: impl Iterator<Item = &'p PathBuf>,
        mut now: impl Iterator<Item = &'p PathBuf>,
    ) -> Result<(), String> {
        let Some(watcher) = &mut self.0 else {
            return Ok(());
        };
        let replaced = catch_unwind(AssertUnwindSafe(|| {
            // All of them: the same path may be another directory now, and the same directory may have
            // another path. The watch of its new path would end together with that of the old one.
            for directory in before {
                // An error is fine: the watch of a directory that is gone has ended by itself.
                let _ = watcher.unwatch(directory);
            }
            now.try_for_each(|directory| add(watcher, directory))
        }));
        match replaced {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(notify::Error::to_string(&error)),
            Err(cause) => Err(broke_down(&*cause)),
        }
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        let watcher = self.0.take();
        // Panics if the thread has ended.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(watcher)));
    }
}

fn broke_down(cause: &(dyn Any + Send)) -> String {
    let reason = message(cause);
    format!("the thread of notifications has ended: {reason}")
}

fn add(watcher: &mut RecommendedWatcher, directory: &Path) -> notify::Result<()> {
    match watcher.watch(directory, RecursiveMode::NonRecursive) {
        Err(error) if !is_about_path(&error) => Err(error),
        // Missing or unreadable: an event of the directory above follows, or the next check finds it.
        _ => Ok(()),
    }
}

/// Returns true if the error is about one path rather than about watching as a whole.
fn is_about_path(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => matches!(
            error.raw_os_error(),
            Some(libc::ENOENT | libc::ENOTDIR | libc::EACCES | libc::ELOOP)
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_about_a_path_is_none_about_watching() {
        assert!(is_about_path(&notify::Error::path_not_found()));
        assert!(!is_about_path(&notify::Error::new(
            ErrorKind::MaxFilesWatch
        )));
    }
}
