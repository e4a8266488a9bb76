//! The blocking half of a reload: reads, compiles where there is something new, and changes nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ReloadOptions;
use super::estimate::estimate;
use crate::daemon::guard::{Extent, Now};
use crate::daemon::live::LiveTable;
use crate::daemon::memory;
use crate::daemon::source::{self, Fingerprint, Reading};
use crate::engine::{
    Before, Changes, Compiled, Diagnostic, Settings, Severity, Table, diagnostic::codes,
    syntax::Skipped,
};

/// The niceness of reading and compiling, which leaves a fifteenth of a processor to them where messages
/// want all of it. A million rules are live some seconds later then, and few messages wait for a
/// processor meanwhile (`tests/bench/run swap`).
const BACKGROUND: i32 = 12;

/// What a table depends on.
#[derive(Clone, PartialEq)]
pub(super) struct Content {
    pub sources: Fingerprint,
    pub settings: Settings,
}

/// What a reading depends on: the content, and the findings about files that could not be read.
#[derive(Clone, PartialEq)]
pub(super) struct Tried {
    pub content: Content,
    findings: String,
    /// Whether a file is missing.
    pub unread: bool,
    /// The device of the directory.
    pub device: Option<u64>,
}

/// What was known before this look.
pub(super) struct Known {
    /// What was read last.
    pub tried: Option<Tried>,
    /// What the live table was made of.
    pub serving: Option<Content>,
    /// Whether rules are live, or were when the daemon before this one ended.
    pub had_rules: bool,
}

/// What a look found out.
pub(super) enum Found {
    Same,
    AsLive(Vec<Diagnostic>),
    Refused(Vec<Diagnostic>),
    Good(Box<Good>),
}

/// A table without an error, which has not gone live.
pub(super) struct Good {
    pub table: Arc<Table>,
    pub changes: Option<Changes>,
    pub sources: usize,
    pub took: Duration,
    pub warnings: Vec<Diagnostic>,
    pub skipped: Vec<Skipped>,
    /// What it was made of.
    pub content: Content,
    /// What the guard looks at.
    pub now: Now,
}

/// Reads and, where there is something new, compiles. Blocks.
pub(super) fn look(options: &ReloadOptions, live: &LiveTable, known: Known) -> (Tried, Found) {
    step_back();
    let started = Instant::now();
    let before = live.pin();
    let before = before.table.as_deref();
    let past = before.map(Table::past).unwrap_or_default();
    let has = |name: &str, hash| past.has(name, hash);
    let reading = source::read_new(&options.directory, &options.limits, &has);
    let now = Tried::of(&reading, options);
    if known.tried.as_ref() == Some(&now) {
        return (now, Found::Same);
    }
    if known.serving.as_ref() == Some(&now.content) && !now.unread {
        return (now, Found::AsLive(reading.diagnostics));
    }
    let bytes = estimate(&reading, before);
    if !memory::has_room(bytes) {
        return short_of_memory(options, now, known.tried.as_ref(), bytes);
    }
    let reading = judged_by_the_guard(reading, known.had_rules);
    if let Some(found) = compile(options, before, reading, started) {
        return (now, found);
    }
    // A finding is about a line whose text was left out.
    let reading = source::read(&options.directory, &options.limits);
    let now = Tried::of(&reading, options);
    let reading = judged_by_the_guard(reading, known.had_rules);
    let found = compile(options, before, reading, started);
    let broken = || failed(options, "all texts are there, and one is missing");
    (now, found.unwrap_or_else(|| Found::Refused(vec![broken()])))
}

/// Refuses what there is no memory for, and has it read again at the next look: memory may come back
/// without a change of any file.
fn short_of_memory(
    options: &ReloadOptions,
    mut now: Tried,
    tried: Option<&Tried>,
    bytes: u64,
) -> (Tried, Found) {
    let finding = Diagnostic::about_file(
        Severity::Error,
        codes::NOT_ENOUGH_MEMORY,
        &options.directory.display().to_string(),
        format!(
            "not compiled: that may take {} MiB of memory, and there is less",
            (bytes >> 20) + 1
        ),
        Some("raise MemoryMax= of the unit, or what limits the memory of this machine".to_owned()),
    );
    now.unread = true;
    now.findings = finding.to_string();
    match tried == Some(&now) {
        true => (now, Found::Same),
        false => (now, Found::Refused(vec![finding])),
    }
}

/// A directory that vanished together with its rules is a table of no rules: the guard holds it back, and
/// somebody may accept it. Where there were no rules, the missing directory is an error.
fn judged_by_the_guard(mut reading: Reading, had_rules: bool) -> Reading {
    if reading.vanished && had_rules {
        reading.diagnostics.clear();
    }
    reading
}

/// Lets messages go first: this thread, which serves none, takes what they leave of the processors.
/// Where the system forbids that, they share them.
fn step_back() {
    // On Linux the priority is a thread's own.
    let _ = rustix::process::setpriority_process(None, BACKGROUND);
}

impl Tried {
    fn of(reading: &Reading, options: &ReloadOptions) -> Self {
        Self {
            findings: format!("{:?}", reading.diagnostics),
            unread: reading.has_errors(),
            device: reading.device,
            content: Content::of(reading, options),
        }
    }
}

impl Content {
    fn of(reading: &Reading, options: &ReloadOptions) -> Self {
        Self {
            sources: source::fingerprint(reading),
            settings: options.settings.clone(),
        }
    }
}

/// Returns nothing where a text that was left out is needed.
fn compile(
    options: &ReloadOptions,
    before: Option<&Table>,
    reading: Reading,
    started: Instant,
) -> Option<Found> {
    let given = Before {
        table: before,
        hashes: &reading.hashes,
        left_out: &reading.left_out,
    };
    let Compiled {
        table,
        diagnostics,
        skipped,
        incomplete,
        ..
    } = (options.compile)(&reading.sources, &options.settings, given);
    if incomplete {
        return None;
    }
    // A file that could not be read hides no error in the others.
    let blank = reading.blank();
    let content = Content::of(&reading, options);
    let mut findings = reading.diagnostics;
    findings.extend(diagnostics);
    let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
    let Some(table) = table.filter(|_| !findings.iter().any(is_error)) else {
        return Some(Found::Refused(findings));
    };
    let changes = before.map(|old| table.changes_since(old));
    let files = table.lines_by_file().into_iter();
    Some(Found::Good(Box::new(Good {
        now: Now {
            extent: Extent {
                files: files
                    .map(|(name, lines)| (name.to_owned(), lines))
                    .collect(),
                device: reading.device,
            },
            vanished: reading.vanished,
            blank,
            gone: changes.as_ref().map(|changes| changes.removed.len()),
        },
        table: Arc::new(table),
        changes,
        sources: reading.sources.len(),
        took: started.elapsed(),
        warnings: findings,
        skipped,
        content,
    })))
}

/// The finding for a reload that broke down.
pub(super) fn failed(options: &ReloadOptions, error: &str) -> Diagnostic {
    Diagnostic::about_file(
        Severity::Error,
        codes::INTERNAL_ERROR,
        &options.directory.display().to_string(),
        format!("the reload broke down: {error}"),
        Some("this is a fault of readdress: please report it with the rules".to_owned()),
    )
}
