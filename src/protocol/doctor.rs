//! What `readdress doctor --format json` prints.

use serde::Serialize;

/// One finding.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct DoctorFinding<'a> {
    /// What the finding is about.
    pub about: &'a str,
    /// `error`, `warning` or `note`.
    pub severity: &'a str,
    /// A stable word.
    pub code: &'a str,
    /// What is wrong.
    pub message: &'a str,
    /// What to do.
    pub help: &'a str,
}

/// The last object.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct DoctorSummary<'a> {
    /// The totals.
    pub summary: DoctorTotals<'a>,
}

/// How many findings there are, and what was looked at.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct DoctorTotals<'a> {
    /// How many errors.
    pub errors: usize,
    /// How many warnings.
    pub warnings: usize,
    /// How many notes.
    pub notes: usize,
    /// What was looked at.
    pub looked_at: Vec<DoctorLook<'a>>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct DoctorLook<'a> {
    /// The thing.
    pub what: &'a str,
    /// How it was found: a stable word.
    pub result: &'a str,
    /// What was seen.
    pub text: &'a str,
}
