//! Estimates how much memory compiling takes at most, for texts without regexes.
//!
//! In: what was read. Out: bytes, besides the texts, which are in memory already. Measured: a table takes 46
//! to 70 bytes a rule, and twice that while its index is made. A line that needs the full parser takes more
//! for a moment. Regexes have limits of their own.

use crate::daemon::source::Reading;

/// Bytes for a line with a rule.
const LINE: u64 = 200;

/// Bytes for a rule that is copied from the live table.
const COPIED: u64 = 160;

/// Returns the bytes that compiling the texts takes at most.
pub(super) fn estimate(reading: &Reading<'_>) -> u64 {
    let texts = reading.sources.iter().map(|source| &*source.bytes);
    let read: u64 = texts
        .map(|text| text.len() as u64 + LINE * rules(text))
        .sum();
    read + COPIED * reading.reuse.dropped_rules() as u64
}

/// Returns the number of lines that are neither blank nor a comment.
fn rules(text: &[u8]) -> u64 {
    let (mut rules, mut from) = (0, 0);
    loop {
        let rest = text.get(from..).unwrap_or_default();
        rules += u64::from(!matches!(rest.first(), None | Some(b'#' | b'\n' | b'\r')));
        match memchr::memchr(b'\n', rest) {
            Some(length) => from += length + 1,
            None => return rules,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_cost_nothing() {
        assert_eq!(rules(b"# a\n\na@b c@d\n#\r\n\r\n  e@f"), 2);
        assert_eq!(rules(b""), 0);
        assert_eq!(rules(b"a@b c@d\n"), 1);
    }
}
