//! The options and the formats of `import`.
//!
//! For a file in a rules directory all options have their defaults.

use crate::engine::{
    address::{Domain, LocalCase},
    rule::DomainClass,
};

/// What a file does not show.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How local-parts are compared: with or without letter case (the setting `local_part_case`).
    pub local_case: LocalCase,
    /// What Postfix appends to an address without a domain (`myorigin`).
    pub myorigin: Option<Domain>,
    /// What Postfix appends to a domain without a dot (`mydomain`).
    pub mydomain: Option<Domain>,
    /// The domain of local users: keys and values without a domain.
    pub local_domain: Option<Domain>,
    /// The separator between the values of one cell.
    pub mv_sep: Option<char>,
    /// The separator between the cells of a row.
    pub column_sep: Option<char>,
    /// The quote around a cell.
    pub quote: Option<char>,
    /// Where the primary address comes from if the file does not name one.
    pub primary_from: Option<PrimaryFrom>,
    /// The domains in the files of Sendmail that go with a virtusertable, and their classes.
    pub companions: Vec<(Domain, DomainClass)>,
    /// The inbound domains of a routing table that are primary.
    pub primary_domains: Vec<Domain>,
    /// True if `*.onmicrosoft.com` addresses are read as well.
    pub keep_onmicrosoft: bool,
    /// True if disabled accounts of an LDIF export are skipped.
    pub skip_disabled: bool,
}

/// Where a primary address comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PrimaryFrom {
    /// The alias name, in this domain.
    Alias(Domain),
    /// The user principal name.
    PrincipalName,
}

/// A format that `import` reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ImportFormat {
    /// Postfix virtual(5).
    Virtual,
    /// Sendmail virtusertable source.
    Virtusertable,
    /// Any table that is recognised by its header row.
    Csv,
    /// Two columns, `from` and `to`.
    Pairs,
    /// Exchange 4.0 to 5.5 directory export.
    Exchange55,
    /// The routing table of Exchange 5.5.
    Exchange55Routing,
    /// PowerShell and admin-centre exports of Exchange and Microsoft 365.
    Microsoft365,
    /// GAM and the recipient address map of Google Workspace.
    Google,
    /// Tables of PostfixAdmin and other mail servers' databases, SQL dumps included.
    Postfixadmin,
    /// LDIF exports of directories.
    Ldif,
}

impl ImportFormat {
    /// All formats, in the order in which help lists them.
    pub const ALL: [Self; 10] = [
        Self::Virtual,
        Self::Virtusertable,
        Self::Pairs,
        Self::Csv,
        Self::Exchange55,
        Self::Exchange55Routing,
        Self::Microsoft365,
        Self::Google,
        Self::Postfixadmin,
        Self::Ldif,
    ];

    /// Returns the name of the format on the command line.
    pub fn name(self) -> &'static str {
        self.described().0
    }

    /// Returns what files of this format are, as help says it: no full stop.
    pub fn summary(self) -> &'static str {
        self.described().1
    }

    fn described(self) -> (&'static str, &'static str) {
        match self {
            Self::Virtual => ("virtual", "Postfix virtual(5), or `postmap -s`"),
            Self::Virtusertable => ("virtusertable", "Sendmail virtusertable source"),
            Self::Pairs => ("pairs", "CSV with the columns from and to"),
            Self::Csv => ("csv", "Any CSV with a known header row"),
            Self::Exchange55 => ("exchange55", "Exchange 4.0 to 5.5 directory export"),
            Self::Exchange55Routing => ("exchange55-routing", "Exchange 5.5 routing table"),
            Self::Microsoft365 => (
                "microsoft365",
                "Exchange and Microsoft 365, PowerShell or admin centre",
            ),
            Self::Google => ("google", "Google Workspace: GAM, recipient address map"),
            Self::Postfixadmin => (
                "postfixadmin",
                "Databases of mail servers: CSV, mysql -B or a dump",
            ),
            Self::Ldif => ("ldif", "Active Directory or another directory"),
        }
    }

    /// Returns true if the MTA decides about unknown users of the domains in such a file. Native rules need
    /// domain lines for the same effect.
    pub fn is_map(self) -> bool {
        matches!(
            self,
            Self::Virtual | Self::Virtusertable | Self::Exchange55Routing
        )
    }
}
