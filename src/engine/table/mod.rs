//! Storey 3: rules to one immutable table, and the one rule that is for an address.
//!
//! # Which rule wins
//!
//! The most specific, whatever the order of lines:
//!
//! 1. mailbox with detail
//! 2. `user+*@domain`
//! 3. mailbox
//! 4. `local@*`
//! 5. `/regex/`, first written first
//! 6. `+*@domain`
//! 7. `@domain`
//! 8. `@*.domain`, longest first
//! 9. the domain's own line (its `unknown=`)
//!
//! [`Table::find`] walks this list once, from the top; nothing else knows it.
//!
//! # Invariants
//!
//! - A table is never changed after it was compiled; readers share it without a lock.
//! - No format of rules is known here, and no table is known to a format.

mod address;
mod any_case;
mod build;
mod changes;
mod classes;
mod compiled;
mod conflicts;
mod found;
mod key;
mod lookup;
mod mailbox_index;
mod names;
mod regexes;
mod rule_place;
mod settings;
mod unused;
mod wide_rules;

pub use self::{
    address::Address,
    build::build,
    changes::{Change, Changes},
    compiled::Table,
    found::{Found, Match},
    rule_place::RulePlace,
    settings::Settings,
};
