//! Makes a table live: number, swap, log line, and the entry of the history.

use std::sync::Arc;

use super::compile::{Content, NewTable, compile_recorded, is_same};
use super::described::{Described, Made, Unwritten, describe};
use super::outcome::{Asker, ReloadOutcome};
use super::worker::Worker;
use crate::daemon::guard::LastTable;
use crate::daemon::history::{Cause, Entry};
use crate::daemon::record;
use crate::daemon::source::RecordedTexts;
use crate::engine::Diagnostic;

impl Worker {
    /// Returns what makes a table of the files live.
    pub(super) fn made_by_files(&self, new: &NewTable, asker: Option<Asker>) -> Made {
        let same_texts = |live: &Content| live.manifest == new.content.manifest;
        let cause = match &self.serving {
            None => Cause::Start,
            Some(live) if same_texts(live) => Cause::Configuration,
            Some(_) if self.status.borrow().at.is_none() => Cause::Start,
            Some(_) => Cause::Save,
        };
        Made {
            cause,
            asker,
            source: self.options.source.clone(),
        }
    }

    /// Makes a table live that was not live before.
    pub(super) fn go_live(&mut self, new: NewTable, made: Made) -> ReloadOutcome {
        // The daemon starts, and the files are as they were.
        let again = self.snapshot.take();
        let again = again.filter(|entry| is_same(entry, &new.content));
        let number = match &again {
            Some(entry) => entry.generation,
            None => self.recorder.number(),
        };
        if again.is_none() {
            let before = self.serving.as_ref().map(|live| &*live.manifest);
            let described = Described {
                number,
                new: &new,
                before,
                redaction: &self.options.redaction,
            };
            self.unwritten = Some(Unwritten {
                entry: describe(&described, &made, self.recorder.history()),
                source: made.source,
                bytes: new.bytes,
            });
        }
        self.status.send_modify(|status| status.snapshot = None);
        self.put_into_force(number, new)
    }

    /// Makes a table live under this number. What is recorded is the business of the caller.
    pub(super) fn put_into_force(&mut self, number: u64, new: NewTable) -> ReloadOutcome {
        let NewTable {
            table,
            changes,
            sources,
            took,
            warnings,
            skipped,
            content,
            proposal,
            ..
        } = new;
        let rules = table.len();
        self.blocked = None;
        let texts = Arc::clone(&content.manifest);
        self.serving = Some(content);
        self.last_table = Some(LastTable::Table(proposal.counts));
        self.retired.keep(self.live.replace_as(number, table));
        record::table_warnings(&warnings, &self.options.redaction);
        record::table_skipped(&skipped);
        let (changed, redaction) = (changes.as_ref(), &self.options.redaction);
        record::table_live(number, rules, changed, sources, took, redaction);
        if let Some(traffic) = proposal
            .traffic
            .filter(|traffic| traffic.changes.differ > 0)
        {
            record::traffic_differs(traffic.changes.differ, traffic.remember);
        }
        self.status.send_modify(|status| {
            status.live += 1;
            status.texts = texts;
        });
        ReloadOutcome::Live {
            generation: number,
            rules,
            sources,
            changes: Arc::new(changes.unwrap_or_default()),
            took,
            warnings: warnings.into(),
        }
    }

    /// Records the live table.
    pub(super) async fn write(&mut self) {
        if let Some(Unwritten {
            entry,
            source,
            bytes,
        }) = self.unwritten.take()
        {
            self.recorder.record(entry, source, bytes).await;
        }
        let problem = self.recorder.problem().map(str::to_owned);
        self.status
            .send_modify(|status| status.not_recorded = problem);
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
        let compiled = work.await.map_err(|error| error.to_string())?;
        let table = compiled.map_err(|findings| reason(&findings))?;
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
}

/// Returns the first reason why a generation cannot serve, in one line.
fn reason(findings: &[Diagnostic]) -> String {
    let first = findings.first().map(ToString::to_string);
    let first = first.unwrap_or_default();
    first.lines().next().unwrap_or_default().to_owned()
}
