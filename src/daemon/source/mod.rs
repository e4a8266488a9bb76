//! Where rules come from: the seam between whatever gives texts and the reloader.
//!
//! A [`RuleSource`] gives texts: a directory ([`RulesDirectory`]), or a generation of the history
//! ([`RecordedTexts`]). A program that fetches rules from elsewhere writes files into a directory. Four questions about a source are answered in four places,
//! none of which knows how the others work:
//!
//! | question | answered by |
//! |---|---|
//! | which texts are there? | [`RuleSource::read`] |
//! | may something have changed? | [`Watched`](crate::daemon::watch::Watched), which every source is: a cheap signature, and paths to be notified about |
//! | is the content really different? | [`Manifest`]: names, kinds and hashes |
//! | which rules need not be read again? | [`Reuse`], which belongs to the engine |
//!
//! [`read`] puts them together: it reads a source until nothing changes meanwhile, and returns a
//! [`Reading`]. Nothing is parsed here.
//!
//! # Keeping what went live
//!
//! A reading does not hold every byte: long comments are removed, texts of other programs are decoded, and
//! large unchanged texts are dropped. What went live can be had all the same. The manifest of the live
//! table is in [`ReloadStatus::texts`](super::reload::ReloadStatus::texts); for each of its entries
//! [`RuleSource::copy`] writes the full bytes, block by block, to whoever wants to keep them. It compares
//! them with the hash in the manifest, so that nothing else can be kept by mistake: if the file has changed
//! meanwhile, the answer is [`CopyError::Changed`], and a newer generation follows anyway.
//!
//! The history uses this: after a table went live, it copies every entry whose hash it does not have yet.
//! An entry whose hash it has already costs nothing.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`ATTEMPTS`] | 4 readings of a source that changes meanwhile | the last one counts; the change leads to another reload |

mod access;
mod comments;
mod directory;
mod file;
mod full_text;
mod limits;
mod lines;
mod manifest;
mod recorded;
mod rule_source;
mod single;

use std::path::Path;

use crate::engine::{Diagnostic, Severity, SourceText, store::Reuse};

pub use access::configuration as configuration_access;
pub use directory::{RulesDirectory, read_named};
pub use full_text::FullText;
pub use limits::Limits;
pub use manifest::{Manifest, ManifestEntry};
pub use recorded::RecordedTexts;
pub use rule_source::{CopyError, RuleSource, SourceState, TakeText};
pub use single::{read_file, read_whole};

/// How often a source is read that changes while it is read. Its texts belong together: a swap of
/// Kubernetes' `..data` exchanges all of them.
const ATTEMPTS: u32 = 4;

/// The result of reading a source.
#[derive(Debug, Default)]
pub struct Reading<'t> {
    /// The texts that could be read, in the order of their names. Large unchanged ones have no bytes.
    pub sources: Vec<SourceText>,
    /// What can be reused instead of reading these texts.
    pub reuse: Reuse<'t>,
    /// Names, kinds and hashes of the texts.
    pub manifest: Manifest,
    /// Names of texts that hold nothing, or white space alone.
    pub blank: Vec<String>,
    /// Findings, in the order of names.
    pub diagnostics: Vec<Diagnostic>,
    /// The source does not exist.
    pub missing: bool,
    /// The device that the source is on, if it is on one.
    pub device: Option<u64>,
}

impl<'t> Reading<'t> {
    fn of(source: &dyn RuleSource, reuse: Reuse<'t>) -> Self {
        let mut reading = Self {
            reuse,
            ..Self::default()
        };
        let state = source.read(&mut |text, full| reading.add(text, full));
        Self {
            diagnostics: state.diagnostics,
            missing: state.missing,
            device: state.device,
            ..reading
        }
    }

    fn add(&mut self, mut text: SourceText, full: FullText) {
        self.manifest.add(&text, full);
        if is_blank(&text.bytes) {
            self.blank.push(text.name.clone());
        }
        self.reuse.offer(&mut text, full.hash);
        self.sources.push(text);
    }

    /// Returns true if a text could not be read.
    pub fn has_errors(&self) -> bool {
        let mut severities = self.diagnostics.iter().map(|finding| finding.severity);
        severities.any(|severity| severity == Severity::Error)
    }
}

/// Returns true for white space. A byte order mark is no text either.
fn is_blank(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    text.trim_ascii().is_empty()
}

/// Reads a source, and reads it again while it changes, [`ATTEMPTS`] times at most. `reuse` says what need
/// not be read again.
pub fn read<'t>(source: &dyn RuleSource, reuse: &Reuse<'t>) -> Reading<'t> {
    let mut before = source.signature();
    let mut reading = Reading::of(source, reuse.clone());
    for _ in 1..ATTEMPTS {
        let after = source.signature();
        if after == before {
            break;
        }
        before = after;
        reading = Reading::of(source, reuse.clone());
    }
    reading
}

/// Reads a rules directory, every text with its bytes.
pub fn read_directory(directory: &Path, limits: &Limits) -> Reading<'static> {
    read(&RulesDirectory::new(directory, *limits), &Reuse::default())
}
