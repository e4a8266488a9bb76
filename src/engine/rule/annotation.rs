//! What people write about a rule for other people. It never changes a decision.

use std::fmt;

use crate::engine::address::Mailbox;

/// The options `note=` and `owner=` of a rule or of a domain line.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Annotation {
    /// The text of `note=`, without its quotes; never empty.
    pub note: Option<Box<str>>,
    /// The address of `owner=`: who answers for the rule.
    pub owner: Option<Mailbox>,
}

impl Annotation {
    /// The names of the options, each with its `=`.
    const OPTIONS: [&'static str; 2] = ["note=", "owner="];

    /// Most bytes of a note.
    pub const MAX_NOTE: usize = 500;

    /// Returns true if a word is one of these options, whatever its value is.
    pub fn is_option(word: &str) -> bool {
        Self::OPTIONS.iter().any(|name| word.starts_with(name))
    }

    /// Returns true if neither option is written.
    pub fn is_empty(&self) -> bool {
        self.note.is_none() && self.owner.is_none()
    }
}

impl fmt::Display for Annotation {
    /// Writes the options with a space before each: ` note="Helpdesk 4711" owner=anna@company.com`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(note) = &self.note {
            let note = note.replace('\\', "\\\\").replace('"', "\\\"");
            write!(f, " note=\"{note}\"")?;
        }
        if let Some(owner) = &self.owner {
            write!(f, " owner={owner}")?;
        }
        Ok(())
    }
}
