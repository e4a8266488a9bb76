//! Code that the end-to-end tests share: two MTAs, a next hop, a client, a fake MTA, the scenarios.
//!
//! Every run has folders and ports of its own, on loopback only, so that several runs can work at the same time.
//! Processes end with the value that holds them.

#![allow(dead_code, reason = "every test program uses another part")]
#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]

pub mod daemon;
pub mod fake;
pub mod fake_address;
pub mod fake_checks;
pub mod folder;
pub mod milter;
pub mod peer;
pub mod peers;
pub mod play;
pub mod postfix;
pub mod process;
pub mod scenario;
pub mod sendmail;
pub mod sink;
pub mod smtp;
