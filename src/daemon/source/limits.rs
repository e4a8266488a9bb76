//! What is accepted of a file, and why a file is not read.

use std::time::Duration;

use crate::engine::diagnostic::Code;

/// How much of a file is accepted, and how long the reader waits for a writer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Longest line in bytes, without its end.
    pub line: usize,
    /// Largest file in bytes.
    pub file: u64,
    /// How often a file that changes while it is read is read before it is refused.
    pub attempts: u32,
    /// The wait between two of these attempts.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 64 * 1024,
            file: u64::from(u32::MAX),
            attempts: 4,
            pause: Duration::from_millis(50),
        }
    }
}

/// Why a file is not read.
#[derive(Debug)]
pub(super) struct Refusal {
    /// A stable short word.
    pub code: Code,
    /// A sentence in lower case.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Refusal {
    pub fn new(code: Code, message: String) -> Self {
        Self {
            code,
            message,
            help: None,
        }
    }
}

/// What the bytes of a file may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Encoding {
    /// UTF-8. A file with many NUL bytes is refused.
    Utf8,
    /// What its first bytes say. The content is decoded.
    Detected,
    /// Anything. The content is returned as it is.
    Any,
}
