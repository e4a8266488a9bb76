//! Why the files are not live: they hold errors, or the guard holds their table back.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::compile::NewTable;
use super::held::HeldDifferences;
use super::outcome::ReloadOutcome;
use crate::daemon::{guard::Cause, record};
use crate::engine::Diagnostic;

/// How often the reason is logged again.
pub(super) const REMINDER: Duration = Duration::from_secs(600);

/// The files are not live.
pub(super) struct Blocked {
    pub by: BlockedBy,
    /// Since when. If one reason follows another, this is the time of the first.
    pub since: SystemTime,
    began: Instant,
    pub remind_at: Instant,
}

/// The reason.
pub(super) enum BlockedBy {
    /// The files hold errors.
    Errors(Arc<[Diagnostic]>),
    /// The guard holds their table back.
    Guard(HeldTable),
}

/// A table that somebody may accept.
pub(super) struct HeldTable {
    pub table: Box<NewTable>,
    pub causes: Arc<[Cause]>,
    pub differences: Arc<HeldDifferences>,
}

impl HeldTable {
    /// Returns the digest that has to be typed to accept it.
    pub fn digest(&self) -> String {
        self.table.content.manifest.digest()
    }
}

impl Blocked {
    /// The files are blocked from now on, or still are after `before`.
    pub fn new(by: BlockedBy, before: Option<&Self>) -> Self {
        let now = Instant::now();
        Self {
            by,
            since: before.map_or_else(SystemTime::now, |before| before.since),
            began: before.map_or(now, |before| before.began),
            remind_at: now + REMINDER,
        }
    }

    /// Returns the outcome of a reload that finds nothing new.
    pub fn outcome(&self, serving: u64) -> ReloadOutcome {
        match &self.by {
            BlockedBy::Errors(diagnostics) => ReloadOutcome::Refused {
                diagnostics: Arc::clone(diagnostics),
                serving,
            },
            BlockedBy::Guard(held) => ReloadOutcome::Held {
                digest: held.digest(),
                causes: Arc::clone(&held.causes),
                rules: held.table.table.len(),
                sources: held.table.sources,
                serving,
                differences: Arc::clone(&held.differences),
            },
        }
    }

    /// Logs the reason again. `accept` is the command that accepts the table.
    pub fn remind(&mut self, serving: u64, accept: Option<&str>) {
        self.remind_at = Instant::now() + REMINDER;
        let since = self.began.elapsed();
        match &self.by {
            BlockedBy::Errors(found) => record::table_still_refused(found, serving, since),
            BlockedBy::Guard(held) => {
                record::table_still_held(&held.digest(), accept, serving, since);
            }
        }
    }
}
