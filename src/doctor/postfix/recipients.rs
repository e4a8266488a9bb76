//! Which recipients Postfix takes, and where it rewrites them itself.

use super::{
    maps::{Word, answer},
    reachable, set,
};
use crate::{
    doctor::{
        Finding, codes,
        facts::{Facts, Postfix, Service, forms},
        lists::{some, words},
        sockets::{self, View, named},
    },
    engine::address::Mailbox,
};

/// Maps that rewrite recipients.
const REWRITING: [&str; 3] = [
    "virtual_alias_maps",
    "canonical_maps",
    "recipient_canonical_maps",
];

/// Judges both.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<Finding> {
    let mut findings = known(postfix, facts);
    findings.extend(rewriting(postfix, facts));
    findings.extend(verified(postfix));
    findings.extend(delimiter(postfix, facts));
    findings
}

/// `relay_recipient_maps`.
fn known(postfix: &Postfix, facts: &Facts) -> Vec<Finding> {
    let list = words(postfix.value("relay_recipient_maps"));
    if facts.ours.secondary.is_empty() {
        return Vec::new();
    }
    if list.is_empty() {
        let message = "Postfix does not know which recipients exist: what readdress does not see is taken, \
                       and bounces";
        let finding = Finding::new(
            codes::RECIPIENTS_UNCHECKED,
            &postfix.main_cf,
            message,
            wiring(postfix, facts),
        );
        return vec![finding];
    }
    let mut findings = Vec::new();
    let mut asks_us = false;
    for word in &list {
        let Word::Socketmap {
            socket,
            name,
            proxied,
        } = Word::parse(word)
        else {
            continue;
        };
        for (service, view) in askers(postfix, proxied) {
            let Some(named) = named(socket, &facts.ours.socketmap, view, facts) else {
                continue;
            };
            asks_us = true;
            if !named.reached {
                findings.push(out_of_reach(postfix, service, word, facts));
            } else if let Some(user) = &postfix.user {
                findings.extend(sockets::closed(named.socket, socket, user, view, facts));
            }
            if name != "recipients" {
                findings.push(Finding::new(
                    codes::RECIPIENT_REFUSED,
                    &postfix.main_cf,
                    format!("`relay_recipient_maps` asks the map `{name}`, which does not list recipients"),
                    wiring(postfix, facts),
                ));
            }
        }
    }
    if !asks_us {
        findings.extend(missing(postfix, facts));
    }
    findings
}

/// Who asks a socketmap: proxymap, or each smtpd by itself.
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

/// The line for `relay_recipient_maps`, and the one for `readdress.toml` where it needs one.
fn wiring(postfix: &Postfix, facts: &Facts) -> String {
    let own = &facts.ours.socketmap;
    let set = |map: &str| {
        let list = recipient_maps(postfix, facts, map);
        format!("`postconf -e 'relay_recipient_maps = {list}'`")
    };
    match map(postfix, facts) {
        Some(map) => format!("write {}", set(&map)),
        None if own.is_empty() => format!(
            "write `[socketmap] listen = [\"inet:127.0.0.1:8893\"]` into {}, then {}",
            facts.ours.file,
            set("socketmap:inet:127.0.0.1:8893:recipients")
        ),
        None => "write `[socketmap] listen` with a TCP socket".to_owned(),
    }
}

/// `relay_recipient_maps` with our map in place of what was ours in it.
///
/// Postfix refuses what a list that is not empty lacks, in every domain of `relay_domains`. So where
/// there was no list, the domains there that are not ours are listed whole.
pub fn recipient_maps(postfix: &Postfix, facts: &Facts, map: &str) -> String {
    let ours = |word: &&str| match Word::parse(word) {
        Word::Socketmap { socket, .. } => postfix
            .doors()
            .any(|door| named(socket, &facts.ours.socketmap, postfix.view(door), facts).is_some()),
        _ => false,
    };
    let list = words(postfix.written("relay_recipient_maps"));
    let mut list: Vec<_> = list
        .into_iter()
        .filter(|word| !ours(word))
        .map(str::to_owned)
        .collect();
    if list.is_empty() {
        let known: Vec<_> = facts.ours.inbound().flat_map(forms).collect();
        let words = words(postfix.value("relay_domains"));
        let names = words.iter().flat_map(|word| match Word::parse(word) {
            Word::Name(name) => vec![name.to_lowercase()],
            Word::File(path) => postfix.files.get(path).cloned().unwrap_or_default(),
            _ => Vec::new(),
        });
        let others = names.filter(|name| !known.contains(name));
        let others: Vec<_> = others.map(|name| format!("@{name}=any")).collect();
        if !others.is_empty() {
            list.push(format!("inline:{{ {} }}", others.join(", ")));
        }
    }
    list.push(map.to_owned());
    list.join(", ")
}

/// The socketmap of recipients, in the form that the machine's smtpd processes can ask.
pub fn map(postfix: &Postfix, facts: &Facts) -> Option<String> {
    let chroot = postfix.doors().any(|door| door.chroot);
    let (own, queue) = (&facts.ours.socketmap, postfix.queue());
    if let Some(socket) = reachable(own, queue, chroot) {
        return Some(format!("socketmap:{socket}:recipients"));
    }
    // proxymap is not confined, and sees what smtpd does not.
    let socket = reachable(own, queue, false)?;
    Some(format!("proxy:socketmap:{socket}:recipients"))
}

