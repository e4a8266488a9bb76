//! From a saved file to a live table, or to the reason why not.
//!
//! changed → read all → compile → guard → swap, or keep the old table and say so. What happened is a value,
//! [`ReloadOutcome`]: it is logged once, kept for `readdress status`, and given to whoever asked.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | reloads at a time | 1 running, 1 pending | further requests are joined to the pending one |
//! | `REQUESTS` | 64 waiting for their outcome | the next one waits to be accepted |
//!
//! # Invariants
//!
//! - A table goes live only if every file was read, no finding is an error, and the guard finds no cause to
//!   hold it back or somebody accepted that very table.
//! - The same content with the same settings is compiled once, however often it is touched.
//! - No reload ends the daemon: a compiler that panics is a refused table, and where the memory for
//!   compiling is not there, nothing is compiled.

mod estimate;
mod look;
mod trouble;
mod worker;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot, watch};

use super::guard::Cause;
use super::health::Health;
use super::jobs::Jobs;
use super::live::LiveTable;
use super::mark::Marks;
use super::record::Redaction;
use super::source::Limits;
use super::watch::{Mode, Target, Waker, WatchSettings, Watcher};
use crate::config::{Config, socket::Socket};
use crate::engine::{self, Before, Changes, Compiled, Diagnostic, Settings, SourceText};
use worker::Worker;

/// Requests that wait for their outcome.
const REQUESTS: usize = 64;

/// Turns the files into a table, after another: [`engine::compile_after`], or what a test puts in its place.
pub type Compile = Arc<dyn Fn(&[SourceText], &Settings, Before<'_>) -> Compiled + Send + Sync>;

/// What came of one reload.
#[derive(Clone, Debug)]
pub enum ReloadOutcome {
    /// The files hold what serves already.
    Unchanged {
        /// The generation that serves.
        generation: u64,
    },
    /// A new table serves.
    Live {
        /// Its number.
        generation: u64,
        /// How many rules it has.
        rules: usize,
        /// How many files they came from.
        sources: usize,
        /// What is different from the table before it; nothing for the first one.
        changes: Arc<Changes>,
        /// From the first file opened to the table ready to serve.
        took: Duration,
        /// Findings that did not keep it from serving.
        warnings: Arc<[Diagnostic]>,
    },
    /// The files hold errors.
    Refused {
        /// All findings, warnings among them.
        diagnostics: Arc<[Diagnostic]>,
        /// The generation that serves on; 0 is none.
        serving: u64,
    },
    /// The guard holds the new table back.
    Held {
        /// The digest of its texts: who accepts it names it.
        digest: String,
        /// Why it is held back.
        causes: Arc<[Cause]>,
        /// How many rules it has.
        rules: usize,
        /// How many files they came from.
        sources: usize,
        /// The generation that serves on; 0 is none.
        serving: u64,
    },
}

impl ReloadOutcome {
    /// Returns true if the files are not what serves.
    pub fn is_trouble(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Held { .. })
    }
}

/// The last reload, for `readdress status` and the metrics.
#[derive(Clone, Debug, Default)]
pub struct ReloadStatus {
    /// What came of it; `None` before the first.
    pub outcome: Option<ReloadOutcome>,
    /// When that was.
    pub at: Option<SystemTime>,
    /// The last table that went live, and when that was.
    pub changed: Option<(SystemTime, ReloadOutcome)>,
    /// Since when the files are not what serves; `None` where they are.
    pub since: Option<SystemTime>,
    /// Where it is recorded what was live last; `None` where it is not.
    pub state: Option<PathBuf>,
    /// Why a start without rules could not be told from a first start; `None` where it could.
    pub unmarked: Option<String>,
    /// How many tables went live.
    pub live: u64,
    /// How many readings were refused; the same content is counted once.
    pub refused: u64,
    /// How many tables were held back.
    pub held: u64,
    /// Whether notifications arrive.
    pub mode: Option<Mode>,
}

/// What a [`Reloader`] works on.
#[derive(Clone)]
pub struct ReloadOptions {
    /// The rules directory.
    pub directory: PathBuf,
    /// How much of a file is accepted.
    pub limits: Limits,
    /// How patient the watcher is.
    pub watch: WatchSettings,
    /// What the rules' meaning depends on besides them.
    pub settings: Settings,
    /// The compiler.
    pub compile: Compile,
    /// The share of the rules that may go at once, in percent.
    pub max_shrink: u8,
    /// Where it is recorded what was live last; `None` where nobody wants that.
    pub marks: Option<Marks>,
    /// The command that accepts a table, but for its digest; `None` without a control socket.
    pub accept: Option<Accept>,
    /// Whether the log keeps rules to itself.
    pub redaction: Redaction,
    /// Where problems with reading are told.
    pub health: Health,
}

