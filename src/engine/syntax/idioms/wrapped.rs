//! Addresses as mail programs, browsers and Exchange show them: with a name, in brackets, in quotes,
//! behind `mailto:` or `SMTP:`.

use std::ops::Range;

use super::word::{Word, together};
use crate::engine::{
    address::{Domain, Mailbox},
    diagnostic::{Finding, codes},
    rule::ActionWord,
};

/// What may stand around an address.
const AROUND: [(&str, &str); 9] = [
    ("<", ">"),
    ("(", ")"),
    ("\"", "\""),
    ("'", "'"),
    ("`", "`"),
    ("“", "”"),
    ("„", "“"),
    ("‘", "’"),
    ("«", "»"),
];

/// What may stand before an address.
const BEFORE: [&str; 3] = ["mailto:", "smtp:", "rfc822;"];

/// Quotes of a word processor. A person may leave one of them at an end of an address.
const QUOTES: [char; 9] = ['“', '”', '„', '‟', '‘', '’', '‚', '«', '»'];

/// Returns true if a text is an address, a whole domain, or an address with something around it.
pub(super) fn is_address(text: &str) -> bool {
    let domain = text
        .strip_prefix('@')
        .map(|domain| domain.trim_start_matches("*."));
    match domain {
        Some(domain) => Domain::parse(domain).is_ok(),
        None => {
            let part = plain(text).and_then(|range| text.get(range));
            Mailbox::parse_strict(part.unwrap_or(text)).is_ok()
        }
    }
}

/// Returns the part of a text that is the address alone, if something stands around it.
pub(super) fn plain(text: &str) -> Option<Range<usize>> {
    let (mut start, mut rest) = (0, text);
    loop {
        let before = BEFORE.into_iter().find(|before| {
            rest.get(..before.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(before))
        });
        let inside = AROUND.into_iter().find_map(|(open, close)| {
            let inside = rest.strip_prefix(open)?.strip_suffix(close)?;
            Some((open.len(), inside))
        });
        (start, rest) = match (before, inside) {
            (Some(before), _) => (start + before.len(), rest.get(before.len()..)?),
            (None, Some((open, inside))) => (start + open, inside),
            (None, None) => break,
        };
    }
    // A quote can begin a local-part, but no domain can end in one.
    let unquoted = rest.trim_end_matches(QUOTES);
    if unquoted.len() < rest.len() {
        rest = unquoted.trim_start_matches(QUOTES);
        start += unquoted.len() - rest.len();
    }
    let changed = rest.len() < text.len();
    (changed && Mailbox::parse_strict(rest).is_ok()).then(|| start..start + rest.len())
}

/// Leaves of each address only the address.
pub(super) fn unwrap(words: &mut Vec<Word>, found: &mut Vec<Finding>) {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let Some(range) = plain(&word.text).filter(|_| word.is_plain()) else {
            at += 1;
            continue;
        };
        let address = word.part(range);
        let first = match word.text.starts_with('<') {
            true => name_before(words, at),
            false => at,
        };
        let Some(place) = words.get(first).map(|first| together(first, word)) else {
            return;
        };
        let message = match first < at {
            true => "a rule names an address alone, without the name of a person",
            false => "a rule names an address alone, without anything around it",
        };
        let code = match first {
            0 => codes::BAD_PATTERN,
            _ => codes::BAD_TARGET,
        };
        let finding = Finding::error(code, place, message);
        let write = format!("write `{}`", address.text);
        let same_line = words
            .get(first)
            .is_some_and(|first| first.span.line == word.span.line);
        found.push(match same_line {
            true => finding.suggest(write, place, &address.text),
            false => finding.help(write),
        });
        words.splice(first..=at, [address]);
        at = first + 1;
    }
}

/// Where the name before an address in angle brackets begins.
fn name_before(words: &[Word], at: usize) -> usize {
    let mut first = at;
    while let Some(before) = first.checked_sub(1).and_then(|before| words.get(before)) {
        let is_name = before.is_plain() && !before.text.contains('@');
        // The first word of a line is its pattern, unless a pattern in brackets follows it.
        let is_pattern = first == 1 && (at > 1 || words.len() < 3);
        if !is_name || is_pattern || ActionWord::find(&before.text).is_some() {
            break;
        }
        first -= 1;
    }
    first
}
