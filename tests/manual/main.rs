//! The manual pages and completions of `packaging/`, held to the definitions in the code that they are
//! written from. `UPDATE_GOLDEN=1 cargo test --test manual` writes them.

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
