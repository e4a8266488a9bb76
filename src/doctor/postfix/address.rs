//! Where Postfix accepts mail from strangers.

use crate::doctor::{
    facts::{Postfix, Service},
    lists::words,
};

/// Returns host and port of the service that accepts mail from strangers: port 25 if there is one.
pub fn address(postfix: &Postfix) -> Option<(String, u16)> {
    let doors = postfix.services.iter().filter(|service| {
        service.name.ends_with("/inet")
            && matches!(service.command.as_str(), "smtpd" | "postscreen")
    });
    let doors: Vec<_> = doors.filter_map(|door| place(postfix, door)).collect();
    let public = doors.iter().find(|(_, port)| *port == 25);
    public
        .or(doors.iter().find(|(_, port)| !matches!(port, 465 | 587)))
        .cloned()
}

/// Reads host and port from the name of a service: `smtp/inet`, `127.0.0.1:2525/inet`, `[::1]:smtp/inet`.
fn place(postfix: &Postfix, door: &Service) -> Option<(String, u16)> {
    let name = door.name.strip_suffix("/inet")?;
    let (host, port) = match name.rsplit_once(':') {
        Some((host, port)) => (Some(host), port),
        None => (None, name),
    };
    let port = match port {
        "smtp" => 25,
        "submission" => 587,
        "smtps" | "submissions" => 465,
        number => number.parse().ok()?,
    };
    let host = match host.filter(|host| !host.is_empty()) {
        Some(host) => host.trim_matches(['[', ']']).to_owned(),
        None => interface(postfix),
    };
    Some((host, port))
}

/// Returns the first of `inet_interfaces` to which doctor can connect.
fn interface(postfix: &Postfix) -> String {
    let loopback = match postfix.value("inet_protocols") {
        "ipv6" => "::1",
        _ => "127.0.0.1",
    };
    let interfaces = words(postfix.value("inet_interfaces"));
    match interfaces.first() {
        None | Some(&("all" | "loopback-only" | "localhost")) => loopback.to_owned(),
        Some(first) => first.trim_matches(['[', ']']).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_strangers_is_found() {
        let of = |services: &[(&str, &str)], interfaces: &str| {
            let services = services.iter().map(|(name, command)| Service {
                name: format!("{name}/inet"),
                command: (*command).to_owned(),
                ..Service::default()
            });
            let mut postfix = Postfix {
                services: services.collect(),
                ..Postfix::default()
            };
            postfix
                .values
                .insert("inet_interfaces".to_owned(), interfaces.to_owned());
            address(&postfix)
        };
        let at = |host: &str, port| Some((host.to_owned(), port));
        let usual = [("submission", "smtpd"), ("smtp", "postscreen")];
        assert_eq!(of(&usual, "all"), at("127.0.0.1", 25));
        assert_eq!(of(&usual, "192.0.2.1, 127.0.0.1"), at("192.0.2.1", 25));
        assert_eq!(
            of(&[("127.0.0.2:10025", "smtpd")], ""),
            at("127.0.0.2", 10025)
        );
        assert_eq!(of(&[("[::1]:smtp", "smtpd")], "all"), at("::1", 25));
        assert_eq!(
            of(&[("submission", "smtpd"), ("qmqp", "qmqpd")], "all"),
            None
        );
    }
}
