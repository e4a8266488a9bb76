//! Makes changed rules live, or reports why they are not.
//!
//! changed → read all → compile → guard → swap, or keep the old table. The result is a [`ReloadOutcome`]: it
//! is logged once, kept for `readdress status`, and returned to whoever asked. Where the rules come from is
//! the business of a [`RuleSource`](super::source::RuleSource).
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
mod described;
mod estimate;
mod go_live;
mod held;
mod options;
mod orders;
mod outcome;
mod recorder;
mod start;
mod table_change;
mod turn;
mod worker;

use std::io;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::jobs::Jobs;
use super::state::live::LiveTable;
use super::watch::{Waker, Watched, Watcher};
pub use held::HeldDifferences;
pub use options::{Accept, Compile, NewSettings, ReloadOptions};
use outcome::Ordered;
pub use outcome::{Asker, Order, ReloadOutcome, ReloadStatus};
use recorder::Recorder;
use worker::Worker;

/// Requests that may wait for their outcome.
const REQUESTS: usize = 64;

struct Request {
    settings: Option<NewSettings>,
    asker: Option<Asker>,
    answer: oneshot::Sender<ReloadOutcome>,
}

/// Sends requests to a [`Reloader`].
#[derive(Clone, Debug)]
pub struct ReloadHandle {
    requests: mpsc::Sender<Request>,
    orders: mpsc::Sender<Ordered>,
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
        self.request(None, None).await
    }

    /// The same for somebody whom the history names.
    pub async fn reload_for(&self, asker: Asker) -> Option<ReloadOutcome> {
        self.request(None, Some(asker)).await
    }

    /// Asks for a reload with new settings, which stay even if the table is refused.
    pub async fn reload_with(&self, settings: NewSettings) -> Option<ReloadOutcome> {
        self.request(Some(settings), None).await
    }

    /// Gives an order. The log and the history name who asked.
    ///
    /// Returns nothing if the reloader has ended, and a sentence if the order cannot be carried out.
    pub async fn order(&self, order: Order, asker: Asker) -> Option<Result<ReloadOutcome, String>> {
        let (answer, outcome) = oneshot::channel();
        let ordered = Ordered {
            order,
            asker,
            answer,
        };
        self.orders.send(ordered).await.ok()?;
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

    async fn request(
        &self,
        settings: Option<NewSettings>,
        asker: Option<Asker>,
    ) -> Option<ReloadOutcome> {
        let (answer, outcome) = oneshot::channel();
        let request = Request {
            settings,
            asker,
            answer,
        };
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
        let kept = match options.history.clone() {
            Some(history) => {
                let jobs = Jobs::start("state", options.health.clone())?;
                Some((history, options.bounds, jobs))
            }
            None => None,
        };
        let recorder = Recorder::new(kept);
        let watched: Arc<dyn Watched> = options.source.clone();
        let watcher = Watcher::new(watched, options.watch, jobs.clone());
        let (sender, requests) = mpsc::channel(REQUESTS);
        let (orders, ordered) = mpsc::channel(REQUESTS);
        let (status, receiver) = watch::channel(ReloadStatus {
            state: options
                .history
                .as_ref()
                .map(|history| history.state().to_owned()),
            ..ReloadStatus::default()
        });
        let handle = ReloadHandle {
            requests: sender,
            orders,
            waker: watcher.waker(),
            status: receiver,
        };
        let worker = Worker::new(options, live, status, ordered, (jobs, recorder));
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
        self.reload(false, None).await
    }

    async fn reload(&mut self, asked: bool, asker: Option<Asker>) -> ReloadOutcome {
        let mode = self.watcher.mode();
        let outcome = self.worker.reload(mode, asked, asker).await;
        if self.worker.is_incomplete() {
            self.watcher.report_again();
        }
        outcome
    }

    /// Reloads after every change until the future is dropped. May be called again after a panic.
    pub async fn run(&mut self) {
        loop {
            let change = self.worker.wait(&mut self.watcher).await;
            let (mut waiting, mut asker) = (Vec::new(), None);
            while let Ok(request) = self.requests.try_recv() {
                if let Some(settings) = request.settings {
                    self.watcher.set_settings(settings.watch);
                    self.worker.set(settings);
                }
                // The last one who asked: several at once ask for the same.
                asker = request.asker.or(asker);
                waiting.push(request.answer);
            }
            let outcome = self.reload(change.asked, asker).await;
            for answer in waiting {
                // An error is fine: whoever asked may have left.
                let _ = answer.send(outcome.clone());
            }
        }
    }
}
