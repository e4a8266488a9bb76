//! How each MTA writes a socket, and which socket a word in another spelling means.
//!
//! | | Postfix | Sendmail |
//! |---|---|---|
//! | TCP | `inet:HOST:PORT`, `inet:PORT` | `inet:PORT@HOST`, `inet:PORT` |
//! | TCP over IPv6 | `inet:[ADDRESS]:PORT` | `inet6:PORT@ADDRESS` |
//! | a file | `unix:PATH`, `local:PATH` (a milter's only) | `unix:PATH`, `local:PATH`, `PATH` |
//!
//! With `inet:PORT@HOST` in its configuration an smtpd of Postfix ends with a fatal error, or answers 451
//! 4.3.5. With `inet:HOST:PORT` Sendmail does not start.

use crate::config::socket::Socket;

/// Returns the socket that a word most likely means, in any spelling that people use.
pub fn meant(word: &str) -> Option<Socket> {
    let (kind, rest) = word.split_once(':').unwrap_or(("", word));
    let kind = kind.to_ascii_lowercase();
    match kind.as_str() {
        "inet" | "inet6" | "unix" | "local" => format!("{kind}:{rest}").parse().ok(),
        "tcp" => format!("inet:{rest}").parse().ok(),
        _ if word.starts_with('/') => format!("unix:{word}").parse().ok(),
        // A host and a port, or a port and a host, without a kind.
        _ => format!("inet:{word}").parse().ok(),
    }
}

/// Returns a socket as Postfix writes it.
pub fn postfix(socket: &Socket) -> String {
    match socket {
        Socket::Inet6 { host, port } => Socket::Inet {
            host: host.clone(),
            port: *port,
        }
        .to_string(),
        other => other.to_string(),
    }
}

/// Returns the right spelling of a milter's socket for Postfix, or `None` if `word` is right already.
///
/// Returns `Some(None)` if the word is no socket in any spelling.
pub fn wrong_for_postfix(word: &str) -> Option<Option<String>> {
    let right = match word.split_once(':') {
        Some(("inet", rest)) => !rest.contains('@'),
        Some(("unix" | "local", path)) => !path.is_empty(),
        _ => false,
    };
    (!right).then(|| meant(word).as_ref().map(postfix))
}

/// Returns the same for the socket of a socketmap, for which Postfix does not know `local:`.
pub fn wrong_for_socketmap(word: &str) -> Option<Option<String>> {
    match word.split_once(':') {
        Some(("local", path)) => Some(Some(format!("unix:{path}"))),
        _ => wrong_for_postfix(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mta_has_its_own_spelling() {
        for (word, postfix) in [
            ("inet:127.0.0.1:1", None),
            ("inet:1@127.0.0.1", Some(Some("inet:127.0.0.1:1"))),
            ("inet:1", None),
            ("inet:[::1]:1", None),
            ("inet6:[::1]:1", Some(Some("inet:[::1]:1"))),
            ("inet6:1@::1", Some(Some("inet:[::1]:1"))),
            ("tcp:h:1", Some(Some("inet:h:1"))),
            ("h:1", Some(Some("inet:h:1"))),
            ("1@h", Some(Some("inet:h:1"))),
            ("/x/y", Some(Some("unix:/x/y"))),
            ("UNIX:/x/y", Some(Some("unix:/x/y"))),
            ("unix:/x/y", None),
            ("local:/x/y", None),
            ("nonsense", Some(None)),
        ] {
            let owned = |told: Option<Option<&str>>| told.map(|right| right.map(str::to_owned));
            assert_eq!(wrong_for_postfix(word), owned(postfix), "{word}");
        }
        assert_eq!(
            wrong_for_socketmap("local:/x"),
            Some(Some("unix:/x".to_owned()))
        );
        assert_eq!(wrong_for_socketmap("inet:h:1"), None);
    }
}
