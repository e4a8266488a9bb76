//! A mailbox: local-part, `@`, domain (RFC 5321 section 4.1.2).
//!
//! Two mailboxes are the same if their [`Mailbox::key`]s are equal. A key has the domain in A-labels, and the
//! local-part in NFC and, unless a setting makes it strict, case-folded.
//!
//! # Limits
//!
//! They hold for addresses in rules. An envelope may hold longer ones.
//!
//! | limit | value | source |
//! |---|---|---|
//! | bytes of a local-part | 64 | RFC 5321 section 4.5.3.1.1 |
//! | bytes of a path, punctuation included | 256 | RFC 5321 section 4.5.3.1.3 |

use std::fmt;

use super::{Domain, DomainError, LocalCase, LocalPart, LocalPartError, last_at};

/// The longest local-part, in bytes (RFC 5321 section 4.5.3.1.1).
pub const MAX_LOCAL_PART: usize = 64;

/// The longest forward-path, in bytes, punctuation included (RFC 5321 section 4.5.3.1.3).
pub const MAX_PATH: usize = 256;

/// A mailbox in its original spelling.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mailbox {
    /// The part before the last `@`.
    pub local: LocalPart,
    /// The part after the last `@`.
    pub domain: Domain,
}

/// Why a text is not a mailbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MailboxError {
    /// There is no `@` outside of quotes.
    NoDomain,
    /// The domain is an address literal (`[192.0.2.1]`).
    Literal,
    /// The part before the `@` is not a local-part.
    LocalPart(LocalPartError),
    /// The part after the `@` is not a domain.
    Domain(DomainError),
    /// The local-part is neither a Dot-string nor a Quoted-string.
    NotStrict,
    /// The local-part has more than [`MAX_LOCAL_PART`], or the path more than [`MAX_PATH`] bytes.
    TooLong,
}

impl fmt::Display for MailboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDomain => f.write_str("the address has no domain"),
            Self::Literal => f.write_str("an address literal belongs to no domain"),
            Self::LocalPart(error) => error.fmt(f),
            Self::Domain(error) => error.fmt(f),
            Self::NotStrict => f.write_str("the dots of the local-part need quotes"),
            Self::TooLong => {
                write!(
                    f,
                    "the address is too long ({MAX_LOCAL_PART} bytes before the @, {MAX_PATH} in all)"
                )
            }
        }
    }
}

impl Mailbox {
    /// Reads a mailbox as an envelope may hold it.
    pub fn parse(text: &str) -> Result<Self, MailboxError> {
        let at = last_at(text).ok_or(MailboxError::NoDomain)?;
        let (local, domain) = (
            text.get(..at).unwrap_or(""),
            text.get(at + 1..).unwrap_or(""),
        );
        if domain.starts_with('[') {
            return Err(MailboxError::Literal);
        }
        Ok(Self {
            local: LocalPart::parse(local).map_err(MailboxError::LocalPart)?,
            domain: Domain::parse(domain).map_err(MailboxError::Domain)?,
        })
    }

    /// Reads a mailbox as a forward-path may hold it (RFC 5321 section 4.1.2, its limits included).
    pub fn parse_strict(text: &str) -> Result<Self, MailboxError> {
        let mailbox = Self::parse(text)?;
        mailbox.check_strict().map(|()| mailbox)
    }

    /// Checks that it may be sent as a forward-path.
    pub fn check_strict(&self) -> Result<(), MailboxError> {
        if !self.local.is_strict() {
            return Err(MailboxError::NotStrict);
        }
        if self.local.as_str().len() > MAX_LOCAL_PART || self.to_string().len() + 2 > MAX_PATH {
            return Err(MailboxError::TooLong);
        }
        Ok(())
    }

    /// Returns the key that is compared. Two different mailboxes never share a key, because the domain cannot hold
    /// an `@`.
    pub fn key(&self, case: LocalCase) -> String {
        self.local.folded_at(&self.domain, case)
    }

    /// Returns true if it can be sent only in a transaction with SMTPUTF8 (RFC 6531), because its local-part is not
    /// ASCII. The domain can always be sent, as A-labels.
    pub fn needs_smtputf8(&self) -> bool {
        !self.local.as_str().is_ascii()
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_in_many_spellings() {
        let key = |text: &str| Mailbox::parse(text).unwrap().key(LocalCase::Ignore);
        for spelling in ["JD@Domain2.COM", "\"jd\"@domain2.com", "jd@domain2.com."] {
            assert_eq!(key(spelling), "jd@domain2.com");
        }
        assert_ne!(key("\"a@b\"@domain2.com"), key("a@domain2.com"));
    }

    #[test]
    fn strictness() {
        assert!(Mailbox::parse("a..b@domain2.com").is_ok());
        assert_eq!(
            Mailbox::parse_strict("a..b@domain2.com"),
            Err(MailboxError::NotStrict)
        );
        assert!(Mailbox::parse_strict("\"a..b\"@domain2.com").is_ok());
        let long = format!("{}@domain2.com", "a".repeat(65));
        assert!(Mailbox::parse(&long).is_ok());
        assert_eq!(Mailbox::parse_strict(&long), Err(MailboxError::TooLong));
    }

    #[test]
    fn refused() {
        assert_eq!(Mailbox::parse("postmaster"), Err(MailboxError::NoDomain));
        assert_eq!(Mailbox::parse("\"a@b\""), Err(MailboxError::NoDomain));
        assert_eq!(Mailbox::parse("jd@[192.0.2.1]"), Err(MailboxError::Literal));
        assert!(matches!(
            Mailbox::parse("@domain2.com"),
            Err(MailboxError::LocalPart(_))
        ));
    }
}
