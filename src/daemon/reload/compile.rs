//! The blocking half of a reload: reads a source, compiles what is new, and changes nothing.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::estimate::estimate;
use super::options::ReloadOptions;
use super::table_change::{Before, measure};
use crate::daemon::guard::{Proposal, RuleCounts, Traffic};
use crate::daemon::history::{Entry, History};
use crate::daemon::memory;
use crate::daemon::source::{self, Manifest, Reading, RecordedTexts};
use crate::daemon::state::live::{Generation, LiveTable};
use crate::engine::{
    Changes, Compiled, Diagnostic, Settings, Severity, SourceKind, Table,
    compare::traffic_changes,
    diagnostic::{codes, hide_consequences},
    store::Reuse,
    syntax::Skipped,
};

/// The niceness of reading and compiling. It leaves them a fifteenth of a processor while messages need all
/// of it. A million rules are live some seconds later then, and few messages wait for a processor meanwhile
/// (`tests/bench/run swap`).
const BACKGROUND: i32 = 12;

/// What a table depends on.
#[derive(Clone, PartialEq)]
pub(super) struct Content {
    pub manifest: Arc<Manifest>,
    pub settings: Settings,
}

/// Returns true if an entry describes this content.
pub(super) fn is_same(entry: &Entry, content: &Content) -> bool {
    entry.digest == content.manifest.digest() && entry.has_settings(&content.settings)
}

/// What a reading depends on: the content, and the findings about texts that could not be read.
#[derive(Clone, PartialEq)]
pub(super) struct LastRead {
    pub content: Content,
    findings: Vec<Diagnostic>,
    /// A text could not be read.
    pub incomplete: bool,
    /// The device of the source.
    pub device: Option<u64>,
}

/// What was known before this reading.
pub(super) struct Known {
    /// What was read last.
    pub last: Option<LastRead>,
    /// What the live table was made from.
    pub live: Option<Content>,
    /// Rules are live, or were live when the daemon before this one ended.
    pub had_rules: bool,
    /// The generation that was live when the daemon before this one ended, while no table is live.
    pub snapshot: Option<Entry>,
}

/// The result of reading and compiling.
pub(super) enum Found {
    /// The texts are the same as at the last reading.
    Unchanged,
    /// What is live already, with the findings about the source.
    AlreadyLive(Vec<Diagnostic>),
    /// No table is live yet, and the texts are others than those of the generation that was live last.
    NotTheSnapshot,
    /// Errors, with all findings.
    Errors(Vec<Diagnostic>),
    /// A table that may go live.
    NewTable(Box<NewTable>),
}

/// A table without an error, which has not gone live.
pub(super) struct NewTable {
    pub table: Arc<Table>,
    pub changes: Option<Changes>,
    /// How many texts it was made from.
    pub sources: usize,
    pub took: Duration,
    pub warnings: Vec<Diagnostic>,
    pub skipped: Vec<Skipped>,
    pub content: Content,
    /// What the guard looks at.
    pub proposal: Proposal,
    /// The size of its texts, in bytes.
    pub bytes: u64,
}

/// Reads the source and, if there is something new, compiles it. Blocks.
pub(super) fn read_and_compile(
    options: &ReloadOptions,
    live: &LiveTable,
    known: Known,
) -> (LastRead, Found) {
    let started = Instant::now();
    let before = live.pin();
    lower_priority(&before);
    let before = before.table.as_deref();
    let fetch = |name: &str, hash| options.source.read_again(name, hash);
    let reuse = before.map_or_else(Reuse::default, |table| table.reuse(&fetch));
    let mut reading = source::read(&*options.source, &reuse);
    let now = LastRead::of(&reading, options);
    if known.last.as_ref() == Some(&now) {
        return (now, Found::Unchanged);
    }
    if known.live.as_ref() == Some(&now.content) && !now.incomplete {
        return (now, Found::AlreadyLive(reading.diagnostics));
    }
    if let Some(snapshot) = &known.snapshot
        && (now.incomplete || !is_same(snapshot, &now.content))
    {
        return (now, Found::NotTheSnapshot);
    }
    let bytes = estimate(&reading);
    if !memory::has_room(bytes) {
        return short_of_memory(options, now, known.last.as_ref(), bytes);
    }
    if reading.missing && known.had_rules {
        // Together with the source its rules are gone. That is a table without rules, which the guard
        // holds back and somebody may accept. Without rules before, a missing source is an error.
        reading.diagnostics.clear();
    }
    let before = before.map(|table| Before {
        table,
        texts: known.live.as_ref().map(|live| &*live.manifest),
        history: options.history.as_ref(),
    });
    let found = compile(options, before, reading, (started, &now.content));
    (now, found)
}

/// Refuses what there is no memory for. It is read again at the next check: memory may become free without
/// a change of any file.
fn short_of_memory(
    options: &ReloadOptions,
    mut now: LastRead,
    last: Option<&LastRead>,
    bytes: u64,
) -> (LastRead, Found) {
    let finding = Diagnostic::about_file(
        Severity::Error,
        codes::NOT_ENOUGH_MEMORY,
        &options.source.name(),
        format!(
            "not compiled: that may take {} MiB of memory, and there is less",
            (bytes >> 20) + 1
        ),
        Some("raise MemoryMax= of the unit, or what limits the memory of this machine".to_owned()),
    );
    now.incomplete = true;
    now.findings = vec![finding.clone()];
    match last == Some(&now) {
        true => (now, Found::Unchanged),
        false => (now, Found::Errors(vec![finding])),
    }
}

