//! The configuration file, read at the start and again whenever it changes.
//!
//! On any finding the configuration before it stays in force; so it does where the file was emptied or
//! cut off ([`mod@suspect`]). Keys that wait for a restart are named, and keep the value that is in force.
//! Flags of the command line win over the file, at the start and later.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`REMINDER`] | 10 min | a refused file is logged again |
//! | `REQUESTS` | 16 waiting for their outcome | the next one waits to be accepted |

mod suspect;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

use super::{
    file_status::{FileStatus, Refused},
    health::Health,
    jobs::{JobError, Jobs},
    record,
    reload::{Accept, NewSettings, ReloadHandle},
    signals::Hangups,
    source::configuration_access,
    state::State,
    watch::{WatchSettings, WatchedPath, Watcher},
};
use crate::engine::diagnostic::codes;
use crate::{
    config::{self, Change, Config, Origin, socket::Socket},
    engine::{Diagnostic, Severity},
};
use suspect::{digest, suspect};

/// How often a refused file is logged again.
const REMINDER: Duration = Duration::from_secs(600);

/// Requests that wait for their outcome.
const REQUESTS: usize = 16;

/// Where the configuration comes from.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The file that was named; without one, [`config::DEFAULT_FILE`] is read if it is there.
    pub file: Option<PathBuf>,
    /// The flag `--rules`.
    pub rules: Option<PathBuf>,
    /// The flag `--listen`.
    pub listen: Vec<Socket>,
}

impl Source {
    /// The file that is read.
    pub fn path(&self) -> &Path {
        self.file
            .as_deref()
            .unwrap_or(Path::new(config::DEFAULT_FILE))
    }

    /// Starts the threads with which it is followed: one that reads it, and one of notifications.
    pub fn watcher(&self, config: &Config, health: Health) -> io::Result<Watcher> {
        let jobs = Jobs::start("settings", health)?;
        let file = WatchedPath::File(self.path().to_owned());
        let patience = WatchSettings::from(&config.reload);
        Ok(Watcher::new(Arc::new(file), patience, jobs))
    }

    /// Reads it; a missing file is an empty one unless it was named.
    pub fn read(&self) -> Result<Config, Vec<Diagnostic>> {
        match self.read_partly()? {
            (config, findings) if findings.is_empty() => Ok(config),
            (_, findings) => Err(findings),
        }
    }

    /// Reads as much of it as there is without an error, and the errors; fails if the file cannot be read.
    pub fn read_partly(&self) -> Result<(Config, Vec<Diagnostic>), Vec<Diagnostic>> {
        let path = self.path();
        let name = path.display().to_string();
        let (config, findings) = match fs::read(path) {
            Ok(text) => config::parse_partly(&name, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.file.is_none() => {
                (Config::default(), Vec::new())
            }
            Err(error) => {
                let message = format!("cannot be read: {error}");
                let help = "name another file with --config, or fix its permissions".to_owned();
                return Err(vec![Diagnostic::about_file(
                    Severity::Error,
                    codes::UNREADABLE,
                    &name,
                    message,
                    Some(help),
                )]);
            }
        };
        let mut config = config.against(path.parent().unwrap_or(Path::new(".")));
        if let Some(rules) = &self.rules {
            config.rules.clone_from(rules);
            config.origins.set("", "rules", Origin::Flag("--rules"));
        }
        if !self.listen.is_empty() {
            config.milter.listen.clone_from(&self.listen);
            let flag = Origin::Flag("--listen");
            config.origins.set("milter", "listen", flag);
        }
        Ok((config, findings))
    }
}

/// Asks a [`Follower`], from anywhere.
#[derive(Clone, Debug)]
pub struct SettingsHandle {
    requests: mpsc::Sender<Request>,
    status: watch::Receiver<FileStatus>,
}

enum Request {
    /// Read the file now.
    Read(oneshot::Sender<()>),
    /// Put the file into force that was emptied or cut off, if it has this digest.
    Accept {
        digest: String,
        user: Option<u32>,
        answer: oneshot::Sender<bool>,
    },
}

impl SettingsHandle {
    /// Has the file read, and waits until that is done.
    pub async fn read(&self) {
        let (answer, done) = oneshot::channel();
        if self.requests.send(Request::Read(answer)).await.is_ok() {
            // The daemon may be stopping; then nobody needs the outcome.
            let _ = done.await;
        }
    }

    /// Puts a file into force that was emptied or cut off. Returns false if there is none with this digest.
    pub async fn accept(&self, digest: String, user: Option<u32>) -> bool {
        let (answer, done) = oneshot::channel();
        let request = Request::Accept {
            digest,
            user,
            answer,
        };
        self.requests.send(request).await.is_ok() && done.await.unwrap_or(false)
    }

    /// What is known of the file.
    pub fn status(&self) -> FileStatus {
        self.status.borrow().clone()
    }

    /// The same as it changes.
    pub fn subscribe(&self) -> watch::Receiver<FileStatus> {
        self.status.clone()
    }
}

/// Follows the configuration file.
pub struct Follower {
    source: Source,
    state: Arc<State>,
    reload: ReloadHandle,
    accept: Option<Accept>,
    watcher: Watcher,
    /// The file that was emptied or cut off.
    held: Option<Config>,
    status: watch::Sender<FileStatus>,
    requests: mpsc::Receiver<Request>,
    refused_at: Option<Instant>,
    /// The warning that others can write the file, as it was logged.
    exposed: Option<Diagnostic>,
    remind_at: Option<Instant>,
}

impl Follower {
    /// Nothing is read yet; `watcher` is the one of [`Source::watcher`], and `accept` is how a file is
    /// accepted that was emptied or cut off.
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
        let follower = Self {
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
        (follower, handle)
    }

    /// Follows the file until the future is dropped; a hangup reads it, and the rules, at once. May be
    /// called again after it broke down.
    pub async fn run(&mut self, mut hangups: Hangups) {
        self.watcher.begin().await;
        // Once before the first change: the file may have changed between the start and the watch.
        self.read(false).await;
        loop {
            let remind_at = self.remind_at;
            tokio::select! {
                _ = self.watcher.changed() => self.read(false).await,
                () = hangups.next() => {
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
        // Whoever asked may have left.
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

    /// Reads the file. Who `asked` hears of it in the log also where nothing is new.
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

    /// Puts a file into force, but for keys that wait for a restart.
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
        // The log says so once it is so.
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
        let shrink = |config: &Config| config.reload.max_shrink;
        if after.settings != current.settings || shrink(&after) != shrink(&current) {
            let settings = NewSettings {
                engine: after.settings.clone(),
                watch: WatchSettings::from(&after.reload),
                max_shrink: after.reload.max_shrink,
            };
            self.reload.reload_with(settings).await;
        }
    }
}

/// Logs what changed, and what waits.
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

/// The finding for a reading that broke down.
fn broke_down(path: &Path, error: &JobError) -> Diagnostic {
    Diagnostic::about_file(
        Severity::Error,
        codes::INTERNAL_ERROR,
        &path.display().to_string(),
        format!("reading it broke down: {error}"),
        Some("this is a fault of readdress: please report it with the file".to_owned()),
    )
}
