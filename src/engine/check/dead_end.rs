//! Where the way from a rule's target leads that ends at an address that does not exist.
//!
//! What a rule makes of every address that it is for is looked at at that rule. So the way is followed
//! only through targets that keep something of the address: its local-part or its detail.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | addresses behind one target | `recursion_limit` | the rest is found at run time |

use std::sync::Arc;

use hashbrown::HashSet;

use super::certain::certain;
use crate::engine::{
    address::Mailbox,
    rewrite::rewrite_once,
    rule::{Action, Rule, Unknown},
    store::RuleId,
    table::{Address, Found, Table},
};

/// Returns the addresses on the way from `target` to one that does not exist, both included; `None` if
/// every branch ends otherwise.
pub(super) fn dead_end(table: &Table, target: &Mailbox) -> Option<Vec<Mailbox>> {
    let mut met: HashSet<Arc<str>> = HashSet::new();
    let mut ways = vec![Place {
        mailbox: target.clone(),
        before: None,
    }];
    let mut at = 0;
    while let Some(place) = ways.get(at) {
        let address = Address::new(place.mailbox.clone(), table);
        match table.find(&address) {
            Found::Unknown(Unknown::Reject | Unknown::Defer) => return Some(way(&ways, at)),
            Found::Rule(found) if met.insert(Arc::clone(&address.key)) => {
                let next = match table.rule(found.rule) {
                    Some(rule) if !turns(&ways, at, found.rule) => beyond(table, &rule, &address),
                    _ => Vec::new(),
                };
                let before = Some((at, found.rule));
                ways.extend(next.into_iter().map(|mailbox| Place { mailbox, before }));
            }
            _ => {}
        }
        at += 1;
        if at > table.settings().recursion_limit {
            return None;
        }
    }
    None
}

/// Returns what a rule makes of an address, without what it makes of every address: that is looked at
/// at the rule itself.
fn beyond(table: &Table, rule: &Rule, address: &Address) -> Vec<Mailbox> {
    let Action::Rewrite(targets) = &rule.action else {
        return Vec::new();
    };
    let always = targets
        .iter()
        .map(|target| certain(table, rule, &target.kind));
    let always: HashSet<_> = always
        .flatten()
        .map(|mailbox| mailbox.to_string())
        .collect();
    let next = rewrite_once(table, address).map_or_else(Vec::new, |next| next.targets);
    let next = next.into_iter();
    next.filter(|mailbox| !always.contains(&mailbox.to_string()))
        .collect()
}

/// An address on the way.
struct Place {
    mailbox: Mailbox,
    /// Which one led to it, by which rule.
    before: Option<(usize, RuleId)>,
}

/// Returns true if a rule was met before on the way to an address: that way is a loop, or grows.
fn turns(ways: &[Place], end: usize, rule: RuleId) -> bool {
    let mut next = ways.get(end).and_then(|place| place.before);
    while let Some((at, met)) = next {
        if met == rule {
            return true;
        }
        next = ways.get(at).and_then(|place| place.before);
    }
    false
}

fn way(ways: &[Place], end: usize) -> Vec<Mailbox> {
    let mut way = Vec::new();
    let mut next = ways.get(end);
    while let Some(place) = next {
        way.push(place.mailbox.clone());
        next = place.before.and_then(|(at, _)| ways.get(at));
    }
    way.reverse();
    way
}
