//! Makes changed rules live, or reports why they are not.
//!
//! changed → read all → compile → guard → swap, or keep the old table. The result is a [`ReloadOutcome`]: it
//! is logged once, kept for `readdress status`, and returned to whoever asked. Where the rules come from is
//! the business of a [`RuleSource`].
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | reloads at a time | 1 running, 1 pending | further requests join the pending one |
//! | `REQUESTS` | 64 waiting for their outcome | the next one waits until there is room |
//!
//! # Invariants
//!
//! - A table goes live only if every text was read, no finding is an error, and the guard finds no cause to
//!   hold it back or somebody accepted that very table.
//! - The same content with the same settings is compiled once, however often its files are touched.
//! - No reload ends the daemon. If the compiler panics, the table is refused; if there is not enough memory
//!   for compiling, nothing is compiled.

mod blocked;
mod compile;
mod estimate;
mod worker;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot, watch};

use super::guard::Cause;
use super::health::Health;
use super::jobs::Jobs;
use super::last_live::LastLiveRecord;
use super::live::LiveTable;
use super::record::Redaction;
use super::source::{Limits, Manifest, RuleSource, RulesDirectory};
use super::watch::{Mode, Waker, WatchSettings, Watched, Watcher};
use crate::config::{Config, socket::Socket};
use crate::engine::{self, Changes, Compiled, Diagnostic, Settings, SourceText, store::Reuse};
use worker::Worker;

/// Requests that may wait for their outcome.
const REQUESTS: usize = 64;

/// Turns texts into a table: [`engine::compile_reusing`], or what a test puts in its place.
pub type Compile = Arc<dyn Fn(&[SourceText], &Settings, &Reuse<'_>) -> Compiled + Send + Sync>;

/// The result of one reload.
#[derive(Clone, Debug)]
pub enum ReloadOutcome {
    /// The files hold what is live already.
    Unchanged {
        /// The live generation.
        generation: u64,
    },
    /// A new table is live.
    Live {
        /// Its number.
        generation: u64,
        /// How many rules it has.
        rules: usize,
        /// How many files its rules came from.
        sources: usize,
        /// The difference to the table before it; nothing for the first one.
        changes: Arc<Changes>,
        /// The time from opening the first file until the table was ready.
        took: Duration,
        /// Findings that did not keep it from going live.
        warnings: Arc<[Diagnostic]>,
    },
    /// The files hold errors.
    Refused {
        /// All findings, warnings among them.
        diagnostics: Arc<[Diagnostic]>,
        /// The generation that stays live; 0 is none.
        serving: u64,
    },
    /// The guard holds the new table back.
    Held {
        /// The digest of its texts, which is typed to accept it.
        digest: String,
        /// Why it is held back.
        causes: Arc<[Cause]>,
        /// How many rules it has.
        rules: usize,
        /// How many files its rules came from.
        sources: usize,
        /// The generation that stays live; 0 is none.
        serving: u64,
    },
}

impl ReloadOutcome {
    /// Returns true if the files are not live.
    pub fn is_trouble(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Held { .. })
    }
}

/// The last reload, for `readdress status` and the metrics.
#[derive(Clone, Debug, Default)]
pub struct ReloadStatus {
    /// Its result; `None` before the first.
    pub outcome: Option<ReloadOutcome>,
    /// When it was.
    pub at: Option<SystemTime>,
    /// When the last table went live, and which one.
    pub changed: Option<(SystemTime, ReloadOutcome)>,
    /// Since when the files are not live; `None` if they are.
    pub since: Option<SystemTime>,
    /// The texts of the live table, whose full bytes the source can give.
    pub texts: Arc<Manifest>,
    /// The directory that records what was live last; `None` if that is not recorded.
    pub state: Option<PathBuf>,
    /// Why nothing can be recorded there. A start without rules would look like a first start.
    pub not_recorded: Option<String>,
    /// How many tables went live.
    pub live: u64,
    /// How many contents were refused; the same content counts once.
    pub refused: u64,
    /// How many tables were held back.
    pub held: u64,
    /// How changes are found.
    pub mode: Option<Mode>,
}

