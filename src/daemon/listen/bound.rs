//! A bound socket that nobody accepts on yet.

use std::{net::TcpListener, os::unix::net::UnixListener};

use super::local::SocketFile;
use crate::config::socket::Socket;

/// A socket that listens.
#[derive(Debug)]
pub struct BoundSocket {
    // The first field, so that the file is removed before the socket is closed: see `SocketFile`.
    pub(super) file: Option<SocketFile>,
    pub(super) listener: RawListener,
    pub(super) socket: Socket,
    pub(super) name: Option<String>,
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
