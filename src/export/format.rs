//! The formats that can be written.

/// A format of an export.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExportFormat {
    /// Postfix virtual(5), to be compiled by postmap.
    Virtual,
    /// The source of Sendmail's virtusertable, to be compiled by makemap.
    Virtusertable,
    /// All domains and rules as pairs `from,to` (RFC 4180, LF).
    Csv,
    /// Primary and secondary domains, one a line.
    Domains,
    /// Secondary domains, one a line.
    Secondary,
    /// Addresses that are accepted, for `relay_recipient_maps`.
    Recipients,
    /// Postfix generic(5): the sender address that replies show instead of a primary address.
    Generic,
    /// The same for Sendmail's `genericstable`.
    Genericstable,
}

impl ExportFormat {
    /// Returns the word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Virtual => "virtual",
            Self::Virtusertable => "virtusertable",
            Self::Csv => "csv",
            Self::Domains => "domains",
            Self::Secondary => "secondary",
            Self::Recipients => "recipients",
            Self::Generic => "generic",
            Self::Genericstable => "genericstable",
        }
    }
}