/// Lets messages go first: this thread, which serves none, takes what they leave of the processors. If the
/// system forbids that, they share the processors. Before the first table no message is served, and everybody waits
/// for this thread.
fn lower_priority(live: &Generation) {
    if live.table.is_some() {
        // On Linux every thread has a priority of its own. An error is fine, as said above.
        let _ = rustix::process::setpriority_process(None, BACKGROUND);
    }
}

impl LastRead {
    fn of(reading: &Reading<'_>, options: &ReloadOptions) -> Self {
        Self {
            findings: reading.diagnostics.clone(),
            incomplete: reading.has_errors(),
            device: reading.device,
            content: Content {
                manifest: Arc::new(reading.manifest.clone()),
                settings: options.settings.clone(),
            },
        }
    }
}

/// Compiles a generation of the history, whatever was live. Blocks.
///
/// # Errors
///
/// The findings for which there is no table: a text is damaged, or this version does not read it.
pub(super) fn compile_recorded(
    options: &ReloadOptions,
    history: &History,
    entry: &Entry,
    live: &LiveTable,
) -> Result<Box<NewTable>, Vec<Diagnostic>> {
    lower_priority(&live.pin());
    let started = Instant::now();
    let source = RecordedTexts::new(history, entry);
    let reading = source::read(&source, &Reuse::default());
    let options = ReloadOptions {
        settings: entry.settings().unwrap_or_else(|| options.settings.clone()),
        source: Arc::new(source),
        ..options.clone()
    };
    let content = LastRead::of(&reading, &options).content;
    let before = live.pin();
    let before = before.table.as_deref();
    // What goes live from the history is not judged by the guard.
    let before = before.map(|table| Before {
        table,
        texts: None,
        history: None,
    });
    match compile(&options, before, reading, (started, &content)) {
        Found::NewTable(table) => Ok(table),
        Found::Errors(findings) => Err(findings),
        _ => Err(Vec::new()),
    }
}

fn compile(
    options: &ReloadOptions,
    before: Option<Before<'_>>,
    reading: Reading<'_>,
    (started, content): (Instant, &Content),
) -> Found {
    let bytes = reading.sources.iter().map(|text| text.bytes.len() as u64);
    let bytes = bytes.sum();
    let Compiled {
        table,
        diagnostics,
        skipped,
        ..
    } = (options.compile)(&reading.sources, &options.settings, &reading.reuse);
    let written_by_hand = written_by_hand(&reading);
    let mut findings = reading.diagnostics;
    // A file that could not be read hides no error in the others.
    findings.extend(diagnostics);
    hide_consequences(&mut findings);
    let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
    let Some(table) = table.filter(|_| !findings.iter().any(is_error)) else {
        return Found::Errors(findings);
    };
    let changes = before.map(|before| table.changes_since(before.table));
    let change = before.zip(changes.as_ref());
    let change =
        change.map(|(before, changes)| measure(before, &table, &content.manifest, changes));
    let traffic = before.and_then(|before| traffic(options, before.table, &table));
    let files = table.lines_by_file().into_iter();
    Found::NewTable(Box::new(NewTable {
        proposal: Proposal {
            counts: RuleCounts {
                files: files
                    .map(|(name, lines)| (name.to_owned(), lines))
                    .collect(),
                device: reading.device,
            },
            missing: reading.missing,
            written_by_hand,
            change,
            traffic,
        },
        table: Arc::new(table),
        changes,
        sources: reading.sources.len(),
        took: started.elapsed(),
        warnings: findings,
        skipped,
        content: content.clone(),
        bytes,
    }))
}

/// Decides the addresses that got mail lately by the table in force and by the new one.
fn traffic(options: &ReloadOptions, before: &Table, table: &Table) -> Option<Traffic> {
    let remembered = options.traffic.as_ref()?.remembered();
    let addresses = remembered.iter().map(|one| (&*one.key, one.messages));
    Some(Traffic {
        changes: traffic_changes(before, table, addresses),
        remember: options.limits.remember,
        max_refused: options.limits.max_refused,
    })
}

/// Returns the names of native texts that are not blank.
fn written_by_hand(reading: &Reading<'_>) -> Vec<String> {
    let blank: HashSet<&String> = reading.blank.iter().collect();
    let native = reading.sources.iter();
    let native = native.filter(|text| text.kind == SourceKind::Native);
    let names = native.map(|text| &text.name);
    names
        .filter(|name| !blank.contains(name))
        .cloned()
        .collect()
}

/// Returns the finding for a reload that panicked.
pub(super) fn failed(options: &ReloadOptions, error: &str) -> Diagnostic {
    Diagnostic::about_file(
        Severity::Error,
        codes::INTERNAL_ERROR,
        &options.source.name(),
        format!("the reload broke down: {error}"),
        Some("this is a fault of readdress: please report it with the rules".to_owned()),
    )
}
