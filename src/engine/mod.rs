//! The pure engine: bytes and values in, values out.
//!
//! No I/O, no clock, no randomness, no async, no locks, no logging; clippy denies the functions of
//! `std` that would break this (`clippy.toml`), and the library compiles without the daemon's
//! dependencies. Its rooms are storeys; each may use only those below it:
//!
//! | storey | room | what it turns into what |
//! |---|---|---|
//! | 1 | [`address`], [`reply`] | bytes to and from addresses; codes and texts to SMTP replies |
//! | 2 | [`rule`] | text to rules with their places, and findings |
//! | 3 | [`mod@format`] | other programs' tables to the same rules; no table is known to it |
//! | 3 | [`table`] | rules to an immutable table; an address to the one rule for it |
//! | 4 | [`rewrite`] | one recipient to one decision |
//! | 5 | [`transaction`], [`check`] | one message to one plan; one table to what is wrong with it |
//! | 6 | [`load`] | all files to a table that may go live |

#![deny(clippy::disallowed_methods)]

pub mod address;
pub mod check;
pub mod format;
pub mod load;
pub mod reply;
pub mod rewrite;
pub mod rule;
pub mod table;
pub mod transaction;

pub use load::{Before, Compiled, compile, compile_after};
pub use rule::{Diagnostic, FileKind, Severity, SourceText, Tally};
pub use table::{Change, Changes, Settings, Table};
