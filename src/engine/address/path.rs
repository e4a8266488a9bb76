//! Forward-paths as they stand in RCPT (RFC 5321 section 4.1.2), source routes dropped (appendix C).
//!
//! In: the bytes that the MTA hands on, with or without `<>`. Out: a mailbox, or why there is none.
//! Bytes that are not UTF-8, comments and white space are not parsed here: the MTA says in
//! `{rcpt_addr}` what it made of them.

use std::borrow::Cow;

use super::{Mailbox, MailboxError};

/// A recipient's path, read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ForwardPath {
    /// An address with a domain.
    Mailbox(Mailbox),
    /// `<postmaster>`, or any local-part without a domain.
    NoDomain,
    /// An address literal instead of a domain.
    Literal,
}

/// The bytes fit no grammar.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PathError;

impl ForwardPath {
    /// Reads the path of a recipient.
    pub fn parse(path: &[u8]) -> Result<Self, PathError> {
        let inner = without_route(path);
        let inner = bracketed(&inner).unwrap_or(&inner);
        let text = std::str::from_utf8(inner).map_err(|_| PathError)?;
        match Mailbox::parse(text) {
            Ok(mailbox) => Ok(Self::Mailbox(mailbox)),
            Err(MailboxError::NoDomain) => Ok(Self::NoDomain),
            Err(MailboxError::Literal) => Ok(Self::Literal),
            Err(_) => Err(PathError),
        }
    }
}

/// The path byte for byte, its source route left out: the form in which both MTAs find the recipient.
///
/// `<@a.example,@b.example:jd@domain2.com>` gives `<jd@domain2.com>`.
pub fn without_route(path: &[u8]) -> Cow<'_, [u8]> {
    let (open, inner) = match path.strip_prefix(b"<") {
        Some(rest) => (&b"<"[..], rest),
        None => (&b""[..], path),
    };
    let rest = route_end(inner).and_then(|end| inner.get(end..));
    match rest {
        Some(rest) => [open, rest].concat().into(),
        None => path.into(),
    }
}

/// Where the mailbox begins after `@a,@b:`; a colon within an address literal is none of ours.
fn route_end(inner: &[u8]) -> Option<usize> {
    if inner.first() != Some(&b'@') {
        return None;
    }
    let mut in_literal = false;
    for (at, byte) in inner.iter().enumerate() {
        match byte {
            b'[' => in_literal = true,
            b']' => in_literal = false,
            b'"' => return None,
            b':' if !in_literal => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// What stands between `<` and `>`.
fn bracketed(path: &[u8]) -> Option<&[u8]> {
    path.strip_prefix(b"<")?.strip_suffix(b">")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn mailbox(path: &str, expected: &str) {
        match ForwardPath::parse(path.as_bytes()) {
            Ok(ForwardPath::Mailbox(mailbox)) => assert_eq!(mailbox.to_string(), expected),
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn forms_that_mtas_hand_on() {
        mailbox("<JD@Domain2.COM>", "JD@domain2.com");
        mailbox("jd@domain2.com", "jd@domain2.com");
        mailbox("<@a.example,@b.example:jd@domain2.com>", "jd@domain2.com");
        mailbox("<@[IPv6:::1]:jd@domain2.com>", "jd@domain2.com");
        mailbox("<\"j d\"@domain2.com.>", "\"j d\"@domain2.com");
        mailbox(
            "<user%domain2.com@company.com>",
            "user%domain2.com@company.com",
        );
    }

    #[test]
    fn forms_without_a_mailbox() {
        assert_eq!(
            ForwardPath::parse(b"<postmaster>"),
            Ok(ForwardPath::NoDomain)
        );
        assert_eq!(
            ForwardPath::parse(b"<user%domain2.com>"),
            Ok(ForwardPath::NoDomain)
        );
        assert_eq!(
            ForwardPath::parse(b"<jd@[127.0.0.1]>"),
            Ok(ForwardPath::Literal)
        );
        for odd in [
            &b"<jd(c)@domain2.com>"[..],
            b"<jd @domain2.com>",
            b"<j\xfcrgen@domain2.com>",
            b"<@domain2.com>",
            b"<",
        ] {
            assert_ne!(
                ForwardPath::parse(odd).map(|path| matches!(path, ForwardPath::Mailbox(_))),
                Ok(true),
                "{odd:?}"
            );
        }
    }

    #[test]
    fn deletions_keep_every_other_byte() {
        assert_eq!(*without_route(b"<@r.example:JD@d>"), *b"<JD@d>");
        assert_eq!(*without_route(b"<JD@d>"), *b"<JD@d>");
        assert_eq!(*without_route(b"jd@d"), *b"jd@d");
        assert_eq!(*without_route(b"<\"@x:y\"@d>"), *b"<\"@x:y\"@d>");
    }
}
