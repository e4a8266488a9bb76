//! Patterns as other programs write them.
//!
//! | written | means |
//! |---|---|
//! | `*@oldacme.org` | `@oldacme.org` |
//! | `*.oldacme.org`, `.oldacme.org`, `@.oldacme.org`, `*@*.oldacme.org` | `@*.oldacme.org` |
//! | `info*@oldacme.org` | `/info.*@oldacme\.org/` |
//! | `.*@oldacme.org`, `.+@oldacme.org` | `@oldacme.org` |
//! | `^(info|sales)@oldacme\.org$` | `/(info|sales)@oldacme\.org/` |

use super::word::Word;
use crate::engine::{
    address::{Domain, Mailbox, last_at},
    diagnostic::{Finding, codes},
    syntax::lexer::TokenKind,
};

/// Replaces the pattern of a line.
pub(super) fn pattern(words: &mut Vec<Word>, found: &mut Vec<Finding>) {
    let is_class = words
        .get(1)
        .is_some_and(|word| matches!(word.text.as_str(), "primary" | "secondary" | "external"));
    let Some(first) = words.first_mut().filter(|word| word.is_plain()) else {
        return;
    };
    let Some((message, instead)) = meant(&first.text) else {
        return;
    };
    let place = first.span;
    let finding = Finding::error(codes::BAD_PATTERN, place, message);
    if is_class {
        found.push(finding.help(format!(
            "write a rule that begins with `{instead}`: it makes every subdomain secondary"
        )));
        return words.clear();
    }
    found.push(finding.suggest(format!("write `{instead}`"), place, &instead));
    let kind = match instead.starts_with('/') {
        true => TokenKind::Regex,
        false => TokenKind::Word,
    };
    *first = Word::instead(place, instead).of_kind(kind);
}

/// What a pattern of another program means, and what to say of it.
fn meant(text: &str) -> Option<(String, String)> {
    let is_domain = |text: &str| Domain::parse(text).is_ok() && text.contains('.');
    for before in ["*@*.", "*@.", "@.", "*.", "."] {
        if let Some(domain) = text.strip_prefix(before).filter(|text| is_domain(text)) {
            let message = format!("every subdomain of `{domain}` is written in another way");
            return Some((message, format!("@*.{domain}")));
        }
    }
    if let Some(domain) = text.strip_prefix("*@").filter(|text| is_domain(text)) {
        let message = format!("every address of `{domain}` is written without `*`");
        return Some((message, format!("@{domain}")));
    }
    for before in [".*@", ".+@"] {
        let domain = text.strip_prefix(before).unwrap_or_default();
        let domain = domain.replace("\\.", ".");
        if is_domain(&domain) {
            let message = format!("every address of `{domain}` is written without a regex");
            return Some((message, format!("@{domain}")));
        }
    }
    if let Some(regex) = bare_regex(text) {
        return Some(("a regex stands between slashes".to_owned(), regex));
    }
    let at = last_at(text)?;
    let (local, domain) = (text.get(..at)?, text.get(at + 1..)?);
    // Where a local-part routes, a pattern names it in full; `user+*` stands for a user with any detail.
    let other = local.contains(['"', '%', '!', '@']) || local.ends_with("+*");
    if other || !local.contains('*') || domain.contains('*') {
        return None;
    }
    Mailbox::parse(&text.replace('*', "x")).ok()?;
    let message = "`*` cannot stand for a part of a local-part: a regex can".to_owned();
    Some((message, format!("/{}@{}/", regex(local), regex(domain))))
}

/// A regex without its slashes. Anchors are left out: every regex is for the whole address.
fn bare_regex(text: &str) -> Option<String> {
    let inside = text.strip_prefix('^').unwrap_or(text);
    let inside = inside.strip_suffix('$').unwrap_or(inside);
    let marks = ["(.", "(\\", "[", "\\.", "\\w", "\\d", "\\S"];
    let marked = inside.len() < text.len()
        || marks.iter().any(|mark| inside.contains(mark))
        || inside.contains('(') && inside.contains('|');
    let (local, domain) = inside.rsplit_once('@')?;
    let closed = local.matches('(').count() == local.matches(')').count();
    let named = Domain::parse(&domain.replace("\\.", ".")).is_ok();
    let odd = text.contains(['"', '/']) || local.is_empty();
    (marked && closed && named && !odd).then(|| format!("/{inside}/"))
}

/// A text as a regex, `*` standing for anything.
fn regex(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        match c {
            '*' => out.push_str(".*"),
            c if c.is_alphanumeric() || matches!(c, '@' | '_' | '-') => out.push(c),
            c => out.extend(['\\', c]),
        }
    }
    out
}
