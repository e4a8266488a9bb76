//! The lock under which a socket path is taken: a file beside the socket that only its owner can open.
//!
//! Every user who can open a directory can hold a lock on the directory itself, and so could keep a daemon from
//! starting. The lock file `.NAME.lock` has mode 0600, and is removed as soon as the path is taken. A process that
//! gets a lock on a file that was removed meanwhile tries again, so the removal leaves no gap.
//!
//! # Limits
//!
//! - In a directory that other users may write, they can create the lock file. The daemon refuses a file of another
//!   owner. But such users could also take the socket path itself.

use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::BindError;

/// The wait between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// A lock that is held. Dropping it removes the file first, and then releases the lock.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only the process that holds the lock removes the file.
        let _ = fs::remove_file(&self.path);
    }
}

/// Locks the socket path `socket`. Tries this many times.
pub(super) fn lock(socket: &Path, tries: u32) -> Result<Lock, BindError> {
    let path = beside(socket);
    for attempt in 0..tries {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        let file = open(&path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) if is_at(&file, &path) => return Ok(Lock { path, _file: file }),
            // The process that held the lock before removed the file, or still holds the lock.
            Ok(()) | Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(failed(&path, errno.into())),
        }
    }
    Err(BindError::Locked(path))
}

fn beside(socket: &Path) -> PathBuf {
    let name = socket.file_name().unwrap_or_default().to_string_lossy();
    socket.with_file_name(format!(".{name}.lock"))
}

fn open(path: &Path) -> Result<File, BindError> {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path);
    let file = opened.map_err(|source| match (source.kind(), path.parent()) {
        (ErrorKind::NotFound, Some(directory)) if directory != Path::new("") => {
            BindError::NoDirectory(directory.to_owned())
        }
        _ => failed(path, source),
    })?;
    let of = file.metadata().map_err(|source| failed(path, source))?;
    let own = rustix::process::geteuid().as_raw();
    if !of.is_file() || of.uid() != own {
        let reason = format!("it belongs to user {}: remove it", of.uid());
        return Err(failed(path, io::Error::other(reason)));
    }
    if of.mode() & 0o077 != 0 {
        let private = file.set_permissions(Permissions::from_mode(0o600));
        private.map_err(|source| failed(path, source))?;
    }
    Ok(file)
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

fn failed(path: &Path, source: io::Error) -> BindError {
    BindError::System {
        doing: format!("lock {}", path.display()),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.sock");
        (dir, path)
    }

    #[test]
    fn one_has_it_and_it_leaves_nothing_behind() {
        let (dir, socket) = place();
        let held = lock(&socket, 1).unwrap();
        let of = fs::metadata(beside(&socket)).unwrap();
        assert_eq!(of.mode() & 0o777, 0o600);
        assert!(matches!(lock(&socket, 2), Err(BindError::Locked(_))));
        drop(held);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        lock(&socket, 1).unwrap();
    }

    #[test]
    fn whoever_can_open_the_directory_cannot_hold_it() {
        let (dir, socket) = place();
        let directory = File::open(dir.path()).unwrap();
        flock(&directory, FlockOperation::NonBlockingLockExclusive).unwrap();
        lock(&socket, 1).unwrap();
    }

    #[test]
    fn a_planted_file_is_named_and_a_link_is_not_followed() {
        let (dir, socket) = place();
        let planted = beside(&socket);
        symlink(dir.path().join("precious"), &planted).unwrap();
        assert!(lock(&socket, 1).is_err());
        assert!(!dir.path().join("precious").exists());
        fs::remove_file(&planted).unwrap();
        fs::write(&planted, "").unwrap();
        if chown(&planted, Some(65534), None).is_ok() {
            let error = lock(&socket, 1).unwrap_err().to_string();
            assert!(
                error.contains("belongs to user 65534: remove it"),
                "{error}"
            );
        }
    }

    #[test]
    fn of_many_at_once_each_has_it_alone() {
        let (dir, socket) = place();
        let inside = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let Ok(_held) = lock(&socket, 250) else {
                            continue;
                        };
                        let others = inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        assert_eq!(others, 0);
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
