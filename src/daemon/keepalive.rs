//! TCP keepalive: the system finds out when a peer has vanished.
//!
//! A machine that loses its power or its network closes no connection. By default Linux asks the peer after two
//! hours, and until then the connection keeps its slot.
//!
//! # Limits
//!
//! | limit | value | |
//! |---|---|---|
//! | [`QUIET`] | 60 s | without anything from the peer, until the system sends a probe |
//! | [`INTERVAL`] | 20 s | between two probes |
//! | [`PROBES`] | 3 | without an answer, then the connection is closed: after two minutes |
//! | [`UNACKNOWLEDGED`] | 120 s | until what was sent is acknowledged; on Linux only |

use std::{os::fd::AsFd, time::Duration};

use socket2::{SockRef, TcpKeepalive};

/// How long nothing comes until the system sends a probe.
pub const QUIET: Duration = Duration::from_secs(60);

/// The time between two probes.
pub const INTERVAL: Duration = Duration::from_secs(20);

/// Probes without an answer.
pub const PROBES: u32 = 3;

/// How long the peer may leave what was sent unacknowledged.
pub const UNACKNOWLEDGED: Duration = Duration::from_secs(120);

/// Switches keepalive on for a TCP connection. If the system refuses, the connection is served without it.
pub fn set(stream: &impl AsFd) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(QUIET)
        .with_interval(INTERVAL)
        .with_retries(PROBES);
    let _ = socket.set_tcp_keepalive(&keepalive);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_vanished_peer_is_found_in_minutes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        set(&stream);
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        let found = socket.tcp_keepalive_time().unwrap()
            + socket.tcp_keepalive_interval().unwrap() * socket.tcp_keepalive_retries().unwrap();
        assert!(found <= Duration::from_secs(120), "{found:?}");
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(UNACKNOWLEDGED));
    }
}
