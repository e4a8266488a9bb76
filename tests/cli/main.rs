//! The commands as an administrator or a script has them: arguments in, text and exit status out.
//!
//! Every test runs the program itself. What a command decides is tested where it is decided. These tests look at
//! what is printed, in which form, where, and with which exit status.

#![cfg(feature = "daemon")]

#[path = "../support/program.rs"]
mod program;

mod ask;
mod check;
mod codes;
mod configuration;
mod demo;
mod expect;
mod explain;
mod fix;
mod manners;
mod night;
mod reports;
mod shapes;
mod standing;
mod terminal;
mod trial;
mod versions;
