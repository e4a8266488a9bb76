//! Identity entries of the map of an MTA: an address that is its own and only target ends the lookups of the
//! MTA. The MTA compares without letter case, whatever the setting `local_part_case` says.

use crate::engine::{
    address::LocalCase,
    rule::{Action, Pattern, Target, TargetKind},
};

/// Returns the action of a line with these targets. An address that is its own and only target is kept.
pub fn action(pattern: &Pattern, targets: Vec<Target>) -> Action {
    let own = match (targets.as_slice(), pattern) {
        ([target], Pattern::Mailbox(mailbox)) => match &target.kind {
            TargetKind::Mailbox(to) => to.key(LocalCase::Ignore) == mailbox.key(LocalCase::Ignore),
            TargetKind::Domain(to) => *to == mailbox.domain,
            TargetKind::Subdomains(_) | TargetKind::Template { .. } => false,
        },
        ([target], Pattern::Domain(domain)) => target.kind == TargetKind::Domain(domain.clone()),
        _ => false,
    };
    if own {
        Action::Keep
    } else {
        Action::Rewrite(targets)
    }
}
