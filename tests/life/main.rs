//! The life of the daemon as a process, from its start to its end.
//!
//! Every test starts the program itself and speaks to it as an MTA, as an administrator or with signals.
//! `tests/wire.rs` tests the milter protocol in detail, and `tests/reload` tests how files change. The tests here show
//! that all parts work together in one process.

#![cfg(feature = "daemon")]
#![allow(
    clippy::disallowed_macros,
    reason = "a skipped test says so on the terminal"
)]

#[path = "../support/program.rs"]
mod program;

mod configuration;
mod connections;
mod end;
mod guard;
mod log_lines;
mod log_sinks;
mod privacy;
mod shortage;
mod signals;
mod silent;
mod sockets;
mod start;
mod systemd;
mod traffic;
mod units;
