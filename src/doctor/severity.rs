//! How serious a finding is.

/// How serious a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Good to know. Nothing has to be done.
    Note,
    /// Mail flows, but not all of it as it should.
    Warning,
    /// Mail is refused, lost or passed on unchanged.
    Error,
}

impl Severity {
    /// The word that is printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
