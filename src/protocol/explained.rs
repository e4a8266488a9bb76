//! What happens to one recipient, as `explain` says it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happens to an address, and which lines of the rules decide it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Explained {
    /// The address; `@DOMAIN` for a domain as a whole.
    pub address: String,
    /// What is done.
    pub action: Action,
    /// Who gets the mail.
    pub to: Vec<String>,
    /// What the client is answered if the recipient is refused.
    pub reply: Option<Reply>,
    /// The lines that decide, in the order in which they were found.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The number of the live table; `None` if the table was read from files.
    #[serde(default)]
    pub generation: Option<u64>,
    /// What the steps do not say: why no line decides, or what the message needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// For a recipient from a log line: what the MTA does with the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mta: Option<MtaEdits>,
    /// For a domain as a whole: its class, or null if the table does not know the domain.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub class: Option<Option<String>>,
}

/// Reads a field that is there, and may be null.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What is done with a recipient.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The recipient stays as it is.
    #[default]
    Keep,
    /// Other recipients take its place.
    Replace,
    /// The recipient is refused for good.
    Reject,
    /// The recipient is refused for now.
    Defer,
    /// The mail is dropped.
    Discard,
    /// An action that a newer daemon knows.
    #[serde(untagged)]
    Other(String),
}

impl Action {
    /// Returns the action with this word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "keep" => Self::Keep,
            "replace" => Self::Replace,
            "reject" => Self::Reject,
            "defer" => Self::Defer,
            "discard" => Self::Discard,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keep => "keep",
            Self::Replace => "replace",
            Self::Reject => "reject",
            Self::Defer => "defer",
            Self::Discard => "discard",
            Self::Other(word) => word,
        })
    }
}

/// A reply of SMTP.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reply {
    /// The reply code (550).
    pub code: u16,
    /// The enhanced status code (5.1.1).
    pub enhanced: String,
    /// The text.
    pub text: String,
}

/// One step: an address, and the line of the rules that decides about it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Step {
    /// The address that was looked up.
    pub address: String,
    /// The file of the line.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The rule, as readdress writes it.
    pub rule: String,
    /// Why this line decides, for people.
    #[serde(default)]
    pub why: String,
    /// Why this line decides. A daemon without a protocol number does not say it.
    #[serde(default)]
    pub reason: Option<StepReason>,
    /// The note of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The owner of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// Why a line decides about an address.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepReason {
    /// The rule is for this address.
    Rule,
    /// No rule is for this address, and the line says what happens to unknown addresses of the domain.
    Unknown,
    /// The local-part would route the mail elsewhere, and no rule spells it out.
    RoutingSpelling,
    /// The domain is not in the table.
    Elsewhere,
    /// The address came back.
    Loop,
    /// A limit was reached.
    Limit,
    /// The rule gives a target that is no address.
    NoAddress,
    /// The table is at fault.
    Fault,
    /// A reason that a newer daemon knows.
    #[serde(untagged)]
    Other(String),
}

/// What the MTA does with a decision.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct MtaEdits {
    /// The recipients that are deleted from the envelope.
    pub delete: Vec<String>,
    /// The recipients that are added to the envelope.
    pub add: Vec<Addition>,
    /// What follows, for people: sentences without their subject, "the MTA".
    pub does: Vec<String>,
}

/// A recipient that is added to an envelope.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Addition {
    /// The address.
    pub address: String,
    /// Its parameters (ORCPT, NOTIFY), with a space between two of them.
    pub parameters: String,
}