fn out_of_reach(postfix: &Postfix, service: &Service, word: &str, facts: &Facts) -> Finding {
    let message = format!("{} does not find the socket of `{word}`", service.name);
    Finding::new(
        codes::MAP_OUT_OF_REACH,
        &postfix.main_cf,
        message,
        wiring(postfix, facts),
    )
}

/// Addresses with a rule that the lists of Postfix do not have.
fn missing(postfix: &Postfix, facts: &Facts) -> Option<Finding> {
    let list = postfix.value("relay_recipient_maps");
    let unasked = words(list).into_iter().any(|word| match Word::parse(word) {
        Word::Table(table) => !postfix.maps.contains_key(table),
        _ => true,
    });
    if unasked {
        return None;
    }
    let ours = &facts.ours;
    let originals = ours
        .originals
        .iter()
        .filter(|original| ours.secondary.contains(&original.domain));
    let lost: Vec<_> = originals
        .map(lookup_key)
        .filter(|address| answer(postfix, list, address).is_none())
        .collect();
    let message = format!(
        "`relay_recipient_maps` lacks {}, which has a rule: Postfix refuses it as unknown",
        some(lost.iter().map(String::as_str))?
    );
    Some(Finding::new(
        codes::RECIPIENT_REFUSED,
        &postfix.main_cf,
        message,
        wiring(postfix, facts),
    ))
}

/// As Postfix looks an address up.
fn lookup_key(mailbox: &Mailbox) -> String {
    mailbox.to_string().to_lowercase()
}

/// Maps that rewrite what comes out of rules, or what goes into them.
fn rewriting(postfix: &Postfix, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut old = false;
    for name in REWRITING {
        let list = postfix.value(name);
        let found = |mailbox: &Mailbox| {
            let address = lookup_key(mailbox);
            let (map, value) = answer(postfix, list, &address)?;
            let itself = value.to_lowercase() == address
                || value
                    .strip_prefix('@')
                    .is_some_and(|domain| domain == mailbox.domain.as_str());
            (!itself).then(|| (address, map.to_owned(), value.to_owned()))
        };
        let targets: Vec<_> = facts.ours.targets.iter().filter_map(found).collect();
        if let Some((address, map, value)) = targets.first() {
            findings.push(Finding::new(
                codes::REWRITTEN_AGAIN,
                &postfix.main_cf,
                format!(
                    "`{name}` turns `{address}`, which comes out of a rule, into `{value}` ({} of {})",
                    targets.len(),
                    facts.ours.targets.len()
                ),
                format!("take it out of `{map}`, or write `{value}` as the target of the rule"),
            ));
        }
        let originals: Vec<_> = facts.ours.originals.iter().filter_map(found).collect();
        old |= !originals.is_empty();
        if let Some((address, map, value)) = originals.first() {
            findings.push(Finding::new(
                codes::OLD_MAP,
                &postfix.main_cf,
                format!(
                    "`{name}` has `{address}` as well (for `{value}`); what the rule says counts"
                ),
                format!("when nothing needs it any more, take it out of `{map}`"),
            ));
        }
    }
    if old && postfix.value("enable_original_recipient") == "no" {
        findings.push(Finding::new(
            codes::ORIGINAL_RECIPIENT_OFF,
            &postfix.main_cf,
            "`enable_original_recipient = no`, while a map rewrites as well: Postfix 3.7 finds the \
             recipient that a rule replaces all the same, other versions may not",
            "write `postconf -e 'enable_original_recipient = yes'`",
        ));
    }
    findings
}

/// Probes for recipients, which pass no milter.
fn verified(postfix: &Postfix) -> Vec<Finding> {
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
        .map(|(service, name, value)| {
            let rest = words(value).into_iter().filter(|word| *word != probe);
            Finding::new(
                codes::VERIFIES_RECIPIENTS,
                postfix.about(service, name),
                format!(
                    "`{probe}` in `{name}`: its probes pass no milter, so that secondary addresses are \
                     refused as undeliverable"
                ),
                format!("write {}", set(service, name, &rest.collect::<Vec<_>>().join(", "))),
            )
        })
        .collect()
}

fn delimiter(postfix: &Postfix, facts: &Facts) -> Option<Finding> {
    let sorted = |text: &str| {
        let mut characters: Vec<_> = text.chars().collect();
        characters.sort_unstable();
        characters
    };
    let (theirs, ours) = (postfix.value("recipient_delimiter"), &facts.ours.delimiter);
    (sorted(theirs) != sorted(ours)).then(|| {
        Finding::new(
            codes::DELIMITER_DIFFERS,
            &postfix.main_cf,
            format!("`recipient_delimiter` is \"{theirs}\" in Postfix and \"{ours}\" in readdress"),
            format!(
                "write `postconf -e 'recipient_delimiter = {ours}'`, or `[rewrite] recipient_delimiter = \
                 \"{theirs}\"` into {}",
                facts.ours.file
            ),
        )
    })
}
