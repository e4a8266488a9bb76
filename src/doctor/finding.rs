//! One finding of doctor. Its code says how serious it is.

use super::{codes::Code, edits::Fix};

/// One finding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What kind of finding it is, and how serious.
    pub code: Code,
    /// What it is about: a domain, a file, a socket.
    pub about: String,
    /// A sentence in lower case.
    pub message: String,
    /// What to do, with the line to write.
    pub help: String,
    /// The part of it that commands can do.
    pub fix: Fix,
}

impl Finding {
    /// Makes a finding without commands.
    pub fn new(
        code: Code,
        about: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            code,
            about: about.into(),
            message: message.into(),
            help: help.into(),
            fix: Fix::default(),
        }
    }
}
