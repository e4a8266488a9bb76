//! The socket of a service: the notations of both MTAs to a value and back.
//!
//! `Display` of [`Socket`] writes Postfix's notation, so that it can be copied from a log into `main.cf`.
//!
//! | notation | means |
//! |---|---|
//! | `inet:HOST:PORT`, `inet:[::1]:PORT`, `inet6:HOST:PORT` | Postfix: TCP |
//! | `inet:PORT` | TCP on the loopback address |
//! | `inet:PORT@HOST`, `inet6:PORT@HOST` | Sendmail: TCP |
//! | `unix:PATH`, `local:PATH` | a Unix socket |
//!
//! # Limits
//!
//! - No name is looked up and no file is touched here.
//! - `inet:PORT` means the loopback address here, and every address in Sendmail: a milter that
//!   everybody can reach needs an explicit host.
//! - Port 0 is accepted: the system then chooses a port (tests use it).
//! - A Unix path has at most [`UNIX_PATH_LIMIT`] bytes as written. A path that [`Socket::against`] makes
//!   longer is refused when it is bound.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Longest path of a Unix socket, in bytes (`sun_path` without its final NUL).
pub const UNIX_PATH_LIMIT: usize = 107;

/// The address of a service.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Socket {
    /// TCP over IPv4, or over the protocol of the address or name.
    Inet {
        /// Name or address, an IPv6 address without brackets.
        host: String,
        /// Port number.
        port: u16,
    },
    /// TCP over IPv6 only.
    Inet6 {
        /// Name or address, without brackets.
        host: String,
        /// Port number.
        port: u16,
    },
    /// A Unix socket, with its path as written.
    Unix(PathBuf),
}

impl Socket {
    /// Returns the same socket with a relative path taken from `dir`. A TCP socket stays as it is.
    pub fn against(&self, dir: &Path) -> Socket {
        match self {
            Socket::Unix(path) => Socket::Unix(dir.join(path)),
            tcp => tcp.clone(),
        }
    }
}

/// Why a text is not a socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SocketError {
    /// The text does not begin with a known kind of socket.
    Kind(String),
    /// The port is missing, or is not a number up to 65535.
    Port(String),
    /// The host is missing or is a wildcard of another program.
    Host(String),
    /// An IPv6 address has no brackets around it.
    Brackets(String),
    /// There is no path after the colon, or the path holds a NUL.
    Path(String),
    /// The path does not fit into a socket address.
    LongPath(usize),
}

impl SocketError {
    /// Returns what is wrong.
    pub fn mistake(&self) -> String {
        match self {
            SocketError::Kind(text) => format!("\"{text}\" is not a socket"),
            SocketError::Port(text) => format!("\"{text}\" is not a port"),
            SocketError::Host(text) => format!("\"{text}\" is not a host"),
            SocketError::Brackets(text) => {
                format!("\"{text}\" has an IPv6 address without brackets")
            }
            SocketError::Path(text) => format!("\"{text}\" is not the path of a file"),
            SocketError::LongPath(length) => format!(
                "the socket path has {length} bytes, and the system allows {UNIX_PATH_LIMIT}"
            ),
        }
    }

    /// Returns what to write instead.
    pub fn advice(&self) -> &'static str {
        match self {
            SocketError::Kind(_) => {
                "write \"inet:127.0.0.1:8892\" or \"unix:/run/readdress/milter.sock\""
            }
            SocketError::Port(_) => "write a number up to 65535, as in \"inet:127.0.0.1:8892\"",
            SocketError::Host(_) => {
                "write a name or an address, as in \"inet:127.0.0.1:8892\" (every address is \"0.0.0.0\", or \"[::]\" after \"inet6:\")"
            }
            SocketError::Brackets(_) => "write \"inet6:[::1]:8892\"",
            SocketError::Path(_) => "write \"unix:/run/readdress/milter.sock\"",
            SocketError::LongPath(_) => "write a shorter path",
        }
    }
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.mistake(), self.advice())
    }
}

/// Returns the socket that a text without a known kind means: a path, or an address with a port.
pub(super) fn meant(text: &str) -> Option<Socket> {
    let known = |text: String| Socket::from_str(&text).ok();
    if text.starts_with('/') {
        return known(format!("unix:{text}"));
    }
    let address = text.strip_prefix("tcp:").unwrap_or(text);
    let address = address.strip_prefix("//").unwrap_or(address);
    let has_host = address.contains(':') || address.contains('@');
    has_host.then(|| known(format!("inet:{address}"))).flatten()
}

impl std::error::Error for SocketError {}

impl FromStr for Socket {
    type Err = SocketError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text
            .split_once(':')
            .ok_or_else(|| SocketError::Kind(text.to_owned()))?;
        match kind {
            "inet" => tcp(rest, "127.0.0.1").map(|(host, port)| Socket::Inet { host, port }),
            "inet6" => tcp(rest, "::1").map(|(host, port)| Socket::Inet6 { host, port }),
            "unix" | "local" => unix(rest),
            _ => Err(SocketError::Kind(text.to_owned())),
        }
    }
}

/// Returns host and port of `HOST:PORT`, `PORT@HOST` or `PORT`.
fn tcp(text: &str, loopback: &str) -> Result<(String, u16), SocketError> {
    if let Some((port_text, host_text)) = text.split_once('@') {
        return Ok((host(host_text)?, port(port_text)?));
    }
    match text.rsplit_once(':') {
        Some((host_text, port_text)) => Ok((bracketed_host(host_text, text)?, port(port_text)?)),
        None => Ok((loopback.to_owned(), port(text)?)),
    }
}

