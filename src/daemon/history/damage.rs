//! What is wrong with a file of the history.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// A file of the history that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it, as a sentence without a full stop.
    pub reason: String,
}

impl Damage {
    pub(crate) fn new(file: &Path, reason: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            reason: reason.into(),
        }
    }

    pub(crate) fn unreadable(file: &Path, error: &io::Error) -> Self {
        Self::new(file, error.to_string())
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.reason)
    }
}

impl std::error::Error for Damage {}
