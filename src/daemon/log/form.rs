//! The forms in which an event is written.

use super::journal;
use super::line::{self, Fields};

/// What an event is turned into.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// A line with a time.
    Line,
    /// A line for the journal through standard error, with the priority at its beginning.
    Prefixed,
    /// A datagram for the journal's socket.
    Native,
}

impl Form {
    /// Returns an event in this form.
    pub fn bytes(self, fields: &Fields) -> Vec<u8> {
        match self {
            Self::Line => line::timed(fields),
            Self::Prefixed => line::prefixed(fields),
            Self::Native => journal::datagram(fields),
        }
    }
}
