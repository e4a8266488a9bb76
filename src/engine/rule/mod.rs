//! Rules as values: which addresses a rule is for, what happens to them, and where it was written.
//!
//! [`print`] writes a value as a line of a `.rules` file. Reading such a line is the work of
//! [`syntax`](super::syntax); keeping many rules in little memory that of [`store`](super::store);
//! whether rules fit together that of [`table`](super::table).

mod print;

use super::{
    address::{Domain, LocalPart, Mailbox},
    diagnostic::Span,
    reply::SmtpReply,
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
    /// The domain that it names, where it names one.
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

/// Right side of a rule: what happens to an address that matches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// It stays as it is.
    Keep,
    /// It is the primary address of a mailbox that exists here; it stays as it is.
    Mailbox,
    /// The recipient is dropped in silence.
    Discard,
    /// `reject`, `defer` or `moved`.
    Refuse(SmtpReply),
    /// These take its place.
    Rewrite(Vec<Target>),
}

/// One address that takes the place of the one that matched.
#[derive(Clone, Debug)]
pub struct Target {
    /// What is put there.
    pub kind: TargetKind,
    /// Where it is written.
    pub span: Span,
}

/// The form of a target.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TargetKind {
    /// A mailbox as it stands.
    Mailbox(Mailbox),
    /// `@domain`: the local-part is kept.
    Domain(Domain),
    /// `@*.domain` beside a pattern `@*.other`: the local-part and the labels below are kept.
    Subdomains(Domain),
    /// A mailbox whose local-part is filled in from the match.
    Template {
        /// The local-part, piece by piece.
        pieces: Vec<Piece>,
        /// The domain, always as it stands.
        domain: Domain,
    },
}

/// A piece of a local-part that is filled in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// Text as it stands, in internal form.
    Text(Box<str>),
    /// `*`: the detail of the address that matched.
    Detail,
    /// `$1`: what this group of the regex matched.
    Capture(usize),
}

impl PartialEq for Target {
    /// Where it is written does not count.
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for Target {}

/// What becomes of a detail that the match left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Detail {
    /// It is put back behind the target's local-part.
    Keep,
    /// It is lost.
    Drop,
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
    /// Whether it is a secondary address of one owner.
    pub fn is_secondary(self) -> bool {
        matches!(self, Self::Secondary | Self::Proxy)
    }

    /// Whether another program wrote it, which repeats itself without meaning anything by it.
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

/// What a domain is to us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DomainClass {
    /// Its mailboxes live here.
    Primary,
    /// Its addresses exist only through rules.
    Secondary,
    /// Known, elsewhere.
    External,
}

impl DomainClass {
    /// The word that declares it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::External => "external",
        }
    }
}

/// What happens to an address of a domain for which there is neither a rule nor a mailbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unknown {
    /// 550 5.1.1.
    Reject,
    /// 451 4.3.0.
    Defer,
    /// It stays as it is.
    Keep,
}

impl Unknown {
    /// The word behind `unknown=`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Defer => "defer",
            Self::Keep => "keep",
        }
    }
}

/// A domain line.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The domain.
    pub domain: Domain,
    /// What it is.
    pub class: DomainClass,
    /// The option `unknown=`, where it is written.
    pub unknown: Option<Unknown>,
    /// Where the domain is written.
    pub span: Span,
}
