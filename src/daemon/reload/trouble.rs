//! What keeps the files from being live, for as long as it does: a refusal, or a table that is held back.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::{ReloadOutcome, look::Good};
use crate::daemon::{guard::Cause, record};
use crate::engine::Diagnostic;

/// How often trouble is logged again.
const REMINDER: Duration = Duration::from_secs(600);

/// The trouble that there is now.
pub(super) struct Trouble {
    pub what: What,
    /// When it began; one kind that follows the other is one trouble.
    pub since: SystemTime,
    began: Instant,
    pub remind_at: Instant,
}

/// Which trouble it is.
pub(super) enum What {
    /// The files hold errors.
    Refused(Arc<[Diagnostic]>),
    /// The guard holds this table back.
    Held(Held),
}

/// A table that somebody may accept.
pub(super) struct Held {
    pub good: Box<Good>,
    pub causes: Arc<[Cause]>,
}

impl Held {
    /// What has to be typed to accept it.
    pub fn digest(&self) -> String {
        self.good.content.sources.to_string()
    }
}

impl Trouble {
    /// Trouble that begins now, or goes on after `before`.
    pub fn new(what: What, before: Option<&Self>) -> Self {
        let now = Instant::now();
        Self {
            what,
            since: before.map_or_else(SystemTime::now, |before| before.since),
            began: before.map_or(now, |before| before.began),
            remind_at: now + REMINDER,
        }
    }

    /// The outcome of a reload that finds it unchanged.
    pub fn outcome(&self, serving: u64) -> ReloadOutcome {
        match &self.what {
            What::Refused(diagnostics) => ReloadOutcome::Refused {
                diagnostics: Arc::clone(diagnostics),
                serving,
            },
            What::Held(held) => ReloadOutcome::Held {
                digest: held.digest(),
                causes: Arc::clone(&held.causes),
                rules: held.good.table.len(),
                sources: held.good.sources,
                serving,
            },
        }
    }

    /// Says in the log that it is still there.
    pub fn remind(&mut self, serving: u64, accept: Option<&str>) {
        self.remind_at = Instant::now() + REMINDER;
        let since = self.began.elapsed();
        match &self.what {
            What::Refused(diagnostics) => record::table_still_refused(diagnostics, serving, since),
            What::Held(held) => record::table_still_held(&held.digest(), accept, serving, since),
        }
    }
}
