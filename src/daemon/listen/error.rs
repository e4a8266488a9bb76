//! Why a socket could not be bound, and what to do about that.

use std::{fmt, io, path::PathBuf};

/// Why a socket could not be bound. Each message says what to do.
#[derive(Debug)]
pub enum BindError {
    /// The host has no address, or none of the wanted family.
    Host {
        /// The host, as the configuration writes it.
        host: String,
        /// The error of the resolver; `None` if only the address family is missing.
        source: Option<io::Error>,
    },
    /// The directory of a Unix socket does not exist.
    NoDirectory(PathBuf),
    /// Another process listens on this path.
    Live(PathBuf),
    /// There is a file at the path that is not a socket.
    Occupied {
        /// The path.
        path: PathBuf,
        /// What it is: "a regular file", "a directory", ….
        what: &'static str,
    },
    /// The system does not say whether another process listens on this path.
    Unclear {
        /// The path.
        path: PathBuf,
        /// The error of the attempt to connect.
        source: io::Error,
    },
    /// Another process has held the lock for too long.
    Locked(PathBuf),
    /// The system refused.
    System {
        /// What the daemon tried to do, as an infinitive.
        doing: String,
        /// The error of the system.
        source: io::Error,
    },
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BindError::Host {
                host,
                source: Some(source),
            } => write!(
                f,
                "host \"{host}\" was not found ({source}): correct the name or write an address"
            ),
            BindError::Host { host, source: None } => {
                write!(
                    f,
                    "host \"{host}\" has no IPv6 address: write \"inet:\" instead of \"inet6:\""
                )
            }
            BindError::NoDirectory(path) => write!(
                f,
                "the directory {} does not exist: create it, let the daemon's user write to it, and let the MTA's group enter it",
                path.display()
            ),
            BindError::Live(path) => write!(
                f,
                "another process listens on {}: stop it first, or give this one another path",
                path.display()
            ),
            BindError::Occupied { path, what } => write!(
                f,
                "there is {what} at {}, and readdress does not remove it: move it away, or choose another path",
                path.display()
            ),
            BindError::Unclear { path, source } => write!(
                f,
                "cannot tell whether another process listens on {} ({source}): if none does, remove the file",
                path.display()
            ),
            BindError::Locked(path) => write!(
                f,
                "another process has kept {} locked for seconds: is a second daemon stuck while it starts?",
                path.display()
            ),
            BindError::System { doing, source } => {
                write!(f, "cannot {doing}: {source}{}", advice(source))
            }
        }
    }
}

impl BindError {
    /// Returns true if the process may not open more files, or if the system has no memory left. Other parts of the
    /// daemon would then fail, too.
    pub fn is_shortage(&self) -> bool {
        let error = match self {
            BindError::Host { source, .. } => source.as_ref(),
            BindError::System { source, .. } | BindError::Unclear { source, .. } => Some(source),
            _ => None,
        };
        let number = error.and_then(io::Error::raw_os_error);
        matches!(
            number,
            Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS)
        )
    }
}

/// Returns what helps against the most common errors.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => " (another process has this port: stop it or choose another)",
        io::ErrorKind::AddrNotAvailable => " (no interface of this machine has this address)",
        io::ErrorKind::PermissionDenied => {
            " (ports below 1024 and foreign directories are closed to this user)"
        }
        _ => "",
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BindError::Host { source, .. } => source.as_ref().map(|e| e as _),
            BindError::System { source, .. } | BindError::Unclear { source, .. } => Some(source),
            _ => None,
        }
    }
}
