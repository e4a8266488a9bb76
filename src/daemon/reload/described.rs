//! The entry of the history about a table that goes live.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::compile::NewTable;
use super::outcome::Asker;
use crate::daemon::history::{Author, Cause, Entry, History, Saved, Text, account, unix_seconds};
use crate::daemon::record::Redaction;
use crate::daemon::source::{Manifest, RuleSource};
use crate::engine::Diagnostic;

/// A generation that is to be recorded.
pub(super) struct Unwritten {
    pub entry: Entry,
    /// Where its texts come from.
    pub source: Arc<dyn RuleSource>,
    /// The size of its texts.
    pub bytes: u64,
}

/// What made a table live, and who.
pub(super) struct Made {
    pub cause: Cause,
    /// Who asked; nobody for a save.
    pub asker: Option<Asker>,
    /// Where the texts come from.
    pub source: Arc<dyn RuleSource>,
}

/// Warnings that an entry keeps.
const WARNINGS: usize = 20;

/// A table that goes live.
pub(super) struct Described<'a> {
    pub number: u64,
    pub new: &'a NewTable,
    /// The texts of the table before it.
    pub before: Option<&'a Manifest>,
    pub redaction: &'a Redaction,
}

/// Returns the entry about a table.
pub(super) fn describe(of: &Described<'_>, made: &Made, history: Option<&History>) -> Entry {
    let new = of.new;
    let content = &new.content;
    let mut entry = Entry::new(of.number, content.manifest.digest(), &content.settings);
    entry.at = unix_seconds(SystemTime::now());
    entry.cause = made.cause;
    entry.directory =
        history.map_or_else(String::new, |history| history.rules().display().to_string());
    entry.rules = new.table.len();
    if let Some(changes) = &new.changes {
        entry.added = changes.added.len();
        entry.removed = changes.removed.len();
        entry.changed = changes.changed.len();
    }
    let shown = new.warnings.iter().take(WARNINGS);
    entry.warnings = shown
        .map(|finding| one_line(finding, of.redaction))
        .collect();
    let lines = new.proposal.counts.files.iter();
    let lines: HashMap<&str, usize> = lines.map(|(name, lines)| (&**name, *lines)).collect();
    let before = of.before.map_or(&[][..], Manifest::entries);
    let mut savers = Vec::new();
    for text in content.manifest.entries() {
        let saved = made.source.saved(&text.name);
        if !before.contains(text) {
            savers.extend(saved);
        }
        entry.texts.push(Text {
            name: text.name.clone(),
            hash: text.hash.0,
            lines: lines.get(&*text.name).copied().unwrap_or(0),
            saved: saved.map(|saved: Saved| unix_seconds(saved.at)),
            owner: saved.map(|saved| account(saved.user)),
            kept: false,
        });
    }
    entry.by = match &made.asker {
        Some(asker) => asker.author(),
        None => Author::of_files(savers.into_iter()),
    };
    entry.why = made.asker.as_ref().and_then(|asker| asker.why.clone());
    entry
}

fn one_line(finding: &Diagnostic, redaction: &Redaction) -> String {
    let text = match redaction.hides() {
        true => finding.without_text(),
        false => finding.to_string(),
    };
    text.lines().next().unwrap_or_default().to_owned()
}
