//! The configuration file, read at the start and again whenever it changes.
//!
//! If a file has a finding, the configuration before it stays in force. The same holds for a file that was
//! emptied or cut off ([`mod@suspect`]). Keys that wait for a restart are named, and keep the value in force.
//! Flags of the command line override the file, at the start and later.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`REMINDER`] | 10 min | a refused file is logged again |
//! | `REQUESTS` | 16 requests without an answer | the next request waits |

mod source;
mod suspect;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

use super::{
    guard::GuardLimits,
    history::Bounds,
    record,
    reload::{Accept, NewSettings, ReloadHandle},
    signals::ReloadSignals,
    source::configuration_access,
    state::{
        State,
        file_status::{FileStatus, Refused},
    },
    watch::{WatchSettings, Watcher},
};
use crate::{
    config::{Change, Config},
    engine::Diagnostic,
};
pub use source::Source;
use source::broke_down;
use suspect::{digest, suspect};

/// How often a refused file is logged again.
const REMINDER: Duration = Duration::from_secs(600);

/// Requests without an answer.
const REQUESTS: usize = 16;

/// Sends requests to the [`SettingsTask`].
#[derive(Clone, Debug)]
pub struct SettingsHandle {
    requests: mpsc::Sender<Request>,
    status: watch::Receiver<FileStatus>,
}

enum Request {
    /// Read the file now.
    Read(oneshot::Sender<()>),
    /// Put a file into force that was emptied or cut off, if it has this digest.
    Accept {
        digest: String,
        user: Option<u32>,
        answer: oneshot::Sender<bool>,
    },
}

impl SettingsHandle {
    /// Asks for the file to be read, and waits until that is done.
    pub async fn read(&self) {
        let (answer, done) = oneshot::channel();
        if self.requests.send(Request::Read(answer)).await.is_ok() {
            // The daemon may be stopping; then nobody needs the outcome.
            let _ = done.await;
        }
    }

    /// Puts a file into force that was emptied or cut off. Returns false if no such file has this digest.
    pub async fn accept(&self, digest: String, user: Option<u32>) -> bool {
        let (answer, done) = oneshot::channel();
        let request = Request::Accept {
            digest,
            user,
            answer,
        };
        self.requests.send(request).await.is_ok() && done.await.unwrap_or(false)
    }

    /// Returns what is known about the file.
    pub fn status(&self) -> FileStatus {
        self.status.borrow().clone()
    }

    /// Returns a receiver of what is known about the file, for each change.
    pub fn subscribe(&self) -> watch::Receiver<FileStatus> {
        self.status.clone()
    }
}

/// The task that watches the configuration file and puts it into force.
pub struct SettingsTask {
    source: Source,
    state: Arc<State>,
    reload: ReloadHandle,
    accept: Option<Accept>,
    watcher: Watcher,
    /// A file that was emptied or cut off, until somebody accepts it.
    held: Option<Config>,
    status: watch::Sender<FileStatus>,
    requests: mpsc::Receiver<Request>,
    refused_at: Option<Instant>,
    /// The warning that other users can write the file, as it was logged.
    exposed: Option<Diagnostic>,
    remind_at: Option<Instant>,
}

impl SettingsTask {
    /// Returns the task and its handle; nothing is read yet. `watcher` comes from [`Source::watcher`], and
    /// `accept` is the command that accepts a file that was emptied or cut off.
    pub fn new(
        watcher: Watcher,
        source: Source,
        state: Arc<State>,
        reload: ReloadHandle,
        accept: Option<Accept>,
    ) -> (Self, SettingsHandle) {
        let (sender, requests) = mpsc::channel(REQUESTS);
        let (status, receiver) = watch::channel(FileStatus {
            path: source.path().to_owned(),
            ..FileStatus::default()
        });
        let handle = SettingsHandle {
            requests: sender,
            status: receiver,
        };
        let task = Self {
            watcher,
            source,
            state,
            reload,
            accept,
            held: None,
            status,
            requests,
            refused_at: None,
            exposed: None,
            remind_at: None,
        };
        (task, handle)
    }

    /// Watches the file until the future is dropped. A SIGHUP reads the file and the rules at once. May be
    /// called again after a fault.
    pub async fn run(&mut self, mut signals: ReloadSignals) {
        self.watcher.begin().await;
        // Once before the first change: the file may have changed between the start and the watch.
        self.read(false).await;
        loop {
            let remind_at = self.remind_at;
            tokio::select! {
                _ = self.watcher.changed() => self.read(false).await,
                () = signals.next() => {
                    self.reload.wake();
                    self.read(true).await;
                }
                Some(request) = self.requests.recv() => self.answer(request).await,
                () = sleep_until(remind_at.unwrap_or_else(Instant::now)), if remind_at.is_some() => {
                    self.remind();
                }
            }
        }
    }

