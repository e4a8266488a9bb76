//! Listening sockets that systemd hands over (sd_listen_fds(3)).
//!
//! In: `LISTEN_PID`, `LISTEN_FDS`, `LISTEN_FDNAMES` and the descriptors from 3 on. Out: a [`BoundSocket`] for each.
//! systemd made the socket files, and systemd removes them.
//!
//! # Limits
//!
//! - Call [`from_environment`] once, before any thread is started: `listenfd` removes variables from the
//!   environment, so that child processes do not use them.
//! - A descriptor that is neither a TCP nor a Unix stream socket is an error.

use super::{
    bound::{BoundSocket, RawListener},
    error::BindError,
    local::SocketFile,
};
use crate::config::socket::Socket;
use listenfd::ListenFd;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

/// Returns the sockets for this process, in the order of systemd.
pub fn from_environment() -> Result<Vec<BoundSocket>, BindError> {
    // `listenfd` would also take descriptors if LISTEN_PID is not set.
    let for_us = std::env::var("LISTEN_PID").is_ok_and(|pid| pid == std::process::id().to_string());
    if !for_us {
        return Ok(Vec::new());
    }
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut handed = ListenFd::from_env();
    let mut names = names.split(':');
    (0..handed.len())
        .map(|index| {
            let name = names.next().filter(|name| !name.is_empty());
            let name = name.map(str::to_owned);
            take(&mut handed, index, name).map_err(|source| BindError::System {
                doing: format!("use socket {} handed over by systemd", index + 1),
                source,
            })
        })
        .collect()
}

fn take(handed: &mut ListenFd, index: usize, name: Option<String>) -> io::Result<BoundSocket> {
    if let Ok(Some(listener)) = handed.take_unix_listener(index) {
        return unix(listener, name);
    }
    match handed.take_tcp_listener(index)? {
        Some(listener) => tcp(listener, name),
        None => Err(io::Error::other("it was taken before")),
    }
}

fn unix(listener: UnixListener, name: Option<String>) -> io::Result<BoundSocket> {
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let path = address
        .as_pathname()
        .map_or_else(PathBuf::new, PathBuf::from);
    Ok(BoundSocket {
        listener: RawListener::Unix(listener),
        file: SocketFile::of_systemd(&path),
        socket: Socket::Unix(path),
        name,
    })
}

fn tcp(listener: TcpListener, name: Option<String>) -> io::Result<BoundSocket> {
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let (host, port) = (address.ip().to_string(), address.port());
    Ok(BoundSocket {
        listener: RawListener::Tcp(listener),
        socket: match address {
            SocketAddr::V4(_) => Socket::Inet { host, port },
            SocketAddr::V6(_) => Socket::Inet6 { host, port },
        },
        name,
        file: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_variables_nothing_is_taken() {
        // The test runner is not started by a socket unit.
        assert!(from_environment().unwrap().is_empty());
    }

    #[test]
    fn a_handed_unix_socket_keeps_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.sock");
        let bound = unix(UnixListener::bind(&path).unwrap(), Some("milter".into())).unwrap();
        assert_eq!(bound.socket(), &Socket::Unix(path.clone()));
        assert_eq!(bound.name(), Some("milter"));
        drop(bound);
        assert!(path.exists());
    }

    #[test]
    fn a_handed_tcp_socket_is_named_by_its_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let bound = tcp(listener, None).unwrap();
        assert_eq!(bound.socket().to_string(), format!("inet:127.0.0.1:{port}"));
    }
}
