//! Listening sockets and their connections: bound here, or handed over by systemd.
//!
//! In: a [`Socket`] of the configuration. Out: a [`BoundSocket`] that listens already, and that removes its socket
//! file when it is dropped; a [`Listener`] made of it returns each connection as a [`Stream`]. The loop that accepts
//! is in `daemon::accept`.
//!
//! # Limits
//!
//! - The backlog is [`BACKLOG`]; the kernel caps it at `net.core.somaxconn`.
//! - A host name with several addresses gives one socket: the first IPv4 address for `inet:`, the first IPv6
//!   address for `inet6:`. Names are looked up once, at the start, which may block for as long as the resolver does.
//! - `inet6:[::]:PORT` does not serve IPv4 (`IPV6_V6ONLY`).
//! - Every descriptor is close-on-exec.

mod handed;
mod listener;
mod local;
mod lock;
mod stream;

pub use handed::from_environment;
pub use listener::{FILE_CHECK, Listener};
pub use local::SocketFile;
pub use stream::{DetachedStream, Stream};

use crate::config::socket::Socket;
use socket2::{Domain, Protocol, Type};
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

/// How many connections may wait until they are accepted: the processes of an MTA may connect at the same time.
pub const BACKLOG: i32 = 4096;

/// A socket that listens.
#[derive(Debug)]
pub struct BoundSocket {
    // The first field, so that the file is removed before the socket is closed: see `SocketFile`.
    file: Option<SocketFile>,
    listener: RawListener,
    socket: Socket,
    name: Option<String>,
}

/// A listening socket of the system, set to non-blocking.
#[derive(Debug)]
pub enum RawListener {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix stream socket.
    Unix(UnixListener),
}

impl BoundSocket {
    /// Returns where the socket listens. If port 0 was asked for, this has the port that the system chose.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Returns the name that systemd gave the socket (`FileDescriptorName=`), if systemd handed it over.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// Binds `socket` and listens on it. This may block for some seconds: on the resolver, or on another daemon that
/// binds the same path.
pub fn bind(socket: &Socket) -> Result<BoundSocket, BindError> {
    match socket {
        Socket::Inet { host, port } => tcp(socket, host, *port, false),
        Socket::Inet6 { host, port } => tcp(socket, host, *port, true),
        Socket::Unix(path) => {
            let (listener, file) = local::bind(path)?;
            Ok(BoundSocket {
                listener: RawListener::Unix(listener),
                socket: socket.clone(),
                name: None,
                file: Some(file),
            })
        }
    }
}

fn tcp(socket: &Socket, host: &str, port: u16, only_v6: bool) -> Result<BoundSocket, BindError> {
    let address = resolve(host, port, only_v6)?;
    let listener = tcp_listener(address).map_err(|source| BindError::System {
        doing: format!("listen on {socket}"),
        source,
    })?;
    let port = listener.local_addr().map_or(port, |a| a.port());
    Ok(BoundSocket {
        listener: RawListener::Tcp(listener),
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
    // Postfix writes an IPv6 address as `inet:[::1]:PORT`.
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
    // Without this option, a restart fails for a minute while the system keeps old connections.
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
    /// It is unknown whether another process listens on this path.
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
