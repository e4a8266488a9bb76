//! Does one reload after the other, and acts upon what was found.
//!
//! The blocking half ([`read_and_compile`]) changes nothing. The other half ([`Worker::act`]) swaps the
//! tables, logs and remembers. So a reload that panics leaves no trace.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`RELEASE`] | 1 s | the wait between two attempts to free tables that a message still uses |
//! | [`RECORDING`] | 5 s | the state directory does not answer: the daemon continues without it |

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::blocked::{Blocked, BlockedBy, HeldTable};
use super::compile::{Content, Found, Known, LastRead, NewTable, failed, read_and_compile};
use super::options::ReloadOptions;
use super::outcome::{Acceptance, ReloadOutcome, ReloadStatus};
use crate::daemon::guard::{self, LastTable};
use crate::daemon::jobs::Jobs;
use crate::daemon::last_live::{LastLive, Recorded};
use crate::daemon::record;
use crate::daemon::state::live::{LiveTable, Retired};
use crate::daemon::watch::{Change, Mode, Watcher};
use crate::engine::{Diagnostic, Settings};

/// The wait between two attempts to free replaced tables.
const RELEASE: Duration = Duration::from_secs(1);

/// Longest wait for the state directory.
const RECORDING: Duration = Duration::from_secs(5);

pub(super) struct Worker {
    pub(super) options: ReloadOptions,
    live: Arc<LiveTable>,
    retired: Retired,
    /// What was read last.
    last_read: Option<LastRead>,
    /// What the live table was made from.
    serving: Option<Content>,
    /// What the guard compares the next table with; `None` before the record was read.
    last_table: Option<LastTable>,
    /// Why the files are not live; `None` if they are.
    blocked: Option<Blocked>,
    status: watch::Sender<ReloadStatus>,
    acceptances: mpsc::Receiver<Acceptance>,
    /// What has to be recorded.
    unwritten: Option<LastLive>,
    /// The thread that reads, compiles and frees tables.
    jobs: Jobs,
    /// The thread that reads and writes the state directory, so that rules need not wait for a state
    /// directory that hangs; `None` if nothing is recorded.
    recording: Option<Jobs>,
}

