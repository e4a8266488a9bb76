//! `readdress doctor` on machines with one mistake.
//!
//! Every code of `readdress::doctor::codes` is provoked by a case that runs the program itself: with a DNS server
//! on
//! loopback, a running daemon, a real postconf(1) on a folder of its own, a `sendmail.cf` made by m4. A case
//! expects
//! exactly the findings that it names.

#![cfg(feature = "daemon")]

mod cases;
mod clean;
mod live;
mod machine;
mod pasted;
mod printed;
mod readme;
mod readme_mail;
mod relay;
#[path = "../support/mod.rs"]
mod support;
mod zone;
