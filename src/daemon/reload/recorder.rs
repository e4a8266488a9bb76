//! Keeps the history while the daemon runs: numbers the generations, records what goes live, finds what to serve
//! at a start, and remembers a rollback.
//!
//! The state directory is on a thread of its own: one that hangs keeps no rules from going live. An error here
//! never ends the daemon. It serves, and says what it cannot record.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`PATIENCE`] | 5 s, and a second for each [`BYTES_A_SECOND`] | the state directory does not answer: the daemon continues without it |

use std::{io::Write, sync::Arc, time::Duration};

use tokio::time::timeout;

use super::outcome::Asker;
use crate::daemon::{
    history::{Bounds, Damage, Entry, History, Rollback, Text},
    jobs::Jobs,
    record,
    source::{CopyError, RuleSource},
};

/// The longest wait for the state directory.
const PATIENCE: Duration = Duration::from_secs(5);

/// How fast a state directory is that answers, at least.
const BYTES_A_SECOND: u64 = 20 << 20;

/// Keeps the history, if it is kept.
pub(super) struct Recorder {
    kept: Option<Kept>,
    /// The number of the next generation.
    next: u64,
    /// Why nothing is recorded; `None` if all is well.
    problem: Option<String>,
}

/// Where the history is, and who works upon it.
struct Kept {
    history: History,
    bounds: Bounds,
    jobs: Jobs,
}

/// What was found at the start.
#[derive(Default)]
pub(super) struct Found {
    /// The generations that were live, the newest first, as far as they can be had again.
    pub snapshots: Vec<Entry>,
    /// The rollback in force.
    pub rollback: Option<Rollback>,
    /// There were generations, whether they can be read or not.
    pub had_generations: bool,
}

impl Recorder {
    /// Keeps the history in this place; nowhere without one.
    pub fn new(kept: Option<(History, Bounds, Jobs)>) -> Self {
        let kept = kept.map(|(history, bounds, jobs)| Kept {
            history,
            bounds,
            jobs,
        });
        Self {
            kept,
            next: 1,
            problem: None,
        }
    }

    /// Returns the history, if one is kept.
    pub fn history(&self) -> Option<&History> {
        self.kept.as_ref().map(|kept| &kept.history)
    }

    /// Sets how much is kept.
    pub fn set_bounds(&mut self, bounds: Bounds) {
        if let Some(kept) = &mut self.kept {
            kept.bounds = bounds;
        }
    }

    /// Returns why nothing is recorded.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Returns the number for a table that goes live, and never again.
    pub fn number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// Looks at the history, once, before the first table.
    pub async fn open(&mut self) -> Found {
        let Some(kept) = &self.kept else {
            return Found::default();
        };
        let history = kept.history.clone();
        let work = kept
            .jobs
            .run(move || (history.prepare(), history.list(), history.rollback()));
        let Ok(Ok((prepared, listed, rollback))) = timeout(PATIENCE, work).await else {
            self.set_problem(Some(NO_ANSWER.to_owned()));
            return Found {
                had_generations: true,
                ..Found::default()
            };
        };
        let history = kept.history.clone();
        self.set_problem(prepared.err().map(|error| error.to_string()));
        let listing = match listed {
            Ok(listing) => listing,
            Err(error) => {
                let directory = history.directory().to_owned();
                report(&[Damage {
                    file: directory,
                    reason: error.to_string(),
                }]);
                return Found {
                    had_generations: true,
                    ..Found::default()
                };
            }
        };
        report(&listing.damaged);
        self.next = listing.highest + 1;
        let newest = listing.entries.last();
        let rollback = rollback.unwrap_or_else(|damage| {
            report(&[damage]);
            // Somebody went back, and the newest generation is what went live then.
            newest.map(|newest| Rollback {
                to: newest.generation,
                at: newest.at,
                by: newest.by.clone(),
                why: newest.why.clone(),
            })
        });
        let whole = listing.entries.into_iter().rev().filter(Entry::is_whole);
        Found {
            snapshots: whole.collect(),
            rollback,
            had_generations: listing.highest > 0,
        }
    }

