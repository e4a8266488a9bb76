//! The manual pages and completions of `packaging/` are compared with the definitions in the code from which they are
//! made. `UPDATE_GOLDEN=1 cargo test --test manual` writes them.

#![cfg(feature = "daemon")]
#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]

mod commands;
mod configuration;
mod findings;
mod formats;
mod log;
mod page;
mod rules;
#[path = "../tidy/sources.rs"]
mod sources;
