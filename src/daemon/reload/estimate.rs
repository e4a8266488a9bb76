//! How much memory compiling takes, at most, for files without regexes.
//!
//! In: what was read, and the table that serves. Out: bytes, beside the texts, which are in memory
//! already. Measured: a table has 46 to 70 bytes a rule, twice that while its index is made; a line that needs
//! the full parser takes more for a moment. Regexes have limits of their own.

use crate::{daemon::source::Reading, engine::Table};

/// Bytes for a line with a rule.
const LINE: u64 = 200;

/// Bytes for a rule that is taken over from the table that serves.
const TAKEN_OVER: u64 = 160;

/// Bytes that compiling the texts takes, at most.
pub(super) fn estimate(reading: &Reading, before: Option<&Table>) -> u64 {
    let read = reading.sources.iter().zip(&reading.left_out);
    let mut bytes = 0;
    let mut takes_over = false;
    for (source, left_out) in read {
        takes_over |= left_out;
        bytes += source.bytes.len() as u64 + LINE * rules(&source.bytes);
    }
    let taken_over = before.filter(|_| takes_over).map_or(0, Table::len);
    bytes + TAKEN_OVER * taken_over as u64
}

/// Lines that are neither blank nor a comment.
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
