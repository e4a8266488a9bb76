//! Do the milters and socketmaps answer that the MTA's configuration names?
//!
//! While a milter does not answer, the MTA defers every sender; while a map does not answer, it defers every
//! recipient that it looks up there. Sockets of a daemon that is down are left out: `serving.rs` has a
//! finding about the daemon, and one cause is one finding.

use super::{
    Finding, codes,
    facts::{Facts, Readdress},
    listed::{Answer, Connection, Listed, Protocol},
    lists::some,
    pending::PendingFinding,
};

/// A local-part that nobody has.
pub const NOBODY: &str = "readdress0doctor";

/// Returns the key with which a map is asked. A map of readdress with this name has this key.
pub fn key(map: &str, readdress: &Readdress) -> String {
    let domain = readdress.secondary.first().or(readdress.primary.first());
    let domain = domain.map_or("example.com", |domain| domain.as_str());
    match map {
        "domains" | "secondary" => domain.to_owned(),
        _ => match readdress.originals.first().or(readdress.targets.first()) {
            Some(mailbox) => mailbox.to_string().to_lowercase(),
            None => format!("{NOBODY}@{domain}"),
        },
    }
}

/// Returns the entries that fail, grouped by what one change fixes: all milters of a list, one map of
/// Postfix, the `K` lines of Sendmail that ask one socket.
fn failing(connections: &[Connection]) -> Vec<Vec<&Connection>> {
    let mut groups: Vec<Vec<&Connection>> = Vec::new();
    let failing = connections.iter().filter(|connection| {
        let answer = &connection.answer;
        // `serving.rs` has a finding if the daemon is down or has no table.
        let about_readdress = matches!(answer, Answer::Failing(reply) if reply.starts_with("PERM"));
        answer.fails() && (!connection.listed.is_readdress || about_readdress)
    });
    for connection in failing {
        let listed = &connection.listed;
        let same = |group: &&mut Vec<&Connection>| {
            group.first().is_some_and(|first| {
                let first = &first.listed;
                let list = first.parameter == listed.parameter;
                let socket = listed.parameter.starts_with('K') && first.word == listed.word;
                first.about == listed.about
                    && match (&first.protocol, &listed.protocol) {
                        (Protocol::Milter, Protocol::Milter) => list,
                        (Protocol::Map(_), Protocol::Map(_)) => socket,
                        _ => false,
                    }
            })
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(connection),
            None => groups.push(vec![connection]),
        }
    }
    groups
}

/// Adds findings about the milters and maps that an MTA lists, and removes findings that only follow from
/// these. `remedy` adds the help that replaces the failing entries of a list by readdress'.
pub(super) fn instead(
    connections: &[Connection],
    facts: &Facts,
    mut pending: Vec<PendingFinding>,
    remedy: impl Fn(PendingFinding, &[&Listed]) -> PendingFinding,
) -> Vec<PendingFinding> {
    pending.retain(|unfinished| !explains(connections, unfinished.finding()));
    if facts.readdress.sockets_unknown {
        pending.retain(|unfinished| !codes::ABOUT_SOCKETS.contains(&unfinished.finding().code));
    }
    pending.extend(examine(connections, facts, remedy));
    pending
}

/// Returns the findings about the entries that fail.
fn examine(
    connections: &[Connection],
    facts: &Facts,
    remedy: impl Fn(PendingFinding, &[&Listed]) -> PendingFinding,
) -> Vec<PendingFinding> {
    let groups = failing(connections);
    let findings = groups.iter().filter_map(|group| {
        let listed: Vec<_> = group.iter().map(|connection| &connection.listed).collect();
        let first = listed.first()?;
        let mut told: Vec<_> = group
            .iter()
            .map(|connection| told(connection, &facts.readdress))
            .collect();
        told.dedup();
        let told = told.join("; ");
        Some(match first.protocol {
            Protocol::Milter => milters(first, &told, &listed, &remedy),
            Protocol::Map(_) => remedy(map(first, &told, &listed), &listed),
        })
    });
    findings
        .chain(unasked(connections).map(PendingFinding::from))
        .collect()
}

