//! Comments as other languages have them.
//!
//! | written | means |
//! |---|---|
//! | `// text`, `; text`, `-- text` at the beginning of a line | `# text` |
//! | `// text`, `; text` behind a rule | `# text` |
//! | `anna@acme.com#text` | `anna@acme.com #text` |

use super::word::Word;
use crate::engine::{
    address::outside_quotes,
    diagnostic::{Finding, Span, codes},
};

/// Removes the comment of a line, and everything that stands behind it on the same physical line.
pub(super) fn cut(words: &mut Vec<Word>, bytes: &[u8], found: &mut Vec<Finding>) {
    let comment = words.iter().enumerate().find_map(|(at, word)| {
        let begins = begins_comment(words, at)?;
        Some((at, word.place(0..begins.len()), begins))
    });
    if let Some((at, mark, begins)) = comment {
        let message = format!("a comment begins with `#`, not with `{begins}`");
        let space = match next_byte(bytes, mark) {
            Some(b' ' | b'\t') => "#",
            _ => "# ",
        };
        found.push(Finding::error(codes::SYNTAX, mark, message).suggest(
            format!("write `#` in place of `{begins}`"),
            mark,
            space,
        ));
        drop_rest(words, at);
        return;
    }
    let glued = words.iter().enumerate().find_map(|(at, word)| {
        let (hash, _) = outside_quotes(&word.text).find(|(_, c)| *c == '#')?;
        let behind_address = word.is_plain() && word.text.get(..hash)?.contains('@');
        behind_address.then_some((at, hash))
    });
    if let Some((at, hash)) = glued
        && let Some(word) = words.get(at)
    {
        let mark = word.place(hash..hash + 1);
        let address = word.part(0..hash);
        let message = "`#` begins a comment only behind white space";
        found.push(Finding::error(codes::SYNTAX, mark, message).suggest(
            "write a space before `#`",
            mark,
            " #",
        ));
        drop_rest(words, at);
        words.insert(at, address);
    }
}

/// The mark with which the word begins a comment of another language.
fn begins_comment(words: &[Word], at: usize) -> Option<&'static str> {
    let text = words.get(at)?.text.as_str();
    let next = words.get(at + 1).map_or("", |word| &word.text);
    match at {
        0 if text.starts_with("//") => Some("//"),
        0 if text.starts_with(';') => Some(";"),
        0 if text == "--" => Some("--"),
        0 => None,
        _ if text.starts_with("//") => Some("//"),
        _ if text == ";" && !next.contains('@') => Some(";"),
        _ => None,
    }
}

fn next_byte(bytes: &[u8], span: Span) -> Option<u8> {
    let end = span.start.checked_add(span.length)? as usize;
    bytes.get(end).copied()
}

/// Removes a word and those behind it on its physical line.
fn drop_rest(words: &mut Vec<Word>, from: usize) {
    let line = words.get(from).map(|word| word.span.line);
    let mut at = 0;
    words.retain(|word| {
        let goes = at >= from && Some(word.span.line) == line;
        at += 1;
        !goes
    });
}