impl ReloadOptions {
    /// The defaults for `directory`.
    pub fn new(directory: &Path, settings: Settings) -> Self {
        Self {
            directory: directory.to_owned(),
            limits: Limits::default(),
            watch: WatchSettings::default(),
            settings,
            compile: Arc::new(engine::compile_after),
            max_shrink: crate::config::Reload::default().max_shrink,
            marks: None,
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

/// How a table is accepted: what is typed, with the socket where it is not the default one.
#[derive(Clone, Debug, Default)]
pub struct Accept {
    socket: Option<String>,
}

impl Accept {
    /// For a daemon with this control socket. Its path is made absolute: the words are typed anywhere.
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

    /// The words to type.
    pub fn words(&self, digest: &str) -> String {
        match &self.socket {
            None => format!("readdress accept {digest}"),
            Some(socket) => format!("readdress accept {digest} --socket {socket}"),
        }
    }
}

/// Other settings, from the configuration file.
#[derive(Clone, Debug)]
pub struct NewSettings {
    /// What the rules' meaning depends on besides them.
    pub engine: Settings,
    /// How patient the watcher is from now on.
    pub watch: WatchSettings,
    /// The share of the rules that may go at once, in percent.
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

/// Asks a [`Reloader`], from anywhere.
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

    /// Asks for a reload and waits for what comes of it; `None` if the reloader has ended.
    pub async fn reload(&self) -> Option<ReloadOutcome> {
        self.request(None).await
    }

    /// [`ReloadHandle::reload`] with other settings, which stay even if the table is refused.
    pub async fn reload_with(&self, settings: NewSettings) -> Option<ReloadOutcome> {
        self.request(Some(settings)).await
    }

    /// Makes the table live that is held back, if it has this digest; `user` is who asks, for the log.
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

    /// The last outcome.
    pub fn status(&self) -> ReloadStatus {
        self.status.borrow().clone()
    }

    /// Outcomes as they come.
    pub fn subscribe(&self) -> watch::Receiver<ReloadStatus> {
        self.status.clone()
    }

    async fn request(&self, settings: Option<NewSettings>) -> Option<ReloadOutcome> {
        let (answer, outcome) = oneshot::channel();
        let request = Request { settings, answer };
        self.requests.send(request).await.ok()?;
        // After the request, so that the reload which this starts finds it.
        self.waker.wake();
        outcome.await.ok()
    }
}

/// The one writer of a [`LiveTable`].
pub struct Reloader {
    worker: Worker,
    watcher: Watcher,
    requests: mpsc::Receiver<Request>,
}

impl Reloader {
    /// Starts the threads that will read and compile, and record what is live; nothing is read yet.
    pub fn new(options: ReloadOptions, live: Arc<LiveTable>) -> io::Result<(Self, ReloadHandle)> {
        let jobs = Jobs::start("rules", options.health.clone())?;
        let marking = match options.marks {
            Some(_) => Some(Jobs::start("state", options.health.clone())?),
            None => None,
        };
        let target = Target::Directory(options.directory.clone());
        let watcher = Watcher::new(vec![target], options.watch, jobs.clone());
        let (sender, requests) = mpsc::channel(REQUESTS);
        let (acceptances, accepted) = mpsc::channel(REQUESTS);
        let (status, receiver) = watch::channel(ReloadStatus {
            state: options
                .marks
                .as_ref()
                .map(|marks| marks.directory().to_owned()),
            ..ReloadStatus::default()
        });
        let handle = ReloadHandle {
            requests: sender,
            acceptances,
            waker: watcher.waker(),
            status: receiver,
        };
        let worker = Worker::new(options, live, status, accepted, (jobs, marking));
        let reloader = Self {
            worker,
            watcher,
            requests,
        };
        Ok((reloader, handle))
    }

    /// Watches the directory from now on, and reads it at once: the first table, before any session.
    pub async fn load(&mut self) -> ReloadOutcome {
        self.watcher.begin().await;
        self.reload(false).await
    }

    async fn reload(&mut self, asked: bool) -> ReloadOutcome {
        let mode = self.watcher.mode();
        let outcome = self.worker.reload(mode, asked).await;
        if self.worker.unread() {
            self.watcher.doubt();
        }
        outcome
    }

    /// Follows the directory until the future is dropped. May be called again after it broke down.
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
                // Whoever asked may have left.
                let _ = answer.send(outcome.clone());
            }
        }
    }
}
