//! Foreign formats: every example loads as its reference says, every trap is held.
//!
//! `samples/` holds the examples; a trap stands in its test. Findings are compared with their line and
//! column: `users.csv:3:20: error lossy-value`.

#![cfg(feature = "daemon")]

mod cells;
mod command;
mod csv;
mod equal;
mod examples;
mod exchange;
mod ldif;
mod maps;
mod mixed;
mod sql;
mod support;
mod targets;
mod volume;
mod web;
mod whole;
