//! Where the way from a rule's target leads that ends at an address that does not exist.
//!
//! A rule for one mailbox is looked at by itself, so the way is followed through rules for many
//! addresses, and through others only with a detail that those do not name.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | addresses behind one target | `recursion_limit` | the rest is found at run time |

use std::sync::Arc;

use hashbrown::HashSet;

use crate::engine::{
    address::Mailbox,
    rewrite::onward,
    rule::{Pattern, Unknown},
    table::{Address, Found, Table},
};

/// Returns the addresses on the way from `target` to one that does not exist, both included; `None` if
/// every branch ends otherwise.
pub(super) fn dead_end(table: &Table, target: &Mailbox) -> Option<Vec<Mailbox>> {
    let mut met: HashSet<Arc<str>> = HashSet::new();
    // Each address with the one that led to it.
    let mut ways: Vec<(Mailbox, Option<usize>)> = vec![(target.clone(), None)];
    let mut at = 0;
    while let Some((mailbox, _)) = ways.get(at) {
        let address = Address::new(mailbox.clone(), table);
        match table.find(&address) {
            Found::Unknown(Unknown::Reject | Unknown::Defer) => return Some(way(&ways, at)),
            Found::Rule(found) if met.insert(Arc::clone(&address.key)) => {
                let own = !found.left_out_detail
                    && table
                        .rule(found.rule)
                        .is_none_or(|rule| matches!(rule.pattern, Pattern::Mailbox(_)));
                let next = onward(table, &address).filter(|_| !own);
                let next = next.map_or_else(Vec::new, |next| next.targets);
                ways.extend(next.into_iter().map(|next| (next, Some(at))));
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

fn way(ways: &[(Mailbox, Option<usize>)], end: usize) -> Vec<Mailbox> {
    let mut way = Vec::new();
    let mut next = Some(end);
    while let Some((mailbox, before)) = next.and_then(|at| ways.get(at)) {
        way.push(mailbox.clone());
        next = *before;
    }
    way.reverse();
    way
}
