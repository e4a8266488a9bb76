//! Who may ask the daemon: root, the daemon's own user, and whoever the mode of the socket lets in.
//!
//! The mode is checked for each connection, because an administrator may change it. If everybody can reach a socket,
//! it serves only root and the daemon's own user. This holds for a socket file whose mode lets everybody in, for an
//! abstract socket, which has no file, for a TCP port, and for a socket whose file cannot be found.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::config::socket::Socket;

/// Returns true if the user at the other end of a connection to this socket may ask.
pub(super) fn may_ask(socket: &Socket, user: Option<u32>) -> bool {
    sees_all(user) || !is_open_to_all(socket)
}

/// Returns true for root and the daemon's own user, from whom nothing is hidden: they can read the rules.
pub(super) fn sees_all(user: Option<u32>) -> bool {
    match user {
        Some(0) => true,
        Some(user) => user == rustix::process::geteuid().as_raw(),
        None => false,
    }
}

fn is_open_to_all(socket: &Socket) -> bool {
    match socket {
        Socket::Unix(path) => {
            fs::metadata(path).map_or(true, |of| of.permissions().mode() & 0o006 != 0)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, path::PathBuf};

    use super::*;

    /// A user who is neither root nor this one.
    const OTHER: Option<u32> = Some(54321);

    #[test]
    fn the_mode_counts_at_each_connection() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let socket = Socket::Unix(path.clone());
        for (mode, may) in [(0o660, true), (0o666, false), (0o660, true), (0o664, false)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(may_ask(&socket, OTHER), may, "{mode:o}");
            assert!(may_ask(&socket, Some(0)));
            assert!(may_ask(&socket, Some(rustix::process::geteuid().as_raw())));
        }
    }

    #[test]
    fn a_socket_without_a_file_is_open_to_all() {
        for socket in [
            Socket::Unix(PathBuf::new()),
            Socket::Inet {
                host: "127.0.0.1".into(),
                port: 1,
            },
        ] {
            assert!(!may_ask(&socket, OTHER) && !may_ask(&socket, None));
            assert!(may_ask(&socket, Some(0)));
        }
    }
}
