//! "Something may have changed": from notifications, a periodic look, and people who ask.
//!
//! In: files and directories. Out: [`Watcher::changed`] returns when they are worth reading.
//!
//! Notification is a hint, never the truth. It says nothing of a write through a hard link, a bind
//! mount, a lower layer of an overlay or a network file system, and its queue can overflow. The truth
//! is [`Signature`], looked at after each hint and every [`WatchSettings::rescan`].
//!
//! # Limits
//!
//! | limit | default | meaning |
//! |---|---|---|
//! | [`WatchSettings::quiet`] | 200 ms | nothing has happened for so long: read |
//! | [`WatchSettings::latest`] | 2 s | after the first sign it is read all the same |
//! | [`WatchSettings::rescan`] | 30 s | between two looks without any hint |
//! | pending requests | 1 | any number of [`Waker::wake`] meanwhile are one |
//!
//! # Invariants
//!
//! - What was read without having been quiet is looked at again: its signature is not remembered.
//! - Dropping the future of [`Watcher::changed`] loses a hint at most, never a change.

mod hints;
mod notifications;
mod signs;
mod trail;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::jobs::Jobs;
use super::source::{Signature, file_signature, signature};
use hints::Hints;
pub use hints::Mode;

/// What is watched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// A directory whose files are read, and what its symbolic links lead to.
    Directory(PathBuf),
    /// One file, which need not exist yet.
    File(PathBuf),
}

impl Target {
    fn signature(&self) -> Signature {
        match self {
            Self::Directory(path) => signature(path),
            Self::File(path) => file_signature(path),
        }
    }
}

/// How patient the watcher is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WatchSettings {
    /// How long nothing must happen before a change is reported.
    pub quiet: Duration,
    /// How long after the first sign it is reported all the same.
    pub latest: Duration,
    /// How long a change without any notification may stay unseen.
    pub rescan: Duration,
}

impl From<&crate::config::Reload> for WatchSettings {
    fn from(reload: &crate::config::Reload) -> Self {
        Self {
            quiet: reload.quiet,
            latest: reload.latest,
            rescan: reload.rescan,
        }
    }
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self::from(&crate::config::Reload::default())
    }
}

/// Why [`Watcher::changed`] returned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Change {
    /// Somebody asked; perhaps nothing has changed.
    pub asked: bool,
    /// Whether it was quiet at the end; otherwise a writer is still at work.
    pub quiet: bool,
}

/// Makes a [`Watcher`] return although nothing has changed: SIGHUP, a command.
#[derive(Clone, Debug)]
pub struct Waker(Arc<Notify>);

impl Waker {
    /// Asks for a reading. Calls before the watcher gets to it are one.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Waits for changes of some files and directories.
#[derive(Debug)]
pub struct Watcher {
    targets: Arc<[Target]>,
    settings: WatchSettings,
    asked: Arc<Notify>,
    hints: Hints,
    /// Where the targets are looked at.
    jobs: Jobs,
    /// What was there when it was last reported; `None` if it was not quiet then, or before the first look.
    seen: Option<Vec<Signature>>,
    rescan_at: Instant,
}

/// What ended the waiting.
enum Sign {
    Asked,
    Hint,
    Rescan,
}

impl Watcher {
    /// Starts the thread of notifications. `targets` will be looked at on the thread of `jobs`; see
    /// [`Watcher::begin`].
    pub fn new(targets: Vec<Target>, settings: WatchSettings, jobs: Jobs) -> Self {
        Self {
            seen: None,
            targets: targets.into(),
            settings,
            asked: Arc::new(Notify::new()),
            hints: Hints::new(format!("watch of {}", jobs.name()), jobs.health().clone()),
            jobs,
            rescan_at: Instant::now() + settings.rescan,
        }
    }

    /// Looks at the targets for the first time: what is written from then on is reported. Without it
    /// they are reported once as they are.
    pub async fn begin(&mut self) {
        self.seen = Some(self.look().await);
    }

    /// The thread on which the targets are looked at.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// What makes this watcher return at will.
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.asked))
    }

    /// Other waits, from the next change on.
    pub fn set_settings(&mut self, settings: WatchSettings) {
        self.rescan_at = self.rescan_at.min(Instant::now() + settings.rescan);
        self.settings = settings;
    }

    /// What was reported could not be read: report it again after the next rescan.
    ///
    /// Some reasons pass without a trace on the files: too many open files, a server that was away.
    pub fn doubt(&mut self) {
        self.seen = None;
    }

    /// Whether notifications arrive, or changes are found by looking alone.
    pub fn mode(&self) -> Mode {
        self.hints.mode()
    }

    /// Returns when the targets are worth reading.
    pub async fn changed(&mut self) -> Change {
        loop {
            let sign = self.sign().await;
            self.rescan_at = Instant::now() + self.settings.rescan;
            if matches!(sign, Sign::Rescan) {
                let now = self.look().await;
                if self.same(&now) {
                    continue;
                }
            }
            let (now, change) = self.settle(matches!(sign, Sign::Asked)).await;
            if !change.asked && self.same(&now) {
                continue;
            }
            self.seen = change.quiet.then_some(now);
            return change;
        }
    }

    fn same(&self, now: &[Signature]) -> bool {
        self.seen.as_deref() == Some(now)
    }

    async fn sign(&self) -> Sign {
        tokio::select! {
            () = self.asked.notified() => Sign::Asked,
            () = self.hints.hinted() => Sign::Hint,
            () = sleep_until(self.rescan_at) => Sign::Rescan,
        }
    }

    /// Waits until nothing happens any more, or for too long.
    async fn settle(&mut self, asked: bool) -> (Vec<Signature>, Change) {
        let quiet = self.settings.quiet;
        // Two rounds at least, or it could never be found quiet.
        let deadline = Instant::now() + self.settings.latest.max(quiet * 2);
        let mut change = Change {
            asked,
            quiet: false,
        };
        // An editor saves in a few steps; looking between them would cost another round.
        sleep(quiet / 8).await;
        let mut last = self.look().await;
        loop {
            change.asked |= self.calm(quiet, deadline).await;
            let now = self.look().await;
            if now == last && Instant::now() < deadline {
                change.quiet = true;
                return (now, change);
            }
            if Instant::now() >= deadline {
                return (now, change);
            }
            last = now;
        }
    }

    /// Waits until there was no hint for `quiet`, or until `deadline`; says whether somebody asked.
    async fn calm(&self, quiet: Duration, deadline: Instant) -> bool {
        let mut asked = false;
        let mut until = Instant::now() + quiet;
        loop {
            tokio::select! {
                () = sleep_until(until.min(deadline)) => return asked,
                () = self.hints.hinted() => until = Instant::now() + quiet,
                () = self.asked.notified() => asked = true,
            }
        }
    }

    /// Renews the watches, then looks; in this order nothing can happen unseen in between.
    async fn look(&mut self) -> Vec<Signature> {
        let watches = self.hints.watches();
        let targets = Arc::clone(&self.targets);
        let look = self.jobs.run(move || {
            let renewal = watches.renew(&targets);
            let signatures = targets.iter().map(Target::signature).collect();
            (renewal, signatures)
        });
        match look.await {
            Ok((renewal, signatures)) => {
                self.hints.renewed(renewal);
                signatures
            }
            // An empty answer is like no other, so a look that failed is followed by a reading.
            Err(_) => Vec::new(),
        }
    }
}
