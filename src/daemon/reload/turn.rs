//! One turn after the other: waits for a change, then reads, judges and makes live.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`RELEASE`] | 1 s | the wait between two attempts to free tables that a message still uses |

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::compile::Found;
use super::outcome::{Asker, ReloadOutcome};
use super::worker::Worker;
use crate::daemon::guard::{self, LastTable};
use crate::daemon::history::Rollback;
use crate::daemon::record;
use crate::daemon::watch::{Change, Mode, Watcher};

/// The wait between two attempts to free replaced tables.
const RELEASE: Duration = Duration::from_secs(1);

impl Worker {
    /// Waits for a change. Meanwhile frees tables, logs reminders and lets tables be accepted.
    pub async fn wait(&mut self, watcher: &mut Watcher) -> Change {
        let changed = watcher.changed();
        tokio::pin!(changed);
        loop {
            self.release();
            let holding = !self.retired.is_empty();
            let blocked = self.blocked.as_ref().map(|blocked| blocked.remind_at);
            let rolled_back = self.rollback.as_ref().map(|_| self.rollback_reminder);
            let remind_at = blocked.or(rolled_back);
            let reminder = sleep_until(remind_at.unwrap_or_else(Instant::now));
            tokio::select! {
                change = &mut changed => return change,
                Some(ordered) = self.orders.recv() => self.order(ordered).await,
                () = sleep(RELEASE), if holding => {}
                () = reminder, if remind_at.is_some() => self.remind(),
            }
        }
    }

    /// Reads the source and acts upon what is there. If somebody asked, `asker` is who, and the log says so even
    /// if nothing is new.
    pub async fn reload(&mut self, mode: Mode, asked: bool, asker: Option<Asker>) -> ReloadOutcome {
        self.begin().await;
        let outcome = match self.rollback.clone() {
            Some(rollback) => self.stays_rolled_back(rollback, asked),
            None => self.reload_files(asked, asker).await,
        };
        self.publish(outcome.clone(), Some(mode));
        self.write().await;
        outcome
    }

    async fn reload_files(&mut self, asked: bool, asker: Option<Asker>) -> ReloadOutcome {
        let mut found = self.read().await;
        if matches!(found, Found::NotTheSnapshot) {
            self.serve_snapshot().await;
            found = self.read().await;
        }
        let nothing_new = matches!(found, Found::Unchanged | Found::AlreadyLive(_));
        // A save may be live before whoever made it says why.
        let late = asker.clone().filter(|_| nothing_new);
        let outcome = self.act(found, asker).await;
        let (at, snapshot) = {
            let status = self.status.borrow();
            (status.at, status.snapshot)
        };
        if let (None, Some(generation), Some(_)) = (at, snapshot, &self.blocked) {
            record::snapshot_serves(generation);
        }
        if let (ReloadOutcome::Unchanged { generation }, Some(asker)) = (&outcome, &late)
            && asker.why.is_some()
        {
            self.recorder.add_reason(*generation, asker).await;
        }
        if asked && nothing_new {
            match outcome {
                ReloadOutcome::Unchanged { generation } => record::table_unchanged(generation),
                _ => self.remind(),
            }
        }
        outcome
    }

    /// A rollback is in force: the files are not read.
    fn stays_rolled_back(&mut self, rollback: Arc<Rollback>, asked: bool) -> ReloadOutcome {
        let serving = self.live.pin().number;
        // At the start another line says the same.
        if asked || self.status.borrow().at.is_some() {
            self.remind();
        }
        ReloadOutcome::RolledBack { serving, rollback }
    }

    /// Acts upon what was found.
    async fn act(&mut self, found: Found, asker: Option<Asker>) -> ReloadOutcome {
        let generation = self.live.pin().number;
        match found {
            Found::Unchanged => match &self.blocked {
                Some(blocked) => blocked.outcome(generation),
                None => ReloadOutcome::Unchanged { generation },
            },
            Found::AlreadyLive(warnings) => {
                record::table_warnings(&warnings, &self.options.redaction);
                self.same_on_another_device();
                if self.blocked.take().is_some() {
                    record::table_fixed(generation);
                }
                ReloadOutcome::Unchanged { generation }
            }
            // With a snapshot this is asked again; without one it does not happen.
            Found::NotTheSnapshot => self.refuse(Vec::new(), generation),
            Found::Errors(diagnostics) => self.refuse(diagnostics, generation),
            Found::NewTable(table) => {
                let nothing = LastTable::Nothing;
                let last = self.last_table.as_ref().unwrap_or(&nothing);
                let causes = guard::causes(last, &table.proposal, self.options.guard);
                match causes.is_empty() {
                    true => {
                        let made = self.made_by_files(&table, asker);
                        self.go_live(*table, made)
                    }
                    false => self.hold(table, causes, generation).await,
                }
            }
        }
    }
}
