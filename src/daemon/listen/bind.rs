//! Binds the sockets of the configuration.

use std::{
    io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
};

use socket2::{Domain, Protocol, Type};

use super::{
    bound::{BoundSocket, RawListener},
    error::BindError,
    local::{self, BACKLOG},
};
use crate::config::socket::Socket;

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
