//! The start: what was live when the daemon before this one ended.
//!
//! If the files are as they were, they go live under the number that they had. If they are others, the generation
//! that was live last, the *snapshot*, serves first; then the files are judged against it, as at every reload. So
//! a daemon that starts while its rules are broken, missing or held back serves the last good table.

use std::sync::Arc;

use super::worker::Worker;
use crate::daemon::guard::{LastTable, RuleCounts};
use crate::daemon::history::Entry;
use crate::daemon::record;

impl Worker {
    /// Looks at the history, once, before the first table. Serves the generation of a rollback that is in force.
    pub(super) async fn begin(&mut self) {
        if self.last_table.is_some() {
            return;
        }
        let found = self.recorder.open().await;
        let mut snapshots = found.snapshots.into_iter();
        if let Some(rollback) = found.rollback {
            let wanted = snapshots
                .clone()
                .find(|entry| entry.generation == rollback.to);
            // What went live then has the same texts.
            let newest = snapshots.clone().next();
            for entry in wanted.into_iter().chain(newest) {
                match self.serve_recorded(&entry, None).await {
                    Ok(serving) => {
                        record::rolled_back(&rollback, serving, &self.options.redaction);
                        self.rollback = Some(Arc::new(rollback));
                        return;
                    }
                    Err(reason) => record::snapshot_unusable(entry.generation, &reason),
                }
            }
        }
        self.snapshot = snapshots.next();
        self.older = snapshots.collect();
        self.last_table = Some(match &self.snapshot {
            Some(entry) => LastTable::Table(counts(entry)),
            None if found.had_generations => LastTable::Unknown,
            None => LastTable::Nothing,
        });
    }

    /// Serves the newest generation that can serve.
    pub(super) async fn serve_snapshot(&mut self) {
        let older = std::mem::take(&mut self.older);
        let all = self.snapshot.take().into_iter().chain(older);
        for entry in all {
            match self.serve_recorded(&entry, None).await {
                Ok(serving) => {
                    self.status
                        .send_modify(|status| status.snapshot = Some(serving));
                    return;
                }
                Err(reason) => record::snapshot_unusable(entry.generation, &reason),
            }
        }
        self.last_table = Some(LastTable::Unknown);
    }
}

/// Returns how many rules each file of a generation held.
fn counts(entry: &Entry) -> RuleCounts {
    let files = entry.texts.iter();
    RuleCounts {
        files: files.map(|text| (text.name.clone(), text.lines)).collect(),
        // After a restart the device may be another one.
        device: None,
    }
}
