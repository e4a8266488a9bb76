//! The pure engine: bytes and values in, values out.
//!
//! No I/O, no clock, no async, no locks, no logging. clippy denies the functions of `std` that would break this
//! (`clippy.toml`), and the library compiles without the dependencies of the daemon. Equal input gives equal output.
//! A module may use only modules of lower storeys:
//!
//! | storey | module | what it does |
//! |---|---|---|
//! | 1 | [`address`], [`reply`], [`visible`] | reads and writes addresses; makes SMTP replies from codes and texts; makes invisible characters visible |
//! | 2 | [`diagnostic`] | source texts, places in them, findings about them and their codes |
//! | 2 | [`rule`] | rules as values |
//! | 2 | [`store`] | packs rules, so that many need little memory |
//! | 2 | [`syntax`] | reads native text: rules with their places, expectations; lays files out |
//! | 3 | [`mod@format`] | reads tables of other programs as the same rules |
//! | 3 | [`table`] | makes an immutable table from rules; finds the one rule for an address |
//! | 4 | [`rewrite`] | decides what happens to one recipient |
//! | 5 | [`transaction`], [`check`] | makes the plan for one message; finds what is wrong with a table |
//! | 5 | [`laws`] | proves what holds for all addresses of a pattern, or finds one that breaks it |
//! | 5 | [`compare`] | finds the addresses that two tables send to different places |
//! | 6 | [`load`] | makes a table from all files, and says if it may go live |

#![deny(clippy::disallowed_methods)]

pub mod address;
pub mod check;
pub mod compare;
pub mod diagnostic;
pub mod format;
pub mod laws;
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
pub use laws::{LawReport, LawVerdict};
pub use load::{Compiled, compile, compile_reusing, compile_timed};
pub use table::{Change, Changes, Settings, Table};
