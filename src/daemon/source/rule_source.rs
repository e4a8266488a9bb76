//! What gives rules: the interface of a source, and what it says about itself.

use std::fmt;
use std::io::{self, Write};

use super::full_text::FullText;
use crate::daemon::history::Saved;
use crate::daemon::watch::Watched;
use crate::engine::{Diagnostic, SourceText, store::ContentHash};

/// Takes a text as soon as it was read, and what is known of its full content.
pub type TakeText<'a> = &'a mut dyn FnMut(SourceText, FullText);

/// Gives the texts that rules are made from.
pub trait RuleSource: Watched {
    /// Returns the name that findings about the source as a whole show.
    fn name(&self) -> String;

    /// Reads all texts and gives each to `take`, in the order of their names. Only one of them needs to be
    /// in memory. Blocks.
    fn read(&self, take: TakeText<'_>) -> SourceState;

    /// Reads one text again; nothing if its content has another hash by now. Blocks.
    fn read_again(&self, name: &str, hash: ContentHash) -> Option<SourceText>;

    /// Writes the full content of one text to `to`, block by block. What was written counts only if the
    /// result is `Ok`: the hash is compared at the end. Blocks.
    ///
    /// # Errors
    ///
    /// The content has another hash by now, cannot be read, or cannot be written.
    fn copy(&self, name: &str, hash: ContentHash, to: &mut dyn Write) -> Result<(), CopyError>;

    /// Returns who saved a text last, and when; none if that is unknown. Blocks.
    fn saved(&self, _name: &str) -> Option<Saved> {
        None
    }
}

/// Why the full content of a text was not copied.
#[derive(Debug)]
pub enum CopyError {
    /// The source holds another content under this name by now, or none.
    Changed,
    /// The source cannot be read; the sentence says why.
    Unreadable(String),
    /// The copy cannot be written.
    Unwritable(io::Error),
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("has changed since it was read"),
            Self::Unreadable(why) => f.write_str(why),
            Self::Unwritable(error) => write!(f, "cannot be copied: {error}"),
        }
    }
}

impl std::error::Error for CopyError {}

/// What a source says about itself, besides its texts.
#[derive(Clone, Debug, Default)]
pub struct SourceState {
    /// Findings about the source, and about texts that could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// The source does not exist.
    pub missing: bool,
    /// The device that it is on, if it is on one. Another device is another mount.
    pub device: Option<u64>,
}
