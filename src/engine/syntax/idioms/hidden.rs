//! Characters that nobody sees, and spaces that part no words.

use super::word::Word;
use crate::engine::{
    diagnostic::{Finding, codes},
    syntax::lexer::{first_hidden, is_wide_space},
};

/// Findings of one word: a longer list helps nobody.
const MAX_IN_WORD: usize = 3;

/// Removes hidden characters; a space of another kind parts two words.
pub(super) fn remove(words: &mut Vec<Word>, bytes: &[u8], found: &mut Vec<Finding>) {
    let mut clean = Vec::with_capacity(words.len());
    for word in words.drain(..) {
        if first_hidden(&word.text, 0).is_none() {
            clean.push(word);
            continue;
        }
        report(&word, bytes, found);
        let mut text = String::new();
        let mut from = 0;
        while let Some((at, c)) = first_hidden(&word.text, from) {
            text.push_str(word.text.get(from..at).unwrap_or_default());
            if is_wide_space(c) && !is_inside_address(&word.text, at, c) {
                text.push('\n');
            }
            from = at + c.len_utf8();
        }
        text.push_str(word.text.get(from..).unwrap_or_default());
        let parts = text.split('\n').filter(|part| !part.is_empty());
        clean.extend(parts.map(|part| Word::instead(word.span, part).of_kind(word.kind)));
    }
    *words = clean;
}

fn report(word: &Word, bytes: &[u8], found: &mut Vec<Finding>) {
    let mut from = 0;
    for _ in 0..MAX_IN_WORD {
        let Some((at, c)) = first_hidden(&word.text, from) else {
            return;
        };
        from = at + c.len_utf8();
        let place = word.place(at..from);
        let number = format!("U+{:04X}", u32::from(c));
        let start = place.start as usize;
        let begins_line = start == 0 || bytes.get(start - 1) == Some(&b'\n');
        let separates = !begins_line && !is_inside_address(&word.text, at, c);
        let finding = if is_wide_space(c) && separates {
            let message = format!("{number} looks like a space, but it is another character");
            Finding::error(codes::UNSEEN_CHARACTER, place, message).suggest(
                "write a plain space in its place",
                place,
                " ",
            )
        } else {
            let message =
                format!("the character {number} cannot be seen and is part of no address");
            Finding::error(codes::UNSEEN_CHARACTER, place, message).suggest(
                format!(
                    "delete the character {number} after column {}",
                    column(bytes, start)
                ),
                place,
                "",
            )
        };
        found.push(finding);
    }
}

/// Returns true if a character stands between a local-part and its `@`, or between the `@` and a domain.
fn is_inside_address(word: &str, at: usize, c: char) -> bool {
    let (before, after) = (
        word.get(..at).unwrap_or_default(),
        word.get(at + c.len_utf8()..).unwrap_or_default(),
    );
    before.ends_with('@') || (!before.contains('@') && after.starts_with('@'))
}

/// How many characters stand before a byte on its line.
fn column(bytes: &[u8], start: usize) -> usize {
    let before = bytes.get(..start).unwrap_or_default();
    let line = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    String::from_utf8_lossy(before.get(line..).unwrap_or_default())
        .chars()
        .count()
}
