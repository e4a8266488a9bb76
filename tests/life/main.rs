//! The daemon's life, from its start to its end, as a process among others.
//!
//! Every test starts the program itself and speaks to it as an MTA, as an administrator or with
//! signals. What goes over the wire in detail is in `tests/wire.rs`, how files change in
//! `tests/reload`; here counts that the parts hold together in one process.

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
mod units;
