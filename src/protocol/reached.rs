//! What reaches an address, as `who` says it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One address or pattern that reaches an address. If nothing does, one value without `from`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reached {
    /// The address that was asked about.
    pub address: String,
    /// What happens to mail for this address itself, as an `.expect` file has it.
    pub outcome: String,
    /// The address, or the pattern, that reaches it; null if nothing does.
    pub from: Option<String>,
    /// What `from` is.
    pub kind: Option<ReachedKind>,
    /// For a pattern: an address that it matches and that reaches the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// The rules on the way, the first one for `from`. The last one has the address as a target.
    #[serde(default)]
    pub steps: Vec<WayStep>,
    /// The number of the live table; null if the table was read from files.
    #[serde(default)]
    pub generation: Option<u64>,
}

/// What an address is reached by.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReachedKind {
    /// One address, which has no other target.
    Address,
    /// One address with several targets.
    List,
    /// One address with a detail, or a pattern for details.
    Detail,
    /// A pattern for many addresses.
    Pattern,
    /// A kind that a newer daemon knows.
    #[serde(untagged)]
    Other(String),
}

impl fmt::Display for ReachedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "address",
            Self::List => "list",
            Self::Detail => "detail",
            Self::Pattern => "pattern",
            Self::Other(word) => word,
        })
    }
}

/// One address on the way, and the rule that rewrites it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct WayStep {
    /// The address that is rewritten.
    pub address: String,
    /// The file of the rule.
    pub file: String,
    /// The line of the rule, from 1.
    pub line: u32,
    /// The rule, as readdress writes it, with its `note=` and `owner=`. Empty if rules are hidden.
    #[serde(default)]
    pub rule: String,
    /// The note of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The owner of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}
