//! What stands between the words of a line: arrows, colons, semicolons, commas, and white space at the
//! beginning of a line.

use super::{
    word::{Word, together},
    wrapped::{is_address, plain},
};
use crate::engine::{
    diagnostic::{Finding, Span, codes},
    syntax::lexer::TokenKind,
};

/// What people put between the two sides of a rule.
const ARROWS: [&str; 10] = ["-->", "==>", "->", "=>", ":=", "→", "=", ":", ">", "|"];

/// Splits a line where a physical line of it begins with white space and looks like a rule of its own.
pub(super) fn split_continuation(
    words: Vec<Word>,
    bytes: &[u8],
    found: &mut Vec<Finding>,
) -> Vec<Vec<Word>> {
    let mut lines: Vec<Vec<Word>> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let next = words.get(at + 1);
        let new_line = before.is_some_and(|before| before.span.line < word.span.line);
        let listed = before.is_some_and(|before| before.kind == TokenKind::Comma);
        let begins = new_line && !listed && is_rule_start(word, next);
        match lines.last_mut() {
            Some(line) if !begins => line.push(word.clone()),
            _ => {
                if begins && let Some(first) = lines.first().and_then(|line| line.first()) {
                    found.push(continued(word, first.span.line, bytes));
                }
                lines.push(vec![word.clone()]);
            }
        }
    }
    lines
}

/// Returns true if two words look like the beginning of a rule.
fn is_rule_start(word: &Word, next: Option<&Word>) -> bool {
    let pattern = word.kind == TokenKind::Regex || (word.is_plain() && word.text.contains('@'));
    pattern && next.is_some_and(|next| next.is_plain() && next.span.line == word.span.line)
}

fn continued(word: &Word, above: u32, bytes: &[u8]) -> Finding {
    let message = format!(
        "line {} begins with white space, so it continues line {above}",
        word.span.line
    );
    let indent = indent(word.span, bytes);
    Finding::error(codes::CONTINUATION, word.span, message).suggest(
        "delete the white space before the rule",
        indent,
        "",
    )
}

/// The white space before the first word of a line.
pub(in crate::engine::syntax) fn indent(word: Span, bytes: &[u8]) -> Span {
    let before = bytes.get(..word.start as usize).unwrap_or_default();
    let blank = before
        .iter()
        .rev()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    let length = crate::engine::diagnostic::saturate(blank);
    Span {
        start: word.start - length,
        length,
        ..word
    }
}

/// An arrow, a colon or an equals sign between pattern and action.
pub(super) fn arrow(words: &mut Vec<Word>, found: &mut Vec<Finding>) {
    glued_arrow(words, found);
    let Some(word) = words.get(1).filter(|word| word.is_plain()) else {
        return;
    };
    let Some(arrow) = ARROWS
        .into_iter()
        .find(|arrow| word.text == *arrow || begins_address(&word.text, arrow))
    else {
        return;
    };
    let place = word.place(0..arrow.len());
    let rest = word.part(arrow.len()..word.text.len());
    found.push(
        Finding::error(
            codes::SYNTAX,
            place,
            format!("white space alone separates a pattern from its action, without `{arrow}`"),
        )
        .suggest(format!("delete `{arrow}`"), place, ""),
    );
    match rest.text.is_empty() {
        true => drop(words.remove(1)),
        false => words.splice(1..2, [rest]).for_each(drop),
    }
}

/// `->anna@acme.com`, and not `|command`.
fn begins_address(text: &str, arrow: &str) -> bool {
    let rest = text.strip_prefix(arrow).unwrap_or_default();
    arrow.len() > 1 && is_address(rest)
}

/// `info@oldacme.org=anna@acme.com`.
fn glued_arrow(words: &mut Vec<Word>, found: &mut Vec<Finding>) {
    let Some(word) = words.first().filter(|word| word.is_plain()) else {
        return;
    };
    let glued = ARROWS.into_iter().find_map(|arrow| {
        let (left, right) = word.text.split_once(arrow)?;
        (is_address(left) && is_address(right)).then_some((left.len(), arrow))
    });
    let Some((at, arrow)) = glued else { return };
    let place = word.place(at..at + arrow.len());
    let (left, right) = (
        word.part(0..at),
        word.part(at + arrow.len()..word.text.len()),
    );
    found.push(
        Finding::error(
            codes::SYNTAX,
            place,
            format!("white space separates a pattern from its action, not `{arrow}`"),
        )
        .suggest(format!("write a space in place of `{arrow}`"), place, " "),
    );
    words.splice(0..1, [left, right]);
}

