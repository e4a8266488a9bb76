//! One reload after the other: what was found, and what is done about it.
//!
//! The blocking half ([`look`]) reads and compiles and changes nothing; the other half
//! ([`Worker::settle`]) swaps, logs and remembers. So a reload that breaks down leaves no trace.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`REMINDER`] | 10 min | a refused table is told of again |
//! | [`RELEASE`] | 1 s | between two looks at replaced tables that a message still holds |

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::estimate::estimate;
use super::{ReloadOptions, ReloadOutcome, ReloadStatus};
use crate::daemon::jobs::Jobs;
use crate::daemon::live::{LiveTable, Retired};
use crate::daemon::memory;
use crate::daemon::record;
use crate::daemon::source::{self, Fingerprint, Reading};
use crate::daemon::watch::{Change, Mode, Watcher};
use crate::engine::{Before, Changes, Diagnostic, Settings, Severity, Table, rule::Skipped};

/// How often a refused table is told of again.
const REMINDER: Duration = Duration::from_secs(600);

/// How often replaced tables are looked at whether they can be freed.
const RELEASE: Duration = Duration::from_secs(1);

/// The niceness of reading and compiling, which leaves a fifteenth of a processor to them where messages
/// want all of it. A million rules are live some seconds later then, and few messages wait for a
/// processor meanwhile (`tests/bench/run swap`).
const BACKGROUND: i32 = 12;

/// What a table depends on.
#[derive(Clone, PartialEq)]
struct Content {
    sources: Fingerprint,
    settings: Settings,
}

/// What a reading depends on: the content, and the findings about files that could not be read.
#[derive(Clone, PartialEq)]
struct Tried {
    content: Content,
    findings: String,
    /// Whether a file is missing.
    unread: bool,
}

/// A refusal that still holds.
struct Refused {
    diagnostics: Arc<[Diagnostic]>,
    since: Instant,
    remind_at: Instant,
}

pub(super) struct Worker {
    pub(super) options: ReloadOptions,
    live: Arc<LiveTable>,
    retired: Retired,
    /// What was read last.
    tried: Option<Tried>,
    /// What the live table was made of.
    serving: Option<Content>,
    refused: Option<Refused>,
    status: watch::Sender<ReloadStatus>,
    /// Where files are read, tables compiled and freed.
    jobs: Jobs,
}

/// What the blocking part found out.
enum Found {
    Same,
    AsLive(Vec<Diagnostic>),
    Refused(Vec<Diagnostic>),
    Good {
        table: Arc<Table>,
        changes: Option<Changes>,
        sources: usize,
        took: Duration,
        warnings: Vec<Diagnostic>,
        skipped: Vec<Skipped>,
    },
}

impl Worker {
    pub fn new(
        options: ReloadOptions,
        live: Arc<LiveTable>,
        status: watch::Sender<ReloadStatus>,
        jobs: Jobs,
    ) -> Self {
        Self {
            options,
            live,
            retired: Retired::default(),
            tried: None,
            serving: None,
            refused: None,
            status,
            jobs,
        }
    }

    /// Waits for a change, and does meanwhile what has to be done now and then.
    pub async fn wait(&mut self, watcher: &mut Watcher) -> Change {
        let changed = watcher.changed();
        tokio::pin!(changed);
        loop {
            self.release();
            let holding = !self.retired.is_empty();
            let remind_at = self.refused.as_ref().map(|refused| refused.remind_at);
            let reminder = sleep_until(remind_at.unwrap_or_else(Instant::now));
            tokio::select! {
                change = &mut changed => return change,
                () = sleep(RELEASE), if holding => {}
                () = reminder, if remind_at.is_some() => self.remind(),
            }
        }
    }

    /// Whether the last reading lacks a file, so that it may be another without a change.
    pub fn unread(&self) -> bool {
        self.tried.as_ref().is_some_and(|tried| tried.unread)
    }

    /// Frees replaced tables where it may take its time.
    fn release(&mut self) {
        let unused = self.retired.release();
        if !unused.is_empty() {
            self.jobs.free(unused);
        }
    }

    fn remind(&mut self) {
        let serving = self.live.pin().number;
        if let Some(refused) = &mut self.refused {
            refused.remind_at = Instant::now() + REMINDER;
            record::table_still_refused(&refused.diagnostics, serving, refused.since.elapsed());
        }
    }

    /// Reads the directory and acts upon what is there. Who `asked` hears of it in the log also
    /// where nothing is new.
    pub async fn reload(&mut self, mode: Mode, asked: bool) -> ReloadOutcome {
        let options = self.options.clone();
        let live = Arc::clone(&self.live);
        let tried = self.tried.clone();
        let serving = self.serving.clone();
        let work = self.jobs.run(move || look(&options, &live, tried, serving));
        let found = match work.await {
            Ok((tried, found)) => {
                self.tried = Some(tried);
                found
            }
            Err(error) => {
                self.tried = None;
                Found::Refused(vec![failed(&self.options.directory, &error.to_string())])
            }
        };
        let nothing_new = matches!(found, Found::Same | Found::AsLive(_));
        let outcome = self.settle(found);
        match &outcome {
            ReloadOutcome::Unchanged { generation } if asked && nothing_new => {
                record::table_unchanged(*generation);
            }
            ReloadOutcome::Refused {
                diagnostics,
                serving,
            } if asked && nothing_new => {
                record::table_refused(diagnostics, *serving, &self.options.veil);
            }
            _ => {}
        }
        self.status.send_modify(|status| {
            status.outcome = Some(outcome.clone());
            status.at = Some(SystemTime::now());
            status.mode = Some(mode);
        });
        outcome
    }

