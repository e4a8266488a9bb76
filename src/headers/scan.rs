//! Finds the places of the addresses in an address list (RFC 5322 section 3.4).
//!
//! In: the raw value of a field. Out: the ranges of bytes that may be an addr-spec: between `<` and `>`, or characters
//! without white space that include an `@`. Quoted strings, nested comments, domain literals and groups are skipped.
//! A route (`<@a,@b:jd@c>`) is skipped, too. The ranges are a guess until mail-parser has confirmed them.

use std::ops::Range;

/// Returns the ranges, in their order.
pub(super) fn addresses(value: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut run: Option<Run> = None;
    let mut at = 0;
    while let Some(byte) = value.get(at) {
        let (end, ends_run) = match byte {
            b'(' => (comment(value, at), true),
            b'"' => (quoted(value, at), false),
            b'<' => {
                let end = angle(value, at);
                let inside = at + 1..end.saturating_sub(1).max(at + 1);
                // A route has a colon. Without a `>` there is no address.
                let text = value.get(inside.clone()).unwrap_or_default();
                let closed = value.get(end.saturating_sub(1)) == Some(&b'>');
                if closed && !text.contains(&b':') {
                    found.push(trimmed(value, inside));
                }
                // What came before was a display name.
                run = None;
                (end, false)
            }
            b',' | b';' | b':' => (at + 1, true),
            byte if byte.is_ascii_whitespace() => (at + 1, true),
            b'[' => (literal(value, at), false),
            _ => (at + 1, false),
        };
        if ends_run {
            found.extend(run.take().and_then(Run::address));
        } else if *byte != b'<' {
            let run = run.get_or_insert(Run {
                start: at,
                end,
                has_at: false,
            });
            run.end = end;
            run.has_at |= *byte == b'@';
        }
        at = end;
    }
    found.extend(run.and_then(Run::address));
    found
}

/// Bytes without white space between them.
struct Run {
    start: usize,
    end: usize,
    has_at: bool,
}

impl Run {
    fn address(self) -> Option<Range<usize>> {
        self.has_at.then_some(self.start..self.end)
    }
}

/// Returns the place after the comment that begins at `start`. Comments can be nested.
fn comment(value: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0_usize, start);
    while let Some(byte) = value.get(at) {
        match byte {
            b'\\' => at += 1,
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at.min(value.len())
}

/// Returns the place after the quoted string that begins at `start`.
fn quoted(value: &[u8], start: usize) -> usize {
    ends_with(value, start, b'"')
}

/// Returns the place after the domain literal that begins at `start`.
fn literal(value: &[u8], start: usize) -> usize {
    ends_with(value, start, b']')
}

fn ends_with(value: &[u8], start: usize, last: u8) -> usize {
    let mut at = start + 1;
    while let Some(byte) = value.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            byte if *byte == last => break,
            _ => {}
        }
    }
    at.min(value.len())
}

/// Returns the place after the `>` of an address that begins with the `<` at `start`. A `>` in quotes does not count.
fn angle(value: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = value.get(at) {
        match byte {
            b'"' => at = quoted(value, at),
            b'>' => return at + 1,
            _ => at += 1,
        }
    }
    value.len()
}

/// Returns the range without white space at its ends.
fn trimmed(value: &[u8], range: Range<usize>) -> Range<usize> {
    let text = value.get(range.clone()).unwrap_or_default();
    let start = range.start + (text.len() - text.trim_ascii_start().len());
    start..start + text.trim_ascii().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(value: &str, expected: &[&str]) {
        let found = addresses(value.as_bytes());
        let found: Vec<_> = found.into_iter().map(|range| &value[range]).collect();
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn examples_of_rfc_5322_appendix_a() {
        finds(
            " Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
            &["mary@x.test", "jdoe@example.org", "one@y.test"],
        );
        finds(
            " A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
            &["c@a.test", "joe@where.test", "jdoe@one.test"],
        );
        finds(" Undisclosed recipients:;", &[]);
        finds(
            " A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
            &[
                "c@(Chris's host.)public.example",
                "joe@example.org",
                "jdoe@one.test",
            ],
        );
        finds(
            " Mary Smith <@node.test:mary@example.net>, , jdoe@test . example",
            &["jdoe@test"],
        );
    }

    /// Only mail-parser would notice an address that is found in a comment or in quotes by mistake.
    #[test]
    fn a_quoted_pair_ends_neither_a_comment_nor_quotes_nor_a_literal() {
        finds(" (a \\) b@c.test) d@e.test", &["d@e.test"]);
        finds(" (a \\( b@c.test) d@e.test", &["d@e.test"]);
        finds(" (a (b \\) c) d@e.test) f@g.test", &["f@g.test"]);
        finds(" (a \\\\) d@e.test", &["d@e.test"]);
        finds(" \"a \\\" b@c.test\" <d@e.test>", &["d@e.test"]);
        finds(
            " x@[a\\]b@c.test], d@e.test",
            &["x@[a\\]b@c.test]", "d@e.test"],
        );
        finds(" <\"a>\\\">b\"@c.test>", &["\"a>\\\">b\"@c.test"]);
    }

    #[test]
    fn what_only_looks_like_an_address() {
        finds(" \"a@b.test\" <c@d.test>", &["c@d.test"]);
        finds(" a@b.test <c@d.test>", &["a@b.test", "c@d.test"]);
        finds(" (a@b.test) c@d.test(e@f.test)", &["c@d.test"]);
        finds(
            " \"x, y\"@d.test, < z@d.test >",
            &["\"x, y\"@d.test", "z@d.test"],
        );
        finds(
            " jd@[127.0.0.1], \"a\\\"<b@c.test>\" <d@e.test>",
            &["jd@[127.0.0.1]", "d@e.test"],
        );
        for broken in [" <a@b.test", " \"a@b.test", " (a@b.test", "", " \\", " (\\"] {
            finds(broken, &[]);
        }
    }
}
