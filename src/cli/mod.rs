//! The commands, a file or a folder each. They read files, ask the engine or the running daemon, and print. They
//! decide
//! nothing themselves.
//!
//! # Exit status
//!
//! | status | meaning |
//! |---|---|
//! | 0 | done, nothing is wrong |
//! | 1 | done, something is wrong: errors in the rules, a broken expectation, a refused reload |
//! | 2 | could not run: wrong flags, no such directory, no daemon, a full disk |
//! | 3 | `reload`: the new table is held back, and the old one stays in force |

mod ask;
mod check;
pub mod codes;
mod config;
mod demo;
mod doctor;
mod edit;
mod exit;
mod expect;
mod explain;
mod export;
mod files;
pub mod flags;
mod fmt;
mod history;
mod import;
mod laws;
mod outcome;
pub mod output;
mod questions;
mod reload;
mod replace;
mod run;
mod status;
mod time;
mod trial;
mod who;

use std::process::ExitCode;

use clap::Parser;

pub use exit::Exit;
use exit::failed;
use flags::{Command, Flags};

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let exit = match Flags::parse().command {
        Command::Run(flags) => run::run(flags),
        Command::Demo(flags) => demo::run(&flags),
        Command::Check(flags) => check::run(&flags),
        Command::Doctor(flags) => doctor::run(&flags),
        Command::Explain(flags) => explain::run(&flags),
        Command::Export(flags) => export::run(&flags),
        Command::Fmt(flags) => fmt::run(&flags),
        Command::Expect(flags) => expect::run(&flags),
        Command::Import(flags) => import::run(&flags),
        Command::Try(flags) => trial::run(&flags),
        Command::Status(flags) => status::run(&flags),
        Command::Reload(flags) => reload::run(&flags),
        Command::Accept(flags) => reload::accept(&flags),
        Command::Edit(flags) => edit::run(&flags),
        Command::History(flags) => history::run(&flags),
        Command::Diff(flags) => history::diff(&flags),
        Command::Blame(flags) => history::blame(&flags),
        Command::Rollback(flags) => reload::rollback(&flags),
        Command::Config(flags) => config::run(&flags),
        Command::Who(flags) => who::run(&flags),
    };
    exit.complete().into()
}
