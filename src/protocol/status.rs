//! How the daemon stands.

use serde::{Deserialize, Serialize};

use super::{
    configuration::Configuration,
    outcome::{Outcome, Refused, Reload},
};

/// How the daemon stands: what is in force, and what is wrong. `daemon::status` gathers it; the control
/// socket, systemd's status line and `readdress status` show it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Status {
    /// The version of the daemon.
    #[serde(default)]
    pub version: String,
    /// How long the daemon has been running.
    #[serde(default)]
    pub uptime_seconds: u64,
    /// Files that are not in force; empty if all are.
    #[serde(default)]
    pub degraded: Vec<Degradation>,
    /// The number of the live table; 0 if there is none.
    pub generation: u64,
    /// Since when the table is live, in seconds since 1970.
    #[serde(default)]
    pub since: u64,
    /// How long the table has been live, whatever was done to the clock.
    #[serde(default)]
    pub age_seconds: u64,
    /// How many rules the table has.
    #[serde(default)]
    pub rules: usize,
    /// The files of the table.
    #[serde(default)]
    pub files: Vec<FileRules>,
    /// The rules directory, as an absolute path.
    #[serde(default)]
    pub directory: String,
    /// The mode: `rewrite` or `observe`.
    #[serde(default)]
    pub mode: String,
    /// Where the milter listens.
    #[serde(default)]
    pub milter: Vec<String>,
    /// Where the socketmap listens.
    #[serde(default)]
    pub socketmap: Vec<String>,
    /// Where the commands ask; `None` if the daemon has no control socket.
    #[serde(default)]
    pub control: Option<String>,
    /// Open connections of the milter.
    #[serde(default)]
    pub connections: usize,
    /// Most connections of the milter at one time.
    #[serde(default)]
    pub connection_limit: usize,
    /// Parts of the daemon that are not well.
    #[serde(default)]
    pub problems: Vec<Problem>,
    /// How many reloads there were.
    #[serde(default)]
    pub reloads: Reloads,
    /// The last reload; `None` before the first one.
    #[serde(default)]
    pub last_reload: Option<Reload>,
    /// The last reload after which a new table was live.
    #[serde(default)]
    pub last_change: Option<Reload>,
    /// The configuration file.
    #[serde(default)]
    pub configuration: Option<Configuration>,
    /// Where the daemon keeps the history.
    #[serde(default)]
    pub state: Option<StateDirectory>,
    /// The generation that serves from the history, because the files were not in order at the start.
    #[serde(default)]
    pub snapshot: Option<u64>,
    /// The addresses that got mail lately.
    #[serde(default)]
    pub traffic: Option<Traffic>,
}

/// Files that are not in force.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Degradation {
    /// Which files.
    pub what: DegradedFiles,
    /// Since when, in seconds since 1970.
    #[serde(default)]
    pub since: Option<u64>,
    /// Why the files are not in force, for people.
    pub why: String,
    /// What happens to mail, for people.
    pub mail: String,
    /// The first finding in one line, or the first cause for which a table is held back.
    #[serde(default)]
    pub first: String,
}

/// The files that may not be in force.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DegradedFiles {
    /// The rules.
    #[default]
    Rules,
    /// The configuration file.
    Configuration,
    /// Files that a newer daemon knows.
    #[serde(untagged)]
    Other(String),
}

/// How many rules a file has.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct FileRules {
    /// The file.
    pub file: String,
    /// How many rules it has.
    pub rules: usize,
}

/// A part of the daemon that is not well.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Problem {
    /// The part.
    pub part: String,
    /// What is wrong, and what to do.
    pub what: String,
    /// For how long.
    #[serde(default)]
    pub for_seconds: u64,
}

/// How many reloads there were since the start.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reloads {
    /// Reloads after which a new table was live.
    pub live: u64,
    /// Reloads that were refused; the same content is counted once.
    pub refused: u64,
    /// Reloads after which the new table was held back.
    pub held: u64,
}

/// Where the daemon keeps the history.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct StateDirectory {
    /// The directory; `None` if nothing is recorded.
    pub directory: Option<String>,
    /// Why nothing could be recorded.
    pub problem: Option<String>,
}

/// The addresses that got mail lately. The addresses themselves are not here: they are personal data.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Traffic {
    /// How many are remembered.
    pub addresses: usize,
    /// For how long they are remembered.
    #[serde(default)]
    pub remember_seconds: u64,
    /// How many were dropped because there were too many.
    #[serde(default)]
    pub dropped: u64,
    /// How many recipients were not counted because too many came at once.
    #[serde(default)]
    pub missed: u64,
    /// Where they are kept; `None` if they are in memory alone.
    #[serde(default)]
    pub directory: Option<String>,
    /// Why they could not be kept there.
    #[serde(default)]
    pub problem: Option<String>,
}

impl Status {
    /// Returns what came of the last reload.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.last_reload.as_ref().map(|reload| &reload.outcome)
    }

    /// Returns the findings if the last reload was refused.
    pub fn refused(&self) -> Option<&Refused> {
        match self.outcome() {
            Some(Outcome::Refused(refused)) => Some(refused),
            _ => None,
        }
    }

    /// Returns true if all files are in force and every part of the daemon is well.
    pub fn is_well(&self) -> bool {
        self.degraded.is_empty() && self.problems.is_empty()
    }
}
