//! The recipients that Postfix accepts, and the maps with which it rewrites them itself.

use super::{
    maps::{ListItem, answer},
    reachable,
};
use crate::{
    doctor::{
        codes,
        edits::{Change, Edit},
        facts::{Facts, Postfix, Service},
        lists::{joined, some, words},
        pending::{PendingFinding, at},
        sockets::{self, View, named},
        spelling,
    },
    engine::address::Mailbox,
};

/// Maps that rewrite recipients.
const REWRITING: [&str; 3] = [
    "virtual_alias_maps",
    "canonical_maps",
    "recipient_canonical_maps",
];

/// Returns the findings about recipients and about maps that rewrite them.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<PendingFinding> {
    let mut findings = known(postfix, facts);
    findings.extend(rewriting(postfix, facts));
    findings.extend(verified(postfix));
    findings.extend(delimiter(postfix, facts));
    findings
}

/// Returns the findings about `relay_recipient_maps`.
fn known(postfix: &Postfix, facts: &Facts) -> Vec<PendingFinding> {
    let list = words(postfix.value("relay_recipient_maps"));
    if facts.readdress.secondary.is_empty() {
        return Vec::new();
    }
    if list.is_empty() {
        let message = "Postfix does not know which recipients exist: it accepts unknown recipients in mail that \
                       does not pass readdress, and bounces them later";
        let unfinished =
            PendingFinding::new(codes::RECIPIENTS_UNCHECKED, &postfix.main_cf, message);
        return vec![wiring(postfix, facts, unfinished)];
    }
    let mut findings = Vec::new();
    let mut asks_us = false;
    for word in &list {
        let ListItem::Socketmap {
            socket,
            name,
            proxied,
        } = ListItem::parse(word)
        else {
            continue;
        };
        for (service, view) in askers(postfix, proxied) {
            let Some(named) = meant(socket, view, facts) else {
                continue;
            };
            asks_us = true;
            if !named.reached {
                findings.push(out_of_reach(postfix, service, word, facts));
            } else if let Some(user) = &postfix.user {
                let closed = sockets::closed(named.socket, socket, user, view, facts);
                findings.extend(closed.map(PendingFinding::from));
            }
            if name != "recipients" {
                let message = format!(
                    "`relay_recipient_maps` asks the map `{name}`, which does not list recipients"
                );
                let unfinished =
                    PendingFinding::new(codes::RECIPIENT_REFUSED, &postfix.main_cf, message);
                findings.push(wiring(postfix, facts, unfinished));
            }
        }
    }
    if !asks_us {
        findings.extend(missing(postfix, facts));
    }
    findings
}

/// Returns the services that ask a socketmap: proxymap, or each smtpd by itself.
fn askers(postfix: &Postfix, proxied: bool) -> Vec<(&Service, View<'_>)> {
    let asks = |service: &&Service| match proxied {
        true => service.command == "proxymap",
        false => service.command == "smtpd",
    };
    let services = postfix.services.iter().filter(asks);
    services
        .map(|service| (service, postfix.view(service)))
        .collect()
}

/// Returns the socket of readdress that a socketmap names, in any spelling.
fn meant<'s>(socket: &str, view: View<'_>, facts: &'s Facts) -> Option<sockets::Named<'s>> {
    let socket = spelling::meant(socket)?.to_string();
    named(&socket, &facts.readdress.socketmap, view, facts)
}

/// Adds the line for `relay_recipient_maps`, and the line for `readdress.toml` that it may need first.
fn wiring(postfix: &Postfix, facts: &Facts, unfinished: PendingFinding) -> PendingFinding {
    let own = &facts.readdress.socketmap;
    let set = |map: &str| {
        let list = recipient_maps(postfix, facts, map);
        [Edit::main("relay_recipient_maps", Change::Set(list))]
    };
    let listen = || facts.readdress.setting("socketmap", LISTEN);
    match map(postfix, facts) {
        Some(map) => unfinished.edit(set(&map)),
        None if own.is_empty() => unfinished
            .first(format!("{}, restart readdress", listen()))
            .edit(set(MAP)),
        None => unfinished.say(format!("{}, and restart readdress", listen())),
    }
}

/// A socketmap that every service reaches, as `readdress.toml` has it.
pub const LISTEN: &str = "listen = [\"inet:127.0.0.1:8893\"]";

/// The same socketmap, as Postfix names it.
pub const MAP: &str = "socketmap:inet:127.0.0.1:8893:recipients";