    async fn answer(&mut self, request: Request) {
        // The one who asked may have left.
        match request {
            Request::Read(answer) => {
                self.read(false).await;
                let _ = answer.send(());
            }
            Request::Accept {
                digest: wanted,
                user,
                answer,
            } => {
                let held = self.held.take();
                let is_it = |held: &Config| digest(&held.origins.text) == wanted;
                let accepted = held.as_ref().is_some_and(is_it);
                match held {
                    Some(config) if accepted => {
                        record::configuration_accepted(&wanted, user);
                        self.put_into_force(config).await;
                    }
                    other => self.held = other,
                }
                let _ = answer.send(accepted);
            }
        }
    }

    /// Reads the file. If somebody `asked` for it, a refusal is logged even if nothing is new.
    async fn read(&mut self, asked: bool) {
        let source = self.source.clone();
        let looked = move || (configuration_access(source.path()), source.read());
        let read = self.watcher.jobs().run(looked).await;
        let new = match read {
            Ok((exposed, read)) => {
                if exposed != self.exposed {
                    record::configuration_exposed(exposed.as_slice());
                    self.exposed = exposed;
                }
                read
            }
            Err(error) => Err(vec![broke_down(self.source.path(), &error)]),
        };
        let new = match new {
            Ok(new) => new,
            Err(findings) => return self.refuse(findings, None, asked),
        };
        let current = self.state.config.load_full();
        let name = self.source.path().display().to_string();
        let words = self.accept.as_ref();
        let words = words.map(|accept| accept.words(&digest(&new.origins.text)));
        match suspect(&name, &current, &new, words.as_deref()) {
            Some(finding) => {
                self.held = Some(new);
                self.refuse(vec![finding], words, asked);
            }
            None => self.put_into_force(new).await,
        }
    }

    fn refuse(&mut self, findings: Vec<Diagnostic>, accept: Option<String>, asked: bool) {
        if accept.is_none() {
            self.held = None;
        }
        let before = self.status.borrow().refused.clone();
        let known = before.as_ref();
        if !known.is_some_and(|known| *known.findings == *findings) || asked {
            record::configuration_refused(&findings);
            self.remind_at = Some(Instant::now() + REMINDER);
        }
        self.refused_at.get_or_insert_with(Instant::now);
        let refused = Refused {
            findings: findings.into(),
            since: known.map_or_else(SystemTime::now, |known| known.since),
            accept,
        };
        self.status
            .send_modify(|status| status.refused = Some(refused));
    }

    fn remind(&mut self) {
        self.remind_at = Some(Instant::now() + REMINDER);
        let status = self.status.borrow();
        if let (Some(refused), Some(at)) = (&status.refused, self.refused_at) {
            record::configuration_still_refused(&refused.findings, at.elapsed());
        }
    }

    /// Puts a file into force, except keys that wait for a restart.
    async fn put_into_force(&mut self, new: Config) {
        self.held = None;
        self.remind_at = None;
        let current = self.state.config.load_full();
        let (waiting, changed): (Vec<_>, Vec<_>) = current
            .changes(&new)
            .into_iter()
            .partition(|change| change.restart);
        let waited = self.status.borrow().waiting.clone();
        let after = Arc::new(current.after(&new));
        self.state.configure(Arc::clone(&after));
        // Logged after the store, so that the line is true.
        if let Some(at) = self.refused_at.take() {
            record::configuration_fixed(at.elapsed());
        }
        if !changed.is_empty() || waiting != waited {
            tell(&changed, &waiting);
        }
        self.status.send_modify(|status| {
            status.refused = None;
            status.waiting = waiting;
            if !changed.is_empty() {
                status.changed = Some((SystemTime::now(), changed));
            }
        });
        let reloader = |config: &Config| {
            let guard = GuardLimits::from(&config.reload);
            (guard, config.history.clone(), config.traffic.clone())
        };
        if after.settings != current.settings || reloader(&after) != reloader(&current) {
            let settings = NewSettings {
                engine: after.settings.clone(),
                watch: WatchSettings::from(&after.reload),
                guard: GuardLimits::from(&after.reload),
                limits: after.traffic.clone(),
                bounds: Bounds::from(&after.history),
            };
            self.reload.reload_with(settings).await;
        }
    }
}

/// Logs the keys that changed, and the keys that wait.
fn tell(changed: &[Change], waiting: &[Change]) {
    record::configuration_live();
    for change in changed {
        match (change.key.as_str(), change.new.as_str()) {
            ("mode", "\"observe\"") => record::rewriting_off(change),
            _ => record::key_changed(change),
        }
    }
    waiting.iter().for_each(record::key_waits);
}
