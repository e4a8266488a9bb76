//! Waits until files may have changed: woken by notifications, by a periodic check, or by a request.
//!
//! In: a [`Watched`], for example a directory. Out: [`Watcher::changed`] returns when it is worth reading.
//!
//! Notifications of the system are not reliable. There is none for a write through a hard link, a bind
//! mount, the lower layer of an overlay or a network file system, and their queue can overflow. So a
//! notification only leads to a check of the [`Signature`], and the signature is also checked every
//! [`WatchSettings::rescan`].
//!
//! Not here: what is read, and whether its content is different ([`source`](super::source)).
//!
//! # Limits
//!
//! | limit | default | meaning |
//! |---|---|---|
//! | [`WatchSettings::quiet`] | 200 ms | a change is reported after this time without another one |
//! | [`WatchSettings::latest`] | 2 s | a change is reported this long after its first sign at the latest |
//! | [`WatchSettings::rescan`] | 30 s | time between two checks without any notification |
//! | pending requests | 1 | any number of [`Waker::wake`] calls meanwhile are one request |
//!
//! # Invariants
//!
//! - If files were still changing when they were reported, they are checked again: the watcher does not
//!   remember their signature.
//! - Dropping the future of [`Watcher::changed`] may lose a notification, but never a change.

mod events;
mod filter;
mod notifications;
mod plan;
mod signature;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::jobs::Jobs;
use events::ChangeEvents;
pub use events::Mode;
pub use signature::Signature;
pub(crate) use signature::{FileState, names_in};
pub use watched::{Watched, WatchedPath};

/// How long the watcher waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WatchSettings {
    /// How long nothing must happen before a change is reported.
    pub quiet: Duration,
    /// How long after the first sign a change is reported at the latest.
    pub latest: Duration,
    /// How long a change without any notification may stay unnoticed.
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
    /// Somebody asked for it. Perhaps nothing has changed.
    pub asked: bool,
    /// Nothing changed any more at the end. If false, somebody is still writing.
    pub quiet: bool,
}

/// Makes a [`Watcher`] return although nothing has changed, for SIGHUP or a command.
#[derive(Clone, Debug)]
pub struct Waker(Arc<Notify>);

impl Waker {
    /// Asks for a reading. Several calls before the watcher reacts are one.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Waits for changes.
#[derive(Debug)]
pub struct Watcher {
    watched: Arc<dyn Watched>,
    settings: WatchSettings,
    asked: Arc<Notify>,
    events: ChangeEvents,
    /// The thread that checks what is watched.
    jobs: Jobs,
    /// The signature that was reported last. `None` if files were changing then, and before the first
    /// check.
    seen: Option<Signature>,
    rescan_at: Instant,
}

/// What ended the waiting.
enum WakeReason {
    Request,
    Notification,
    Rescan,
}

impl Watcher {
    /// Starts the thread of notifications. `watched` will be checked on the thread of `jobs`; see
    /// [`Watcher::begin`].
    pub fn new(watched: Arc<dyn Watched>, settings: WatchSettings, jobs: Jobs) -> Self {
        Self {
            seen: None,
            watched,
            settings,
            asked: Arc::new(Notify::new()),
            events: ChangeEvents::new(format!("watch of {}", jobs.name()), jobs.health().clone()),
            jobs,
            rescan_at: Instant::now() + settings.rescan,
        }
    }

    /// Checks for the first time: every change from then on is reported. Without this call, the first
    /// report comes although nothing has changed.
    pub async fn begin(&mut self) {
        self.seen = self.check().await;
    }

    /// The thread on which checks run.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Returns what makes this watcher return at any time.
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.asked))
    }

    /// Sets other waits, from the next change on.
    pub fn set_settings(&mut self, settings: WatchSettings) {
        self.rescan_at = self.rescan_at.min(Instant::now() + settings.rescan);
        self.settings = settings;
    }

    /// Reports the same state again after the next rescan, because it could not be read.
    ///
    /// Some causes leave no trace on the files: too many open files, a file server that was away.
    pub fn report_again(&mut self) {
        self.seen = None;
    }

    /// Returns whether notifications arrive, or changes are found by the periodic check alone.
    pub fn mode(&self) -> Mode {
        match self.watched.paths() {
            [] => Mode::RescanOnly,
            _ => self.events.mode(),
        }
    }

    /// Returns when there is something worth reading.
    pub async fn changed(&mut self) -> Change {
        loop {
            let reason = self.wake_reason().await;
            self.rescan_at = Instant::now() + self.settings.rescan;
            if matches!(reason, WakeReason::Rescan) {
                let now = self.check().await;
                if self.is_seen(now) {
                    continue;
                }
            }
            let asked = matches!(reason, WakeReason::Request);
            let (now, change) = self.wait_until_quiet(asked).await;
            if !change.asked && self.is_seen(now) {
                continue;
            }
            self.seen = now.filter(|_| change.quiet);
            return change;
        }
    }

    fn is_seen(&self, now: Option<Signature>) -> bool {
        now.is_some() && self.seen == now
    }

    async fn wake_reason(&self) -> WakeReason {
        tokio::select! {
            () = self.asked.notified() => WakeReason::Request,
            () = self.events.next() => WakeReason::Notification,
            () = sleep_until(self.rescan_at) => WakeReason::Rescan,
        }
    }

    /// Waits until nothing happens any more, or until the latest time.
    async fn wait_until_quiet(&mut self, asked: bool) -> (Option<Signature>, Change) {
        let quiet = self.settings.quiet;
        // Two rounds at least: a single one could never find it quiet.
        let deadline = Instant::now() + self.settings.latest.max(quiet * 2);
        let mut change = Change {
            asked,
            quiet: false,
        };
        // An editor saves in a few steps. A check between them would cost another round.
        sleep(quiet / 8).await;
        let mut last = self.check().await;
        loop {
            change.asked |= self.wait_without_events(quiet, deadline).await;
            let now = self.check().await;
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

    /// Waits until there was no notification for `quiet`, or until `deadline`. Returns true if somebody
    /// asked meanwhile.
    async fn wait_without_events(&self, quiet: Duration, deadline: Instant) -> bool {
        let mut asked = false;
        let mut until = Instant::now() + quiet;
        loop {
            tokio::select! {
                () = sleep_until(until.min(deadline)) => return asked,
                () = self.events.next() => until = Instant::now() + quiet,
                () = self.asked.notified() => asked = true,
            }
        }
    }

    /// Renews the watches, then takes the signature. In this order no change between the two is missed.
    /// Returns nothing if the check failed.
    async fn check(&mut self) -> Option<Signature> {
        let watches = self.events.watches();
        let watched = Arc::clone(&self.watched);
        let check = move || (watches.renew(watched.paths()), watched.signature());
        let (renewal, signature) = self.jobs.run(check).await.ok()?;
        self.events.renewed(renewal);
        Some(signature)
    }
}
