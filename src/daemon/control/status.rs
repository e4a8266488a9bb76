//! How the daemon stands: what is really in force, and what is wrong with that, since when.

use std::{path::Path, time::SystemTime};

use serde_json::{Value, json};

use super::{
    Control,
    outcome::{findings, outcome, unix_seconds, with},
};
use crate::{
    config::Change,
    daemon::{
        file_status::FileStatus,
        health::Problem,
        live::Generation,
        record::Redaction,
        reload::{ReloadOutcome, ReloadStatus},
    },
    engine::Tally,
};

impl Control {
    pub(super) fn status(&self) -> Value {
        let generation = self.state.live.pin();
        let config = self.state.config.load();
        let (reload, file) = (self.reload.status(), self.settings.status());
        let table = generation.table.as_ref();
        let files = table.map(|table| table.rules_by_file().collect::<Vec<_>>());
        let files = files.unwrap_or_default();
        let files = files
            .iter()
            .map(|(file, rules)| json!({ "file": file, "rules": rules }));
        let changed = reload.changed.as_ref();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_seconds": self.started.elapsed().as_secs(),
            "degraded": self.degraded(&generation, &reload, &file),
            "generation": generation.number,
            "since": unix_seconds(generation.since),
            "age_seconds": generation.age().as_secs(),
            "rules": table.map_or(0, |table| table.len()),
            "files": files.collect::<Vec<_>>(),
            "directory": absolute(&config.rules),
            "mode": config.mode.word(),
            "milter": self.sockets.milter,
            "socketmap": self.sockets.socketmap,
            "control": self.sockets.control,
            "connections": self.gauges.open(),
            "connection_limit": self.connection_limit,
            "problems": self.state.health.problems().iter().map(problem).collect::<Vec<_>>(),
            "reloads": { "live": reload.live, "refused": reload.refused, "held": reload.held },
            "last_reload": reload.outcome.as_ref().map(|last| self.outcome(last, reload.at)),
            "last_change": changed.map(|(at, last)| self.outcome(last, Some(*at))),
            "configuration": with(
                configuration(&file),
                json!({ "settings": config.origins.lines() }),
            ),
            "state": {
                "directory": reload.state.as_ref().map(|state| state.display().to_string()),
                "problem": reload.not_recorded,
            },
        })
    }

    /// What came of a reload, and when.
    pub(super) fn outcome(&self, last: &ReloadOutcome, at: Option<SystemTime>) -> Value {
        let accept = self.accept.as_ref();
        let words = |digest: &str| accept.map(|accept| accept.words(digest));
        let value = outcome(last, &self.state.redaction, words);
        let directory = absolute(&self.state.config.load().rules);
        let more = json!({ "at": at.map(unix_seconds), "directory": directory });
        with(value, more)
    }

    /// Everything for which the daemon is not as the files want it; empty where all is well.
    fn degraded(
        &self,
        generation: &Generation,
        reload: &ReloadStatus,
        file: &FileStatus,
    ) -> Vec<Value> {
        let mut all = Vec::new();
        let mail = match generation.number {
            0 => "there is no table: every recipient is deferred (451 4.3.0)".to_owned(),
            number => format!("generation {number} serves on"),
        };
        let rules = match &reload.outcome {
            Some(ReloadOutcome::Refused { diagnostics, .. }) => {
                let errors = counted(Tally::of(diagnostics).errors);
                Some(format!("the rules were refused: {errors}"))
            }
            Some(ReloadOutcome::Held { digest, .. }) => {
                Some(format!("the rules are held back (digest {digest})"))
            }
            _ => None,
        };
        if let Some(why) = rules {
            let since = reload.since.or(reload.at);
            all.push(
                json!({ "what": "rules", "since": since.map(unix_seconds), "why": why, "mail": mail }),
            );
        }
        if let Some(refused) = &file.refused {
            let errors = counted(Tally::of(&refused.findings).errors);
            all.push(json!({
                "what": "configuration",
                "since": unix_seconds(refused.since),
                "why": format!("the configuration file was refused: {errors}"),
                "mail": "the settings before it stay in force",
            }));
        }
        all
    }
}

/// A part of the daemon that is not well, as a command prints it.
fn problem(problem: &Problem) -> Value {
    json!({
        "part": problem.part,
        "what": problem.what,
        "for_seconds": problem.since.elapsed().as_secs(),
    })
}

/// A path that can be typed anywhere.
fn absolute(path: &Path) -> String {
    let absolute = std::path::absolute(path);
    let path = absolute.as_deref().unwrap_or(path);
    path.display().to_string()
}

fn counted(errors: usize) -> String {
    format!("{errors} error{}", if errors == 1 { "" } else { "s" })
}

/// The configuration file, and what waits.
pub(super) fn configuration(file: &FileStatus) -> Value {
    let refused = file.refused.as_ref().map(|refused| {
        with(
            json!({ "since": unix_seconds(refused.since), "accept": refused.accept }),
            // The configuration holds no addresses.
            findings(&refused.findings, &Redaction::default()),
        )
    });
    let changes = |list: &[Change]| list.iter().map(change).collect::<Vec<_>>();
    let changed = file
        .changed
        .as_ref()
        .map(|(at, list)| json!({ "at": unix_seconds(*at), "keys": changes(list) }));
    json!({
        "file": file.path.display().to_string(),
        "refused": refused,
        "waiting": changes(&file.waiting),
        "last_change": changed,
    })
}

fn change(change: &Change) -> Value {
    json!({ "key": change.key, "in_force": change.old, "file": change.new })
}