/// Returns `relay_recipient_maps` with readdress' map in place of an older entry for it.
///
/// As soon as the list is not empty, Postfix refuses all addresses of `relay_domains` that it lacks. So if there
/// was no list, the other domains of `relay_domains` are listed as a whole.
pub fn recipient_maps(postfix: &Postfix, facts: &Facts, map: &str) -> String {
    let is_own = |word: &&str| match ListItem::parse(word) {
        // If nothing answers at the socket, the name of the map shows whether readdress is meant.
        ListItem::Socketmap { socket, name, .. } => {
            let silent = postfix
                .connections
                .iter()
                .any(|connection| connection.listed.word == **word && connection.answer.fails());
            (silent && name == "recipients")
                || postfix
                    .doors()
                    .any(|door| meant(socket, postfix.view(door), facts).is_some())
        }
        _ => false,
    };
    let list = words(postfix.written("relay_recipient_maps"));
    let mut list: Vec<_> = list
        .into_iter()
        .filter(|word| !is_own(word))
        .map(str::to_owned)
        .collect();
    if list.is_empty() {
        let known: Vec<_> = facts
            .readdress
            .inbound()
            .flat_map(|domain| domain.spellings())
            .collect();
        let words = words(postfix.value("relay_domains"));
        let names = words.iter().flat_map(|word| match ListItem::parse(word) {
            ListItem::Name(name) => vec![name.to_lowercase()],
            ListItem::File(path) => postfix.files.get(path).cloned().unwrap_or_default(),
            _ => Vec::new(),
        });
        let others = names.filter(|name| !known.contains(name));
        let others: Vec<_> = others.map(|name| format!("@{name}=any")).collect();
        if !others.is_empty() {
            list.push(format!("inline:{{ {} }}", others.join(", ")));
        }
    }
    list.push(map.to_owned());
    joined(list)
}

/// Returns the socketmap of recipients in a form that the smtpd processes of this machine reach.
pub fn map(postfix: &Postfix, facts: &Facts) -> Option<String> {
    let chroot = postfix.doors().any(|door| door.chroot);
    let (own, queue) = (&facts.readdress.socketmap, postfix.queue());
    if let Some(socket) = reachable(own, queue, chroot) {
        return Some(format!("socketmap:{socket}:recipients"));
    }
    // proxymap runs outside of a chroot, and reaches sockets that smtpd does not reach.
    let socket = reachable(own, queue, false)?;
    Some(format!("proxy:socketmap:{socket}:recipients"))
}

fn out_of_reach(postfix: &Postfix, service: &Service, word: &str, facts: &Facts) -> PendingFinding {
    let message = format!("{} does not find the socket of `{word}`", service.name);
    let unfinished = PendingFinding::new(codes::MAP_OUT_OF_REACH, &postfix.main_cf, message);
    wiring(postfix, facts, unfinished)
}

/// Returns a finding about addresses that have a rule and are missing in Postfix's lists.
fn missing(postfix: &Postfix, facts: &Facts) -> Option<PendingFinding> {
    let list = postfix.value("relay_recipient_maps");
    let unasked = words(list)
        .into_iter()
        .any(|word| match ListItem::parse(word) {
            ListItem::Table(table) => !postfix.maps.contains_key(table),
            _ => true,
        });
    if unasked {
        return None;
    }
    let readdress = &facts.readdress;
    let originals = readdress
        .originals
        .iter()
        .filter(|original| readdress.secondary.contains(&original.domain));
    let lost: Vec<_> = originals
        .map(lookup_key)
        .filter(|address| answer(postfix, list, address).is_none())
        .collect();
    let message = format!(
        "`relay_recipient_maps` lacks {}, which has a rule: Postfix refuses it as unknown",
        some(lost.iter().map(String::as_str))?
    );
    let unfinished = PendingFinding::new(codes::RECIPIENT_REFUSED, &postfix.main_cf, message);
    Some(wiring(postfix, facts, unfinished))
}

/// Returns the key with which Postfix looks an address up.
fn lookup_key(mailbox: &Mailbox) -> String {
    mailbox.to_string().to_lowercase()
}

