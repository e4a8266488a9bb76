//! Domains, compared and printed as A-labels (RFC 5890) in lower case.
//!
//! Both spellings of an internationalised domain give the same value, by UTS 46 non-transitional processing.
//! One trailing dot is dropped: for an MTA, both forms are the same domain.
//!
//! # Limits
//!
//! | limit | value | source |
//! |---|---|---|
//! | bytes of one label | 63 | RFC 1035 section 2.3.4 |
//! | bytes of a domain | 255 | RFC 5321 section 4.5.3.1.2 |

use std::{borrow::Borrow, fmt, sync::Arc};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// The longest label, in bytes (RFC 1035 section 2.3.4).
const MAX_LABEL: usize = 63;

/// The longest domain, in bytes (RFC 5321 section 4.5.3.1.2).
const MAX_DOMAIN: usize = 255;

/// A domain as A-labels in lower case, without a trailing dot. A clone costs no memory.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Domain(Arc<str>);

/// Why a text is not a domain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DomainError {
    /// The text is empty, or there is nothing between two dots.
    EmptyLabel,
    /// A label has more than 63 bytes, or the domain more than 255.
    TooLong,
    /// A character cannot be in a host name, or IDNA forbids a label.
    BadCharacter,
}

impl fmt::Display for DomainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyLabel => "a label of the domain is empty",
            Self::TooLong => "the domain is too long (63 bytes a label, 255 in all)",
            Self::BadCharacter => "a character cannot stand in a domain",
        })
    }
}

impl Domain {
    /// Reads a domain in either spelling, A-labels or U-labels.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_ascii() && !has_a_label(text) {
            check(text)?;
            // Most domains are lower case already, and need no second allocation.
            return Ok(match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                true => Self(text.to_ascii_lowercase().into()),
                false => Self(text.into()),
            });
        }
        let ascii = Uts46::new()
            .to_ascii(
                text.as_bytes(),
                AsciiDenyList::EMPTY,
                Hyphens::Allow,
                DnsLength::Ignore,
            )
            .map_err(|_| DomainError::BadCharacter)?;
        check(&ascii).map(|()| Self(ascii.into()))
    }

    /// Returns the A-labels, which are compared, logged and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the U-labels, for people.
    pub fn to_unicode(&self) -> String {
        Uts46::new()
            .to_unicode(self.0.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow)
            .0
            .into_owned()
    }

    /// Returns the spellings of the domain: A-labels and, if they differ, U-labels.
    ///
    /// Postfix looks a domain up as the client wrote it, and an SMTPUTF8 client may write U-labels.
    pub fn spellings(&self) -> Vec<String> {
        let (ascii, unicode) = (self.to_string(), self.to_unicode());
        if ascii == unicode {
            vec![ascii]
        } else {
            vec![ascii, unicode]
        }
    }

    /// Returns the domains above this one, the longest first; the last one is a single label.
    ///
    /// `a.b.example` gives `b.example` and `example`.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        self.0
            .match_indices('.')
            .filter_map(|(dot, _)| self.0.get(dot + 1..))
    }

    /// Moves the domain from below `above` to below `to`: `sales.domain2.com`, moved from `domain2.com` to
    /// `company.com`, becomes `sales.company.com`.
    ///
    /// # Errors
    ///
    /// The new domain would be too long, or this domain is not below `above`.
    pub fn carried(&self, above: &Self, to: &Self) -> Result<Self, DomainError> {
        let below = self.0.strip_suffix(above.as_str());
        let labels = below.and_then(|below| below.strip_suffix('.'));
        let labels = labels.ok_or(DomainError::EmptyLabel)?;
        let text = format!("{labels}.{to}");
        check(&text).map(|()| Self(text.into()))
    }
}

impl Borrow<str> for Domain {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// Returns true if a label begins with `xn--`, so that IDNA's rules apply to it.
fn has_a_label(ascii: &str) -> bool {
    ascii.split('.').any(|label| {
        label
            .get(..4)
            .is_some_and(|four| four.eq_ignore_ascii_case("xn--"))
    })
}

/// Checks that there are only letters, digits, hyphens, and underscores, which real zones use.
fn check(ascii: &str) -> Result<(), DomainError> {
    if ascii.len() > MAX_DOMAIN {
        return Err(DomainError::TooLong);
    }
    for label in ascii.split('.') {
        if label.is_empty() {
            return Err(DomainError::EmptyLabel);
        }
        if label.len() > MAX_LABEL {
            return Err(DomainError::TooLong);
        }
        let host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !label.bytes().all(host) {
            return Err(DomainError::BadCharacter);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(one: &str, other: &str) {
        assert_eq!(Domain::parse(one).unwrap(), Domain::parse(other).unwrap());
    }

    #[test]
    fn spellings_of_one_domain() {
        same("Example.COM", "example.com");
        same("example.com.", "example.com");
        same("exämple.test", "xn--exmple-cua.test");
        same("EXÄMPLE.test", "XN--EXMPLE-CUA.TEST");
        // The decomposed and the composed letter are the same.
        same("exa\u{308}mple.test", "exämple.test");
    }

    #[test]
    fn non_transitional() {
        assert_eq!(
            Domain::parse("faß.example").unwrap().as_str(),
            "xn--fa-hia.example"
        );
        assert_ne!(
            Domain::parse("faß.example").unwrap(),
            Domain::parse("fass.example").unwrap()
        );
    }

    #[test]
    fn refused() {
        assert_eq!(Domain::parse(""), Err(DomainError::EmptyLabel));
        assert_eq!(Domain::parse("."), Err(DomainError::EmptyLabel));
        assert_eq!(Domain::parse("a..b"), Err(DomainError::EmptyLabel));
        assert_eq!(Domain::parse("a..").err(), Some(DomainError::EmptyLabel));
        assert_eq!(Domain::parse("a b.example"), Err(DomainError::BadCharacter));
        assert_eq!(Domain::parse("[192.0.2.1]"), Err(DomainError::BadCharacter));
        assert_eq!(Domain::parse("*.example"), Err(DomainError::BadCharacter));
        assert_eq!(Domain::parse(&"a".repeat(64)), Err(DomainError::TooLong));
        assert_eq!(
            Domain::parse(&["abcdefg"; 33].join(".")),
            Err(DomainError::TooLong)
        );
    }

    #[test]
    fn parents_are_longest_first() {
        let domain = Domain::parse("a.b.example").unwrap();
        assert_eq!(
            domain.parents().collect::<Vec<_>>(),
            ["b.example", "example"]
        );
    }

    #[test]
    fn people_see_u_labels() {
        assert_eq!(
            Domain::parse("xn--exmple-cua.test").unwrap().to_unicode(),
            "exämple.test"
        );
    }
}
