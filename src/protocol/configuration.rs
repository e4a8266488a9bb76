//! The configuration file, and the settings in force.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// The configuration file: whether it is in force, and which settings wait for a restart.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Configuration {
    /// The path of the file.
    pub file: String,
    /// Why the file is not in force; `None` if it is.
    #[serde(default)]
    pub refused: Option<RefusedConfiguration>,
    /// The settings that wait for a restart.
    #[serde(default)]
    pub waiting: Vec<WaitingSetting>,
    /// The last change that took effect.
    #[serde(default)]
    pub last_change: Option<ConfigurationChange>,
    /// In the status: how many settings the file in force holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<usize>,
}

/// A configuration file that is not in force.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct RefusedConfiguration {
    /// Since when, in seconds since 1970.
    pub since: u64,
    /// The command that accepts a file that was emptied or cut off.
    #[serde(default)]
    pub accept: Option<String>,
    /// The findings.
    #[serde(flatten)]
    pub findings: Findings,
}

/// A setting with a new value in the file.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct WaitingSetting {
    /// The full name of the key.
    pub key: String,
    /// The value in force. For a change that took effect: the value before it.
    pub in_force: String,
    /// The value in the file.
    pub file: String,
}

/// A change of the configuration that took effect.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ConfigurationChange {
    /// When, in seconds since 1970.
    pub at: u64,
    /// The settings that were changed.
    pub keys: Vec<WaitingSetting>,
}

/// One setting in force: one line of the answer to `config`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Setting {
    /// The section; empty for the keys above all sections.
    pub section: String,
    /// The key.
    pub key: String,
    /// The value, as the file has it.
    pub value: String,
    /// Where the value comes from: a line of the file, a flag, `default` or `systemd`.
    pub from: String,
    /// The value in the file, if it waits for a restart.
    #[serde(default)]
    pub waiting: Option<String>,
}
