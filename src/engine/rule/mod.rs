//! Rules as values: which addresses a rule is for, what happens to them, and where it was written.
//!
//! [`print`] writes a value as a line of a `.rules` file. Reading such a line is the work of
//! [`syntax`](super::syntax); keeping many rules in little memory that of [`store`](super::store);
//! whether rules fit together that of [`table`](super::table).

mod action;
mod domain;
mod meaning;
mod print;
mod target;

pub use action::{Action, ActionWord, Arguments};
pub use domain::{Declaration, DomainClass, Unknown};
pub use meaning::Meaning;
pub use target::{Detail, Piece, Target, TargetKind};

use super::{
    address::{Domain, LocalPart, Mailbox},
    diagnostic::Span,
};

/// Left side of a rule: which addresses it is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Pattern {
    /// `mailbox@domain`: this address, its detail included if one is written.
    Mailbox(Mailbox),
    /// `user+*@domain`: this user with any detail that is not empty.
    AnyDetail {
        /// Left of the separator.
        user: LocalPart,
        /// Right of the `@`.
        domain: Domain,
    },
    /// `local@*`: this local-part in every secondary domain.
    LocalPart(LocalPart),
    /// `/regex/`, without its slashes.
    Regex(Box<str>),
    /// `+*@domain`: any address of the domain that has a detail.
    Detailed(Domain),
    /// `@domain`: any address of the domain.
    Domain(Domain),
    /// `@*.domain`: any address of any subdomain.
    Subdomains(Domain),
}

impl Pattern {
    /// Returns the domain that the pattern names, if it names one.
    pub fn domain(&self) -> Option<&Domain> {
        match self {
            Self::Mailbox(mailbox) => Some(&mailbox.domain),
            Self::AnyDetail { domain, .. }
            | Self::Detailed(domain)
            | Self::Domain(domain)
            | Self::Subdomains(domain) => Some(domain),
            Self::LocalPart(_) | Self::Regex(_) => None,
        }
    }
}

/// Where a rule came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A line of its own.
    Line,
    /// The list of secondary addresses behind a `mailbox`.
    Secondary,
    /// A line of a map of an MTA: it makes its domain secondary only if it is for the whole domain.
    Map,
    /// A row or record of an export.
    Row,
    /// A secondary address in such a row or record.
    Proxy,
}

impl Origin {
    /// Returns true for a secondary address of one owner.
    pub fn is_secondary(self) -> bool {
        matches!(self, Self::Secondary | Self::Proxy)
    }

    /// Returns true if another program wrote the rule. Such a program may write the same rule twice.
    pub fn is_foreign(self) -> bool {
        matches!(self, Self::Map | Self::Row | Self::Proxy)
    }
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which addresses it is for.
    pub pattern: Pattern,
    /// What happens to them.
    pub action: Action,
    /// The option `detail=`, where it is written.
    pub detail: Option<Detail>,
    /// Where its pattern is written.
    pub span: Span,
    /// Where it came from.
    pub origin: Origin,
}
