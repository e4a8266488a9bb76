//! Storey 5: what a table shows before it goes live: loops, branches that end nowhere, whole-domain
//! rules that accept everything, unreachable postmasters, broken expectations.
//!
//! Every check asks the table by the same road as a message does. Where a line has an error already,
//! nothing is said about addresses that it names: they would be found missing because of it.

mod dead_end;
mod expectations;
mod loops;
mod missing;
mod reach;
mod walk;

use std::collections::HashSet;

use super::{
    address::{Domain, LocalPart, Mailbox, Subaddress},
    diagnostic::Findings,
    rule::{Detail, Pattern, Rule, TargetKind},
    syntax::Expectation,
    table::Table,
};

/// Checks the rules against each other, and against what is expected of them. Returns true if the rules
/// themselves have no error.
pub fn check(table: &Table, expected: &[Expectation], findings: &mut Findings<'_>) -> bool {
    let unread = UnreadLines(findings.words_in_error());
    loops::check(table, findings);
    reach::check(table, &unread, findings);
    let sound = !findings.has_errors();
    expectations::check(table, expected, &unread, findings);
    sound
}

/// The words of lines that could not be read because of an error.
struct UnreadLines(HashSet<String>);

impl UnreadLines {
    /// Returns true if one of the lines may have been about an address.
    fn may_name(&self, mailbox: &Mailbox) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let domain = mailbox.domain.as_str();
        let has = |word: &str| self.0.contains(word);
        has(domain) || has(&format!("@{domain}")) || has(&mailbox.to_string().to_lowercase())
    }
}

/// Returns the address that a target is known to give: the same for all that the rule is for.
fn certain(table: &Table, rule: &Rule, target: &TargetKind) -> Option<Mailbox> {
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
