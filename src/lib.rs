//! readdress: the recipients of secondary mail domains, rewritten to primary addresses.
//!
//! (The map of the house is written when its rooms stand.)

#[cfg(feature = "daemon")]
pub mod cli;
pub mod config;
#[cfg(feature = "daemon")]
pub mod daemon;
pub mod engine;
#[cfg(feature = "daemon")]
pub mod mta;
pub mod report;