/// What a [`Reloader`] works with.
#[derive(Clone)]
pub struct ReloadOptions {
    /// Where the rules come from.
    pub source: Arc<dyn RuleSource>,
    /// How long the watcher waits.
    pub watch: WatchSettings,
    /// The settings that the meaning of rules depends on.
    pub settings: Settings,
    /// The compiler.
    pub compile: Compile,
    /// The share of the rules that may be removed at once, in percent.
    pub max_shrink: u8,
    /// Records what was live last; `None` if that is not wanted.
    pub last_live: Option<LastLiveRecord>,
    /// The command that accepts a table, without its digest; `None` if there is no control socket.
    pub accept: Option<Accept>,
    /// Whether the log shows rules.
    pub redaction: Redaction,
    /// The list of problems.
    pub health: Health,
}

impl ReloadOptions {
    /// The defaults for a rules directory.
    pub fn new(directory: &Path, settings: Settings) -> Self {
        let source = RulesDirectory::new(directory, Limits::default());
        Self::with_source(Arc::new(source), settings)
    }

    /// The defaults for any source.
    pub fn with_source(source: Arc<dyn RuleSource>, settings: Settings) -> Self {
        Self {
            source,
            watch: WatchSettings::default(),
            settings,
            compile: Arc::new(engine::compile_reusing),
            max_shrink: crate::config::Reload::default().max_shrink,
            last_live: None,
            accept: Some(Accept::default()),
            redaction: Redaction::default(),
            health: Health::default(),
        }
    }
}

impl From<&Config> for ReloadOptions {
    fn from(config: &Config) -> Self {
        let options = Self {
            watch: WatchSettings::from(&config.reload),
            max_shrink: config.reload.max_shrink,
            ..Self::new(&config.rules, config.settings.clone())
        };
        options.redaction.set(config.addresses);
        options
    }
}

/// The command that accepts a table. It names the control socket if that is not the default one.
#[derive(Clone, Debug, Default)]
pub struct Accept {
    socket: Option<String>,
}

impl Accept {
    /// For a daemon with this control socket. Its path is made absolute, since the command is typed anywhere.
    pub fn on(socket: &Socket) -> Self {
        let socket = match std::path::absolute(".") {
            Ok(here) => socket.against(&here),
            Err(_) => socket.clone(),
        };
        let default = socket == Config::default().control;
        Self {
            socket: (!default).then(|| socket.to_string()),
        }
    }

    /// Returns the command to type.
    pub fn words(&self, digest: &str) -> String {
        match &self.socket {
            None => format!("readdress accept {digest}"),
            Some(socket) => format!("readdress accept {digest} --socket {socket}"),
        }
    }
}

/// New settings, from the configuration file.
#[derive(Clone, Debug)]
pub struct NewSettings {
    /// The settings that the meaning of rules depends on.
    pub engine: Settings,
    /// How long the watcher waits from now on.
    pub watch: WatchSettings,
    /// The share of the rules that may be removed at once, in percent.
    pub max_shrink: u8,
}

/// Somebody accepts the table with this digest.
struct Acceptance {
    digest: String,
    user: Option<u32>,
    answer: oneshot::Sender<Result<ReloadOutcome, String>>,
}

struct Request {
    settings: Option<NewSettings>,
    answer: oneshot::Sender<ReloadOutcome>,
}

/// Sends requests to a [`Reloader`].
#[derive(Clone, Debug)]
pub struct ReloadHandle {
    requests: mpsc::Sender<Request>,
    acceptances: mpsc::Sender<Acceptance>,
    waker: Waker,
    status: watch::Receiver<ReloadStatus>,
}

impl ReloadHandle {
    /// Asks for a reload and does not wait for it (SIGHUP).
    pub fn wake(&self) {
        self.waker.wake();
    }

    /// Asks for a reload and returns its outcome; `None` if the reloader has ended.
    pub async fn reload(&self) -> Option<ReloadOutcome> {
        self.request(None).await
    }