/// Commas and semicolons: a row of CSV, a semicolon between targets or behind the last one, a comma too
/// many, a colon behind an address.
pub(super) fn separators(words: &mut Vec<Word>, found: &mut Vec<Finding>) {
    csv(words, found);
    let mut out: Vec<Word> = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        let more = words
            .get(at + 1..)
            .unwrap_or_default()
            .iter()
            .any(|word| word.text.contains('@'));
        let listed = at > 0;
        match word.kind {
            TokenKind::Comma if out.len() < 2 || !ends_word(&out) || !more => {
                found.push(stray_comma(word.span));
            }
            TokenKind::Word if word.text.contains([';', ':']) => {
                parts(word, listed, more, &mut out, found);
            }
            _ => out.push(word.clone()),
        }
    }
    *words = out;
}

fn ends_word(words: &[Word]) -> bool {
    words
        .last()
        .is_some_and(|word| word.kind != TokenKind::Comma)
}

fn stray_comma(span: Span) -> Finding {
    Finding::error(codes::SYNTAX, span, "this comma separates nothing").suggest(
        "delete the comma",
        span,
        "",
    )
}

/// `info@oldacme.org,anna@acme.com` and `info@oldacme.org;anna@acme.com`.
fn csv(words: &mut Vec<Word>, found: &mut Vec<Finding>) {
    let Some(first) = words.first().filter(|word| word.is_plain()) else {
        return;
    };
    let comma = words
        .get(1)
        .is_some_and(|word| word.kind == TokenKind::Comma);
    let place = if comma && words.len() > 2 && first.text.contains('@') {
        words.get(1).map(|comma| comma.span)
    } else if let Some((left, right)) = first.text.split_once(';')
        && left.contains('@')
        && !right.is_empty()
    {
        Some(first.place(left.len()..left.len() + 1))
    } else {
        None
    };
    let Some(place) = place else { return };
    match first.text.split_once(';') {
        Some((left, _)) if !comma => {
            let parts = [
                first.part(0..left.len()),
                first.part(left.len() + 1..first.text.len()),
            ];
            words.splice(0..1, parts);
        }
        _ => drop(words.remove(1)),
    }
    found.push(
        Finding::error(
            codes::SYNTAX,
            place,
            "white space separates a pattern from its action; this line looks like one of a CSV file",
        )
        .suggest("write a space in its place", place, " ")
        .help("save the lines in a file `NAME.csv`, below a first line `from,to`"),
    );
}

/// A word that holds a semicolon or ends in a colon.
fn parts(word: &Word, listed: bool, more: bool, out: &mut Vec<Word>, found: &mut Vec<Finding>) {
    let text = word.text.as_str();
    if let Some(rest) = text.strip_suffix(':')
        && !rest.is_empty()
        && !rest.contains([':', '"'])
    {
        let place = word.place(rest.len()..text.len());
        out.push(word.part(0..rest.len()));
        found.push(
            Finding::error(codes::SYNTAX, place, "`:` is not part of an address").suggest(
                "delete `:`",
                place,
                "",
            ),
        );
        return;
    }
    if !listed || text.contains('"') || !text.contains(';') || plain(text).is_some() {
        return out.push(word.clone());
    }
    let mut at = 0;
    for part in text.split(';') {
        if !part.is_empty() {
            out.push(word.part(at..at + part.len()));
        }
        at += part.len();
        if at == text.len() {
            break;
        }
        let place = word.place(at..at + 1);
        at += 1;
        let last = at == text.len() && !more;
        let (help, instead) = match last {
            true => ("delete `;`", ""),
            false => ("write `,` in place of `;`", ","),
        };
        found.push(
            Finding::error(
                codes::SYNTAX,
                place,
                "a comma separates two addresses, not `;`",
            )
            .suggest(help, place, instead),
        );
        if !last {
            out.push(Word::instead(place, ","));
        }
    }
}

/// The place of all words from one on.
pub(super) fn rest_of(words: &[Word], from: usize) -> Option<Span> {
    let first = words.get(from)?;
    let line = first.span.line;
    let last = words.iter().rfind(|word| word.span.line == line)?;
    Some(together(first, last))
}
