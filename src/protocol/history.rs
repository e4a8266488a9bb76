//! Generations, and how two tables differ.

use serde::{Deserialize, Serialize};

use crate::engine::compare::Difference;

/// A table that went live: one line of `readdress history --json`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Generation {
    /// Its number.
    pub generation: u64,
    /// The digest of its texts.
    pub digest: String,
    /// When it went live, in seconds since 1970.
    pub at: u64,
    /// Who made it live: the user of a command, or the owners of the changed files.
    pub by: String,
    /// Why, if they gave a reason.
    pub why: Option<String>,
    /// What made it live: `save`, `start`, `configuration`, `accepted` or `rollback`.
    pub cause: String,
    /// With a rollback: the generation whose texts it has.
    pub rollback_to: Option<u64>,
    /// How many rules it has.
    pub rules: usize,
    /// How many rules were added to the table before it.
    pub added: usize,
    /// How many rules were removed.
    pub removed: usize,
    /// How many rules were changed.
    pub changed: usize,
    /// True for the one that went live last.
    pub live: bool,
    /// False if a file changed before its text was kept, so that nobody can go back to it.
    pub whole: bool,
}

/// One address, or one pattern, that fares differently by another table: one line of `readdress diff --json`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct FateDifference {
    /// The address, or a pattern as rules write it.
    pub address: String,
    /// What happened to mail, as `.expect` files write it.
    pub before: String,
    /// What happens to it now.
    pub after: String,
    /// The line that decided, as `FILE:LINE`; none if no line did.
    pub rule_before: Option<String>,
    /// The line that decides now.
    pub rule_after: Option<String>,
}

impl From<&Difference> for FateDifference {
    fn from(difference: &Difference) -> Self {
        Self {
            address: difference.subject.to_string(),
            before: difference.before.to_string(),
            after: difference.after.to_string(),
            rule_before: difference.rule_before.clone(),
            rule_after: difference.rule_after.clone(),
        }
    }
}

/// Which generation made an address what it is: one line of `readdress blame --json`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Blame {
    /// The address.
    pub address: String,
    /// What happens to mail, as `.expect` files write it.
    pub outcome: String,
    /// The line that decides, as `FILE:LINE`.
    pub rule: Option<String>,
    /// The note of that line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The owner of that line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The generation since which it is so; none if it was so already in the oldest one of the history.
    pub since: Option<Generation>,
    /// What happened to mail before, if that is known.
    pub before: Option<String>,
    /// The line that decided before.
    pub rule_before: Option<String>,
}
