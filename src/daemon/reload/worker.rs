//! One reload after the other: what was found, and what is done about it.
//!
//! The blocking half ([`look`]) reads and compiles and changes nothing; the other half
//! ([`Worker::settle`]) swaps, logs and remembers. So a reload that breaks down leaves no trace.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`RELEASE`] | 1 s | between two looks at replaced tables that a message still holds |
//! | [`MARKED`] | 5 s | the state directory does not answer: the daemon goes on without it |

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::look::{Content, Found, Good, Known, Tried, failed, look};
use super::trouble::{Held, Trouble, What};
use super::{Acceptance, ReloadOptions, ReloadOutcome, ReloadStatus};
use crate::daemon::guard::{self, Before};
use crate::daemon::jobs::Jobs;
use crate::daemon::live::{LiveTable, Retired};
use crate::daemon::mark::{Mark, Recorded};
use crate::daemon::record;
use crate::daemon::watch::{Change, Mode, Watcher};
use crate::engine::{Diagnostic, Settings};

/// How often replaced tables are looked at whether they can be freed.
const RELEASE: Duration = Duration::from_secs(1);

/// Longest wait for the state directory.
const MARKED: Duration = Duration::from_secs(5);

pub(super) struct Worker {
    pub(super) options: ReloadOptions,
    live: Arc<LiveTable>,
    retired: Retired,
    /// What was read last.
    tried: Option<Tried>,
    /// What the live table was made of.
    serving: Option<Content>,
    /// What was live before the table that is judged next; `None` before the record was read.
    before: Option<Before>,
    trouble: Option<Trouble>,
    status: watch::Sender<ReloadStatus>,
    acceptances: mpsc::Receiver<Acceptance>,
    /// What is to be recorded.
    unwritten: Option<Mark>,
    /// Where files are read, tables compiled and freed.
    jobs: Jobs,
    /// Where the state directory is read and written, which may hang without holding up the rules;
    /// `None` where nothing is recorded.
    marking: Option<Jobs>,
}

impl Worker {
    pub fn new(
        options: ReloadOptions,
        live: Arc<LiveTable>,
        status: watch::Sender<ReloadStatus>,
        acceptances: mpsc::Receiver<Acceptance>,
        (jobs, marking): (Jobs, Option<Jobs>),
    ) -> Self {
        Self {
            options,
            live,
            retired: Retired::default(),
            tried: None,
            serving: None,
            before: None,
            trouble: None,
            status,
            acceptances,
            unwritten: None,
            jobs,
            marking,
        }
    }

    /// Waits for a change, and does meanwhile what has to be done now and then.
    pub async fn wait(&mut self, watcher: &mut Watcher) -> Change {
        let changed = watcher.changed();
        tokio::pin!(changed);
        loop {
            self.release();
            let holding = !self.retired.is_empty();
            let remind_at = self.trouble.as_ref().map(|trouble| trouble.remind_at);
            let reminder = sleep_until(remind_at.unwrap_or_else(Instant::now));
            tokio::select! {
                change = &mut changed => return change,
                Some(acceptance) = self.acceptances.recv() => self.accept(acceptance).await,
                () = sleep(RELEASE), if holding => {}
                () = reminder, if remind_at.is_some() => self.remind(),
            }
        }
    }

    /// Other settings. Another limit of the guard makes the files worth another look.
    pub fn set(&mut self, settings: Settings, max_shrink: u8) {
        if self.options.max_shrink != max_shrink {
            self.tried = None;
        }
        self.options.settings = settings;
        self.options.max_shrink = max_shrink;
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
        if let Some(trouble) = &mut self.trouble {
            let words = words(&self.options, &trouble.what);
            trouble.remind(serving, words.as_deref());
        }
    }

    /// Reads the directory and acts upon what is there. Who `asked` hears of it in the log also
    /// where nothing is new.
    pub async fn reload(&mut self, mode: Mode, asked: bool) -> ReloadOutcome {
        self.recall().await;
        let options = self.options.clone();
        let live = Arc::clone(&self.live);
        let known = Known {
            tried: self.tried.clone(),
            serving: self.serving.clone(),
            had_rules: self.before.as_ref().is_some_and(Before::had_rules),
        };
        let work = self.jobs.run(move || look(&options, &live, known));
        let found = match work.await {
            Ok((tried, found)) => {
                self.tried = Some(tried);
                found
            }
            Err(error) => {
                self.tried = None;
                Found::Refused(vec![failed(&self.options, &error.to_string())])
            }
        };
        let nothing_new = matches!(found, Found::Same | Found::AsLive(_));
        let outcome = self.settle(found);
        if asked && nothing_new {
            match outcome {
                ReloadOutcome::Unchanged { generation } => record::table_unchanged(generation),
                _ => self.remind(),
            }
        }
        self.publish(outcome.clone(), Some(mode));
        self.write_mark().await;
        outcome
    }

