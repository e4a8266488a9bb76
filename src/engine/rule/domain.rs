//! Domain lines: what a domain is, and what happens to its unknown addresses.

use super::Annotation;
use crate::engine::{address::Domain, diagnostic::Span};

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
    /// All of them, in the order in which they are suggested.
    pub const ALL: [Self; 3] = [Self::Primary, Self::Secondary, Self::External];

    /// Returns the class of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// Returns the word that declares it.
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
    /// All of them, in the order in which they are suggested.
    pub const ALL: [Self; 3] = [Self::Reject, Self::Defer, Self::Keep];

    /// Returns what a word behind `unknown=` says.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unknown| unknown.word() == word)
    }

    /// Returns the word behind `unknown=`.
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
    /// The options `note=` and `owner=`.
    pub annotation: Annotation,
    /// Where the domain is written.
    pub span: Span,
}
