//! The pure engine: bytes and values in, values out.
//!
//! No I/O, no clock, no randomness, no async, no locks, no logging; clippy denies the functions of
//! `std` that would break this (`clippy.toml`), and the library compiles without the daemon's
//! dependencies. Its rooms are storeys; each may use only those below it:
//!
//! | storey | room | what it turns into what |
//! |---|---|---|
//! | 1 | [`address`], [`reply`], [`visible`] | bytes to and from addresses; codes and texts to SMTP replies; text to text that hides nothing |
//! | 2 | [`diagnostic`] | source texts, places in them, and findings about them |
//! | 2 | [`rule`] | rules as values |
//! | 2 | [`store`] | many rules in little memory |
//! | 2 | [`syntax`] | native text to rules with their places |
//! | 3 | [`mod@format`] | other programs' tables to the same rules; no table is known to it |
//! | 3 | [`table`] | rules to an immutable table; an address to the one rule for it |
//! | 4 | [`rewrite`] | one recipient to one decision |
//! | 5 | [`transaction`], [`check`] | one message to one plan; one table to what is wrong with it |
//! | 6 | [`load`] | all files to a table that may go live |

#![deny(clippy::disallowed_methods)]

pub mod address;
pub mod check;
pub mod diagnostic;
pub mod format;
pub mod load;
pub mod reply;
pub mod rewrite;
pub mod rule;
pub mod store;
pub mod syntax;
pub mod table;
pub mod transaction;
pub mod visible;

pub use diagnostic::{Diagnostic, FileKind, Severity, SourceKind, SourceText, Tally};
pub use load::{Compiled, compile, compile_reusing};
pub use table::{Change, Changes, Settings, Table};
