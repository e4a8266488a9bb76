//! Which addresses got mail lately, so that a new table can be tried on them before it goes live.
//!
//! ```text
//! a message ends  recorder   each accepted recipient in a domain of ours: its key, into a queue, without a lock
//!   ↓ merge       keeper     twice a second, on a thread of its own
//!   ↓ remember    addresses  address → how many messages, and when the last one
//!   ↓ write       file       every five minutes and at the end, if the log shows addresses
//! a table is made            `reload` asks for the addresses, `engine::compare` decides them by both tables
//! ```
//!
//! Addresses are personal data. Where `[log] addresses` hides them, nothing is written, and a file that is there is
//! removed.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | recipients in the queue | 32768 | further ones are not counted; `status` says how many |
//! | remembered addresses | 1000000 | those without mail for the longest time are dropped; `status` says how many |
//! | `[traffic] remember` | 30 days | an address without mail for this time is forgotten |
//! | time between two writes | 5 min | what came after the last one is lost in a crash |

mod addresses;
mod file;
mod keeper;
mod recorder;

pub use addresses::{Addresses, RememberedAddress};
pub use file::{directory, remembered_on_disk};
pub use keeper::{Traffic, TrafficState};
pub use recorder::Recorder;
