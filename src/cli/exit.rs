//! How a command ends.

use std::process::ExitCode;

use super::output;

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// Nothing is wrong.
    Fine,
    /// Something is wrong.
    Findings,
    /// The command could not run.
    Failed,
    /// The new table is held back.
    Held,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
            Exit::Held => 3,
        })
    }
}

/// Prints on standard error why a command could not run.
pub fn failed(reason: &str) -> Exit {
    output::error(&format!("readdress: {reason}"));
    Exit::Failed
}
