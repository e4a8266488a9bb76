//! A Unix socket at a path. A path is taken only if no other process listens there.
//!
//! In: a path. Out: a listening socket with mode 0660, and a [`SocketFile`] that removes the file when it is
//! dropped, if the file is still the same.
//!
//! What can be at the path, and what happens then:
//!
//! | at the path | result |
//! |---|---|
//! | nothing | the path is bound |
//! | a socket that refuses connections | it is a stale socket: it is removed, and the path is bound |
//! | a socket that accepts, or that is too busy to accept | another process listens: an error |
//! | a symbolic link, file, directory, device or FIFO | an error; it is never removed |
//!
//! `unlink` and `bind` alone would take the path of a running daemon, and nobody would notice. So all steps from
//! the look at the path to `listen` happen under a lock ([`lock`]). If two daemons start at the same time, the
//! second one finds that the first one listens. The lock is held only for these steps, and leaves no file behind.
//!
//! The mode is set after `bind` and before `listen`, so that nobody can connect with the mode that the umask gave.

use super::error::BindError;
use super::lock::lock;
use socket2::{Domain, SockAddr, Type};
use std::fs::{self, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// How many connections may wait until they are accepted: the processes of an MTA may connect at the same time.
pub const BACKLOG: i32 = 4096;

/// The owner and the group of the MTA may connect.
const MODE: u32 = 0o660;

/// How many times the lock is tried: for 5 s.
const LOCK_TRIES: u32 = 250;

/// The file of a bound Unix socket. Dropping it removes the file, unless another file is at the path now.
///
/// Drop it before the socket is closed. While the socket is open, no other daemon takes the path between the look and
/// the removal, and the system does not use the number of the inode again.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
    /// Mode and group at the last look. An administrator may have set them.
    access: Option<(u32, u32)>,
    /// True if this daemon bound the path. Otherwise systemd made the file, and removes it.
    made_here: bool,
}

/// What is at the path of a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FileState {
    /// The file of the socket.
    Ours,
    /// Nothing.
    Missing,
    /// Another file.
    Other,
}

impl SocketFile {
    /// Returns the file of a socket that systemd made, if the daemon can see it.
    pub(super) fn of_systemd(path: &Path) -> Option<Self> {
        let there = fs::symlink_metadata(path).ok()?;
        there.file_type().is_socket().then(|| Self {
            path: path.to_owned(),
            identity: identity(&there),
            access: None,
            made_here: false,
        })
    }

    /// Returns true if this daemon bound the path, and so may bind it again.
    pub(super) fn is_made_here(&self) -> bool {
        self.made_here
    }

