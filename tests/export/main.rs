//! Exported maps mean what the table means: each is read by a small interpreter of the other
//! program's lookups, written from that program's manual and sharing nothing with the engine's.
//!
//! Random small tables, every address of a small world. An address whose way leads through a rule
//! that the export said it could not say is left out; every other one must come out alike.

#![cfg(feature = "daemon")]
#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]

mod back;
mod lists;
mod postmap;
mod sendmail;
mod virtual_map;
mod world;
