//! What a reloader knows, and its single steps: read, refuse, hold back, report.
//!
//! `turn` puts the steps together, `go_live` swaps the tables, `start` serves what was live before the daemon started,
//! and `orders` does what somebody asks for.
//!
//! The blocking half ([`read_and_compile`]) changes nothing. The other half swaps the tables, logs and remembers. So
//! a reload that panics leaves no trace.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::blocked::{Blocked, BlockedBy, HeldTable, REMINDER};
use super::compile::{Content, Found, Known, LastRead, NewTable, failed, read_and_compile};
use super::described::Unwritten;
use super::held::{self, HeldDifferences};
use super::options::{NewSettings, ReloadOptions};
use super::outcome::{Ordered, ReloadOutcome, ReloadStatus};
use super::recorder::Recorder;
use crate::daemon::guard::{self, LastTable};
use crate::daemon::history::{Entry, Rollback};
use crate::daemon::jobs::Jobs;
use crate::daemon::record;
use crate::daemon::state::live::{LiveTable, Retired};
use crate::daemon::watch::Mode;
use crate::engine::Diagnostic;

/// What a reloader knows.
pub(super) struct Worker {
    pub(super) options: ReloadOptions,
    pub(super) live: Arc<LiveTable>,
    pub(super) retired: Retired,
    /// What was read last.
    pub(super) last_read: Option<LastRead>,
    /// What the live table was made from.
    pub(super) serving: Option<Content>,
    /// What the guard compares the next table with; `None` before the history was looked at.
    pub(super) last_table: Option<LastTable>,
    /// The generation that was live last, while no table is live.
    pub(super) snapshot: Option<Entry>,
    /// Older generations that may serve in its place, the newest first.
    pub(super) older: Vec<Entry>,
    /// The rollback in force.
    pub(super) rollback: Option<Arc<Rollback>>,
    /// When the log says again that a rollback is in force.
    pub(super) rollback_reminder: Instant,
    /// Why the files are not live; `None` if they are.
    pub(super) blocked: Option<Blocked>,
    pub(super) status: watch::Sender<ReloadStatus>,
    pub(super) orders: mpsc::Receiver<Ordered>,
    /// What has to be recorded.
    pub(super) unwritten: Option<Unwritten>,
    /// The thread that reads, compiles and frees tables.
    pub(super) jobs: Jobs,
    /// Keeps the history.
    pub(super) recorder: Recorder,
}

impl Worker {
    pub fn new(
        options: ReloadOptions,
        live: Arc<LiveTable>,
        status: watch::Sender<ReloadStatus>,
        orders: mpsc::Receiver<Ordered>,
        (jobs, recorder): (Jobs, Recorder),
    ) -> Self {
        Self {
            options,
            live,
            retired: Retired::default(),
            last_read: None,
            serving: None,
            last_table: None,
            snapshot: None,
            older: Vec::new(),
            rollback: None,
            rollback_reminder: Instant::now() + REMINDER,
            blocked: None,
            status,
            orders,
            unwritten: None,
            jobs,
            recorder,
        }
    }

    /// Sets other settings. After a change of the limits of the guard, the files are judged again.
    pub fn set(&mut self, new: NewSettings) {
        if self.options.guard != new.guard || self.options.limits != new.limits {
            self.last_read = None;
        }
        self.options.settings = new.engine;
        self.options.guard = new.guard;
        self.options.limits = new.limits;
        self.recorder.set_bounds(new.bounds);
    }

    /// Returns true if the last reading lacks a text. The next one may have it although no file changes.
    pub fn is_incomplete(&self) -> bool {
        self.last_read.as_ref().is_some_and(|last| last.incomplete)
    }

    /// Frees replaced tables on the other thread, since that takes time.
    pub(super) fn release(&mut self) {
        let unused = self.retired.release();
        if !unused.is_empty() {
            self.jobs.free(unused);
        }
    }

    /// Logs again why the files are not live.
    pub(super) fn remind(&mut self) {
        let serving = self.live.pin().number;
        if let Some(blocked) = &mut self.blocked {
            let command = accept_command(&self.options, &blocked.by);
            blocked.remind(serving, command.as_deref());
        } else if let Some(rollback) = &self.rollback {
            let end = self.options.accept.as_ref();
            let end = end.map(super::Accept::end_of_rollback);
            record::stays_rolled_back(rollback, serving, end.as_deref());
        }
        self.rollback_reminder = Instant::now() + REMINDER;
    }

