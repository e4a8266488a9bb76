//! The rule set `Local_check_rcpt`, which decides about recipients before Sendmail's own rules do.
//!
//! If it says OK, Sendmail accepts the recipient from anybody.

use super::{cf::Cf, classes::class};
use crate::doctor::{
    Finding, codes,
    facts::{Facts, Sendmail},
    sockets::{View, named},
};

/// Returns the words of the classes to which `Local_check_rcpt` says OK.
pub(super) fn listed<'c>(cf: &'c Cf, sendmail: &'c Sendmail) -> Vec<&'c str> {
    let lines = cf.check_rcpt.iter().filter(|line| line.contains("$# OK"));
    let names = lines.filter_map(|line| line.split_once("$={")?.1.split_once('}'));
    names
        .flat_map(|(name, _)| class(cf, sendmail, name))
        .collect()
}

/// Returns true if `Local_check_rcpt` asks a socketmap of readdress.
pub(super) fn asks_us(cf: &Cf, facts: &Facts) -> bool {
    let sockets = cf.maps.iter().filter(|(_, map)| map.kind == "socket");
    let readdress = sockets.filter(|(_, map)| {
        let socket = map.socket().unwrap_or_default();
        named(socket, &facts.readdress.socketmap, View::of_root(), facts).is_some()
    });
    let names: Vec<_> = readdress.map(|(name, _)| format!("$({name} ")).collect();
    let asks = |line: &String| names.iter().any(|name| line.contains(name));
    cf.check_rcpt.iter().any(asks)
}

pub(super) fn unchecked(cf: &Cf, sendmail: &Sendmail, facts: &Facts) -> Option<Finding> {
    if facts.readdress.secondary.is_empty() || asks_us(cf, facts) {
        return None;
    }
    let append = "append what `readdress doctor --print sendmail` writes to sendmail.mc";
    let help = if facts.readdress.socketmap.is_empty() {
        format!(
            "write `[socketmap]` and below it `listen = [\"inet:127.0.0.1:8893\"]` into {}, restart readdress, \
             then {append}",
            facts.readdress.file
        )
    } else {
        append.to_owned()
    };
    Some(Finding::new(
        codes::RECIPIENTS_UNCHECKED,
        &sendmail.cf,
        "Sendmail does not know which recipients exist: `Local_check_rcpt` asks no socketmap of readdress",
        help,
    ))
}

/// Returns a finding about a line that says OK to every address that the lines before it do not match.
pub(super) fn opened(cf: &Cf, sendmail: &Sendmail) -> Option<Finding> {
    let is_open = |line: &&String| {
        let mut words = line.split_whitespace();
        let anything = matches!(words.next(), Some("R$*" | "R$+" | "R$@"));
        let rest: String = words.collect();
        anything && rest.starts_with("$#OK")
    };
    let line = cf.check_rcpt.iter().find(is_open)?;
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Finding::new(
        codes::OPEN_RELAY,
        &sendmail.cf,
        format!(
            "`{line}` in `Local_check_rcpt` lets anybody send to any address that the lines before it \
             do not catch, such as `user@[192.0.2.1]`"
        ),
        "replace all lines of `SLocal_check_rcpt` in sendmail.mc by those that `readdress doctor --print \
         sendmail` writes",
    ))
}
