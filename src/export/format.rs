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
    /// All formats, in the order in which help lists them.
    pub const ALL: [Self; 8] = [
        Self::Virtual,
        Self::Virtusertable,
        Self::Csv,
        Self::Domains,
        Self::Secondary,
        Self::Recipients,
        Self::Generic,
        Self::Genericstable,
    ];

    /// Returns the word on the command line.
    pub fn word(self) -> &'static str {
        self.described().0
    }

    /// Returns what the format is for, as help says it: no full stop.
    pub fn summary(self) -> &'static str {
        self.described().1
    }

    /// Returns true if the format lists sender addresses for replies, and so needs one secondary domain.
    pub fn is_reverse(self) -> bool {
        matches!(self, Self::Generic | Self::Genericstable)
    }

    fn described(self) -> (&'static str, &'static str) {
        match self {
            Self::Virtual => ("virtual", "Postfix virtual(5): a source for postmap"),
            Self::Virtusertable => (
                "virtusertable",
                "Sendmail virtusertable: a source for makemap",
            ),
            Self::Csv => (
                "csv",
                "All domains and rules in columns from,to: for a spreadsheet",
            ),
            Self::Domains => ("domains", "Primary and secondary domains, one per line"),
            Self::Secondary => ("secondary", "Secondary domains, one per line"),
            Self::Recipients => (
                "recipients",
                "The addresses that exist: a source for relay_recipient_maps",
            ),
            Self::Generic => (
                "generic",
                "Postfix generic(5): the secondary address in place of each primary address that has exactly one",
            ),
            Self::Genericstable => ("genericstable", "The same for Sendmail"),
        }
    }
}
