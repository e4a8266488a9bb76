//! What a difference is: whom it concerns, and what happened to mail before and happens after.

use std::fmt;

use crate::engine::{
    address::{Domain, Mailbox},
    rewrite::Outcome,
    rule::{DomainClass, Pattern, Unknown},
};

/// Whom a difference concerns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Subject {
    /// One address.
    Address(Mailbox),
    /// Every address that this pattern matches, and that no more specific rule is for.
    Pattern(Pattern),
    /// Every address of a domain for which there is no rule, and the domain itself.
    Domain(Domain),
}

impl fmt::Display for Subject {
    /// As the left side of a line of rules.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(mailbox) => write!(f, "{mailbox}"),
            Self::Pattern(pattern) => write!(f, "{pattern}"),
            Self::Domain(domain) => write!(f, "{domain}"),
        }
    }
}

/// What happens to mail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fate {
    /// The table does not know the domain: mail stays as it is, and the MTA decides.
    NotOurs,
    /// There is no such rule, or no such domain line.
    Absent,
    /// A domain of this class, whose unknown addresses are treated like this.
    Declared(DomainClass, Unknown),
    /// The right side of the rule, where what it matches is not one address.
    Rule(String),
    /// What becomes of the address.
    Outcome(Outcome),
}

impl Fate {
    /// Returns true if mail reaches some mailbox: it is kept or rewritten.
    pub fn delivers(&self) -> bool {
        matches!(self, Self::Outcome(Outcome::Keep | Outcome::Replace(_)))
    }
}

impl fmt::Display for Fate {
    /// As `.expect` files write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOurs => f.write_str("(not ours)"),
            Self::Absent => f.write_str("(none)"),
            Self::Declared(class, unknown) => {
                write!(f, "{} unknown={}", class.word(), unknown.word())
            }
            Self::Rule(text) => f.write_str(text),
            Self::Outcome(outcome) => write!(f, "{outcome}"),
        }
    }
}

/// One subject that fares differently.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// Whom it concerns.
    pub subject: Subject,
    /// What happened.
    pub before: Fate,
    /// What happens now.
    pub after: Fate,
    /// The line that decided, as `FILE:LINE`, where one did.
    pub rule_before: Option<String>,
    /// The line that decides now, likewise.
    pub rule_after: Option<String>,
}
