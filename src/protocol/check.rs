//! What `readdress check --format json` prints: one object a line for each finding, and a summary as the
//! last line; and what `readdress explain CODE --json` prints.
//!
//! Lines and columns count from 1, columns in characters. `end_column` is the column behind the last
//! character. A finding about a file as a whole has no line, no columns and no source: they are null.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A place in a file.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CheckPlace {
    /// The path of the file.
    pub file: String,
    /// The line.
    pub line: Option<u32>,
    /// The column of the first character.
    pub column: Option<u32>,
    /// The column behind the last character.
    pub end_column: Option<u32>,
    /// The text of the line.
    pub source: Option<String>,
}

/// One finding.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CheckFinding {
    /// Where it is.
    #[serde(flatten)]
    pub place: CheckPlace,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// A stable word.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Changes that fix it; each is an alternative to the others.
    pub suggestions: Vec<CheckSuggestion>,
    /// Other places that belong to it.
    pub notes: Vec<CheckNote>,
    /// For rows of a file that were skipped: how many of each kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<BTreeMap<String, usize>>,
}

/// A place that belongs to a finding.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CheckNote {
    /// Where it is.
    #[serde(flatten)]
    pub place: CheckPlace,
    /// What is there.
    pub message: String,
}

/// A change that fixes a finding.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CheckSuggestion {
    /// What to do.
    pub message: String,
    /// The edits, which belong together.
    pub edits: Vec<CheckEdit>,
}

/// A text in place of a range of characters.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CheckEdit {
    /// The path of the file.
    pub file: String,
    /// The line of the first character.
    pub line: u32,
    /// The column of the first character.
    pub column: u32,
    /// The line of the end.
    pub end_line: u32,
    /// The column behind the last character.
    pub end_column: u32,
    /// The text to write there.
    pub text: String,
}

/// The last object.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CheckSummary {
    /// The totals.
    pub summary: CheckTotals,
}

/// How many findings there are, and what was read.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CheckTotals {
    /// What was checked.
    pub subject: String,
    /// How many errors.
    pub errors: usize,
    /// How many warnings.
    pub warnings: usize,
    /// How many rules; null if there is no table.
    pub rules: Option<usize>,
    /// How many files.
    pub files: usize,
    /// How many expectations.
    pub expectations: usize,
    /// The laws, in the order of files and lines. Left out if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laws: Vec<CheckLaw>,
    /// True if the table would go live.
    pub live: bool,
}

/// A law: whether it holds, and what it rests upon.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CheckLaw {
    /// The law, as a line of an `.expect` file.
    pub law: String,
    /// The path of its file.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// `holds`, `broken`, `unproved`, `matches-nothing` or `unchecked`.
    pub verdict: String,
    /// How many rules the proof looked at.
    pub rules: usize,
    /// The rules for many addresses among them as `FILE:LINE`: the first 20.
    pub wide_rules: Vec<String>,
    /// The domains in which mail ends. A domain stands with `*.` before it for those below it.
    pub domains: Vec<String>,
    /// How long the proof took, in microseconds.
    pub microseconds: u64,
}

/// What a code of a finding means.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CodeExplained {
    /// The code.
    pub code: String,
    /// The severities that a finding with this code may have.
    pub severities: Vec<String>,
    /// What the code means.
    pub meaning: String,
    /// What to do.
    pub action: String,
    /// An example.
    pub example: Option<String>,
    /// What `check` prints about the example.
    pub output: Option<String>,
}