    /// Asks for a reload with new settings, which stay even if the table is refused.
    pub async fn reload_with(&self, settings: NewSettings) -> Option<ReloadOutcome> {
        self.request(Some(settings)).await
    }

    /// Makes the held table live, if it has this digest. The log names `user`, who asked.
    ///
    /// Returns nothing if the reloader has ended, and a sentence if there is no such table.
    pub async fn accept(
        &self,
        digest: String,
        user: Option<u32>,
    ) -> Option<Result<ReloadOutcome, String>> {
        let (answer, outcome) = oneshot::channel();
        let acceptance = Acceptance {
            digest,
            user,
            answer,
        };
        self.acceptances.send(acceptance).await.ok()?;
        outcome.await.ok()
    }

    /// Returns the last outcome.
    pub fn status(&self) -> ReloadStatus {
        self.status.borrow().clone()
    }

    /// Returns all outcomes from now on.
    pub fn subscribe(&self) -> watch::Receiver<ReloadStatus> {
        self.status.clone()
    }

    async fn request(&self, settings: Option<NewSettings>) -> Option<ReloadOutcome> {
        let (answer, outcome) = oneshot::channel();
        let request = Request { settings, answer };
        self.requests.send(request).await.ok()?;
        // After sending the request, so that the reload that this starts finds it.
        self.waker.wake();
        outcome.await.ok()
    }
}

/// Replaces the table of a [`LiveTable`]. Nobody else does.
pub struct Reloader {
    worker: Worker,
    watcher: Watcher,
    requests: mpsc::Receiver<Request>,
}

impl Reloader {
    /// Starts the threads that will read and compile, and record what is live. Reads nothing yet.
    pub fn new(options: ReloadOptions, live: Arc<LiveTable>) -> io::Result<(Self, ReloadHandle)> {
        let jobs = Jobs::start("rules", options.health.clone())?;
        let recording = match options.last_live {
            Some(_) => Some(Jobs::start("state", options.health.clone())?),
            None => None,
        };
        let watched: Arc<dyn Watched> = options.source.clone();
        let watcher = Watcher::new(watched, options.watch, jobs.clone());
        let (sender, requests) = mpsc::channel(REQUESTS);
        let (acceptances, accepted) = mpsc::channel(REQUESTS);
        let (status, receiver) = watch::channel(ReloadStatus {
            state: options
                .last_live
                .as_ref()
                .map(|record| record.directory().to_owned()),
            ..ReloadStatus::default()
        });
        let handle = ReloadHandle {
            requests: sender,
            acceptances,
            waker: watcher.waker(),
            status: receiver,
        };
        let worker = Worker::new(options, live, status, accepted, (jobs, recording));
        let reloader = Self {
            worker,
            watcher,
            requests,
        };
        Ok((reloader, handle))
    }

    /// Watches the source from now on, and reads it at once: the first table, before any session.
    pub async fn load(&mut self) -> ReloadOutcome {
        self.watcher.begin().await;
        self.reload(false).await
    }

    async fn reload(&mut self, asked: bool) -> ReloadOutcome {
        let mode = self.watcher.mode();
        let outcome = self.worker.reload(mode, asked).await;
        if self.worker.is_incomplete() {
            self.watcher.report_again();
        }
        outcome
    }

    /// Reloads after every change until the future is dropped. May be called again after a panic.
    pub async fn run(&mut self) {
        loop {
            let change = self.worker.wait(&mut self.watcher).await;
            let mut waiting = Vec::new();
            while let Ok(request) = self.requests.try_recv() {
                if let Some(settings) = request.settings {
                    self.watcher.set_settings(settings.watch);
                    self.worker.set(settings.engine, settings.max_shrink);
                }
                waiting.push(request.answer);
            }
            let outcome = self.reload(change.asked).await;
            for answer in waiting {
                // An error is fine: whoever asked may have left.
                let _ = answer.send(outcome.clone());
            }
        }
    }
}
