//! Storey 3: compiles rules into one immutable table, and finds the one rule that decides about an address.
//!
//! # Which rule wins
//!
//! The most specific rule wins, whatever the order of the lines:
//!
//! 1. mailbox with detail
//! 2. `user+*@domain`
//! 3. mailbox
//! 4. `local@*`
//! 5. `/regex/`; of several, the one that is written first
//! 6. `+*@domain`
//! 7. `@domain`
//! 8. `@*.domain`; of several, the one with the longest domain
//! 9. the domain's own line (its `unknown=`)
//!
//! [`Table::find`] goes through this list once, from the top. The order is written nowhere else.
//!
//! # Invariants
//!
//! - A table is never changed after it was compiled; readers share it without a lock.
//! - A table depends on no format of rule files, and no format depends on the table.

mod address;
mod any_case;
mod build;
mod changes;
mod classes;
mod compiled;
mod conflicts;
mod found;
mod gone;
mod key;
mod lookup;
mod mailbox_index;
mod names;
mod regex_reach;
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
    gone::GoneAddresses,
    regex_reach::Behind,
    regexes::samples,
    rule_place::RulePlace,
    settings::Settings,
};
