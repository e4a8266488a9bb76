//! Findings in an answer: some of them as text, and how many there are.

use serde::{Deserialize, Serialize};

/// Findings: the first ones as text, errors before warnings, and how many there are.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Findings {
    /// How many findings are not among `findings`.
    #[serde(default)]
    pub findings_more: usize,
    /// The first findings, as `check` prints them.
    #[serde(default)]
    pub findings: Vec<String>,
    /// How many errors there are.
    #[serde(default)]
    pub errors: usize,
    /// How many warnings there are.
    #[serde(default)]
    pub warnings: usize,
}
