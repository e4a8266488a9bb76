//! How many addresses of a law have a rule of their own.

use super::{
    index::Index,
    set::{Users, is_below},
};
use crate::engine::{
    address::Domain,
    rule::{DomainClass, Pattern},
    table::Table,
};

/// Returns how many rules for one mailbox there are whose address a pattern matches.
pub(super) fn count(table: &Table, index: &Index, users: Users<'_>, pattern: &Pattern) -> usize {
    let all = |domain: &Domain| index.mailboxes(domain).len();
    let matching = |domain: &Domain| {
        let rules = index.mailboxes(domain).iter();
        let rules = rules.filter_map(|id| table.rule(*id));
        let matching = rules.filter(|rule| match &rule.pattern {
            Pattern::Mailbox(mailbox) => users.matches(pattern, mailbox),
            _ => false,
        });
        matching.count()
    };
    let named = index.named().iter();
    match pattern {
        Pattern::Domain(domain) => all(domain),
        Pattern::Subdomains(above) => named
            .filter(|domain| is_below(domain, above))
            .map(all)
            .sum(),
        Pattern::LocalPart(_) => named
            .filter(|domain| table.class(domain) == Some(DomainClass::Secondary))
            .map(matching)
            .sum(),
        Pattern::Mailbox(mailbox) => matching(&mailbox.domain),
        Pattern::AnyDetail { domain, .. } | Pattern::Detailed(domain) => matching(domain),
        Pattern::Regex(_) => 0,
    }
}
