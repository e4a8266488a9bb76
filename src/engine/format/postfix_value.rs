//! The right side of a virtual(5) line: the addresses that Postfix finds in it.
//!
//! Postfix reads it as it reads a `To:` field (`tok822_parse`): `anna@x`, `<anna@x>`, `Anna B <anna@x>`
//! and `anna@x (Anna)` are one address. Commas, semicolons, white space and line ends separate
//! addresses. The text before `<` is a name. If it looks like an address, that is an error here,
//! because a comma may be missing.
//!
//! # Limits
//!
//! Groups (`name: a@x, b@x;`) are not supported: the name of a group is an error.

use super::{context::Context, field_text::FieldText};
use crate::engine::address::last_at;
use crate::engine::diagnostic::codes;

/// Finds the addresses of a logical line, in order. Returns `None` if the value cannot be read.
pub fn addresses<'t>(
    lines: &[FieldText<'t>],
    context: &mut Context<'_, '_>,
) -> Option<Vec<FieldText<'t>>> {
    let mut found = Found::default();
    for line in lines {
        found.line(line, context)?;
    }
    found.separate();
    Some(found.addresses)
}

#[derive(Debug, Default)]
struct Found<'t> {
    addresses: Vec<FieldText<'t>>,
    /// Words since the last separator: addresses, unless `<` follows.
    words: Vec<FieldText<'t>>,
}

impl<'t> Found<'t> {
    fn line(&mut self, line: &FieldText<'t>, context: &mut Context<'_, '_>) -> Option<()> {
        let mut at = 0;
        while let Some(rest) = line.text.get(at..).filter(|rest| !rest.is_empty()) {
            let length = match rest.chars().next()? {
                ' ' | '\t' => 1,
                ',' | ';' => {
                    self.separate();
                    1
                }
                '(' => closed(rest, ')').or_else(|| unclosed(&line.part(at..at + 1), context))?,
                '<' => {
                    let length =
                        closed(rest, '>').or_else(|| unclosed(&line.part(at..at + 1), context))?;
                    self.angled(&line.part(at + 1..at + length - 1), context)?;
                    length
                }
                '#' => {
                    let help = "move the comment to a line of its own; Postfix would send mail to its words";
                    let comment = line.part(at..line.text.len());
                    let message = "a comment cannot follow a rule";
                    context.error(
                        codes::INLINE_COMMENT,
                        comment.without_blanks().span,
                        message,
                        help,
                    );
                    return None;
                }
                _ => {
                    let length = word(rest);
                    self.words.push(line.part(at..at + length));
                    length
                }
            };
            at += length;
        }
        Some(())
    }

    /// Reads what is between angle brackets.
    fn angled(&mut self, inside: &FieldText<'t>, context: &mut Context<'_, '_>) -> Option<()> {
        for word in self.words.drain(..) {
            if last_at(&word.text).is_some() {
                let message = format!(
                    "Postfix takes `{}` before `<` for a name and sends no mail to it",
                    word.text
                );
                let help = "write a comma between two addresses, or delete the name";
                context.error(codes::NOT_AN_ADDRESS, word.span, message, help);
                return None;
            }
        }
        let brackets = inside.span;
        let inside = inside.without_blanks();
        if inside.text.is_empty() {
            let message = "there is no address between `<` and `>`";
            context.error(
                codes::NOT_AN_ADDRESS,
                brackets,
                message,
                "write an address there",
            );
            return None;
        }
        // A source route: `<@relay.example:anna@company.com>`.
        let route = match inside.text.starts_with('@') {
            true => inside.text.find(':').map_or(0, |colon| colon + 1),
            false => 0,
        };
        self.addresses.push(inside.part(route..inside.text.len()));
        Some(())
    }

    fn separate(&mut self) {
        self.addresses.append(&mut self.words);
    }
}

/// Returns the length of a word: up to a space or a special character outside of quotes.
fn word(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' | ',' | ';' | '(' | '<' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

/// Returns the length of a part in brackets, with both brackets. Parentheses nest; brackets in quotes do
/// not count.
fn closed(text: &str, end: char) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if end == '>' => quoted = !quoted,
            _ if quoted => {}
            '(' if end == ')' => depth += 1,
            c if c == end => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn unclosed<T>(bracket: &FieldText<'_>, context: &mut Context<'_, '_>) -> Option<T> {
    let message = format!("`{}` is not closed on its line", bracket.text);
    context.error(
        codes::SYNTAX,
        bracket.span,
        message,
        "close it on this line, or write the address alone",
    );
    None
}
