//! What came of a reload.

use serde::{Deserialize, Serialize};

use super::{configuration::Configuration, findings::Findings, history::FateDifference};

/// What came of reading the rules, and when: the answer to `reload` and `accept`, and part of the status.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reload {
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// When, in seconds since 1970.
    #[serde(default)]
    pub at: Option<u64>,
    /// The rules directory, as an absolute path.
    #[serde(default)]
    pub directory: String,
    /// With the answer to `reload`: the configuration file, which is read before the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Configuration>,
}

/// What came of reading the rules.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// The live table matches the files.
    Unchanged {
        /// The number of the live table.
        generation: u64,
    },
    /// A new table is live.
    Live(Live),
    /// The rules have errors; the old table stays.
    Refused(Refused),
    /// The new table would lose many rules; the old table stays until somebody accepts the new one.
    Held(Held),
    /// Somebody went back to a generation; the files do not count until that is ended.
    RolledBack(RolledBack),
    /// With the answer to `accept`: the configuration file is in force.
    Configuration,
    /// An outcome that a newer daemon knows.
    #[serde(untagged)]
    Other(OtherOutcome),
}

/// A new table.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Live {
    /// The number of the table.
    pub generation: u64,
    /// How many rules it has.
    pub rules: usize,
    /// How many files the rules come from.
    pub files: usize,
    /// How many rules were added.
    pub added: usize,
    /// How many rules were removed.
    pub removed: usize,
    /// How many rules were changed.
    pub changed: usize,
    /// The first added rules.
    #[serde(default)]
    pub added_rules: Vec<String>,
    /// The first removed rules.
    #[serde(default)]
    pub removed_rules: Vec<String>,
    /// The first changed rules.
    #[serde(default)]
    pub changed_rules: Vec<String>,
    /// The time from the first opened file to the live table, in milliseconds.
    pub took_ms: u64,
    /// The warnings.
    #[serde(flatten)]
    pub findings: Findings,
}

/// Rules with errors.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Refused {
    /// The number of the live table; 0 if there is none.
    pub generation: u64,
    /// The findings.
    #[serde(flatten)]
    pub findings: Findings,
}

/// A table that is held back.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Held {
    /// The number of the live table; 0 if there is none.
    pub generation: u64,
    /// The digest of the new table.
    pub digest: String,
    /// Why the new table is held back.
    pub causes: Vec<Cause>,
    /// How many rules the new table has.
    pub rules: usize,
    /// How many files the rules come from.
    pub files: usize,
    /// The command that accepts the new table; `None` if the daemon has no control socket.
    pub accept: Option<String>,
    /// Addresses and patterns that fare differently by the new table, ten at most; those that lose their mail come
    /// first. Empty where the log hides addresses.
    #[serde(default)]
    pub differences: Vec<FateDifference>,
    /// How many there are; `None` if the tables were not compared.
    #[serde(default)]
    pub differences_total: Option<usize>,
    /// True if the comparison ended with so many, so that there may be more.
    #[serde(default)]
    pub differences_more: bool,
}

/// A rollback in force.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct RolledBack {
    /// The number of the live table.
    pub generation: u64,
    /// The generation whose texts it has.
    pub to: u64,
    /// Since when, in seconds since 1970.
    pub since: u64,
    /// Who asked for it.
    pub by: String,
    /// Why, if they gave a reason.
    #[serde(default)]
    pub why: Option<String>,
    /// The command that ends it; `None` if the daemon has no control socket.
    #[serde(default)]
    pub end: Option<String>,
}

/// Why a table is held back.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Cause {
    /// A stable word.
    pub cause: String,
    /// A sentence for people.
    pub text: String,
}

/// An outcome that this program does not know.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct OtherOutcome {
    /// Its word.
    pub outcome: String,
    /// The number of the live table; 0 if there is none.
    #[serde(default)]
    pub generation: u64,
}

impl Held {
    /// Returns how many addresses would fare differently, in a few words; nothing if the tables were not compared.
    pub fn differences_in_words(&self) -> Option<String> {
        let total = self.differences_total?;
        Some(match (total, self.differences_more) {
            (0, _) => "no address fares differently".to_owned(),
            (1, false) => "1 address or pattern fares differently".to_owned(),
            (_, false) => format!("{total} addresses or patterns fare differently"),
            (_, true) => format!("{total} addresses or patterns, or more, fare differently"),
        })
    }
}

impl Outcome {
    /// Returns the number of the live table; 0 if there is none, or if the outcome is not about rules.
    pub fn generation(&self) -> u64 {
        match self {
            Self::Unchanged { generation } => *generation,
            Self::Live(live) => live.generation,
            Self::Refused(refused) => refused.generation,
            Self::Held(held) => held.generation,
            Self::RolledBack(rolled_back) => rolled_back.generation,
            Self::Other(other) => other.generation,
            Self::Configuration => 0,
        }
    }

    /// Returns the findings, if the outcome has some.
    pub fn findings(&self) -> Option<&Findings> {
        match self {
            Self::Live(live) => Some(&live.findings),
            Self::Refused(refused) => Some(&refused.findings),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_outcome_keeps_its_word() {
        let text = r#"{"outcome":"promoted","generation":7,"to":3,"at":5,"directory":"/r"}"#;
        let read: Reload = serde_json::from_str(text).unwrap();
        let wanted = OtherOutcome {
            outcome: "promoted".to_owned(),
            generation: 7,
        };
        assert_eq!((read.outcome, read.at), (Outcome::Other(wanted), Some(5)));
        let text = r#"{"outcome":"unchanged","generation":7}"#;
        let read: Reload = serde_json::from_str(text).unwrap();
        assert_eq!(read.outcome, Outcome::Unchanged { generation: 7 });
    }
}