    fn publish(&self, outcome: ReloadOutcome, mode: Option<Mode>) {
        let since = self.trouble.as_ref().map(|trouble| trouble.since);
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
    fn settle(&mut self, found: Found) -> ReloadOutcome {
        let generation = self.live.pin().number;
        match found {
            Found::Same => match &self.trouble {
                Some(trouble) => trouble.outcome(generation),
                None => ReloadOutcome::Unchanged { generation },
            },
            Found::AsLive(warnings) => {
                record::table_warnings(&warnings, &self.options.redaction);
                self.same_on_another_device();
                if self.trouble.take().is_some() {
                    record::table_fixed(generation);
                }
                ReloadOutcome::Unchanged { generation }
            }
            Found::Refused(diagnostics) => self.refuse(diagnostics, generation),
            Found::Good(good) => {
                let nothing = Before::Nothing;
                let before = self.before.as_ref().unwrap_or(&nothing);
                let causes = guard::judge(before, &good.now, self.options.max_shrink);
                match causes.is_empty() {
                    true => self.go_live(*good),
                    false => self.hold(good, causes, generation),
                }
            }
        }
    }

    /// The rules that serve were found on another device, whole: that is where they are from now on.
    fn same_on_another_device(&mut self) {
        let device = self.tried.as_ref().and_then(|tried| tried.device);
        if let Some(Before::Table(extent)) = &mut self.before {
            extent.device = device;
        }
    }

    fn go_live(&mut self, good: Good) -> ReloadOutcome {
        let Good {
            table,
            changes,
            sources,
            took,
            warnings,
            skipped,
            content,
            now,
        } = good;
        let rules = table.len();
        self.trouble = None;
        self.unwritten = Some(Mark {
            digest: content.sources.to_string(),
            extent: now.extent.clone(),
        });
        self.serving = Some(content);
        self.before = Some(Before::Table(now.extent));
        self.retired.keep(self.live.replace(table));
        let generation = self.live.pin().number;
        record::table_warnings(&warnings, &self.options.redaction);
        record::table_skipped(&skipped);
        let (changed, redaction) = (changes.as_ref(), &self.options.redaction);
        record::table_live(generation, rules, changed, sources, took, redaction);
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

    fn refuse(&mut self, diagnostics: Vec<Diagnostic>, serving: u64) -> ReloadOutcome {
        record::table_refused(&diagnostics, serving, &self.options.redaction);
        self.status.send_modify(|status| status.refused += 1);
        self.troubled(What::Refused(diagnostics.into()), serving)
    }

    fn hold(&mut self, good: Box<Good>, causes: Vec<guard::Cause>, serving: u64) -> ReloadOutcome {
        let held = Held {
            good,
            causes: causes.into(),
        };
        let digest = held.digest();
        let what = What::Held(held);
        let words = words(&self.options, &what);
        if let What::Held(held) = &what {
            record::table_held(&held.causes, &digest, words.as_deref(), serving);
        }
        self.status.send_modify(|status| status.held += 1);
        self.troubled(what, serving)
    }

    fn troubled(&mut self, what: What, serving: u64) -> ReloadOutcome {
        let trouble = Trouble::new(what, self.trouble.as_ref());
        let outcome = trouble.outcome(serving);
        self.trouble = Some(trouble);
        outcome
    }

    /// Makes the table live that is held back, as it was looked at.
    async fn accept(&mut self, acceptance: Acceptance) {
        let Acceptance {
            digest,
            user,
            answer,
        } = acceptance;
        let answered = match self.trouble.take() {
            Some(Trouble {
                what: What::Held(held),
                ..
            }) if held.digest() == digest => {
                record::table_accepted(&digest, user);
                Ok(self.go_live(*held.good))
            }
            other => {
                let refused = Err(no_such_table(other.as_ref(), &digest));
                self.trouble = other;
                refused
            }
        };
        if let Ok(outcome) = &answered {
            self.publish(outcome.clone(), None);
            self.write_mark().await;
        }
        // Whoever asked may have left.
        let _ = answer.send(answered);
    }

    /// Reads, before the first table, what was live when the daemon before this one ended.
    async fn recall(&mut self) {
        if self.before.is_some() {
            return;
        }
        let (Some(marks), Some(marking)) = (self.options.marks.clone(), &self.marking) else {
            self.before = Some(Before::Nothing);
            return;
        };
        let place = marks.file();
        let read = marking.run(move || (marks.problem(), marks.read()));
        let (problem, recorded) = match timeout(MARKED, read).await {
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
            record::mark_damaged(&place, reason);
        }
        self.unmarked(problem);
        self.before = Some(recorded.before());
    }

    /// Records what is live now.
    async fn write_mark(&mut self) {
        let (Some(marks), Some(marking)) = (self.options.marks.clone(), &self.marking) else {
            return;
        };
        let Some(mark) = self.unwritten.take() else {
            return;
        };
        let written = timeout(MARKED, marking.run(move || marks.write(&mark))).await;
        self.unmarked(match written {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => Some(error.to_string()),
            _ => Some("the state directory does not answer".to_owned()),
        });
    }

    /// Says once why nothing can be recorded.
    fn unmarked(&self, problem: Option<String>) {
        if self.status.borrow().unmarked == problem {
            return;
        }
        if let (Some(problem), Some(marks)) = (&problem, &self.options.marks) {
            record::mark_missing(marks.directory(), problem);
        }
        self.status.send_modify(|status| status.unmarked = problem);
    }
}

/// What has to be typed to accept a table that is held back.
fn words(options: &ReloadOptions, what: &What) -> Option<String> {
    match what {
        What::Refused(_) => None,
        What::Held(held) => {
            let accept = options.accept.as_ref()?;
            Some(accept.words(&held.digest()))
        }
    }
}

/// Why there is nothing to accept.
fn no_such_table(trouble: Option<&Trouble>, digest: &str) -> String {
    match trouble.map(|trouble| &trouble.what) {
        None => "no table is held back: the files are what serves".to_owned(),
        Some(What::Refused(_)) => {
            "no table is held back: the files hold errors, and those cannot be accepted".to_owned()
        }
        Some(What::Held(held)) => format!(
            "the table that is held back is {}, not {digest}: look at it with `readdress status`",
            held.digest()
        ),
    }
}
