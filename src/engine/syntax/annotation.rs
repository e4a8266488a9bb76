//! The options `note=` and `owner=`, which a rule and a domain line may have.

use super::{
    advice::{Side, bad_address, without_domain},
    idioms,
    lexer::{Token, TokenKind},
};
use crate::engine::{
    address::{Mailbox, MailboxError},
    diagnostic::{Finding, Span, codes},
    rule::Annotation,
};

/// Takes these options from a list of options. Returns the other ones; nothing if one of these is an error.
pub(super) fn take<'t>(
    options: &[Token<'t>],
    found: &mut Vec<Finding>,
) -> Option<(Annotation, Vec<Token<'t>>)> {
    let mut annotation = Annotation::default();
    let mut others = Vec::new();
    let mut rest = options;
    while let Some((token, behind)) = rest.split_first() {
        rest = behind;
        if token.kind != TokenKind::Word || !Annotation::is_option(token.text) {
            others.push(*token);
            continue;
        }
        let read = match token.text.split_once('=') {
            Some(("note", value)) => {
                let words = unquoted(value, behind);
                if words > 0 {
                    let words = behind.get(..words).unwrap_or_default();
                    Err(blanks(token, value, words))
                } else {
                    note(token, value, &mut annotation)
                }
            }
            Some((_, value)) => owner(token, value, &mut annotation),
            None => Ok(()),
        };
        if let Err(finding) = read {
            found.push(finding);
            return None;
        }
    }
    Some((annotation, others))
}

/// How many words behind a note without quotes belong to it.
fn unquoted(value: &str, behind: &[Token<'_>]) -> usize {
    if value.starts_with('"') {
        return 0;
    }
    let ends = |token: &Token<'_>| token.text.contains('=') && token.kind == TokenKind::Word;
    behind.iter().take_while(|token| !ends(token)).count()
}

/// A note of several words without quotes.
fn blanks(token: &Token<'_>, value: &str, words: &[Token<'_>]) -> Finding {
    let mut text = value.to_owned();
    for word in words {
        if word.kind != TokenKind::Comma {
            text.push(' ');
        }
        text.push_str(word.text);
    }
    let text = text.trim_matches(['\'', '"', '“', '”', '‘', '’', '„']);
    let text = text.replace(['\\', '"'], "");
    let message = "a note of several words stands in quotes";
    let last = words.last().map_or(token.span, |word| word.span);
    let span = Span {
        length: (last.start + last.length).saturating_sub(token.span.start),
        ..token.span
    };
    let one_line = last.line == token.span.line;
    let finding = Finding::error(codes::BAD_OPTION, token.span, message);
    let write = format!("note=\"{text}\"");
    match one_line {
        true => finding.suggest(format!("write `{write}`"), span, write),
        false => finding.help(format!("write `{write}`")),
    }
}

fn note(token: &Token<'_>, value: &str, into: &mut Annotation) -> Result<(), Finding> {
    if into.note.is_some() {
        return Err(repeated(token, "note="));
    }
    let Some(text) = plain(value) else {
        let message = "a note is one text in quotes";
        let help = "write `note=\"…\"`; inside of the quotes write `\\\"` for a quote";
        return Err(Finding::error(codes::BAD_OPTION, token.span, message).help(help));
    };
    if text.trim().is_empty() {
        let message = "the note is empty";
        return Err(
            Finding::error(codes::BAD_OPTION, token.span, message).suggest(
                format!("delete `{}`", token.text),
                token.span,
                "",
            ),
        );
    }
    if text.len() > Annotation::MAX_NOTE {
        let message = format!("a note has at most {} bytes", Annotation::MAX_NOTE);
        let help = "shorten it, or put a comment above the rule";
        return Err(Finding::error(codes::BAD_OPTION, token.span, message).help(help));
    }
    into.note = Some(text.into());
    Ok(())
}

/// Returns the text of a value, without its quotes; nothing if it is not one text.
fn plain(value: &str) -> Option<String> {
    let Some(inside) = value.strip_prefix('"') else {
        return (!value.contains('"')).then(|| value.to_owned());
    };
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.push(rest.next()?),
            '"' => return rest.as_str().is_empty().then_some(text),
            c => text.push(c),
        }
    }
    None
}

fn owner(token: &Token<'_>, value: &str, into: &mut Annotation) -> Result<(), Finding> {
    if into.owner.is_some() {
        return Err(repeated(token, "owner="));
    }
    let at = "owner=".len();
    let place = match token.span.length as usize == token.text.len() {
        true => token.span.part(at, value.len()),
        false => token.span,
    };
    match Mailbox::parse_strict(value) {
        Ok(mailbox) => {
            into.owner = Some(mailbox);
            Ok(())
        }
        Err(_) if value.is_empty() => {
            let finding = Finding::error(codes::BAD_OPTION, token.span, "the owner is empty");
            Err(finding.suggest(format!("delete `{}`", token.text), token.span, ""))
        }
        Err(error) => Err(match idioms::plain_address(value) {
            Some(address) => {
                let message = "an owner is an address alone, without anything around it";
                let finding = Finding::error(codes::BAD_OPTION, place, message);
                finding.suggest(format!("write `owner={address}`"), place, address)
            }
            None if error == MailboxError::NoDomain => {
                without_domain(codes::BAD_OPTION, Side::Target(None), (value, place), value)
            }
            None => bad_address(codes::BAD_OPTION, Side::Target(None), (value, place), error),
        }),
    }
}

fn repeated(token: &Token<'_>, name: &str) -> Finding {
    let message = format!("`{name}` is written twice");
    let delete = format!("delete `{}`", token.text);
    Finding::error(codes::REPEATED_OPTION, token.span, message).suggest(delete, token.span, "")
}
