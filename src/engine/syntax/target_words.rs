//! The words of a list of targets: their commas, and words that are not addresses.

use super::{
    advice::{Side, without_domain},
    idioms::delivery,
    lexer::{Token, TokenKind},
};
use crate::engine::{
    address::{LocalPart, last_at},
    diagnostic::{Finding, Names, Span, codes, looks_like},
    rule::ActionWord,
};

/// Returns the words of a list. A comma stands between two words, and nowhere else.
pub fn words<'a>(tokens: &[Token<'a>]) -> Result<Vec<Token<'a>>, Vec<Finding>> {
    let mut words = Vec::new();
    let mut comma: Option<Token<'_>> = None;
    let stray = |token: &Token<'_>| {
        let message = "a comma may only be between two addresses";
        vec![Finding::error(codes::SYNTAX, token.span, message).suggest(
            "delete the comma",
            token.span,
            "",
        )]
    };
    for token in tokens {
        match (token.kind, comma) {
            (TokenKind::Comma, Some(_)) => return Err(stray(token)),
            (TokenKind::Comma, None) if words.is_empty() => return Err(stray(token)),
            (TokenKind::Comma, None) => comma = Some(*token),
            _ => {
                comma = None;
                words.push(*token);
            }
        }
    }
    match comma {
        Some(comma) => Err(stray(&comma)),
        None => Ok(words),
    }
}

/// Returns the edits that delete a word of a list, with the comma before it.
pub(super) fn deletion(token: &Token<'_>, tokens: &[Token<'_>]) -> Vec<(Span, String)> {
    // Tokens stand in the order of the text, and a rule may have many thousands of them.
    let at = tokens.partition_point(|other| other.span.start < token.span.start);
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    let comma = before.filter(|before| before.kind == TokenKind::Comma);
    let gone = [comma, Some(token)].into_iter().flatten();
    gone.map(|token| (token.span, String::new())).collect()
}

/// Returns a finding about a target that aliases(5) would deliver to, if the first word is one.
pub(super) fn delivered(first: &Token<'_>, tokens: &[Token<'_>]) -> Option<Finding> {
    let what = delivery(first.text).filter(|_| last_at(first.text).is_none())?;
    let last = tokens
        .iter()
        .rfind(|token| token.span.line == first.span.line)?;
    let end = last.span.end().start;
    let span = Span {
        length: end.saturating_sub(first.span.start),
        ..first.span
    };
    let message = format!(
        "`{}` is {what}, and a rule names addresses alone",
        first.text
    );
    let help =
        "write an address here, and let aliases(5) of the MTA that has this address deliver it";
    Some(Finding::error(codes::BAD_TARGET, span, message).help(help))
}

/// Returns a finding about the word at a place of a list, if it has no `@`. `kept` is the local-part of the
/// pattern, if the pattern is for one address.
pub(super) fn bare_word(words: &[Token<'_>], at: usize, kept: Option<String>) -> Option<Finding> {
    let token = words.get(at)?;
    let (text, span) = (token.text, token.span);
    if last_at(text).is_some() {
        return None;
    }
    let words_of_actions = ActionWord::ALL.iter().map(|entry| entry.word);
    if let Some((word, odd)) = looks_like(text, words_of_actions) {
        let message = format!(
            "`{text}` looks like `{word}`, but its `{odd}` is U+{:04X}",
            u32::from(odd)
        );
        let finding = Finding::error(codes::BAD_TARGET, span, message);
        return Some(finding.suggest(format!("write `{word}` in ASCII"), span, word));
    }
    if let Some(word) = ActionWord::nearest(text).filter(|_| at == 0) {
        let message = format!("`{text}` is neither an action nor an address");
        let finding = Finding::error(codes::BAD_TARGET, span, message);
        return Some(finding.suggest(format!("write `{word}`"), span, word));
    }
    if text.eq_ignore_ascii_case("anything") {
        return Some(anything(text, span));
    }
    let next = words.get(at + 1).map_or("", |next| next.text);
    let name = LocalPart::parse(text).is_ok() && next.contains('@') && !next.starts_with('@');
    if name {
        let message = format!("`{text}` is not an address: its domain is missing");
        let finding = Finding::error(codes::BAD_TARGET, span, message);
        return Some(finding.help(
            "write an address with its domain, a comma after it, or quotes around a local-part with a space",
        ));
    }
    let side = Side::Target(kept);
    Some(without_domain(codes::BAD_TARGET, side, (text, span), text))
}

/// `anything`, which virtual(5) wants behind a domain.
fn anything(text: &str, span: Span) -> Finding {
    let message = format!("`{text}` is a filler of Postfix's virtual(5), not a target");
    let advice = move |finding: Finding, names: &dyn Names| {
        let domains = names.primary_domains();
        let finding = match domains.as_slice() {
            [domain] => finding.suggest(
                format!("write `@{domain}` to keep the local-part"),
                span,
                format!("@{domain}"),
            ),
            _ => finding,
        };
        finding.help("keep lines of virtual(5) in a file `NAME.virtual`")
    };
    Finding::error(codes::BAD_TARGET, span, message).later(advice)
}
