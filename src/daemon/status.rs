//! How the daemon stands, gathered from its parts into one value: [`Status`].
//!
//! The control socket sends that value, and systemd's status line is made from it. Where the
//! configuration hides addresses in the log, the value holds places and counts instead of rules.

mod outcome;

use std::{
    path::Path,
    sync::Arc,
    time::{Instant, SystemTime},
};

use super::{
    history::unix_seconds,
    listeners::{ListenerKind, ListeningSockets},
    record::Redaction,
    reload::{Accept, ReloadHandle, ReloadOutcome, ReloadStatus},
    settings::SettingsHandle,
    state::{State, counters::Counters, file_status::FileStatus, health},
    traffic,
};
use crate::{
    config::Change,
    engine::Tally,
    protocol::{
        Configuration, ConfigurationChange, Degradation, DegradedFiles, FileRules, Outcome,
        Problem, RefusedConfiguration, Reload, Reloads, StateDirectory, Status, Traffic,
        WaitingSetting,
    },
};
use outcome::{findings, first_line};

/// Knows every part of the daemon that has something to say about how the daemon stands.
#[derive(Clone, Debug)]
pub struct StatusReporter {
    /// The live table, the configuration, and what is not well.
    pub state: Arc<State>,
    /// The reloader.
    pub reload: ReloadHandle,
    /// The follower of the configuration file.
    pub settings: SettingsHandle,
    /// The counters of the milter's connections.
    pub counters: Arc<Counters>,
    /// When the daemon started.
    pub started: Instant,
    /// Most connections of the milter at one time.
    pub connection_limit: usize,
    /// The addresses that got mail lately.
    pub traffic: traffic::Traffic,
    /// The sockets that the daemon listens on.
    pub sockets: ListeningSockets,
    /// How a table is accepted that is held back; `None` without a control socket.
    pub accept: Option<Accept>,
}

