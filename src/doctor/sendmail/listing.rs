//! The milters that `sendmail.cf` asks, the maps that it asks by a socket, and the spelling of their sockets.

use super::cf::{Cf, Filter};
use crate::{
    config::socket::Socket,
    doctor::{
        Finding, codes,
        facts::{Facts, Sendmail},
        listed::{Listed, Protocol},
        sockets::{View, named},
        wiring,
    },
};

/// Returns the milters that a port asks, and the maps of the type `socket`.
pub fn listed(sendmail: &Sendmail, facts: &Facts) -> Vec<Listed> {
    let cf = Cf::parse(&sendmail.text);
    let asked = cf.filters.iter().filter(|filter| asks(&cf, &filter.name));
    let filters = asked.filter_map(|filter| milter(&cf, filter, sendmail, facts));
    let maps = cf.maps.iter().filter(|(_, map)| map.kind == "socket");
    let maps = maps.filter_map(|(name, map)| {
        let word = map.socket()?;
        Some(Listed {
            about: sendmail.cf.clone(),
            parameter: format!("K{name}"),
            word: word.to_owned(),
            sockets: vec![socket(word)?],
            // Sendmail asks a map by the name of its line.
            protocol: Protocol::Map(name.clone()),
            is_readdress: named(word, &facts.readdress.socketmap, View::of_root(), facts).is_some(),
            beside_readdress: false,
            optional: false,
        })
    });
    filters.chain(maps).collect()
}

/// Returns the lists of filters: that of each port, or the common one.
fn lists(cf: &Cf) -> impl Iterator<Item = &[String]> {
    let own = cf
        .ports
        .iter()
        .filter_map(|(_, filters)| filters.as_deref());
    let common = cf.ports.is_empty() || cf.ports.iter().any(|(_, filters)| filters.is_none());
    own.chain(common.then_some(cf.order.as_slice()))
}

fn asks(cf: &Cf, name: &String) -> bool {
    lists(cf).any(|list| list.contains(name))
}

fn milter(cf: &Cf, filter: &Filter, sendmail: &Sendmail, facts: &Facts) -> Option<Listed> {
    let is_own = |filter: &Filter| {
        named(
            &filter.socket,
            &facts.readdress.milter,
            View::of_root(),
            facts,
        )
        .is_some()
    };
    let in_list = |list: &[String], other: &Filter| list.contains(&other.name);
    let beside_readdress = lists(cf)
        .filter(|list| list.contains(&filter.name))
        .any(|list| {
            cf.filters
                .iter()
                .any(|other| in_list(list, other) && is_own(other))
        });
    Some(Listed {
        about: sendmail.cf.clone(),
        parameter: format!("X{}", filter.name),
        word: filter.socket.clone(),
        sockets: vec![socket(&filter.socket)?],
        protocol: Protocol::Milter,
        is_readdress: is_own(filter),
        beside_readdress,
        optional: !filter.flags.contains(['T', '4', 'R']),
    })
}

/// Returns a socket, if Sendmail can read the word. It reads TCP sockets only as `PORT@HOST`.
fn socket(word: &str) -> Option<Socket> {
    let socket: Socket = word.parse().ok()?;
    let readable = matches!(socket, Socket::Unix(_)) || word.contains('@');
    readable.then_some(socket)
}

/// Returns host and port where Sendmail accepts mail from strangers: port 25 if there is one.
pub fn address(sendmail: &Sendmail) -> Option<(String, u16)> {
    let cf = Cf::parse(&sendmail.text);
    let doors = cf.listens.iter().filter_map(|(host, port)| {
        let port = match port.as_str() {
            "smtp" => 25,
            "submission" => 587,
            number => number.parse().ok()?,
        };
        let host = host
            .as_deref()
            .filter(|host| *host != "0.0.0.0" && *host != "::");
        Some((host.unwrap_or("127.0.0.1").to_owned(), port))
    });
    let doors: Vec<_> = doors.collect();
    let public = doors.iter().find(|(_, port)| *port == 25);
    let other = doors.iter().find(|(_, port)| !matches!(port, 465 | 587));
    match doors.is_empty() {
        true => Some(("127.0.0.1".to_owned(), 25)),
        false => public.or(other).cloned(),
    }
}

