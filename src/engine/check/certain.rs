//! The address that a target gives, if it is the same for every address that the rule matches.

use crate::engine::{
    address::{Domain, LocalPart, Mailbox, Subaddress},
    rule::{Detail, Pattern, Rule, TargetKind},
    table::Table,
};

/// Returns the address that a target gives. `None` if the target gives different addresses for different
/// recipients.
pub(super) fn certain(table: &Table, rule: &Rule, target: &TargetKind) -> Option<Mailbox> {
    let in_domain = |local: &LocalPart, domain: &Domain| {
        let delimiter = &table.settings().recipient_delimiter;
        let split = Subaddress::split(local.as_str(), delimiter);
        let split = split.filter(|_| rule.detail == Some(Detail::Drop));
        let local = match split {
            Some(split) => LocalPart::from_internal(split.user).ok()?,
            None => local.clone(),
        };
        Some(Mailbox {
            local,
            domain: domain.clone(),
        })
    };
    match (target, &rule.pattern) {
        (TargetKind::Mailbox(mailbox), _) => Some(mailbox.clone()),
        (TargetKind::Domain(domain), Pattern::Mailbox(mailbox)) => {
            in_domain(&mailbox.local, domain)
        }
        (TargetKind::Domain(domain), Pattern::LocalPart(local)) => in_domain(local, domain),
        _ => None,
    }
}
