//! Recipients that Postfix adds by itself: `always_bcc` and the maps of blind copies.
//!
//! cleanup(8) adds them after the milters, so readdress never rewrites a secondary address among them.

use std::collections::BTreeMap;

use crate::{
    doctor::{
        codes,
        edits::{Change, Edit},
        facts::{Facts, Postfix},
        lists::words,
        pending::PendingFinding,
    },
    engine::{
        Table,
        address::Mailbox,
        rewrite::{Outcome, decide},
        rule::DomainClass,
    },
};

/// Maps of blind copies.
const MAPS: [&str; 2] = ["recipient_bcc_maps", "sender_bcc_maps"];

/// Returns each parameter with an address that it adds.
fn copies(postfix: &Postfix) -> Vec<(&'static str, &str, &str)> {
    let always = words(postfix.value("always_bcc"))
        .into_iter()
        .map(|address| ("always_bcc", "", address));
    let maps = MAPS.into_iter().flat_map(|name| {
        words(postfix.value(name))
            .into_iter()
            .filter_map(|table| Some((table, postfix.entries.get(table)?)))
            .flat_map(move |(table, entries)| {
                entries
                    .iter()
                    .flat_map(move |(_, value)| words(value))
                    .map(move |address| (name, table, address))
            })
    });
    always.chain(maps).collect()
}

/// Returns the addresses that Postfix adds.
pub fn added_addresses(postfix: &Postfix) -> Vec<String> {
    let addresses = copies(postfix).into_iter();
    addresses
        .map(|(_, _, address)| address.to_owned())
        .collect()
}

/// Returns those of the addresses that must not stay as they are: an address that a rule rewrites, with its
/// targets, and an address of a secondary domain that no rule matches, without targets.
pub fn decided(addresses: &[String], table: &Table) -> BTreeMap<String, Vec<String>> {
    let is_primary = |mailbox: &Mailbox| {
        table
            .inbound_domains()
            .into_iter()
            .any(|(domain, class)| *domain == mailbox.domain && class == DomainClass::Primary)
    };
    let decided = addresses.iter().filter_map(|address| {
        let mailbox = Mailbox::parse(address).ok()?;
        let targets = match decide(table, &mailbox).outcome {
            Outcome::Keep => return None,
            Outcome::Replace(targets) => targets.iter().map(ToString::to_string).collect(),
            _ if is_primary(&mailbox) => return None,
            _ => Vec::new(),
        };
        Some((address.clone(), targets))
    });
    decided.collect()
}

/// Returns the findings about addresses that Postfix adds.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<PendingFinding> {
    let mut pending = Vec::new();
    for (name, table, address) in copies(postfix) {
        let Some(targets) = facts.added.get(address) else {
            continue;
        };
        let message =
            format!("`{name}` adds `{address}` after all milters: this copy is never rewritten");
        let unfinished = PendingFinding::new(codes::COPY_NOT_REWRITTEN, &postfix.main_cf, message);
        pending.push(match targets.as_slice() {
            [target] if name == "always_bcc" => {
                unfinished.edit([Edit::main(name, Change::Set(target.clone()))])
            }
            [] => unfinished.say(format!("write a primary address in place of `{address}`")),
            targets if name == "always_bcc" => unfinished.say(format!(
                "write one of `{}` in place of `{address}`: `always_bcc` takes one address",
                targets.join("`, `")
            )),
            targets => unfinished.say(format!(
                "write `{}` in place of `{address}` in `{table}`",
                targets.join(", ")
            )),
        });
    }
    pending
}