impl Worker {
    pub fn new(
        options: ReloadOptions,
        live: Arc<LiveTable>,
        status: watch::Sender<ReloadStatus>,
        acceptances: mpsc::Receiver<Acceptance>,
        (jobs, recording): (Jobs, Option<Jobs>),
    ) -> Self {
        Self {
            options,
            live,
            retired: Retired::default(),
            last_read: None,
            serving: None,
            last_table: None,
            blocked: None,
            status,
            acceptances,
            unwritten: None,
            jobs,
            recording,
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
                Some(acceptance) = self.acceptances.recv() => self.accept(acceptance).await,
                () = sleep(RELEASE), if holding => {}
                () = reminder, if remind_at.is_some() => self.remind(),
            }
        }
    }

    /// Sets other settings. After a change of the limit of the guard, the files are judged again.
    pub fn set(&mut self, settings: Settings, max_shrink: u8) {
        if self.options.max_shrink != max_shrink {
            self.last_read = None;
        }
        self.options.settings = settings;
        self.options.max_shrink = max_shrink;
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

    /// Reads the source and acts upon what is there. If somebody `asked`, the log says so even if nothing is
    /// new.
    pub async fn reload(&mut self, mode: Mode, asked: bool) -> ReloadOutcome {
        self.read_record().await;
        let options = self.options.clone();
        let live = Arc::clone(&self.live);
        let known = Known {
            last: self.last_read.clone(),
            live: self.serving.clone(),
            had_rules: self.last_table.as_ref().is_some_and(LastTable::had_rules),
        };
        let work = self
            .jobs
            .run(move || read_and_compile(&options, &live, known));
        let found = match work.await {
            Ok((last_read, found)) => {
                self.last_read = Some(last_read);
                found
            }
            Err(error) => {
                self.last_read = None;
                Found::Errors(vec![failed(&self.options, &error.to_string())])
            }
        };
        let nothing_new = matches!(found, Found::Unchanged | Found::AlreadyLive(_));
        let outcome = self.act(found);
        if asked && nothing_new {
            match outcome {
                ReloadOutcome::Unchanged { generation } => record::table_unchanged(generation),
                _ => self.remind(),
            }
        }
        self.publish(outcome.clone(), Some(mode));
        self.write_record().await;
        outcome
    }

    fn publish(&self, outcome: ReloadOutcome, mode: Option<Mode>) {
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
    fn act(&mut self, found: Found) -> ReloadOutcome {
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
            Found::Errors(diagnostics) => self.refuse(diagnostics, generation),
            Found::NewTable(table) => {
                let nothing = LastTable::Nothing;
                let last = self.last_table.as_ref().unwrap_or(&nothing);
                let causes = guard::causes(last, &table.proposal, self.options.max_shrink);
                match causes.is_empty() {
                    true => self.go_live(*table),
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

    fn go_live(&mut self, new: NewTable) -> ReloadOutcome {
        let NewTable {
            table,
            changes,
            sources,
            took,
            warnings,
            skipped,
            content,
            proposal,
        } = new;
        let rules = table.len();
        self.blocked = None;
        self.unwritten = Some(LastLive {
            digest: content.manifest.digest(),
            counts: proposal.counts.clone(),
        });
        let texts = Arc::clone(&content.manifest);
        self.serving = Some(content);
        self.last_table = Some(LastTable::Table(proposal.counts));
        self.retired.keep(self.live.replace(table));
        let generation = self.live.pin().number;
        record::table_warnings(&warnings, &self.options.redaction);
        record::table_skipped(&skipped);
        let (changed, redaction) = (changes.as_ref(), &self.options.redaction);
        record::table_live(generation, rules, changed, sources, took, redaction);
        self.status.send_modify(|status| {
            status.live += 1;
            status.texts = texts;
        });
        ReloadOutcome::Live {
            generation,
            rules,
            sources,
            changes: Arc::new(changes.unwrap_or_default()),
            took,
            warnings: warnings.into(),
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

    /// Makes the held table live, if it is the one that was looked at.
    async fn accept(&mut self, acceptance: Acceptance) {
        let Acceptance {
            digest,
            user,
            answer,
        } = acceptance;
        let answered = match self.blocked.take() {
            Some(Blocked {
                by: BlockedBy::Guard(held),
                ..
            }) if held.digest() == digest => {
                record::table_accepted(&digest, user);
                Ok(self.go_live(*held.table))
            }
            other => {
                let refused = Err(no_such_table(other.as_ref(), &digest));
                self.blocked = other;
                refused
            }
        };
        if let Ok(outcome) = &answered {
            self.publish(outcome.clone(), None);
            self.write_record().await;
        }
        // An error is fine: whoever asked may have left.
        let _ = answer.send(answered);
    }

    /// Before the first table: reads which table was live when the previous daemon ended.
    async fn read_record(&mut self) {
        if self.last_table.is_some() {
            return;
        }
        let (Some(file), Some(recording)) = (self.options.last_live.clone(), &self.recording)
        else {
            self.last_table = Some(LastTable::Nothing);
            return;
        };
        let place = file.file();
        let read = recording.run(move || (file.problem(), file.read()));
        let (problem, recorded) = match timeout(RECORDING, read).await {
            Ok(Ok(read)) => read,
            _ => {
                let reason = "the state directory does not answer";
                (
                    Some(reason.to_owned()),
                    Recorded::Damaged(reason.to_owned()),
                )
            }
        };
        if let Recorded::Damaged(reason) = &recorded {
            record::last_live_damaged(&place, reason);
        }
        self.set_not_recorded(problem);
        self.last_table = Some(recorded.last_table());
    }

    /// Records the live table.
    async fn write_record(&mut self) {
        let (Some(file), Some(recording)) = (self.options.last_live.clone(), &self.recording)
        else {
            return;
        };
        let Some(last_live) = self.unwritten.take() else {
            return;
        };
        let written = timeout(RECORDING, recording.run(move || file.write(&last_live))).await;
        self.set_not_recorded(match written {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => Some(error.to_string()),
            _ => Some("the state directory does not answer".to_owned()),
        });
    }

    /// Logs once why the live table cannot be recorded.
    fn set_not_recorded(&self, problem: Option<String>) {
        if self.status.borrow().not_recorded == problem {
            return;
        }
        if let (Some(problem), Some(file)) = (&problem, &self.options.last_live) {
            record::last_live_not_recorded(file.directory(), problem);
        }
        self.status
            .send_modify(|status| status.not_recorded = problem);
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

/// Returns why there is nothing to accept.
fn no_such_table(blocked: Option<&Blocked>, digest: &str) -> String {
    match blocked.map(|blocked| &blocked.by) {
        None => "no table is held back: the live table was made from the files".to_owned(),
        Some(BlockedBy::Errors(_)) => {
            "no table is held back: the files have errors, and a table with errors cannot be accepted".to_owned()
        }
        Some(BlockedBy::Guard(held)) => format!(
            "the table that is held back has the digest {}, not {digest}: look at it with `readdress status`",
            held.digest()
        ),
    }
}
