//! The result of one reload, and the state of reloading.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;

use super::held::HeldDifferences;
use crate::daemon::guard::Cause;
use crate::daemon::history::{Author, Rollback};
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
        /// How mail would fare by it.
        differences: Arc<HeldDifferences>,
    },
    /// Somebody went back to a generation. The files do not count until that is ended.
    RolledBack {
        /// The generation that serves.
        serving: u64,
        /// To which one, by whom and why.
        rollback: Arc<Rollback>,
    },
}

impl ReloadOutcome {
    /// Returns true if the files are not live.
    pub fn is_trouble(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. } | Self::Held { .. } | Self::RolledBack { .. }
        )
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
    /// The state directory with the history; `None` if none is kept.
    pub state: Option<PathBuf>,
    /// Why nothing can be recorded there. There is no going back, and a start without rules would look like a
    /// first start.
    pub not_recorded: Option<String>,
    /// The generation that serves from the history, because the files were not in order when the daemon started.
    pub snapshot: Option<u64>,
    /// How many tables went live.
    pub live: u64,
    /// How many contents were refused; the same content counts once.
    pub refused: u64,
    /// How many tables were held back.
    pub held: u64,
    /// How changes are found.
    pub mode: Option<Mode>,
}

/// Who asks for something, as the control socket knows it.
#[derive(Clone, Debug, Default)]
pub struct Asker {
    /// The number of the user.
    pub user: Option<u32>,
    /// Who called the command through sudo, as the command says.
    pub sudo: Option<String>,
    /// Why, in the words of the user.
    pub why: Option<String>,
}

impl Asker {
    /// Returns who asks, for the history.
    pub fn author(&self) -> Author {
        Author::of_command(self.user, self.sudo.as_deref())
    }
}

/// What somebody wants of the reloader besides a reload.
#[derive(Clone, Debug)]
pub enum Order {
    /// Makes the held table live, if it has this digest.
    Accept {
        /// The digest.
        digest: String,
    },
    /// Goes back to a generation of the history.
    RollBack {
        /// Its number.
        to: u64,
    },
    /// Has the files count again.
    EndRollback,
}

/// An order, and where its outcome is awaited.
pub(super) struct Ordered {
    pub order: Order,
    pub asker: Asker,
    pub answer: oneshot::Sender<Result<ReloadOutcome, String>>,
}
