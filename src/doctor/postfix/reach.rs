//! How a service of Postfix reaches one of readdress' sockets.

use std::path::Path;

use crate::{config::socket::Socket, doctor::spelling};

/// Returns how a service reaches one of readdress' sockets: a TCP socket, which every service reaches, or a path
/// as the service sees it.
pub fn reachable(own: &[Socket], home: &Path, chroot: bool) -> Option<String> {
    let tcp = own.iter().find(|socket| !matches!(socket, Socket::Unix(_)));
    if let Some(tcp) = tcp {
        // A socket on every address can be reached by the loopback address.
        let text = spelling::postfix(tcp);
        return Some(
            text.replace(":0.0.0.0:", ":127.0.0.1:")
                .replace(":[::]:", ":[::1]:"),
        );
    }
    let mut paths = own.iter().filter_map(|socket| match socket {
        Socket::Unix(path) => Some(path),
        _ => None,
    });
    let inside = paths.clone().find_map(|path| path.strip_prefix(home).ok());
    match inside {
        Some(below) => Some(format!("unix:{}", below.display())),
        None if chroot => None,
        None => paths.next().map(|path| format!("unix:{}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_named_as_the_service_sees_it() {
        let home = Path::new("/var/spool/postfix");
        for (own, chroot, wanted) in [
            (
                &["unix:/run/r/m", "inet:8892"][..],
                true,
                Some("inet:127.0.0.1:8892"),
            ),
            (&["inet:0.0.0.0:1"], true, Some("inet:127.0.0.1:1")),
            (&["unix:/var/spool/postfix/r/m"], true, Some("unix:r/m")),
            (
                &["unix:/run/r/m", "unix:/var/spool/postfix/r/m"],
                false,
                Some("unix:r/m"),
            ),
            (&["unix:/run/r/m"], false, Some("unix:/run/r/m")),
            (&["unix:/run/r/m"], true, None),
            (&[], false, None),
        ] {
            let own: Vec<Socket> = own.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(reachable(&own, home, chroot).as_deref(), wanted);
        }
    }
}
