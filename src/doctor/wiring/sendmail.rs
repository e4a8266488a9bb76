//! Lines for `sendmail.mc`.

use crate::{
    config::socket::Socket,
    doctor::facts::{Facts, Ours},
};

/// The rule set: a recipient in one of our domains is refused unless the table knows it. The OK at its
/// end also lets Sendmail relay, so that no domain has to be listed; therefore the map refuses every
/// local-part that would route the mail elsewhere.
const RULES: &str = "\
SLocal_check_rcpt
R$*\t\t\t$: $>canonify $1
R$+ < @ $+ . >\t\t$: <$(domains $2 $: NO $)> $1 @ $2
R<$* <TMPF>> $*\t\t$#error $@ 4.3.0 $: \"451 temporary lookup failure\"
R<NO> $*\t\t\t$@ $1
R<$*> $+ @ $+\t\t$: <$(recipients $2@$3 $: NO $)> $2 @ $3
R<$* <TMPF>> $*\t\t$#error $@ 4.3.0 $: \"451 temporary lookup failure\"
R<NO> $*\t\t\t$#error $@ 5.1.1 $: \"550 User unknown\"
R$*\t\t\t$# OK";

/// A socket as Sendmail writes it.
pub fn notation(socket: &Socket) -> String {
    // A socket for every address is reached here by the loopback one.
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

/// The same in a `K` line, which knows no `local:`.
pub fn map_socket(socket: &Socket) -> String {
    notation(socket).replacen("local:", "unix:", 1)
}

/// The filter, for the first of our sockets; none without one.
pub fn filter(ours: &Ours) -> Option<String> {
    let socket = notation(ours.milter.first()?);
    Some(format!(
        "INPUT_MAIL_FILTER(`readdress', `S={socket}, F=T, T=C:30s;S:30s;R:30s;E:5m')dnl"
    ))
}

/// Writes them.
pub fn sendmail(facts: &Facts) -> String {
    let ours = &facts.ours;
    let mut lines = vec![
        "dnl Append this to sendmail.mc, make sendmail.cf of it, restart Sendmail. The domains need".to_owned(),
        "dnl no other line: take them out of class w (local-host-names), and of class R, which".to_owned(),
        "dnl stands for their subdomains as well.".to_owned(),
    ];
    lines.push(
        "dnl F=T: mail is deferred while readdress is away, never passed on as it is.".to_owned(),
    );
    lines.push(
        "dnl It must be the last filter: what one behind it refuses it cannot see.".to_owned(),
    );
    lines.extend(filter(ours));
    let map = ours.socketmap.first().map(map_socket).unwrap_or_else(|| {
        lines.push(format!("dnl It needs two lines in {}:", ours.file));
        lines.push("dnl     [socketmap]".to_owned());
        lines.push("dnl     listen = [\"inet:127.0.0.1:8893\"]".to_owned());
        "inet:8893@127.0.0.1".to_owned()
    });
    lines.push("LOCAL_CONFIG".to_owned());
    for name in ["domains", "recipients"] {
        lines.push(format!("K{name} socket -T<TMPF> {map}"));
    }
    lines.push("LOCAL_RULESETS".to_owned());
    lines.push(RULES.to_owned());
    lines.join("\n")
}