/// Returns the host before a colon, where an IPv6 address needs brackets.
fn bracketed_host(text: &str, whole: &str) -> Result<String, SocketError> {
    if text.contains(':') && !(text.starts_with('[') && text.ends_with(']')) {
        return Err(SocketError::Brackets(whole.to_owned()));
    }
    host(text)
}

fn host(text: &str) -> Result<String, SocketError> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let odd = |c: char| c.is_whitespace() || c.is_control() || "[]/*@\"".contains(c);
    if bare.is_empty() || bare.contains(odd) {
        return Err(SocketError::Host(text.to_owned()));
    }
    Ok(bare.to_owned())
}

fn port(text: &str) -> Result<u16, SocketError> {
    // `parse` alone would take "+25".
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(SocketError::Port(text.to_owned()));
    }
    text.parse().map_err(|_| SocketError::Port(text.to_owned()))
}

fn unix(text: &str) -> Result<Socket, SocketError> {
    if text.is_empty() || text.ends_with('/') || text.contains('\0') {
        return Err(SocketError::Path(text.to_owned()));
    }
    if text.len() > UNIX_PATH_LIMIT {
        return Err(SocketError::LongPath(text.len()));
    }
    Ok(Socket::Unix(PathBuf::from(text)))
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, host, port) = match self {
            Socket::Inet { host, port } => ("inet", host, port),
            Socket::Inet6 { host, port } => ("inet6", host, port),
            Socket::Unix(path) => return write!(f, "unix:{}", path.display()),
        };
        if host.contains(':') {
            write!(f, "{kind}:[{host}]:{port}")
        } else {
            write!(f, "{kind}:{host}:{port}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Socket {
        text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn both_notations_give_one_value() {
        for (text, postfix) in [
            ("inet:127.0.0.1:8892", "inet:127.0.0.1:8892"),
            ("inet:8892@127.0.0.1", "inet:127.0.0.1:8892"),
            ("inet:8892", "inet:127.0.0.1:8892"),
            ("inet6:8892", "inet6:[::1]:8892"),
            ("inet:[::1]:8892", "inet:[::1]:8892"),
            ("inet6:8892@::1", "inet6:[::1]:8892"),
            ("inet6:8892@[::1]", "inet6:[::1]:8892"),
            ("inet6:mx.example:1", "inet6:mx.example:1"),
            ("inet:localhost:0", "inet:localhost:0"),
            ("unix:/run/r/r.sock", "unix:/run/r/r.sock"),
            ("local:/run/r/r.sock", "unix:/run/r/r.sock"),
            ("unix:r/r.sock", "unix:r/r.sock"),
            ("unix:/a@b:1", "unix:/a@b:1"),
        ] {
            let socket = read(text);
            assert_eq!(socket.to_string(), postfix, "{text}");
            assert_eq!(read(postfix), socket, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_socket_is_refused_with_advice() {
        for text in [
            "",
            "8892",
            "/run/r.sock",
            "tcp:127.0.0.1:8892",
            "inet:",
            "inet:host:",
            "inet::8892",
            "inet:8892@",
            "inet:*:8892",
            "inet:host:65536",
            "inet:host:+25",
            "inet:host:smtp",
            "inet:::1:8892",
            "inet:@",
            "unix:",
            "unix:/run/",
            "unix:/a\0b",
        ] {
            let error = text.parse::<Socket>().expect_err(text).to_string();
            assert!(error.contains("write "), "{text}: {error}");
            assert!(!error.contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn a_text_without_a_kind_may_mean_a_socket() {
        for (text, socket) in [
            ("/run/r.sock", Some("unix:/run/r.sock")),
            ("127.0.0.1:8892", Some("inet:127.0.0.1:8892")),
            ("tcp:127.0.0.1:8892", Some("inet:127.0.0.1:8892")),
            ("tcp://[::1]:8892", Some("inet:[::1]:8892")),
            ("8892@localhost", Some("inet:localhost:8892")),
            ("8892", None),
            ("/run/", None),
            ("milter", None),
            ("host:smtp", None),
        ] {
            let found = meant(text).map(|socket| socket.to_string());
            assert_eq!(found.as_deref(), socket, "{text}");
        }
    }

    #[test]
    fn a_path_may_have_107_bytes_and_not_108() {
        let fits = format!("unix:/{}", "a".repeat(UNIX_PATH_LIMIT - 1));
        assert!(fits.parse::<Socket>().is_ok());
        let long = format!("unix:/{}", "a".repeat(UNIX_PATH_LIMIT));
        assert_eq!(long.parse::<Socket>(), Err(SocketError::LongPath(108)));
    }

    #[test]
    fn a_relative_path_is_taken_from_a_directory_only_when_asked() {
        let socket = read("unix:r.sock");
        assert_eq!(
            socket.against(Path::new("/etc/readdress")),
            read("unix:/etc/readdress/r.sock")
        );
        let absolute = read("unix:/run/r.sock");
        assert_eq!(absolute.against(Path::new("/etc")), absolute);
        let tcp = read("inet:1@h");
        assert_eq!(tcp.against(Path::new("/etc")), tcp);
    }
}
