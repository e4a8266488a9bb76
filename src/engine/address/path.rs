//! Forward-paths as they stand in RCPT (RFC 5321 section 4.1.2). Source routes are dropped (appendix C).
//!
//! In: the bytes that the MTA passes on, with or without `<>`. Out: a mailbox, or why there is none. Bytes that are
//! not UTF-8, comments and white space are not parsed here: the macro `{rcpt_addr}` holds what the MTA read.

use std::borrow::Cow;

use super::{Domain, LocalPart, Mailbox, MailboxError};

/// The path of a recipient, parsed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ForwardPath {
    /// An address with a domain.
    Mailbox(Mailbox),
    /// `<postmaster>`, or any local-part without a domain.
    NoDomain,
    /// An address literal instead of a domain.
    Literal,
}

/// The bytes do not fit the grammar.
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
            // A quote that is not closed may hide an `@` that the MTA sees.
            Err(MailboxError::NoDomain) if LocalPart::parse(text).is_ok() => Ok(Self::NoDomain),
            Err(MailboxError::Literal) => Ok(Self::Literal),
            Err(_) => Err(PathError),
        }
    }
}

/// Returns the path byte for byte, without its source route: the form in which both MTAs find the recipient.
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

/// Returns the domain after the last `@` of a text that is not a path. It is as lenient as MTAs, which accept
/// comments, spaces, quotes, backslashes and more dots in a domain.
pub fn domain_at_the_end(text: &[u8]) -> Option<Domain> {
    let at = at_outside_comments(text)?;
    let mut depth = 0_usize;
    let mut domain = Vec::new();
    for byte in text.get(at + 1..).unwrap_or_default() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            byte if depth > 0 || byte.is_ascii_control() => {}
            b' ' | b'"' | b'\\' | b'<' | b'>' | b'[' | b']' | b',' | b';' => {}
            byte => domain.push(*byte),
        }
    }
    let text = std::str::from_utf8(&domain).ok()?;
    Domain::parse(text.trim_matches('.')).ok()
}

/// Returns the place of the last `@` outside of comments, or of the last `@` if all are in comments.
fn at_outside_comments(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let outside = text.iter().rposition(|byte| {
        match byte {
            b')' => depth += 1,
            b'(' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *byte == b'@' && depth == 0
    });
    outside.or_else(|| text.iter().rposition(|byte| *byte == b'@'))
}

/// Returns where the mailbox begins after `@a,@b:`. Colons in an address literal do not count.
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

/// Returns the text between `<` and `>`.
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
            b"<jd\\\"@domain2.com>",
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
    fn domains_of_what_is_no_path() {
        let domain = |text: &[u8]| domain_at_the_end(text).map(|domain| domain.to_string());
        for text in [
            "\\x@domain2.com",
            "<\\x@Domain2.COM.>",
            "x@(a@b)domain2 . com",
            "x@a.example@\"domain2.com\";",
            "x@domain2.com(a@b)",
            "<x <y\u{1}@domain2\\.com..>>",
        ] {
            assert_eq!(
                domain(text.as_bytes()).as_deref(),
                Some("domain2.com"),
                "{text}"
            );
        }
        for text in [&b"x"[..], b"x@", b"x@.", b"x@d\xff.example", b"x@a..b"] {
            assert_eq!(domain(text), None, "{text:?}");
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
