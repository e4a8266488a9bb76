//! Lines for `sendmail.mc`.

use super::rule_set;
use crate::{
    config::socket::Socket,
    doctor::facts::{Facts, Readdress},
};

/// Returns a socket as Sendmail writes it.
pub fn notation(socket: &Socket) -> String {
    // A socket on every address can be reached by the loopback address.
    let near = |host: &str| match host {
        "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "::1".to_owned(),
        host => host.to_owned(),
    };
    match socket {
        Socket::Inet { host, port } => format!("inet:{port}@{}", near(host)),
        Socket::Inet6 { host, port } => format!("inet6:{port}@{}", near(host)),
        Socket::Unix(path) => format!("local:{}", path.display()),
    }
}

/// Returns a socket as a `K` line writes it, which does not know `local:`.
pub fn map_socket(socket: &Socket) -> String {
    notation(socket).replacen("local:", "unix:", 1)
}

/// Returns the line for the filter, with the first socket of readdress; none without a socket.
pub fn filter(readdress: &Readdress) -> Option<String> {
    let socket = notation(readdress.milter.first()?);
    Some(format!(
        "INPUT_MAIL_FILTER(`readdress', `S={socket}, F=T, T=C:30s;S:30s;R:30s;E:5m')dnl"
    ))
}

/// Returns the lines.
pub fn sendmail(facts: &Facts) -> String {
    let readdress = &facts.readdress;
    let mut lines = vec![
        "dnl Append this to sendmail.mc, make sendmail.cf from it, restart Sendmail. The domains need".to_owned(),
        "dnl no other line: remove them from class w (local-host-names), and from class R, which".to_owned(),
        "dnl stands for their subdomains as well.".to_owned(),
    ];
    lines.push(
        "dnl F=T: while readdress is away, mail is deferred, and never passes unchanged."
            .to_owned(),
    );
    lines
        .push("dnl It must be the last filter: it cannot see what a later one refuses.".to_owned());
    lines.extend(filter(readdress));
    match readdress.socketmap.first().map(map_socket) {
        // Sendmail asks a socketmap by the name of its K line.
        Some(map) => lines.extend(rule_set::asking(&map)),
        None => {
            lines.push(
                "dnl The filter refuses unknown recipients. To have Sendmail ask the table, and to"
                    .to_owned(),
            );
            lines.push("dnl list no domains here, write".to_owned());
            lines.push("dnl     [socketmap]".to_owned());
            lines.push("dnl     listen = [\"inet:127.0.0.1:8893\"]".to_owned());
            lines.push(format!(
                "dnl into {}, restart readdress, and print these lines again.",
                readdress.file
            ));
            lines.extend(rule_set::listing(readdress));
        }
    }
    lines.join("\n")
}