impl StatusReporter {
    /// Gathers how the daemon stands now.
    pub fn status(&self) -> Status {
        let generation = self.state.live.pin();
        let config = self.state.config.load();
        let (reload, file) = (self.reload.status(), self.settings.status());
        let table = generation.table.as_ref();
        let files = table.map(|table| table.rules_by_file().map(file_rules).collect());
        let changed = reload.changed.as_ref();
        let problems = self.state.health.problems();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_seconds: self.started.elapsed().as_secs(),
            degraded: self.degraded(generation.number, &reload, &file),
            generation: generation.number,
            since: unix_seconds(generation.since),
            age_seconds: generation.age().as_secs(),
            rules: table.map_or(0, |table| table.len()),
            files: files.unwrap_or_default(),
            directory: absolute(&config.rules),
            mode: config.mode.word().to_owned(),
            milter: self.sockets.names(ListenerKind::Milter),
            socketmap: self.sockets.names(ListenerKind::Socketmap),
            control: self.sockets.names(ListenerKind::Control).pop(),
            connections: self.counters.open(),
            connection_limit: self.connection_limit,
            problems: problems.iter().map(problem).collect(),
            reloads: Reloads {
                live: reload.live,
                refused: reload.refused,
                held: reload.held,
            },
            last_reload: reload
                .outcome
                .as_ref()
                .map(|last| self.outcome(last, reload.at)),
            last_change: changed.map(|(at, last)| self.outcome(last, Some(*at))),
            configuration: Some(Configuration {
                settings: Some(config.origins.lines()),
                ..configuration(&file)
            }),
            state: Some(StateDirectory {
                directory: reload.state.map(|state| state.display().to_string()),
                problem: reload.not_recorded,
            }),
            snapshot: reload.snapshot,
            traffic: Some(self.traffic()),
        }
    }

    fn traffic(&self) -> Traffic {
        let traffic = self.traffic.state();
        Traffic {
            addresses: traffic.addresses,
            remember_seconds: self.state.config.load().traffic.remember.as_secs(),
            dropped: traffic.dropped,
            missed: traffic.missed,
            directory: traffic.directory.map(|path| path.display().to_string()),
            problem: traffic.problem,
        }
    }

    /// Returns what came of a reload, and when.
    pub fn outcome(&self, outcome: &ReloadOutcome, at: Option<SystemTime>) -> Reload {
        let accept = self.accept.as_ref();
        self.reload_of(outcome::outcome(outcome, &self.state.redaction, accept), at)
    }

    /// Returns an outcome with its time and the rules directory.
    pub fn reload_of(&self, outcome: Outcome, at: Option<SystemTime>) -> Reload {
        Reload {
            outcome,
            at: at.map(unix_seconds),
            directory: absolute(&self.state.config.load().rules),
            configuration: None,
        }
    }

    /// Returns what is known of the configuration file.
    pub fn configuration(&self) -> Configuration {
        configuration(&self.settings.status())
    }

    /// Returns the files that are not in force; an empty list if all are.
    fn degraded(
        &self,
        generation: u64,
        reload: &ReloadStatus,
        file: &FileStatus,
    ) -> Vec<Degradation> {
        let rules = match &reload.outcome {
            Some(ReloadOutcome::Refused { diagnostics, .. }) => {
                let errors = counted(Tally::of(diagnostics).errors);
                let first = first_line(diagnostics, &self.state.redaction);
                Some((format!("the rules were refused: {errors}"), first))
            }
            Some(ReloadOutcome::Held { digest, causes, .. }) => {
                let first = causes.first();
                let first = first.map(|cause| cause.text(self.state.redaction.hides()));
                let first = first.unwrap_or_default();
                Some((format!("the rules are held back (digest {digest})"), first))
            }
            Some(ReloadOutcome::RolledBack { rollback, .. }) => {
                let by = rollback.by.words();
                let why = format!("{by} went back to generation {}", rollback.to);
                let reason = rollback.why.clone();
                let reason = reason.filter(|_| !self.state.redaction.hides());
                Some((why, reason.unwrap_or_default()))
            }
            _ => None,
        };
        let rules = rules.map(|(why, first)| Degradation {
            what: DegradedFiles::Rules,
            since: reload.since.or(reload.at).map(unix_seconds),
            why,
            mail: match generation {
                0 => "there is no table: every recipient is deferred (451 4.3.0)".to_owned(),
                number if reload.snapshot == Some(number) => {
                    format!("generation {number}, the last good one, serves from the history")
                }
                number => format!("generation {number} serves on"),
            },
            first,
        });
        let configuration = file.refused.as_ref().map(|refused| Degradation {
            what: DegradedFiles::Configuration,
            since: Some(unix_seconds(refused.since)),
            why: format!(
                "the configuration file was refused: {}",
                counted(Tally::of(&refused.findings).errors)
            ),
            mail: "the settings before it stay in force".to_owned(),
            // The configuration holds no addresses.
            first: first_line(&refused.findings, &Redaction::default()),
        });
        rules.into_iter().chain(configuration).collect()
    }
}

fn file_rules((file, rules): (&str, usize)) -> FileRules {
    FileRules {
        file: file.to_owned(),
        rules,
    }
}

fn problem(problem: &health::Problem) -> Problem {
    Problem {
        part: problem.part.clone(),
        what: problem.what.clone(),
        for_seconds: problem.since.elapsed().as_secs(),
    }
}

/// Returns a path that can be typed in any directory.
fn absolute(path: &Path) -> String {
    let absolute = std::path::absolute(path);
    let path = absolute.as_deref().unwrap_or(path);
    path.display().to_string()
}

fn counted(errors: usize) -> String {
    format!("{errors} error{}", if errors == 1 { "" } else { "s" })
}

fn configuration(file: &FileStatus) -> Configuration {
    let refused = file.refused.as_ref().map(|refused| RefusedConfiguration {
        since: unix_seconds(refused.since),
        accept: refused.accept.clone(),
        // The configuration holds no addresses.
        findings: findings(&refused.findings, &Redaction::default()),
    });
    let changes = |list: &[Change]| list.iter().map(change).collect();
    let changed = file.changed.as_ref();
    Configuration {
        file: file.path.display().to_string(),
        refused,
        waiting: changes(&file.waiting),
        last_change: changed.map(|(at, list)| ConfigurationChange {
            at: unix_seconds(*at),
            keys: changes(list),
        }),
        settings: None,
    }
}

fn change(change: &Change) -> WaitingSetting {
    WaitingSetting {
        key: change.key.clone(),
        in_force: change.old.clone(),
        file: change.new.clone(),
    }
}
