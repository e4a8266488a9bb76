//! Does one reload after the other, and acts upon what was found.
//!
//! `go_live` swaps the tables, `start` serves what was live before the daemon started, and `orders` does what somebody asks for.
//!
//! The blocking half ([`read_and_compile`]) changes nothing. The other half ([`Worker::act`]) swaps the
//! tables, logs and remembers. So a reload that panics leaves no trace.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`RELEASE`] | 1 s | the wait between two attempts to free tables that a message still uses |

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::blocked::{Blocked, BlockedBy, HeldTable};
use super::compile::{Content, Found, Known, LastRead, NewTable, failed, read_and_compile};
use super::go_live::Unwritten;
use super::options::{NewSettings, ReloadOptions};
use super::outcome::{Asker, Ordered, ReloadOutcome, ReloadStatus};
use super::recorder::Recorder;
use crate::daemon::guard::{self, LastTable};
use crate::daemon::history::{Entry, Rollback};
use crate::daemon::jobs::Jobs;
use crate::daemon::record;
use crate::daemon::state::live::{LiveTable, Retired};
use crate::daemon::watch::{Change, Mode, Watcher};
use crate::engine::Diagnostic;

/// The wait between two attempts to free replaced tables.
const RELEASE: Duration = Duration::from_secs(1);

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
    /// Why the files are not live; `None` if they are.
    pub(super) blocked: Option<Blocked>,
    pub(super) status: watch::Sender<ReloadStatus>,
    orders: mpsc::Receiver<Ordered>,
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
            blocked: None,
            status,
            orders,
            unwritten: None,
            jobs,
            recorder,
        }
    }

    /// Waits for a change. Meanwhile frees tables, logs reminders and lets tables be accepted.
    pub async fn wait(&mut self, watcher: &mut Watcher) -> Change {
        let changed = watcher.changed();
        tokio::pin!(changed);
        loop {
            self.release();
            let holding = !self.retired.is_empty();
            let remind_at = self.blocked.as_ref().map(|blocked| blocked.remind_at);
            let reminder = sleep_until(remind_at.unwrap_or_else(Instant::now));
            tokio::select! {
                change = &mut changed => return change,
                Some(ordered) = self.orders.recv() => self.order(ordered).await,
                () = sleep(RELEASE), if holding => {}
                () = reminder, if remind_at.is_some() => self.remind(),
            }
        }
    }

    /// Sets other settings. After a change of the limit of the guard, the files are judged again.
    pub fn set(&mut self, new: NewSettings) {
        if self.options.max_shrink != new.max_shrink {
            self.last_read = None;
        }
        self.options.settings = new.engine;
        self.options.max_shrink = new.max_shrink;
        self.recorder.set_bounds(new.bounds);
    }

    /// Returns true if the last reading lacks a text. The next one may have it although no file changes.
    pub fn is_incomplete(&self) -> bool {
        self.last_read.as_ref().is_some_and(|last| last.incomplete)
    }

    /// Frees replaced tables on the other thread, since that takes time.
    fn release(&mut self) {
        let unused = self.retired.release();
        if !unused.is_empty() {
            self.jobs.free(unused);
        }
    }

    fn remind(&mut self) {
        let serving = self.live.pin().number;
        if let Some(blocked) = &mut self.blocked {
            let command = accept_command(&self.options, &blocked.by);
            blocked.remind(serving, command.as_deref());
        }
    }

    /// Reads the source and acts upon what is there. If somebody asked, `asker` is who, and the log says so even
    /// if nothing is new.
    pub async fn reload(&mut self, mode: Mode, asked: bool, asker: Option<Asker>) -> ReloadOutcome {
        self.begin().await;
        let outcome = match self.rollback.clone() {
            Some(rollback) => self.stays_rolled_back(rollback, asked),
            None => self.reload_files(asked, asker).await,
        };
        self.publish(outcome.clone(), Some(mode));
        self.write().await;
        outcome
    }

    async fn reload_files(&mut self, asked: bool, asker: Option<Asker>) -> ReloadOutcome {
        let mut found = self.read().await;
        if matches!(found, Found::NotTheSnapshot) {
            self.serve_snapshot().await;
            found = self.read().await;
        }
        let nothing_new = matches!(found, Found::Unchanged | Found::AlreadyLive(_));
        let outcome = self.act(found, asker);
        let status = self.status.borrow().clone();
        if let (None, Some(generation), Some(_)) = (status.at, status.snapshot, &self.blocked) {
            record::snapshot_serves(generation);
        }
        if asked && nothing_new {
            match outcome {
                ReloadOutcome::Unchanged { generation } => record::table_unchanged(generation),
                _ => self.remind(),
            }
        }
        outcome
    }

    /// Reads the source, and compiles what is new.
    async fn read(&mut self) -> Found {
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

    /// Acts upon what was found.
    fn act(&mut self, found: Found, asker: Option<Asker>) -> ReloadOutcome {
        let generation = self.live.pin().number;
        match found {
            Found::Unchanged => match &self.blocked {
                Some(blocked) => blocked.outcome(generation),
                None => ReloadOutcome::Unchanged { generation },
            },
            Found::AlreadyLive(warnings) => {
                record::table_warnings(&warnings, &self.options.redaction);
                self.same_on_another_device();
                if self.blocked.take().is_some() {
                    record::table_fixed(generation);
                }
                ReloadOutcome::Unchanged { generation }
            }
            // With a snapshot this is asked again; without one it does not happen.
            Found::NotTheSnapshot => self.refuse(Vec::new(), generation),
            Found::Errors(diagnostics) => self.refuse(diagnostics, generation),
            Found::NewTable(table) => {
                let nothing = LastTable::Nothing;
                let last = self.last_table.as_ref().unwrap_or(&nothing);
                let causes = guard::causes(last, &table.proposal, self.options.max_shrink);
                match causes.is_empty() {
                    true => {
                        let made = self.made_by_files(&table, asker);
                        self.go_live(*table, made)
                    }
                    false => self.hold(table, causes, generation),
                }
            }
        }
    }

    /// Takes note of the device: all live rules were found there, even if it is another one than before.
    fn same_on_another_device(&mut self) {
        let device = self.last_read.as_ref().and_then(|last| last.device);
        if let Some(LastTable::Table(counts)) = &mut self.last_table {
            counts.device = device;
        }
    }

    fn refuse(&mut self, diagnostics: Vec<Diagnostic>, serving: u64) -> ReloadOutcome {
        record::table_refused(&diagnostics, serving, &self.options.redaction);
        self.status.send_modify(|status| status.refused += 1);
        self.block(BlockedBy::Errors(diagnostics.into()), serving)
    }

    fn hold(
        &mut self,
        table: Box<NewTable>,
        causes: Vec<guard::Cause>,
        serving: u64,
    ) -> ReloadOutcome {
        let causes = causes.into();
        let held = HeldTable { table, causes };
        let digest = held.digest();
        let causes = Arc::clone(&held.causes);
        let by = BlockedBy::Guard(held);
        let command = accept_command(&self.options, &by);
        record::table_held(&causes, &digest, command.as_deref(), serving);
        self.status.send_modify(|status| status.held += 1);
        self.block(by, serving)
    }

    fn block(&mut self, by: BlockedBy, serving: u64) -> ReloadOutcome {
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
