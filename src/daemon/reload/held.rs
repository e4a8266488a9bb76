//! How mail would fare by a table that is held back: the first addresses whose fate is another one.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`MOST`] | 1000 differences | the comparison ends; there are more |
//! | [`SHOWN`] | 10 differences | the others are counted; those that lose their mail come first |
//! | [`BYTES_OF_A_RULE`] | 64 bytes of memory for each rule | if there is less, nothing is compared |

use crate::daemon::memory;
use crate::engine::{
    Table,
    compare::{Difference, compare_some},
};

/// So many differences show that it is not a small edit.
const MOST: usize = 1000;

/// Differences that are kept for people.
const SHOWN: usize = 10;

/// What comparing needs for each rule of both tables, more or less.
const BYTES_OF_A_RULE: u64 = 64;

/// How mail would fare.
#[derive(Clone, Debug, Default)]
pub struct HeldDifferences {
    /// The first differences; those that lose their mail come first.
    pub first: Vec<Difference>,
    /// How many there are.
    pub total: usize,
    /// The comparison ended with so many: there may be more.
    pub more: bool,
    /// Nothing was compared: no table is live, or there is not enough memory for it.
    pub unknown: bool,
}

/// Compares a table that is held back with the live one. Blocks.
pub(super) fn differences(before: &Table, after: &Table) -> HeldDifferences {
    let rules = (before.len() as u64).saturating_add(after.len() as u64);
    if !memory::has_room(rules.saturating_mul(BYTES_OF_A_RULE)) {
        return HeldDifferences {
            unknown: true,
            ..HeldDifferences::default()
        };
    }
    let mut all = compare_some(before, after, MOST);
    let total = all.len();
    // In the order of addresses, but what is lost comes first.
    all.sort_by_key(|one| !one.before.delivers() || one.after.delivers());
    all.truncate(SHOWN);
    HeldDifferences {
        first: all,
        total,
        more: total >= MOST,
        unknown: false,
    }
}
