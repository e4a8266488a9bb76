//! The watcher of the `notify` crate, with its thread: started once, and its watches exchanged.
//!
//! In: directories. Out: events, given to [`Signs::receive`], and an error where they cannot be had.
//!
//! That crate takes its thread for granted. It goes on without a word where the system has none to
//! give, and panics later, when a watch is added or the watcher is dropped. So a thread is tried first,
//! and its panics end here: they are errors like others.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::signs::Signs;
use crate::daemon::jobs::message;

/// The watcher, which is dropped with care.
#[derive(Debug)]
pub(super) struct Notifications(Option<RecommendedWatcher>);

/// What the thread is given, and drops at its end.
struct Told(Arc<Signs>);

impl Told {
    fn receive(&self, event: notify::Result<notify::Event>) {
        self.0.receive(event);
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.0.ended();
    }
}

impl Notifications {
    /// Starts the thread, which tells `signs`.
    pub fn start(signs: &Arc<Signs>) -> Result<Self, String> {
        let tried = thread::Builder::new().name("notify".into()).spawn(|| ());
        let tried = tried.map_err(|error| {
            format!("no thread can be had for notifications, raise TasksMax= of the unit: {error}")
        })?;
        // It does nothing, so it does not panic.
        let _ = tried.join();
        let told = Told(Arc::clone(signs));
        let started = catch_unwind(AssertUnwindSafe(|| {
            notify::recommended_watcher(move |event| told.receive(event))
        }));
        match started {
            Ok(Ok(watcher)) => Ok(Self(Some(watcher))),
            Ok(Err(error)) => Err(error.to_string()),
            Err(cause) => Err(broke_down(&*cause)),
        }
    }

    /// Watches the directories `now` in place of `before`. Blocks.
    pub fn exchange<'p>(
        &mut self,
        before: impl Iterator<Item = &'p PathBuf>,
        mut now: impl Iterator<Item = &'p PathBuf>,
    ) -> Result<(), String> {
        let Some(watcher) = &mut self.0 else {
            return Ok(());
        };
        let exchanged = catch_unwind(AssertUnwindSafe(|| {
            // All of them: a path that stays may stand for another directory, and a directory that
            // stays may have another path, whose watch would end with that of the old one.
            for directory in before {
                // The watches of what is gone have ended by themselves.
                let _ = watcher.unwatch(directory);
            }
            now.try_for_each(|directory| add(watcher, directory))
        }));
        match exchanged {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(notify::Error::to_string(&error)),
            Err(cause) => Err(broke_down(&*cause)),
        }
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        let watcher = self.0.take();
        // It panics where its thread has ended.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(watcher)));
    }
}

fn broke_down(cause: &(dyn Any + Send)) -> String {
    let reason = message(cause);
    format!("the thread of notifications has ended: {reason}")
}

fn add(watcher: &mut RecommendedWatcher, directory: &Path) -> notify::Result<()> {
    match watcher.watch(directory, RecursiveMode::NonRecursive) {
        Err(error) if !is_of_the_path(&error) => Err(error),
        // Not there, or not for us to read: the directory above it tells, or the next look.
        _ => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_path_is_none_of_watching() {
        assert!(is_of_the_path(&notify::Error::path_not_found()));
        assert!(!is_of_the_path(&notify::Error::new(
            ErrorKind::MaxFilesWatch
        )));
    }
}
