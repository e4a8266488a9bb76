//! A generation of the history as a source: its texts, as they were when it went live.

use std::fs;
use std::io::{self, Write};

use super::directory::read_kind;
use super::file;
use super::full_text::FullText;
use super::limits::Limits;
use super::rule_source::{CopyError, RuleSource, SourceState, TakeText};
use crate::daemon::history::{Entry, History, Text};
use crate::daemon::watch::{Signature, Watched, WatchedPath};
use crate::engine::{
    Diagnostic, FileKind, Severity, SourceText, diagnostic::codes, store::ContentHash,
};

/// The texts of one generation. They never change: nothing needs to be watched.
#[derive(Clone, Debug)]
pub struct RecordedTexts {
    history: History,
    generation: u64,
    texts: Vec<Text>,
}

impl RecordedTexts {
    /// The texts of this generation of this history.
    pub fn new(history: &History, entry: &Entry) -> Self {
        Self {
            history: history.clone(),
            generation: entry.generation,
            texts: entry.texts.clone(),
        }
    }

    /// Reads one text, and compares it with its hash.
    fn text(&self, text: &Text) -> Result<(SourceText, FullText), Box<Diagnostic>> {
        let wrong = |what: String| {
            Box::new(Diagnostic::about_file(
                Severity::Error,
                codes::RECORD_DAMAGED,
                &text.name,
                format!("{what} in the history, generation {}", self.generation),
                Some("another generation may be whole: readdress history".to_owned()),
            ))
        };
        if !text.kept {
            return Err(wrong("its text was not kept".to_owned()));
        }
        let FileKind::Read(kind) = FileKind::of(&text.name) else {
            return Err(wrong("this version reads no such file".to_owned()));
        };
        let path = self.history.text(text.content());
        if let Err(error) = fs::metadata(&path) {
            let what = match error.kind() {
                io::ErrorKind::NotFound => "its text is gone".to_owned(),
                _ => format!("its text cannot be read: {error}"),
            };
            return Err(wrong(what));
        }
        let (source, full) = read_kind(&path, &text.name, kind, &Limits::default())?;
        match full.hash == text.content() {
            true => Ok((source, full)),
            false => Err(wrong(format!("its text is damaged ({})", path.display()))),
        }
    }
}

impl Watched for RecordedTexts {
    fn signature(&self) -> Signature {
        Signature::of(&self.generation)
    }

    fn paths(&self) -> &[WatchedPath] {
        &[]
    }
}

impl RuleSource for RecordedTexts {
    fn name(&self) -> String {
        format!("generation {}", self.generation)
    }

    fn read(&self, take: TakeText<'_>) -> SourceState {
        let mut state = SourceState::default();
        for text in &self.texts {
            match self.text(text) {
                Ok((source, full)) => take(source, full),
                Err(finding) => state.diagnostics.push(*finding),
            }
        }
        state
    }

    fn read_again(&self, name: &str, hash: ContentHash) -> Option<SourceText> {
        let text = self.texts.iter().find(|text| text.name == name)?;
        let (source, now) = self.text(text).ok()?;
        (now.hash == hash).then_some(source)
    }

    fn copy(&self, _: &str, hash: ContentHash, to: &mut dyn Write) -> Result<(), CopyError> {
        file::copy(&self.history.text(hash), hash, to)
    }
}