    /// Returns the entry of a generation.
    ///
    /// # Errors
    ///
    /// A sentence: there is no such generation, or it cannot be had again.
    pub async fn entry(&self, generation: u64) -> Result<Entry, String> {
        let Some(kept) = &self.kept else {
            return Err("this daemon keeps no history: configure `state`".to_owned());
        };
        let history = kept.history.clone();
        let listed = timeout(PATIENCE, kept.jobs.run(move || history.list())).await;
        let Ok(Ok(listed)) = listed else {
            return Err(NO_ANSWER.to_owned());
        };
        let directory = kept.history.directory().display();
        let listing = listed.map_err(|error| format!("{directory}: {error}"))?;
        match listing.entry(generation) {
            Some(entry) if entry.is_whole() => Ok(entry.clone()),
            Some(_) => Err(format!(
                "generation {generation} cannot be had again: a file changed before it was copied"
            )),
            None => Err(no_such(&listing.entries, generation)),
        }
    }

    /// Records a generation whose texts `source` gives.
    pub async fn record(&mut self, mut entry: Entry, source: Arc<dyn RuleSource>, bytes: u64) {
        let Some(kept) = &self.kept else {
            return;
        };
        let (history, bounds) = (kept.history.clone(), kept.bounds);
        let work = kept.jobs.run(move || {
            let copy = &mut |text: &Text, to: &mut dyn Write| match source.copy(
                &text.name,
                text.content(),
                to,
            ) {
                Ok(()) => Ok(true),
                Err(CopyError::Changed | CopyError::Unreadable(_)) => Ok(false),
                Err(CopyError::Unwritable(error)) => Err(error),
            };
            history.record(&mut entry, bounds, copy)
        });
        let patience = PATIENCE + Duration::from_secs(bytes / BYTES_A_SECOND);
        self.set_problem(answered(timeout(patience, work).await));
    }

    /// Adds a reason to a generation that has none, with who gives it.
    pub async fn add_reason(&mut self, generation: u64, asker: &Asker) {
        let Some(kept) = &self.kept else {
            return;
        };
        let (history, author, why) = (kept.history.clone(), asker.author(), asker.why.clone());
        let work = kept
            .jobs
            .run(move || history.add_reason(generation, author, why));
        self.set_problem(answered(timeout(PATIENCE, work).await));
    }

    /// Records a rollback, or its end, so that it outlives the daemon.
    pub async fn mark(&mut self, rollback: Option<Rollback>) {
        let Some(kept) = &self.kept else {
            return;
        };
        let history = kept.history.clone();
        let work = kept.jobs.run(move || match rollback {
            Some(rollback) => history.roll_back(&rollback),
            None => history.end_rollback(),
        });
        self.set_problem(answered(timeout(PATIENCE, work).await));
    }

    /// Logs once why nothing can be recorded.
    fn set_problem(&mut self, problem: Option<String>) {
        if self.problem == problem {
            return;
        }
        if let (Some(problem), Some(kept)) = (&problem, &self.kept) {
            record::history_not_recorded(kept.history.state(), problem);
        }
        self.problem = problem;
    }
}

const NO_ANSWER: &str = "the state directory does not answer";

/// Returns what is wrong, if the work was not done.
fn answered<J, W>(done: Result<Result<Result<(), std::io::Error>, J>, W>) -> Option<String> {
    match done {
        Ok(Ok(Ok(()))) => None,
        Ok(Ok(Err(error))) => Some(error.to_string()),
        _ => Some(NO_ANSWER.to_owned()),
    }
}

fn report(damaged: &[Damage]) {
    for damage in damaged {
        record::history_damaged(&damage.file, &damage.reason);
    }
}

fn no_such(entries: &[Entry], generation: u64) -> String {
    match (entries.first(), entries.last()) {
        (Some(first), Some(last)) => format!(
            "the history has no generation {generation}, but {} from {} to {}: `readdress history` lists them",
            entries.len(),
            first.generation,
            last.generation
        ),
        _ => format!("the history has no generation {generation}: it is empty"),
    }
}
