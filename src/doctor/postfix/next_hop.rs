//! A next hop of Postfix: its host and port, and whether this Postfix itself listens there.
//!
//! # Limits
//!
//! A next hop counts as this machine if its address is one of this machine's, or if it is `localhost` or
//! `$myhostname`. Other names are not looked up.

use crate::doctor::{
    facts::{Postfix, Service},
    lists::words,
};

/// Reads host and port of a next hop: `[host]:port`, `host:port`, `[host]`, `host`.
pub(super) fn place(next_hop: &str) -> (String, u16) {
    let (host, port) = match next_hop
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((host, port)) => (host, port.strip_prefix(':').unwrap_or("")),
        None => next_hop.split_once(':').unwrap_or((next_hop, "")),
    };
    let host = host.strip_prefix("ipv6:").unwrap_or(host);
    let host = host.strip_prefix("IPv6:").unwrap_or(host);
    (host.to_lowercase(), number(port).unwrap_or(25))
}

fn number(port: &str) -> Option<u16> {
    match port {
        "smtp" => Some(25),
        "submission" => Some(587),
        "smtps" | "submissions" => Some(465),
        port => port.parse().ok(),
    }
}

/// Returns the service of this Postfix that listens on a host and port.
pub(super) fn door<'p>(postfix: &'p Postfix, host: &str, port: u16) -> Option<&'p Service> {
    let is_own = host == "localhost"
        || host.eq_ignore_ascii_case(postfix.value("myhostname"))
        || postfix.own_hosts.contains(host);
    if !is_own {
        return None;
    }
    let interfaces = words(postfix.value("inet_interfaces"));
    let loopback = |host: &str| host == "localhost" || host == "::1" || host.starts_with("127.");
    postfix.doors().find(|door| {
        let name = door.name.strip_suffix("/inet").unwrap_or_default();
        let (bound, name) = name.rsplit_once(':').unwrap_or(("", name));
        let bound = bound.trim_matches(['[', ']']);
        let hears = match bound {
            "" => interfaces.iter().any(|interface| match *interface {
                "all" => true,
                "loopback-only" => loopback(host),
                interface => {
                    interface.eq_ignore_ascii_case(host) || both(interface, host, loopback)
                }
            }),
            bound => bound == host || both(bound, host, loopback),
        };
        hears && number(name) == Some(port)
    })
}

/// Returns true if both names stand for loopback addresses, and one of them is `localhost`, which may be any of
/// them.
fn both(one: &str, other: &str, loopback: impl Fn(&str) -> bool) -> bool {
    loopback(one) && loopback(other) && (one == "localhost" || other == "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_hops() {
        for (text, host, port) in [
            ("[127.0.0.1]:10025", "127.0.0.1", 10025),
            ("mail.example:submission", "mail.example", 587),
            ("[Mail.example]", "mail.example", 25),
            ("mail.example", "mail.example", 25),
            ("[ipv6:::1]:26", "::1", 26),
            ("[::1]:26", "::1", 26),
            ("", "", 25),
        ] {
            assert_eq!(place(text), (host.to_owned(), port), "{text}");
        }
    }

    #[test]
    fn which_next_hop_is_this_postfix() {
        let values = "inet_interfaces = loopback-only\nmyhostname = mx.test\n";
        let line = "inet n - n - - smtpd";
        let master = format!("smtp {line}\n127.0.0.1:10025 {line}\n[::1]:10026 {line}\n");
        let mut postfix = Postfix::new(String::new(), values, "", &master, "");
        postfix.own_hosts = ["127.0.0.1", "::1", "192.0.2.1"].map(str::to_owned).into();
        for (host, port, wanted) in [
            ("127.0.0.1", 25, Some("smtp/inet")),
            ("localhost", 10025, Some("127.0.0.1:10025/inet")),
            ("::1", 10026, Some("[::1]:10026/inet")),
            ("127.0.0.1", 10026, None),
            ("192.0.2.1", 25, None),
            ("198.51.100.1", 25, None),
            ("127.0.0.1", 26, None),
        ] {
            let found = door(&postfix, host, port).map(|door| door.name.as_str());
            assert_eq!(found, wanted, "{host} {port}");
        }
    }
}
