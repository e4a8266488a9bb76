//! The commands as an administrator or a script has them: arguments in, text and exit status out.
//!
//! Every test runs the program itself. What a command decides is tested where it is decided; here
//! counts what is printed, in which form, where, and with which status (spec section 6).

#![cfg(feature = "daemon")]

#[path = "../support/program.rs"]
mod program;

mod ask;
mod check;
mod configuration;
mod expect;
mod explain;
mod manners;
mod standing;
mod trial;
