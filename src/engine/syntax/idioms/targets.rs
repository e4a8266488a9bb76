//! Targets and actions as other programs write them.
//!
//! | written | behind | means |
//! |---|---|---|
//! | `%1@acme.com`, `%u@acme.com` | anything but a regex | `@acme.com` |
//! | `\1@acme.com`, `%1@acme.com` | a regex | `$1@acme.com` |
//! | `anna@@acme.com` | | `anna@acme.com` |
//! | `KEEP`, `SECONDARY` | | `keep`, `secondary` |

use super::word::Word;
use crate::engine::{
    address::{Domain, Mailbox},
    diagnostic::{Finding, codes},
    rule::{ActionWord, DomainClass},
    syntax::lexer::TokenKind,
};

/// Names for the local-part of the address that was looked up.
const WHOLE: [&str; 5] = ["%1@", "%0@", "%u@", "%n@", "%1%3@"];

/// Parts of the address that was looked up.
pub(super) fn captures(words: &mut [Word], found: &mut Vec<Finding>) {
    let Some((first, rest)) = words.split_first_mut() else {
        return;
    };
    let is_regex = first.kind == TokenKind::Regex;
    for word in rest.iter_mut().filter(|word| word.is_plain()) {
        let instead = match is_regex {
            true => numbered(&word.text),
            false => WHOLE.into_iter().find_map(|name| {
                let domain = word.text.strip_prefix(name)?;
                Domain::parse(domain).ok().map(|_| format!("@{domain}"))
            }),
        };
        let Some(instead) = instead else { continue };
        let message = match is_regex {
            true => "a group of the regex is named with `$`",
            false => "the local-part is kept by a target that names the domain alone",
        };
        found.push(
            Finding::error(codes::BAD_TARGET, word.span, message).suggest(
                format!("write `{instead}`"),
                word.span,
                &instead,
            ),
        );
        *word = Word::instead(word.span, instead);
    }
}

/// `\1` and `%1` as `$1`; nothing if there are none.
fn numbered(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut changed = false;
    while let Some(c) = characters.next() {
        let before_digit = characters.peek().is_some_and(char::is_ascii_digit);
        match c {
            '\\' | '%' if before_digit => {
                changed = true;
                out.push('$');
            }
            c => out.push(c),
        }
    }
    changed.then_some(out)
}

/// An `@` that is written twice.
pub(super) fn two_at_signs(words: &mut [Word], found: &mut Vec<Finding>) {
    for (index, word) in words.iter_mut().enumerate() {
        let is_plain = word.is_plain() && !word.text.contains('"');
        let Some(at) = word.text.find("@@").filter(|_| is_plain) else {
            continue;
        };
        let instead = word.text.replacen("@@", "@", 1);
        if Mailbox::parse(&instead).is_err() {
            continue;
        }
        let place = word.place(at..at + 2);
        let code = match index {
            0 => codes::BAD_PATTERN,
            _ => codes::BAD_TARGET,
        };
        found.push(Finding::error(code, place, "`@` is written twice").suggest(
            format!("write `{instead}`"),
            place,
            "@",
        ));
        *word = Word::instead(word.span, instead);
    }
}

/// Words of the rules in upper case.
pub(super) fn letter_case(words: &mut [Word], found: &mut Vec<Finding>) {
    let Some(word) = words.get_mut(1).filter(|word| word.is_plain()) else {
        return;
    };
    let lower = word.text.to_lowercase();
    let known = ActionWord::find(&lower).is_some() || DomainClass::from_word(&lower).is_some();
    if !known || lower == word.text {
        return;
    }
    let message = format!("`{}` is written in lower case here", word.text);
    found.push(Finding::error(codes::SYNTAX, word.span, message).suggest(
        format!("write `{lower}`"),
        word.span,
        &lower,
    ));
    *word = Word::instead(word.span, lower);
}