    /// Acts upon what was found.
    fn settle(&mut self, found: Found) -> ReloadOutcome {
        let generation = self.live.pin().number;
        match found {
            Found::Same => match &self.refused {
                Some(refused) => ReloadOutcome::Refused {
                    diagnostics: Arc::clone(&refused.diagnostics),
                    serving: generation,
                },
                None => ReloadOutcome::Unchanged { generation },
            },
            Found::AsLive(warnings) => {
                record::table_warnings(&warnings, &self.options.veil);
                if self.refused.take().is_some() {
                    record::table_mended(generation);
                }
                ReloadOutcome::Unchanged { generation }
            }
            Found::Refused(diagnostics) => self.refuse(diagnostics, generation),
            Found::Good {
                table,
                changes,
                sources,
                took,
                warnings,
                skipped,
            } => {
                let rules = table.len();
                self.refused = None;
                self.serving = self.tried.as_ref().map(|tried| tried.content.clone());
                self.retired.keep(self.live.replace(table));
                let generation = self.live.pin().number;
                record::table_warnings(&warnings, &self.options.veil);
                record::table_skipped(&skipped);
                let (changed, veil) = (changes.as_ref(), &self.options.veil);
                record::table_live(generation, rules, changed, sources, took, veil);
                self.status.send_modify(|status| status.live += 1);
                ReloadOutcome::Live {
                    generation,
                    rules,
                    sources,
                    changes: Arc::new(changes.unwrap_or_default()),
                    took,
                    warnings: warnings.into(),
                }
            }
        }
    }

    fn refuse(&mut self, diagnostics: Vec<Diagnostic>, serving: u64) -> ReloadOutcome {
        record::table_refused(&diagnostics, serving, &self.options.veil);
        let diagnostics: Arc<[Diagnostic]> = diagnostics.into();
        let now = Instant::now();
        self.refused = Some(Refused {
            diagnostics: Arc::clone(&diagnostics),
            since: self.refused.as_ref().map_or(now, |refused| refused.since),
            remind_at: now + REMINDER,
        });
        self.status.send_modify(|status| status.refused += 1);
        ReloadOutcome::Refused {
            diagnostics,
            serving,
        }
    }
}

/// Reads and, where there is something new, compiles. Blocks.
fn look(
    options: &ReloadOptions,
    live: &LiveTable,
    tried: Option<Tried>,
    serving: Option<Content>,
) -> (Tried, Found) {
    step_back();
    let started = Instant::now();
    let before = live.pin();
    let before = before.table.as_deref();
    let past = before.map(Table::past).unwrap_or_default();
    let known = |name: &str, hash| past.has(name, hash);
    let reading = source::read_new(&options.directory, &options.limits, &known);
    let now = Tried::of(&reading, options);
    if tried.as_ref() == Some(&now) {
        return (now, Found::Same);
    }
    if serving.as_ref() == Some(&now.content) && !now.unread {
        return (now, Found::AsLive(reading.diagnostics));
    }
    let bytes = estimate(&reading, before);
    if !memory::has_room(bytes) {
        return short_of_memory(options, now, tried.as_ref(), bytes);
    }
    if let Some(found) = compile(options, before, reading, started) {
        return (now, found);
    }
    // A finding is about a line whose text was left out.
    let reading = source::read(&options.directory, &options.limits);
    let now = Tried::of(&reading, options);
    let found = compile(options, before, reading, started);
    let broken = || {
        failed(
            &options.directory,
            "all texts are there, and one is missing",
        )
    };
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
        "not-enough-memory",
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
            content: Content {
                sources: source::fingerprint(reading),
                settings: options.settings.clone(),
            },
        }
    }
}

/// `None` where a text that was left out is needed.
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
    let compiled = (options.compile)(&reading.sources, &options.settings, given);
    if compiled.incomplete {
        return None;
    }
    // A file that could not be read hides no error in the others.
    let mut diagnostics = reading.diagnostics;
    diagnostics.extend(compiled.diagnostics);
    let refused = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    Some(match compiled.table {
        Some(table) if !refused => Found::Good {
            changes: before.map(|old| table.changes_since(old)),
            table: Arc::new(table),
            sources: reading.sources.len(),
            took: started.elapsed(),
            warnings: diagnostics,
            skipped: compiled.skipped,
        },
        _ => Found::Refused(diagnostics),
    })
}

/// The finding for a reload that broke down.
fn failed(directory: &Path, error: &str) -> Diagnostic {
    Diagnostic::about_file(
        Severity::Error,
        "internal-error",
        &directory.display().to_string(),
        format!("the reload broke down: {error}"),
        Some("this is a fault of readdress: please report it with the rules".to_owned()),
    )
}
