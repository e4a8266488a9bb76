//! How serious findings are, and how many there are of each kind.

/// How serious a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Nothing is wrong, but it may not be what was meant.
    Note,
    /// The table goes live nevertheless.
    Warning,
    /// The table does not go live.
    Error,
}

impl Severity {
    /// Returns the word that is printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Findings that keep a table from going live.
    pub errors: usize,
    /// The others. Notes are not counted.
    pub warnings: usize,
}

impl Tally {
    /// Counts one more finding.
    pub fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => {}
        }
    }

    /// Returns the number of errors and warnings together.
    pub fn all(self) -> usize {
        self.errors + self.warnings
    }
}