/// Returns findings about maps that rewrite addresses that come out of rules or have a rule.
fn rewriting(postfix: &Postfix, facts: &Facts) -> Vec<PendingFinding> {
    let mut pending = Vec::new();
    let mut old = false;
    for name in REWRITING {
        let list = postfix.value(name);
        let found = |mailbox: &Mailbox| {
            let address = lookup_key(mailbox);
            let (map, value) = answer(postfix, list, &address)?;
            // Here `@domain` means that the local-part is kept.
            let value = match value.strip_prefix('@') {
                Some(domain) => format!("{}@{domain}", mailbox.local).to_lowercase(),
                None => value.to_owned(),
            };
            (value.to_lowercase() != address).then(|| (address, map.to_owned(), value))
        };
        let targets: Vec<_> = facts.readdress.targets.iter().filter_map(found).collect();
        if let Some((address, map, value)) = targets.first() {
            let message = format!(
                "`{name}` turns `{address}`, which comes out of a rule, into `{value}` ({} of {})",
                targets.len(),
                facts.readdress.targets.len()
            );
            let unfinished = PendingFinding::new(codes::REWRITTEN_AGAIN, &postfix.main_cf, message);
            pending.push(match is_secondary(value, facts) {
                true => back(postfix, name, map, value, unfinished),
                false => unfinished.say(format!(
                    "remove it from `{map}`, or write `{value}` as the target of the rule"
                )),
            });
        }
        let originals: Vec<_> = facts.readdress.originals.iter().filter_map(found).collect();
        old |= !originals.is_empty();
        if let Some((address, map, value)) = originals.first() {
            let message = format!(
                "`{name}` has `{address}` as well (for `{value}`); only the rule has an effect"
            );
            pending.push(
                PendingFinding::new(codes::OLD_MAP, &postfix.main_cf, message).say(format!(
                    "remove it from `{map}` when nothing needs it any more"
                )),
            );
        }
    }
    if old && postfix.value("enable_original_recipient") == "no" {
        let message = "`enable_original_recipient = no`, while a map rewrites as well: Postfix 3.7 still finds \
                       the recipient that a rule replaces, other versions may not";
        let yes = Change::Set("yes".to_owned());
        pending.push(
            PendingFinding::new(codes::ORIGINAL_RECIPIENT_OFF, &postfix.main_cf, message)
                .edit([Edit::main("enable_original_recipient", yes)]),
        );
    }
    pending
}

fn is_secondary(address: &str, facts: &Facts) -> bool {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let secondary = facts.readdress.secondary.iter();
    secondary
        .flat_map(|domain| domain.spellings())
        .any(|form| form.eq_ignore_ascii_case(domain))
}

/// Adds the help about a map that turns the target of a rule back into a secondary address. Such a map is mostly
/// meant for senders, and the target of the rule is right.
fn back(
    postfix: &Postfix,
    name: &str,
    map: &str,
    value: &str,
    unfinished: PendingFinding,
) -> PendingFinding {
    let why = format!("`{value}` is a secondary address, and rewriting to it would be a loop: ");
    if name != "canonical_maps" {
        return unfinished.say(format!("{why}remove the line from `{map}`"));
    }
    let list = words(postfix.written(name));
    let moved = list.iter().map(|word| {
        let change = Change::Add((*word).to_owned());
        Edit::main("sender_canonical_maps", change)
    });
    let none = Edit::main(name, Change::Set(String::new()));
    unfinished
        .say(format!("{why}for senders only, "))
        .edit(moved)
        .edit([none])
}

/// Returns findings about `reject_unverified_recipient`, whose probes pass no milter.
fn verified(postfix: &Postfix) -> Vec<PendingFinding> {
    let probe = "reject_unverified_recipient";
    let classes = words(postfix.value("smtpd_restriction_classes"));
    let is_list = |name: &str| {
        (name.starts_with("smtpd_") && name.ends_with("_restrictions")) || classes.contains(&name)
    };
    let main = Service::default();
    let global = postfix
        .values
        .iter()
        .map(|(name, value)| (&main, name, value));
    let own = postfix.doors().flat_map(|door| {
        door.overrides
            .iter()
            .map(move |(name, value)| (door, name, value))
    });
    let lists = global.chain(own).filter(|(_, name, _)| is_list(name));
    let found = lists.filter(|(_, _, value)| words(value).contains(&probe));
    found
        .map(|(service, name, _)| {
            let message = format!(
                "`{probe}` in `{name}`: its probes pass no milter, so that secondary addresses are refused \
                 as undeliverable"
            );
            let remove = Change::Remove(probe.to_owned());
            PendingFinding::new(codes::VERIFIES_RECIPIENTS, postfix.about(service, name), message)
                .edit([at(service, name, remove)])
        })
        .collect()
}

fn delimiter(postfix: &Postfix, facts: &Facts) -> Option<PendingFinding> {
    let sorted = |text: &str| {
        let mut characters: Vec<_> = text.chars().collect();
        characters.sort_unstable();
        characters
    };
    let (theirs, readdress) = (
        postfix.value("recipient_delimiter"),
        &facts.readdress.delimiter,
    );
    if sorted(theirs) == sorted(readdress) {
        return None;
    }
    let message = format!(
        "`recipient_delimiter` is \"{theirs}\" in Postfix and \"{readdress}\" in readdress"
    );
    let quoted = theirs.replace('\\', "\\\\").replace('"', "\\\"");
    let line = format!("recipient_delimiter = \"{quoted}\"");
    let set = Change::Set(readdress.clone());
    Some(
        PendingFinding::new(codes::DELIMITER_DIFFERS, &postfix.main_cf, message)
            .say(format!(
                "{}, which takes effect at once; or, for all mail of this Postfix, ",
                facts.readdress.setting("rewrite", &line)
            ))
            .edit([Edit::main("recipient_delimiter", set)])
            .by_hand(facts.readdress.setting("rewrite", &line)),
    )
}