/// Returns the help: what to write in place of these entries.
pub fn remedy(sendmail: &Sendmail, dead: &[&Listed], facts: &Facts) -> String {
    let Some(first) = dead.first() else {
        return String::new();
    };
    let readdress = &facts.readdress;
    match &first.protocol {
        Protocol::Milter if first.beside_readdress => {
            let name = first.parameter.trim_start_matches('X');
            format!("delete the line INPUT_MAIL_FILTER(`{name}', …) from sendmail.mc")
        }
        Protocol::Milter => match wiring::sendmail_filter(readdress) {
            Some(line) => format!("replace it in sendmail.mc by: {line}"),
            None => "remove it from sendmail.mc".to_owned(),
        },
        Protocol::Map(_) => {
            let cf = Cf::parse(&sendmail.text);
            let line = |listed: &&Listed| {
                let name = listed.parameter.strip_prefix('K')?;
                let better = wiring::sendmail_map_socket(readdress.socketmap.first()?);
                let arguments = cf.maps.get(name)?.arguments.replace(&listed.word, &better);
                Some(format!("K{name} socket {arguments}"))
            };
            let lines: Vec<_> = dead.iter().filter_map(line).collect();
            match lines.is_empty() {
                false => format!(
                    "if readdress is meant, replace it in sendmail.mc by: {}; otherwise start the program that \
                     should answer there",
                    lines.join(" and ")
                ),
                true => format!(
                    "if readdress is meant, write `listen = [\"{}\"]` below `[socketmap]` in {}, and restart \
                     readdress; otherwise start the program that should answer there",
                    first
                        .sockets
                        .first()
                        .map_or_else(String::new, ToString::to_string),
                    readdress.file
                ),
            }
        }
    }
}

/// Returns findings about sockets in Postfix' spelling. With such a filter, even if no port asks it, Sendmail says
/// `bad address` and does not start. With such a map it starts, and every look-up fails.
pub(super) fn misspelt(cf: &Cf, sendmail: &Sendmail) -> Vec<Finding> {
    let filters = cf.filters.iter().map(|filter| {
        let what = format!("the filter `{}`", filter.name);
        (
            what,
            filter.socket.as_str(),
            "Sendmail does not start",
            "S=",
        )
    });
    let maps = cf.maps.iter().filter(|(_, map)| map.kind == "socket");
    let maps = maps.filter_map(|(name, map)| {
        let means = "every question to it fails";
        Some((format!("the map `{name}`"), map.socket()?, means, ""))
    });
    let wrong = filters
        .chain(maps)
        .filter_map(|(what, word, means, before)| {
            let meant: Socket = word.parse().ok()?;
            if socket(word).is_some() {
                return None;
            }
            let right = wiring::sendmail_socket(&meant);
            Some(Finding::new(
                codes::SOCKET_MISSPELT,
                &sendmail.cf,
                format!("{what} has its socket in Postfix' spelling, `{word}`: {means}"),
                format!("in sendmail.mc write `{before}{right}` in place of `{before}{word}`"),
            ))
        });
    wrong.collect()
}

/// Returns a finding if the configuration switches DSN parameters off (RFC 3461).
pub(super) fn without_dsn(cf: &Cf, sendmail: &Sendmail) -> Option<Finding> {
    let off = cf
        .privacy
        .iter()
        .any(|word| word.eq_ignore_ascii_case("noreceipts"));
    off.then(|| {
        dsn_off(
            &sendmail.cf,
            "`PrivacyOptions` has `noreceipts`",
            "remove `noreceipts` from `confPRIVACY_FLAGS` in sendmail.mc",
        )
    })
}

/// Returns the finding that Sendmail takes no DSN parameters.
pub fn dsn_off(about: &str, why: &str, cure: &str) -> Finding {
    Finding::new(
        codes::DSN_OFF,
        about,
        format!(
            "{why}: Sendmail takes no DSN parameters, so that readdress adds recipients without ORCPT and \
             NOTIFY: a bounce shows the address that came out of the rule, not the one that the sender wrote"
        ),
        format!("if that is meant, nothing has to be done; otherwise {cure}"),
    )
}