/// Returns the entry and the reason: `inet:127.0.0.1:1`: Connection refused.
fn told(connection: &Connection, readdress: &Readdress) -> String {
    let listed = &connection.listed;
    // The daemon's milter and socketmap sockets are easily confused.
    let (others, what) = match listed.protocol {
        Protocol::Milter => (
            &readdress.socketmap,
            "the socketmap of readdress listens there",
        ),
        Protocol::Map(_) => (&readdress.milter, "the milter of readdress listens there"),
    };
    let reason = match listed.sockets.iter().any(|socket| others.contains(socket)) {
        true => what.to_owned(),
        false => connection.answer.to_string(),
    };
    format!("`{}`: {reason}", listed.word)
}

fn milters(
    first: &Listed,
    told: &str,
    all: &[&Listed],
    remedy: impl Fn(PendingFinding, &[&Listed]) -> PendingFinding,
) -> PendingFinding {
    let (code, means) = match all.iter().all(|listed| listed.optional) {
        true => (codes::MILTER_AWAY, "mail passes without it"),
        false => (
            codes::MILTER_DEAD,
            "the MTA answers 451 to every sender until something answers there",
        ),
    };
    let message = format!(
        "`{}` names a milter that does not answer: {told}; {means}",
        first.parameter
    );
    let unfinished = PendingFinding::new(code, &first.about, message);
    match first.beside_readdress {
        true => remedy(
            unfinished.say("start the program that should answer there, or "),
            all,
        ),
        false => remedy(unfinished.say("if readdress is meant, "), all)
            .or("; otherwise start the program that should answer there"),
    }
}

fn map(first: &Listed, told: &str, all: &[&Listed]) -> PendingFinding {
    let names: Vec<_> = all
        .iter()
        .map(|listed| format!("`{}`", listed.parameter))
        .collect();
    let ask = if names.len() == 1 { "asks" } else { "ask" };
    let message = format!(
        "{} {ask} a map that does not answer: {told}; the MTA answers 451 to every recipient that it asks \
         about there",
        names.join(" and ")
    );
    PendingFinding::new(codes::MAP_DEAD, &first.about, message)
}

/// Returns one note about all sockets that doctor may not open.
fn unasked(connections: &[Connection]) -> Option<Finding> {
    let closed = connections.iter().filter(|connection| {
        // The permissions of readdress' own sockets are checked in `sockets.rs`.
        matches!(connection.answer, Answer::Closed(_)) && !connection.listed.is_readdress
    });
    let words = some(closed.map(|connection| connection.listed.word.as_str()))?;
    Some(Finding::new(
        codes::UNSEEN,
        "milters and maps",
        format!("{words} could not be asked: doctor may not open the socket"),
        "run doctor as root",
    ))
}

/// Returns true if a finding has the same cause as a milter that does not answer: the list names that milter
/// instead of readdress, and the same line fixes both.
fn explains(connections: &[Connection], finding: &Finding) -> bool {
    let groups = failing(connections);
    let mut lists = groups
        .iter()
        .filter_map(|group| group.first())
        .map(|connection| &connection.listed)
        .filter(|listed| !listed.beside_readdress);
    lists.any(|listed| {
        let code = finding.code;
        let same = match (&listed.protocol, listed.parameter.as_str()) {
            (Protocol::Milter, "non_smtpd_milters") => code == codes::LOCAL_MAIL_PASSES,
            (Protocol::Milter, _) => {
                code == codes::MILTER_NOT_LISTED || code == codes::MILTER_NOT_AT_EVERY_PORT
            }
            (Protocol::Map(_), _) => code == codes::RECIPIENTS_UNCHECKED,
        };
        same && listed.about == finding.about
    })
}
