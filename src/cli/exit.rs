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

impl Exit {
    /// Returns how the command ended: as it says, or failed if its output could not be written.
    pub fn complete(self) -> Self {
        match output::lost() {
            None => self,
            Some(error) => failed(&format!("standard output is not complete: {error}")),
        }
    }
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
