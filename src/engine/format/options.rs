//! What `import` can be told about a file, and which formats it knows.
//!
//! In a rules directory nothing can be told, so every option is at its default there.

use crate::engine::{
    address::{Domain, LocalCase},
    rule::DomainClass,
};

/// What a file does not say about itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether letter case makes two addresses of one owner different (the setting `local_case`).
    pub local_case: LocalCase,
    /// What Postfix appends to an address without a domain (`myorigin`).
    pub myorigin: Option<Domain>,
    /// What Postfix appends to a domain without a dot (`mydomain`).
    pub mydomain: Option<Domain>,
    /// The domain of keys and values that are local users.
    pub local_domain: Option<Domain>,
    /// Between the values of one cell.
    pub mv_sep: Option<char>,
    /// Between the cells of a row.
    pub column_sep: Option<char>,
    /// Around a cell.
    pub quote: Option<char>,
    /// Where the primary address comes from, if the usual places are empty.
    pub primary_from: Option<PrimaryFrom>,
    /// Domains that Sendmail's files beside a virtusertable name, and what they are.
    pub companions: Vec<(Domain, DomainClass)>,
    /// Inbound domains of a routing table whose mailboxes live here.
    pub primary_domains: Vec<Domain>,
    /// Read `*.onmicrosoft.com` addresses as well.
    pub keep_onmicrosoft: bool,
    /// Leave out the accounts that are disabled in an LDIF export.
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
    /// Any table that its header row tells.
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
    /// Directory exports.
    Ldif,
}

impl ImportFormat {
    /// Returns its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Virtual => "virtual",
            Self::Virtusertable => "virtusertable",
            Self::Csv => "csv",
            Self::Pairs => "pairs",
            Self::Exchange55 => "exchange55",
            Self::Exchange55Routing => "exchange55-routing",
            Self::Microsoft365 => "microsoft365",
            Self::Google => "google",
            Self::Postfixadmin => "postfixadmin",
            Self::Ldif => "ldif",
        }
    }

    /// Returns true if its patterns leave unknown users of their domains to the MTA, so that native rules
    /// need domain lines for the same effect.
    pub fn is_map(self) -> bool {
        matches!(
            self,
            Self::Virtual | Self::Virtusertable | Self::Exchange55Routing
        )
    }
}
