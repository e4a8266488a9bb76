//! A fast reader for lines with one plain address, white space, and another plain address. Nearly all
//! lines of a large file are such lines.
//!
//! This reader stores such a line as it stands, without a token, a value or an allocation. The full reader
//! ([`lexer`](super::lexer), [`pattern`](super::pattern), [`action`](super::action)) reads all other lines,
//! and the first line that names a domain: this reader knows only domains that the full reader has read
//! before. Both readers store the same bytes; a property test compares them.
//!
//! Plain is a local-part of letters, digits, `-`, `_` and single dots between them, of at most 64
//! bytes, in front of a domain in lower case. It has no wildcard, quote, detail or route, and can
//! neither be a word of the rules nor break a limit.

use crate::engine::{
    address::{MAX_LOCAL_PART, MAX_PATH},
    diagnostic::Span,
    store::{PlainAddress, RuleStore},
};

/// One plain address behind another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Pair<'a> {
    from: PlainAddress<'a>,
    /// Where the second one begins.
    at: usize,
    to: PlainAddress<'a>,
}

/// Stores a plain, complete line. Returns false if the line needs the full reader.
pub(super) fn rule(line: &[u8], span: Span, rules: &mut RuleStore) -> bool {
    let Some(pair) = std::str::from_utf8(line).ok().and_then(pair) else {
        return false;
    };
    let from = span.part(0, pair.from.len());
    let to = span.part(pair.at, pair.to.len());
    rules.push_plain((pair.from, from), (pair.to, to))
}

fn pair(line: &str) -> Option<Pair<'_>> {
    let (from, rest) = address(line)?;
    let second = rest.trim_start_matches([' ', '\t']);
    let (to, rest) = address(second)?;
    let strict = to.len() + 2 <= MAX_PATH;
    let apart = second.len() < line.len() - from.len();
    (rest.is_empty() && strict && apart).then_some(Pair {
        from,
        at: line.len() - second.len(),
        to,
    })
}

/// Returns the plain address at the beginning of a text, and the rest of the text.
fn address(text: &str) -> Option<(PlainAddress<'_>, &str)> {
    let at = memchr::memchr(b'@', text.as_bytes())?;
    let (local, domain) = (text.get(..at)?, text.get(at + 1..)?);
    let plain = local.bytes().all(is_plain) && !stray_dot(local);
    let end = memchr::memchr2(b' ', b'\t', domain.as_bytes()).unwrap_or(domain.len());
    let (domain, rest) = domain.split_at_checked(end)?;
    let fits = (1..=MAX_LOCAL_PART).contains(&at);
    (plain && fits).then_some((PlainAddress { local, domain }, rest))
}

/// Returns true if a dot stands first, last, or behind another dot.
fn stray_dot(local: &str) -> bool {
    local.starts_with('.')
        || local.ends_with('.')
        || local.as_bytes().windows(2).any(|pair| pair == b"..")
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_told_from_everything_else() {
        let found = pair("j.d-1_@domain2.com \t jdoe@company.com").unwrap();
        assert_eq!(
            (found.from.local, found.from.domain),
            ("j.d-1_", "domain2.com")
        );
        assert_eq!(
            (found.to.local, found.to.domain, found.at),
            ("jdoe", "company.com", 21)
        );
        for other in [
            "",
            "jd@domain2.com",
            "jd@domain2.com ",
            "jd@domain2.com keep",
            "jd@domain2.com jdoe@company.com ",
            "jd@domain2.com jdoe@company.com detail=drop",
            "jd@domain2.com jdoe@company.com, anna@company.com",
            "jd+x@domain2.com jdoe@company.com",
            ".jd@domain2.com jdoe@company.com",
            "jd@domain2.com j..doe@company.com",
            "@domain2.com jdoe@company.com",
            "jd@domain2.com @company.com",
            "j\u{e9}@domain2.com jdoe@company.com",
        ] {
            assert_eq!(pair(other), None, "{other}");
        }
        let long = format!("jd@domain2.com {}@company.com", "x".repeat(65));
        assert_eq!(pair(&long), None);
    }
}
