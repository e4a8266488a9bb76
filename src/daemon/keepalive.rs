//! TCP connections whose peer has vanished without a word: found out by the system.
//!
//! A machine that lost its power or its network says no goodbye. Linux asks after two hours by default;
//! until then the connection keeps its place.
//!
//! # Limits
//!
//! | limit | value | |
//! |---|---|---|
//! | [`QUIET`] | 60 s | without anything from the peer, until the system asks whether it lives |
//! | [`INTERVAL`] | 20 s | between two questions |
//! | [`QUESTIONS`] | 3 | without an answer, then the connection is closed: after two minutes |
//! | [`UNACKNOWLEDGED`] | 120 s | for what was sent to be acknowledged |
//!
//! Linux only as far as the last one goes; other systems have their own limit for it.

use std::{os::fd::AsFd, time::Duration};

use socket2::{SockRef, TcpKeepalive};

/// How long nothing comes until the system asks.
pub const QUIET: Duration = Duration::from_secs(60);

/// The wait between two questions.
pub const INTERVAL: Duration = Duration::from_secs(20);

/// Questions without an answer.
pub const QUESTIONS: u32 = 3;

/// How long what was sent may stay unacknowledged.
pub const UNACKNOWLEDGED: Duration = Duration::from_secs(120);

/// Sets it for a TCP connection. It goes without, if the system refuses.
pub fn set(stream: &impl AsFd) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(QUIET)
        .with_interval(INTERVAL)
        .with_retries(QUESTIONS);
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
