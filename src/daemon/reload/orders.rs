//! What somebody asks of the reloader besides a reload: accept a table that is held back, go back to a
//! generation, and have the files count again.

use std::sync::Arc;
use std::time::SystemTime;

use super::blocked::{Blocked, BlockedBy};
use super::compile::compile_recorded;
use super::go_live::Made;
use super::outcome::{Asker, Order, Ordered, ReloadOutcome};
use super::worker::Worker;
use crate::daemon::history::{Cause, Entry, Rollback};
use crate::daemon::record;
use crate::daemon::source::RecordedTexts;
use crate::engine::Diagnostic;

impl Worker {
    /// Does what somebody asked for.
    pub(super) async fn order(&mut self, ordered: Ordered) {
        let Ordered {
            order,
            asker,
            answer,
        } = ordered;
        let outcome = match order {
            Order::Accept { digest } => self.accept(&digest, asker),
            Order::RollBack { to } => self.roll_back(to, asker).await,
            Order::EndRollback => self.end_rollback(&asker).await,
        };
        if let Ok(outcome) = &outcome {
            self.publish(outcome.clone(), None);
            self.write().await;
        }
        // An error is fine: whoever asked may have left.
        let _ = answer.send(outcome);
    }

    /// Makes the held table live, if it is the one that was looked at.
    fn accept(&mut self, digest: &str, asker: Asker) -> Result<ReloadOutcome, String> {
        match self.blocked.take() {
            Some(Blocked {
                by: BlockedBy::Guard(held),
                ..
            }) if held.digest() == digest => {
                record::table_accepted(digest, asker.user);
                let made = Made {
                    cause: Cause::Accepted,
                    asker: Some(asker),
                    source: self.options.source.clone(),
                };
                Ok(self.go_live(*held.table, made))
            }
            other => {
                let refused = Err(no_such_table(other.as_ref(), digest));
                self.blocked = other;
                refused
            }
        }
    }

    /// Goes back to a generation, until somebody ends that.
    async fn roll_back(&mut self, to: u64, asker: Asker) -> Result<ReloadOutcome, String> {
        let entry = self.recorder.entry(to).await?;
        let rollback = Arc::new(Rollback {
            to,
            at: unix_seconds(),
            by: asker.author(),
            why: asker.why.clone(),
        });
        let serving = self.serve_recorded(&entry, Some(asker)).await?;
        // After the table is live: a disk that is full must not keep anybody from going back. What could not be
        // written is said by `status`.
        self.recorder.mark(Some((*rollback).clone())).await;
        self.rollback = Some(Arc::clone(&rollback));
        record::rolled_back(&rollback, serving);
        Ok(ReloadOutcome::RolledBack { serving, rollback })
    }

    /// Has the files count again. Whoever asked for it then asks for a reload.
    async fn end_rollback(&mut self, asker: &Asker) -> Result<ReloadOutcome, String> {
        let Some(rollback) = self.rollback.take() else {
            return Err("no rollback is in force: the files count".to_owned());
        };
        self.recorder.mark(None).await;
        self.last_read = None;
        let generation = self.live.pin().number;
        record::rollback_ended(&rollback, &asker.author());
        Ok(ReloadOutcome::Unchanged { generation })
    }

    /// Compiles a generation and makes it live: as a new one if somebody asked for it, and under its own number at
    /// a start. Returns its number.
    ///
    /// # Errors
    ///
    /// A sentence: it cannot be compiled any more.
    pub(super) async fn serve_recorded(
        &mut self,
        entry: &Entry,
        asker: Option<Asker>,
    ) -> Result<u64, String> {
        let Some(history) = self.recorder.history().cloned() else {
            return Err("this daemon keeps no history: configure `state`".to_owned());
        };
        let source = Arc::new(RecordedTexts::new(&history, entry));
        let (options, live) = (self.options.clone(), Arc::clone(&self.live));
        let wanted = entry.clone();
        let work = self
            .jobs
            .run(move || compile_recorded(&options, &history, &wanted, &live));
        let number = entry.generation;
        let compiled = work
            .await
            .map_err(|error| format!("generation {number} cannot be compiled: {error}"))?;
        let table = compiled.map_err(|findings| cannot_serve(number, &findings))?;
        self.last_read = None;
        match asker {
            Some(asker) => {
                let made = Made {
                    cause: Cause::Rollback { to: number },
                    asker: Some(asker),
                    source,
                };
                self.go_live(*table, made);
            }
            None => {
                self.put_into_force(number, *table);
            }
        }
        Ok(self.live.pin().number)
    }

    /// A rollback is in force: the files are not read.
    pub(super) fn stays_rolled_back(
        &mut self,
        rollback: Arc<Rollback>,
        asked: bool,
    ) -> ReloadOutcome {
        let serving = self.live.pin().number;
        let end = self.options.accept.as_ref();
        let end = end.map(super::Accept::end_of_rollback);
        // At the start this line stands beside the one about the table.
        if asked || self.status.borrow().at.is_some() {
            record::stays_rolled_back(&rollback, serving, end.as_deref());
        }
        ReloadOutcome::RolledBack { serving, rollback }
    }
}

/// Returns why a generation cannot serve.
fn cannot_serve(generation: u64, findings: &[Diagnostic]) -> String {
    let first = findings.first().map(ToString::to_string);
    let first = first.unwrap_or_default();
    let line = first.lines().next().unwrap_or_default();
    format!("generation {generation} cannot serve any more: {line}")
}

fn unix_seconds() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Returns why there is nothing to accept.
fn no_such_table(blocked: Option<&Blocked>, digest: &str) -> String {
    match blocked.map(|blocked| &blocked.by) {
        None => "no table is held back: the live table was made from the files".to_owned(),
        Some(BlockedBy::Errors(_)) => {
            "no table is held back: the files have errors, and a table with errors cannot be accepted".to_owned()
        }
        Some(BlockedBy::Guard(held)) => format!(
            "the table that is held back has the digest {}, not {digest}: look at it with `readdress status`",
            held.digest()
        ),
    }
}
