//! Storey 5: what a table shows before it goes live: loops, branches that end nowhere, whole-domain
//! rules that accept everything, unreachable postmasters, broken expectations.
//!
//! Every check asks the table by the same road as a message does. Where a line has an error already,
//! nothing is said about addresses that it names: they would be found missing because of it.

mod expectations;
mod loops;
mod reach;

use std::collections::HashSet;

use super::{
    address::Mailbox,
    rule::{Expectation, Findings},
    table::Table,
};

/// Checks the rules against each other, and against what is expected of them.
pub fn check(table: &Table, expected: &[Expectation], findings: &mut Findings<'_>) {
    let holes = Holes(findings.words_in_error());
    loops::check(table, findings);
    reach::check(table, &holes, findings);
    expectations::check(table, expected, &holes, findings);
}

/// Words of lines with errors.
struct Holes(HashSet<String>);

impl Holes {
    /// Whether one of those lines may have been about this address.
    fn concern(&self, mailbox: &Mailbox) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let domain = mailbox.domain.as_str();
        let has = |word: &str| self.0.contains(word);
        has(domain) || has(&format!("@{domain}")) || has(&mailbox.to_string().to_lowercase())
    }
}
