//! Keeps many rules in little memory: all rules of a table as one run of bytes, in the order of files and
//! lines.
//!
//! A rule as a value takes some hundred bytes in half a dozen allocations. Ten million of them would not fit
//! into memory, and could not be freed in time. So each rule becomes a record of about forty bytes
//! ([`record`]) as soon as it is read. The store makes a rule of the record again when somebody asks for it.
//!
//! # Places
//!
//! A record gives its line and start relative to the record before it. After [`BLOCK`](block::BLOCK) records
//! a new [`Block`](block::Block) begins, which has both in full. So a place takes about four bytes for each
//! rule, and the store finds a place by reading at most [`BLOCK`](block::BLOCK) records.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | bytes of all records | 4 GiB, some ninety million rules | no further rule is stored; [`RuleStore::overflow`] names the first one |

mod address;
mod block;
mod bytes;
mod copy;
mod names;
mod plain;
mod record;
mod reuse;
mod rule_id;
mod rule_store;
mod same_local;
mod stored_rule;
mod target;

pub use self::{
    plain::PlainAddress,
    record::RuleView,
    reuse::{ContentHash, Fetch, FileRead, Reuse},
    rule_id::RuleId,
    rule_store::RuleStore,
    same_local::same_local,
    stored_rule::StoredRule,
};

#[cfg(test)]
mod tests;
