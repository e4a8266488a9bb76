//! Which addresses and patterns reach an address: the way of mail, backwards, in one table.
//!
//! An address reaches another one if its mail is rewritten so that the other one is looked up on the way, and
//! if that mail is not refused. An address without a detail is reached with any detail as well: mail for
//! `jdoe+box@company.com` arrives in the mailbox of `jdoe@company.com`.
//!
//! # How
//!
//! From the address that is asked about, the index of [`sources`](super::sources) leads back to the rules
//! with such a target, and from what these rules match further back. Each address that is found so is
//! decided as the milter decides it, and counts only if its mail really comes to the address.
//!
//! # Limits
//!
//! - A pattern for addresses without number is named with one of these addresses. If the target is
//!   always the same, the example stands for all of them.
//! - A regex is named if a text that it matches is found, and reaches the address. Texts are made from the
//!   parts of the regex (`table::regexes`): one that needs particular letters may be missed.
//! - The index takes 24 bytes for each target while the question is answered. The time is that of one walk
//!   over the rules, and of one decision for each address that is found.

mod candidates;
mod found;
mod inverse;
mod search;
mod wide;

pub use found::{MailSource, MailSources, SourceKind};

use crate::engine::{address::Mailbox, table::Table};

/// Returns what reaches an address, at most this many sources.
pub fn who(table: &Table, mailbox: &Mailbox, most: usize) -> MailSources {
    search::Search::new(table, mailbox, most).run()
}
