//! The table as other programs have theirs: exact addresses, addresses with a detail, whole domains.
//!
//! - `local@*` becomes an entry in every secondary domain.
//! - `@*.domain` becomes an entry for every declared domain below; other subdomains have no entry.
//! - A rule for a whole domain whose unknown addresses are refused in the end (`@domain2.com
//!   @company.com`, `company.com primary unknown=reject`) becomes one entry for each address that
//!   exists, and one that refuses the rest: a single entry would accept every address.
//! - A rule of which one branch is refused is refused. A branch that is discarded is left out.
//! - A regex has no entry, but an address that another rule names gets what the regex says.
//!
//! Entries are one step: the programs that read them follow chains as readdress does.

mod broad;
mod build;
mod entry;
mod meaning;

pub use build::entries;
pub use entry::{Entry, EntryKey, EntryTarget, TargetForm};
