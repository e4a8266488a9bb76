//! Storey 5: two tables to the addresses that fare differently, and how.
//!
//! What is compared is the outcome of mail, not the text of lines: a rule that only moved, or that comes
//! to the same end by another way, is no difference; an address whose own line stayed as it was is one,
//! if a rule behind its target changed.
//!
//! # How
//!
//! 1. Rules and domain lines that one table has and the other has not, or not alike. Files that both
//!    tables have in common are not looked at.
//! 2. From there backwards: rules whose targets lead to something that changed ([`sources`]).
//! 3. Every address found so is decided by both tables. It counts if the outcomes differ, and only then
//!    the rules that lead to it are looked for.
//!
//! # Limits
//!
//! - An address is named by a rule, or made of a rule for a whole domain and an address behind it.
//!   Addresses without number are named as patterns (`@domain2.com`, `info+*@domain2.com`).
//! - Of the details that an address may have, those are tried that some pattern spells out (at most 100),
//!   one that no pattern does, and the empty one.
//! - What a regex matches is not enumerated: a regex is a difference if its own line changed, or if a
//!   target that is always the same fares differently.
//! - The time is that of one walk over the rules, plus the differences.
//!
//! [`who`] goes backwards in a single table, from an address to everything that reaches it.

mod decided;
mod direct;
mod examples;
mod fate;
mod sources;
mod spread;
mod traffic;
mod who;

pub use fate::{Difference, Fate, Subject};
pub use traffic::{BusyAddress, LostDomain, RefusedAddresses, TrafficChanges, traffic_changes};
pub use who::{MailSource, MailSources, SourceKind, who};

use hashbrown::HashSet;

use super::{rule::Pattern, table::Table};

/// Returns what fares differently in `after` than in `before`, sorted by subject; a subject stands there
/// once.
pub fn compare(before: &Table, after: &Table) -> Vec<Difference> {
    compare_some(before, after, usize::MAX)
}

/// The same, and ends as soon as `most` differences are found. If it returns as many, there may be more.
pub fn compare_some(before: &Table, after: &Table, most: usize) -> Vec<Difference> {
    let mut spread = spread::Spread::new(before, after, most);
    direct::changed(before, after, &mut spread);
    let mut differences = spread.run();
    let full = differences.len() >= most;
    differences.truncate(most);
    differences.sort_by_cached_key(|difference| difference.subject.to_string());
    // Fewer than `most` would say that these are all.
    if full {
        return differences;
    }
    // A pattern that fares differently stands for its details as well: the first example is the shortest.
    differences.dedup_by(|again, first| {
        matches!(again.subject, Subject::Pattern(_)) && again.subject == first.subject
    });
    without_details(before, after, &mut differences);
    differences
}

/// Removes `+*@domain` where no rule has this pattern and `@domain` is listed: it stands for every detail.
fn without_details(before: &Table, after: &Table, differences: &mut Vec<Difference>) {
    let whole: HashSet<_> = differences
        .iter()
        .filter_map(|difference| match &difference.subject {
            Subject::Pattern(Pattern::Domain(domain)) => Some(domain.clone()),
            _ => None,
        })
        .collect();
    differences.retain(|difference| match &difference.subject {
        Subject::Pattern(pattern @ Pattern::Detailed(domain)) => {
            !whole.contains(domain) || before.id_of(pattern).or(after.id_of(pattern)).is_some()
        }
        _ => true,
    });
}

#[cfg(test)]
mod tests;
