//! What somebody asks of the reloader besides a reload: accept a table that is held back, go back to a
//! generation, and have the files count again.

use std::sync::Arc;
use std::time::SystemTime;

use super::blocked::{Blocked, BlockedBy};
use super::described::Made;
use super::outcome::{Asker, Order, Ordered, ReloadOutcome};
use super::worker::Worker;
use crate::daemon::history::{Cause, Rollback, unix_seconds};
use crate::daemon::record;

impl Worker {
    /// Does what somebody asked for.
    pub(super) async fn order(&mut self, ordered: Ordered) {
        let Ordered {
            order,
            asker,
            answer,
        } = ordered;
        let outcome = match order {
            Order::Accept { digest } => self.accept_held(&digest, asker),
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
    fn accept_held(&mut self, digest: &str, asker: Asker) -> Result<ReloadOutcome, String> {
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
            at: unix_seconds(SystemTime::now()),
            by: asker.author(),
            why: asker.why.clone(),
        });
        let serving = self.serve_recorded(&entry, Some(asker)).await;
        let serving =
            serving.map_err(|reason| format!("generation {to} cannot serve any more: {reason}"))?;
        // After the table is live: a disk that is full must not keep anybody from going back. What could not be
        // written is said by `status`.
        self.recorder.mark(Some((*rollback).clone())).await;
        self.rollback = Some(Arc::clone(&rollback));
        record::rolled_back(&rollback, serving, &self.options.redaction);
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