    /// Returns what is at the path now.
    pub(super) fn state(&mut self) -> FileState {
        match fs::symlink_metadata(&self.path) {
            Ok(there) if identity(&there) == self.identity => {
                self.access = Some((there.mode() & 0o777, there.gid()));
                FileState::Ours
            }
            Ok(_) => FileState::Other,
            Err(_) => FileState::Missing,
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Somebody may have removed the file, and another daemon may have made a new one.
        if self.made_here && self.state() == FileState::Ours {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Binds `path` and listens on it.
pub fn bind(path: &Path) -> Result<(UnixListener, SocketFile), BindError> {
    bind_within(path, LOCK_TRIES)
}

/// Binds the path of a file that was removed, and gives the new file the mode and group of the old one. Does not
/// wait for another daemon that binds the path.
pub(super) fn bind_again(old: &SocketFile) -> Result<(UnixListener, SocketFile), BindError> {
    let (listener, file) = bind_within(&old.path, 1)?;
    if let Some((mode, group)) = old.access {
        let fail = |source| BindError::System {
            doing: format!("give {} its mode and group again", old.path.display()),
            source,
        };
        let made = fs::symlink_metadata(&old.path).map_err(fail)?;
        if made.gid() != group {
            chown(&old.path, None, Some(group)).map_err(fail)?;
        }
        fs::set_permissions(&old.path, Permissions::from_mode(mode)).map_err(fail)?;
    }
    Ok((listener, file))
}

fn bind_within(path: &Path, tries: u32) -> Result<(UnixListener, SocketFile), BindError> {
    let _lock = lock(path, tries)?;
    clear(path)?;
    let fail = |source| BindError::System {
        doing: format!("listen on {}", path.display()),
        source,
    };
    let socket = new_socket().map_err(fail)?;
    let address = SockAddr::unix(path).map_err(fail)?;
    socket.bind(&address).map_err(fail)?;
    let file = SocketFile {
        path: path.to_owned(),
        identity: identity(&fs::symlink_metadata(path).map_err(fail)?),
        access: None,
        made_here: true,
    };
    // From here on, an error drops `file`, which removes the file.
    fs::set_permissions(path, Permissions::from_mode(MODE)).map_err(fail)?;
    socket.listen(BACKLOG).map_err(fail)?;
    Ok((socket.into(), file))
}

fn new_socket() -> io::Result<socket2::Socket> {
    socket2::Socket::new(Domain::UNIX, Type::STREAM.cloexec().nonblocking(), None)
}

/// Removes a stale socket from `path`, or returns why the path cannot be taken.
fn clear(path: &Path) -> Result<(), BindError> {
    let there = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(BindError::System {
                doing: format!("look at {}", path.display()),
                source,
            });
        }
    };
    if !there.is_socket() {
        return Err(BindError::Occupied {
            path: path.to_owned(),
            what: kind(there),
        });
    }
    probe(path)?;
    fs::remove_file(path).map_err(|source| BindError::System {
        doing: format!("remove the stale socket {}", path.display()),
        source,
    })
}

fn kind(file_type: fs::FileType) -> &'static str {
    if file_type.is_symlink() {
        "a symbolic link"
    } else if file_type.is_dir() {
        "a directory"
    } else if file_type.is_file() {
        "a regular file"
    } else if file_type.is_fifo() {
        "a FIFO"
    } else {
        "a device"
    }
}

/// Returns Ok if no process listens on the socket at `path`.
fn probe(path: &Path) -> Result<(), BindError> {
    let attempt = || -> io::Result<()> {
        // Non-blocking, because a listener with a full backlog would block this call.
        new_socket()?.connect(&SockAddr::unix(path)?)
    };
    match attempt() {
        Err(e) if e.kind() == ErrorKind::ConnectionRefused => Ok(()),
        Ok(()) => Err(BindError::Live(path.to_owned())),
        Err(e) if e.kind() == ErrorKind::WouldBlock => Err(BindError::Live(path.to_owned())),
        Err(source) => Err(BindError::Unclear {
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::{UnixDatagram, UnixStream};

    fn place() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.sock");
        (dir, path)
    }

    #[test]
    fn a_new_socket_has_its_mode_and_goes_with_its_owner() {
        let (_dir, path) = place();
        let (listener, file) = bind(&path).unwrap();
        let mode = fs::symlink_metadata(&path).unwrap().mode() & 0o7777;
        assert_eq!(mode, MODE);
        UnixStream::connect(&path).unwrap();
        drop((listener, file));
        assert!(!path.exists());
    }

    #[test]
    fn a_stale_socket_is_replaced() {
        let (_dir, path) = place();
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let _bound = bind(&path).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn a_live_socket_is_not_stolen() {
        let (_dir, path) = place();
        let _bound = bind(&path).unwrap();
        let before = identity(&fs::symlink_metadata(&path).unwrap());
        let error = bind(&path).unwrap_err();
        assert!(matches!(error, BindError::Live(_)), "{error}");
        assert_eq!(identity(&fs::symlink_metadata(&path).unwrap()), before);
    }

    #[test]
    fn a_live_socket_with_a_full_backlog_is_not_stolen() {
        let (_dir, path) = place();
        let socket = new_socket().unwrap();
        socket.bind(&SockAddr::unix(&path).unwrap()).unwrap();
        socket.listen(0).unwrap();
        let mut waiting = Vec::new();
        while let Ok(()) = {
            let next = new_socket().unwrap();
            let result = next.connect(&SockAddr::unix(&path).unwrap());
            waiting.push(next);
            result
        } {}
        assert!(matches!(bind(&path), Err(BindError::Live(_))));
    }

    #[test]
    fn what_is_no_listening_socket_is_never_removed() {
        let (dir, path) = place();
        let refused = |what: &str| {
            let error = bind(&path).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
            assert!(fs::symlink_metadata(&path).is_ok(), "{what} is gone");
        };
        fs::write(&path, "precious").unwrap();
        refused("a regular file");
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        fs::remove_file(&path).unwrap();

        fs::create_dir(&path).unwrap();
        refused("a directory");
        fs::remove_dir(&path).unwrap();

        symlink(dir.path().join("nowhere"), &path).unwrap();
        refused("a symbolic link");
        fs::remove_file(&path).unwrap();

        let stale = dir.path().join("stale");
        drop(UnixListener::bind(&stale).unwrap());
        symlink(&stale, &path).unwrap();
        refused("a symbolic link");
        fs::remove_file(&path).unwrap();

        let _datagram = UnixDatagram::bind(&path).unwrap();
        refused("cannot tell");
    }

    #[test]
    fn a_missing_directory_is_said_to_be_missing() {
        let (dir, _) = place();
        let error = bind(&dir.path().join("none/r.sock")).unwrap_err();
        assert!(matches!(error, BindError::NoDirectory(_)), "{error}");
    }

    #[test]
    fn a_successor_keeps_its_file() {
        let (_dir, path) = place();
        let (_listener, file) = bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        drop(file);
        assert!(path.exists());
    }

    #[test]
    fn of_many_daemons_at_once_one_wins() {
        for _ in 0..20 {
            let (_dir, path) = place();
            drop(UnixListener::bind(&path).unwrap());
            let (done, results) = std::sync::mpsc::channel();
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    let (done, path) = (done.clone(), &path);
                    scope.spawn(move || done.send(bind(path)).unwrap());
                }
            });
            drop(done);
            let results: Vec<_> = results.iter().collect();
            assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
            UnixStream::connect(&path).unwrap();
        }
    }
}
