//! Follows a target through the rules until it finds an address that does not exist.
//!
//! If a rule on the way has a target that gives the same address for every recipient, the check of that rule
//! reports it. So this search follows only targets that keep a part of the address: its local-part or its
//! detail.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | addresses that one target leads to | `recursion_limit` | the search ends; mail to the others is refused or deferred when it comes |

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

/// Returns the addresses on the way from `target` to one that does not exist, both included. `None` if no way
/// ends at such an address.
pub(super) fn dead_end(table: &Table, target: &Mailbox) -> Option<Vec<Mailbox>> {
    let mut met: HashSet<Arc<str>> = HashSet::new();
    let mut steps = vec![Step {
        mailbox: target.clone(),
        before: None,
    }];
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        let address = Address::new(step.mailbox.clone(), table);
        match table.find(&address) {
            Found::Unknown(Unknown::Reject | Unknown::Defer) => return Some(way_to(&steps, at)),
            Found::Rule(found) if met.insert(Arc::clone(&address.key)) => {
                let next = match table.rule(found.rule) {
                    Some(rule) if !was_used(&steps, at, found.rule) => {
                        varying_targets(table, &rule, &address)
                    }
                    _ => Vec::new(),
                };
                let before = Some((at, found.rule));
                steps.extend(next.into_iter().map(|mailbox| Step { mailbox, before }));
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

/// Returns the addresses to which a rule rewrites this address, without those to which it rewrites every
/// address: the check of that rule reports those.
fn varying_targets(table: &Table, rule: &Rule, address: &Address) -> Vec<Mailbox> {
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

/// An address to which the target leads.
struct Step {
    mailbox: Mailbox,
    /// The number of the step before it, and the rule that led from there to here.
    before: Option<(usize, RuleId)>,
}

/// Returns true if a rule was used on the way to an address: the way is a loop, or its addresses grow.
fn was_used(steps: &[Step], end: usize, rule: RuleId) -> bool {
    let mut next = steps.get(end).and_then(|step| step.before);
    while let Some((at, used)) = next {
        if used == rule {
            return true;
        }
        next = steps.get(at).and_then(|step| step.before);
    }
    false
}

fn way_to(steps: &[Step], end: usize) -> Vec<Mailbox> {
    let mut way = Vec::new();
    let mut next = steps.get(end);
    while let Some(step) = next {
        way.push(step.mailbox.clone());
        next = step.before.and_then(|(at, _)| steps.get(at));
    }
    way.reverse();
    way
}
