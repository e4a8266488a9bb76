//! The result of one reload, and the state of reloading.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;

use crate::daemon::guard::Cause;
use crate::daemon::source::Manifest;
use crate::daemon::watch::Mode;
use crate::engine::{Changes, Diagnostic};

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

/// Somebody accepts the table with this digest.
pub(super) struct Acceptance {
    pub digest: String,
    pub user: Option<u32>,
    pub answer: oneshot::Sender<Result<ReloadOutcome, String>>,
}