    /// Reads the source, and compiles what is new.
    pub(super) async fn read(&mut self) -> Found {
        let options = self.options.clone();
        let live = Arc::clone(&self.live);
        let known = Known {
            last: self.last_read.clone(),
            live: self.serving.clone(),
            had_rules: self.last_table.as_ref().is_some_and(LastTable::had_rules),
            snapshot: self.snapshot.clone(),
        };
        let work = self
            .jobs
            .run(move || read_and_compile(&options, &live, known));
        match work.await {
            // It is read again.
            Ok((_, Found::NotTheSnapshot)) => Found::NotTheSnapshot,
            Ok((last_read, found)) => {
                self.last_read = Some(last_read);
                found
            }
            Err(error) => {
                self.last_read = None;
                Found::Errors(vec![failed(&self.options, &error.to_string())])
            }
        }
    }

    pub(super) fn publish(&self, outcome: ReloadOutcome, mode: Option<Mode>) {
        let since = self.blocked.as_ref().map(|blocked| blocked.since);
        self.status.send_modify(|status| {
            let now = SystemTime::now();
            if let ReloadOutcome::Live { .. } = outcome {
                status.changed = Some((now, outcome.clone()));
            }
            status.outcome = Some(outcome);
            status.at = Some(now);
            status.since = since;
            status.mode = mode.or(status.mode);
        });
    }

    /// Takes note of the device: all live rules were found there, even if it is another one than before.
    pub(super) fn same_on_another_device(&mut self) {
        let device = self.last_read.as_ref().and_then(|last| last.device);
        if let Some(LastTable::Table(counts)) = &mut self.last_table {
            counts.device = device;
        }
    }

    pub(super) fn refuse(&mut self, diagnostics: Vec<Diagnostic>, serving: u64) -> ReloadOutcome {
        record::table_refused(&diagnostics, serving, &self.options.redaction);
        self.status.send_modify(|status| status.refused += 1);
        self.block(BlockedBy::Errors(diagnostics.into()), serving)
    }

    pub(super) async fn hold(
        &mut self,
        table: Box<NewTable>,
        causes: Vec<guard::Cause>,
        serving: u64,
    ) -> ReloadOutcome {
        let differences = Arc::new(self.compare(&table).await);
        let causes: Arc<[guard::Cause]> = causes.into();
        let held = HeldTable {
            table,
            causes: Arc::clone(&causes),
            differences: Arc::clone(&differences),
        };
        let digest = held.digest();
        let by = BlockedBy::Guard(held);
        let command = accept_command(&self.options, &by);
        record::table_held(
            &record::HeldBack {
                causes: &causes,
                differences: &differences.first,
                total: (!differences.unknown).then_some((differences.total, differences.more)),
                digest: &digest,
                accept: command.as_deref(),
                serving,
            },
            &self.options.redaction,
        );
        self.status.send_modify(|status| status.held += 1);
        self.block(by, serving)
    }

    /// Compares a table with the live one, on the other thread.
    async fn compare(&self, new: &NewTable) -> HeldDifferences {
        let (live, table) = (self.live.pin(), Arc::clone(&new.table));
        let work = self.jobs.run(move || {
            let before = live.table.as_deref();
            before.map(|before| held::differences(before, &table))
        });
        let compared = work.await.ok().flatten();
        compared.unwrap_or_else(|| HeldDifferences {
            unknown: true,
            ..HeldDifferences::default()
        })
    }

    pub(super) fn block(&mut self, by: BlockedBy, serving: u64) -> ReloadOutcome {
        let blocked = Blocked::new(by, self.blocked.as_ref());
        let outcome = blocked.outcome(serving);
        self.blocked = Some(blocked);
        outcome
    }
}

/// Returns the command that accepts the held table.
fn accept_command(options: &ReloadOptions, by: &BlockedBy) -> Option<String> {
    match by {
        BlockedBy::Errors(_) => None,
        BlockedBy::Guard(held) => {
            let accept = options.accept.as_ref()?;
            Some(accept.words(&held.digest()))
        }
    }
}
