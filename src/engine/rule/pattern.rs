//! Left side of a rule: which addresses the rule is for.
//!
//! A pattern is its kind and its parts: a domain, a local-part, or the text of a regex. [`PatternKind`] says which
//! parts a kind has. [`store`](super::super::store) packs the number of the kind and the parts, so a new kind is
//! written here and in [`table`](super::super::table), and not there.
//!
//! # Limits
//!
//! A store has room for eight kinds.

use crate::engine::address::{Domain, LocalPart, Mailbox};

/// Which addresses a rule is for.
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
    /// Returns what kind of pattern it is.
    pub fn kind(&self) -> PatternKind {
        match self {
            Self::Mailbox(_) => PatternKind::Mailbox,
            Self::AnyDetail { .. } => PatternKind::AnyDetail,
            Self::LocalPart(_) => PatternKind::LocalPart,
            Self::Regex(_) => PatternKind::Regex,
            Self::Detailed(_) => PatternKind::Detailed,
            Self::Domain(_) => PatternKind::Domain,
            Self::Subdomains(_) => PatternKind::Subdomains,
        }
    }

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

    /// Returns the local-part, or the user of a detail, that the pattern names, if it names one.
    pub fn local_part(&self) -> Option<&LocalPart> {
        match self {
            Self::Mailbox(mailbox) => Some(&mailbox.local),
            Self::AnyDetail { user: local, .. } | Self::LocalPart(local) => Some(local),
            Self::Regex(_) | Self::Detailed(_) | Self::Domain(_) | Self::Subdomains(_) => None,
        }
    }

    /// Returns the regex, without its slashes, if the pattern is one.
    pub fn regex(&self) -> Option<&str> {
        match self {
            Self::Regex(text) => Some(text),
            _ => None,
        }
    }

    /// Makes a pattern of its parts. Returns `None` if a part is missing that its kind has.
    pub fn from_parts(
        kind: PatternKind,
        domain: Option<Domain>,
        local: Option<LocalPart>,
        regex: Option<Box<str>>,
    ) -> Option<Self> {
        Some(match kind {
            PatternKind::Mailbox => Self::Mailbox(Mailbox {
                local: local?,
                domain: domain?,
            }),
            PatternKind::AnyDetail => Self::AnyDetail {
                user: local?,
                domain: domain?,
            },
            PatternKind::LocalPart => Self::LocalPart(local?),
            PatternKind::Regex => Self::Regex(regex?),
            PatternKind::Detailed => Self::Detailed(domain?),
            PatternKind::Domain => Self::Domain(domain?),
            PatternKind::Subdomains => Self::Subdomains(domain?),
        })
    }
}

/// The kinds of patterns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PatternKind {
    /// [`Pattern::Mailbox`]
    Mailbox,
    /// [`Pattern::AnyDetail`]
    AnyDetail,
    /// [`Pattern::LocalPart`]
    LocalPart,
    /// [`Pattern::Regex`]
    Regex,
    /// [`Pattern::Detailed`]
    Detailed,
    /// [`Pattern::Domain`]
    Domain,
    /// [`Pattern::Subdomains`]
    Subdomains,
}

impl PatternKind {
    /// All kinds. The place of a kind in this list is its number.
    pub const ALL: [Self; 7] = [
        Self::Mailbox,
        Self::AnyDetail,
        Self::LocalPart,
        Self::Regex,
        Self::Detailed,
        Self::Domain,
        Self::Subdomains,
    ];

    /// Returns the number of the kind, below 8.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Returns the kind with a number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Returns true if a pattern of this kind names a domain.
    pub fn has_domain(self) -> bool {
        !matches!(self, Self::LocalPart | Self::Regex)
    }

    /// Returns true if a pattern of this kind names a local-part, or a user.
    pub fn has_local_part(self) -> bool {
        matches!(self, Self::Mailbox | Self::AnyDetail | Self::LocalPart)
    }

    /// Returns true if a pattern of this kind is a regex.
    pub fn has_regex(self) -> bool {
        self == Self::Regex
    }

    /// Returns true if a pattern of this kind is for all addresses of a domain, or for all addresses with a detail.
    pub fn is_wide(self) -> bool {
        matches!(
            self,
            Self::AnyDetail | Self::Detailed | Self::Domain | Self::Subdomains
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One pattern of each kind.
    fn patterns() -> [Pattern; 7] {
        let domain = || Domain::parse("domain2.com").unwrap();
        let local = || LocalPart::parse("\"j d\"").unwrap();
        PatternKind::ALL.map(|kind| {
            let regex = Some("a.*".into());
            Pattern::from_parts(kind, Some(domain()), Some(local()), regex).unwrap()
        })
    }

    #[test]
    fn a_kind_has_the_parts_of_its_patterns_and_needs_each() {
        for (number, pattern) in patterns().into_iter().enumerate() {
            let kind = pattern.kind();
            assert_eq!(kind, PatternKind::ALL[number]);
            assert_eq!(usize::from(kind.number()), number);
            assert_eq!(PatternKind::from_number(kind.number()), Some(kind));
            let (domain, local) = (pattern.domain().cloned(), pattern.local_part().cloned());
            let regex = pattern.regex().map(Box::from);
            assert_eq!(kind.has_domain(), domain.is_some(), "{kind:?}");
            assert_eq!(kind.has_local_part(), local.is_some(), "{kind:?}");
            assert_eq!(kind.has_regex(), regex.is_some(), "{kind:?}");
            let parts = (domain.clone(), local.clone(), regex.clone());
            let whole = Pattern::from_parts(kind, parts.0, parts.1, parts.2);
            assert_eq!(whole.as_ref(), Some(&pattern));
            let without = [
                Pattern::from_parts(kind, None, local.clone(), regex.clone()),
                Pattern::from_parts(kind, domain.clone(), None, regex.clone()),
                Pattern::from_parts(kind, domain, local, None),
            ];
            let needed = [kind.has_domain(), kind.has_local_part(), kind.has_regex()];
            assert_eq!(without.map(|pattern| pattern.is_none()), needed, "{kind:?}");
        }
        assert_eq!(PatternKind::from_number(7), None);
    }
}
