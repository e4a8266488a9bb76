//! Storey 5: laws, which hold for every address that a pattern matches. Each is proved on the rules, or a witness is
//! found: an address of the law that breaks it.
//!
//! # How
//!
//! 1. The addresses of a law are a few sets: all addresses of a domain, a user with any detail ([`starts`]).
//! 2. Each set is followed through the rules, to other sets and to where mail ends ([`search`], [`expand`],
//!    [`follow`]). A set is never too small, so that what is not found there does not exist.
//! 3. Where the law seems to be broken, the way is followed back to single addresses, which the table itself decides
//!    ([`trace`], [`source`]). A witness is never made up.
//!
//! What cannot be shown either way is a finding as well, and the law does not hold.
//!
//! # What a law is about
//!
//! - Addresses of domains that the table knows. Other domains are not ours.
//! - A pattern is for the same addresses as in a rule: `jd@domain2.com` and `postmaster@*` with every detail as well.
//!   An address that such a pattern does not match because its local-part holds `%`, `!` or `@` must be delivered
//!   only where a rule spells it out.
//!
//! # Limits
//!
//! - Limits of length and of number (`address_length_limit`, `recursion_limit`, `expansion_limit`) are no part of a
//!   law: a law speaks of what the rules say.
//! - The time of a proof grows in proportion to the rules in the domains that its addresses pass. Each rule is looked
//!   at a few times for each law.

mod circle;
mod claim;
mod count;
mod expand;
mod findings;
mod follow;
mod graph;
mod index;
mod prove;
mod report;
mod search;
mod set;
mod settle;
mod source;
mod starts;
mod trace;

use std::time::Duration;

pub use self::report::{LawReport, LawVerdict};
use super::{diagnostic::Findings, syntax::Law, table::Table};

/// Tells the time since some moment. The engine has no clock of its own.
pub type Now<'n> = &'n dyn Fn() -> Duration;

/// Proves laws on a table whose rules have no error. Laws that do not hold are added to the findings.
pub fn check(
    table: &Table,
    laws: &[Law],
    now: Now<'_>,
    findings: &mut Findings<'_>,
) -> Vec<LawReport> {
    if laws.is_empty() {
        return Vec::new();
    }
    let index = index::Index::new(table);
    let prove = |law: &Law, findings: &mut Findings<'_>| {
        let before = now();
        let proof = prove::prove(table, &index, law);
        let took = now().saturating_sub(before);
        findings.extend(findings::finding(table, law, &proof));
        report::report(table, law, &proof, took, findings.sources())
    };
    laws.iter().map(|law| prove(law, findings)).collect()
}

/// Returns the reports about laws of a table whose rules have errors: nothing is proved then.
pub fn unchecked(laws: &[Law], findings: &Findings<'_>) -> Vec<LawReport> {
    let reports = laws
        .iter()
        .map(|law| LawReport::new(law, findings.sources()));
    reports.collect()
}

#[cfg(test)]
mod tests;
