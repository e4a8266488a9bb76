//! Listening sockets: bound here, or handed over by systemd.
//!
//! In: a [`Socket`] of the configuration. Out: a [`Bound`] that listens already,
//! and with it the duty to remove its socket file when the daemon ends.
//! Nothing is accepted here; `daemon::milter` does that.
//!
//! # Limits
//!
//! - The backlog asked for is [`BACKLOG`]; the kernel caps it at
//!   `net.core.somaxconn`.
//! - A host name with several addresses gives one socket: the first IPv4
//!   address for `inet:`, the first IPv6 address for `inet6:`. Names are looked
//!   up once, at start, and may block for as long as the resolver does.
//! - `inet6:[::]:PORT` does not serve IPv4 (`IPV6_V6ONLY`).
//! - Every descriptor is close-on-exec.

mod handed;
mod kept;
mod local;
mod lock;

pub use handed::from_environment;
pub use kept::{Accepted, Kept, LOOK};
pub use local::SocketFile;

use crate::config::socket::Socket;
use socket2::{Domain, Protocol, Type};
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

/// Connections that may wait to be accepted: a burst of an MTA's processes.
pub const BACKLOG: i32 = 4096;

/// A socket that listens.
#[derive(Debug)]
pub struct Bound {
    // First, so that the file goes before the listener: see `SocketFile`.
    file: Option<SocketFile>,
    listener: Listening,
    socket: Socket,
    name: Option<String>,
}

/// The two kinds of listening sockets, both set to non-blocking.
#[derive(Debug)]
pub enum Listening {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix stream socket.
    Unix(UnixListener),
}

impl Bound {
    /// Where it listens, with the port that the system chose if 0 was asked for.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The name systemd gave it (`FileDescriptorName=`), if it was handed over.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// Binds `socket` and listens on it. It may block for some seconds: on the
/// resolver, or on another daemon that starts at the same place.
pub fn bind(socket: &Socket) -> Result<Bound, BindError> {
    match socket {
        Socket::Inet { host, port } => tcp(socket, host, *port, false),
        Socket::Inet6 { host, port } => tcp(socket, host, *port, true),
        Socket::Unix(path) => {
            let (listener, file) = local::bind(path)?;
            Ok(Bound {
                listener: Listening::Unix(listener),
                socket: socket.clone(),
                name: None,
                file: Some(file),
            })
        }
    }
}

fn tcp(socket: &Socket, host: &str, port: u16, only_v6: bool) -> Result<Bound, BindError> {
    let address = resolve(host, port, only_v6)?;
    let listener = tcp_listener(address).map_err(|source| BindError::System {
        doing: format!("listen on {socket}"),
        source,
    })?;
    let port = listener.local_addr().map_or(port, |a| a.port());
    Ok(Bound {
        listener: Listening::Tcp(listener),
        socket: with_port(socket, port),
        name: None,
        file: None,
    })
}

fn resolve(host: &str, port: u16, only_v6: bool) -> Result<SocketAddr, BindError> {
    let found: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|source| BindError::Host {
            host: host.to_owned(),
            source: Some(source),
        })?
        .collect();
    let wanted = found.iter().find(|a| a.is_ipv6() == only_v6);
    // `inet:[::1]:PORT` is how Postfix writes an IPv6 address.
    let other = found.first().filter(|_| !only_v6);
    wanted.or(other).copied().ok_or_else(|| BindError::Host {
        host: host.to_owned(),
        source: None,
    })
}

fn tcp_listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(
        Domain::for_address(address),
        Type::STREAM.cloexec().nonblocking(),
        Some(Protocol::TCP),
    )?;
    // Without it a restart fails for a minute while old connections linger.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn with_port(socket: &Socket, port: u16) -> Socket {
    match socket {
        Socket::Inet { host, .. } => Socket::Inet {
            host: host.clone(),
            port,
        },
        Socket::Inet6 { host, .. } => Socket::Inet6 {
            host: host.clone(),
            port,
        },
        unix => unix.clone(),
    }
}

/// Why a socket could not be bound; each sentence says what to do.
#[derive(Debug)]
pub enum BindError {
    /// The host has no (suitable) address.
    Host {
        /// As written.
        host: String,
        /// What the resolver said, or nothing if the address family is missing.
        source: Option<io::Error>,
    },
    /// The directory of a Unix socket is not there.
    NoDirectory(PathBuf),
    /// Another process listens on this path.
    Live(PathBuf),
    /// Something that is no socket stands at the path.
    Occupied {
        /// Where.
        path: PathBuf,
        /// "a regular file", "a directory", ….
        what: &'static str,
    },
    /// Whether somebody listens on this path could not be found out.
    Unclear {
        /// Where.
        path: PathBuf,
        /// What the attempt to connect gave.
        source: io::Error,
    },
    /// Another process has held the directory's lock for too long.
    Locked(PathBuf),
    /// The system refused.
    System {
        /// What was being done, as an infinitive.
        doing: String,
        /// Its error.
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
                "the directory {} does not exist: create it, owned by the daemon's user and entered by the MTA's group",
                path.display()
            ),
            BindError::Live(path) => write!(
                f,
                "another process listens on {}: stop it first, or give this one another path",
                path.display()
            ),
            BindError::Occupied { path, what } => write!(
                f,
                "{what} stands at {} and is left alone: move it away, or choose another path",
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
    /// Returns true if the process may not open more files, or the system has no memory left: then
    /// other things would be missing, too.
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

/// What helps against the commonest refusals.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn port_zero_becomes_the_real_port() {
        let bound = bind(&"inet:localhost:0".parse().unwrap()).unwrap();
        let Socket::Inet { port, .. } = bound.socket() else {
            panic!("{:?}", bound.socket())
        };
        assert_ne!(*port, 0);
        TcpStream::connect(("127.0.0.1", *port)).unwrap();
    }

    #[test]
    fn a_port_in_use_is_an_error_that_says_so() {
        let first = bind(&"inet:127.0.0.1:0".parse().unwrap()).unwrap();
        let error = bind(first.socket()).unwrap_err().to_string();
        assert!(error.contains("another process has this port"), "{error}");
    }

    #[test]
    fn inet6_takes_no_ipv4() {
        // A machine without IPv6 has nothing to show here.
        let Ok(bound) = bind(&"inet6:[::]:0".parse().unwrap()) else {
            return;
        };
        let Socket::Inet6 { port, .. } = bound.socket() else {
            panic!("{:?}", bound.socket())
        };
        assert!(TcpStream::connect(("::1", *port)).is_ok());
        assert!(TcpStream::connect(("127.0.0.1", *port)).is_err());
    }

    #[test]
    fn an_unknown_host_is_named() {
        let error = bind(&"inet:no-such-host.invalid:0".parse().unwrap()).unwrap_err();
        assert!(
            error.to_string().contains("no-such-host.invalid"),
            "{error}"
        );
        let error = bind(&"inet6:127.0.0.1:0".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("no IPv6 address"), "{error}");
    }
}
