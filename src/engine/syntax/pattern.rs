//! The first word of a line: a pattern, in one of its eight forms, or a domain.

use super::{
    advice::{Side, bad_address, bad_domain},
    lexer::{Token, TokenKind},
};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox, MailboxError, outside_quotes},
    diagnostic::{Code, Finding, Names, Span, codes},
    rule::Pattern,
};

/// The first word of a line.
#[derive(Clone, Debug)]
pub enum FirstWord {
    /// A domain without `@`. The next word says what kind of domain it is.
    Domain(Domain),
    /// The addresses that a rule is for.
    Pattern(Pattern),
}

/// Reads the first token of a line.
pub fn parse(token: Token<'_>) -> Result<FirstWord, Finding> {
    let text = token.text;
    match token.kind {
        TokenKind::Comma => {
            return Err(Finding::error(
                codes::SYNTAX,
                token.span,
                "a rule cannot begin with a comma",
            )
            .suggest("delete the comma", token.span, ""));
        }
        TokenKind::Regex => {
            let inner = text
                .strip_prefix('/')
                .and_then(|t| t.strip_suffix('/'))
                .unwrap_or(text);
            return Ok(FirstWord::Pattern(Pattern::Regex(inner.into())));
        }
        TokenKind::Word => {}
    }
    if matches!(text, "*" | "@*" | "*@*") {
        return Err(everything(token.span));
    }
    let domain = |domain| domain_at(domain, token.span, text.len());
    if let Some(rest) = text.strip_prefix("@*.") {
        return Ok(FirstWord::Pattern(Pattern::Subdomains(domain(rest)?)));
    }
    if let Some(rest) = text.strip_prefix('@') {
        return Ok(FirstWord::Pattern(Pattern::Domain(domain(rest)?)));
    }
    if let Some(rest) = text.strip_prefix("+*@") {
        return Ok(FirstWord::Pattern(Pattern::Detailed(domain(rest)?)));
    }
    if let Some(local) = text.strip_suffix("@*") {
        let local = wide_local_part(local, "*", token.span)?;
        return Ok(FirstWord::Pattern(Pattern::LocalPart(local)));
    }
    if let Some((user, rest)) = text.rsplit_once("+*@").filter(|(user, _)| balanced(user)) {
        let domain = domain(rest)?;
        let user = wide_local_part(user, domain.as_str(), token.span)?;
        return Ok(FirstWord::Pattern(Pattern::AnyDetail { user, domain }));
    }
    mailbox_or_domain(text, token.span)
}

fn mailbox_or_domain(text: &str, span: Span) -> Result<FirstWord, Finding> {
    match Mailbox::parse(text) {
        Ok(mailbox) if has_bare_star(text) => Err(star(span, mailbox.domain.as_str())),
        Ok(_) if has_two_at_signs(text) => {
            Err(
                Finding::error(codes::BAD_PATTERN, span, "`@` is written twice")
                    .help("write one `@`, or quotes around an `@` of the local-part"),
            )
        }
        Ok(mailbox) => Ok(FirstWord::Pattern(Pattern::Mailbox(mailbox))),
        Err(MailboxError::NoDomain) => match Domain::parse(text) {
            Ok(domain) => Ok(FirstWord::Domain(domain)),
            Err(_) => {
                let message = format!("`{text}` is neither a domain nor an address");
                Err(Finding::error(codes::BAD_PATTERN, span, message)
                    .help("write `mailbox@domain`, `@domain`, `user+*@domain`, `local@*`, `+*@domain`, `@*.domain`, `/regex/` or a bare domain"))
            }
        },
        Err(error) => match text.rsplit_once("@*.") {
            Some((_, domain)) => {
                let message = "one address in every subdomain cannot be written so";
                Err(
                    Finding::error(codes::BAD_PATTERN, span, message).help(format!(
                        "write `@*.{domain}` for all addresses of the subdomains, or a regex"
                    )),
                )
            }
            None => Err(bad_address(
                codes::BAD_PATTERN,
                Side::Pattern,
                (text, span),
                error,
            )),
        },
    }
}

/// A finding about something that is not a mailbox, where its text is not at hand.
pub fn bad_mailbox(code: Code, span: Span, error: MailboxError) -> Finding {
    let finding = Finding::error(code, span, error.to_string());
    match error {
        MailboxError::NoDomain => finding.help("write the whole address, with `@` and domain"),
        MailboxError::Literal => finding.help("write a domain after the `@`"),
        MailboxError::LocalPart(_) | MailboxError::NotStrict => {
            finding.help("put the local-part in quotes: `\"john doe\"@` and the domain")
        }
        MailboxError::Domain(_) => finding
            .help("write a domain after the last `@`: labels of letters, digits and hyphens, with dots between them"),
        MailboxError::TooLong => finding.help("shorten the address"),
    }
}

/// Reads the domain that a token ends in.
pub fn domain_at(domain: &str, span: Span, token_length: usize) -> Result<Domain, Finding> {
    let at = token_length - domain.len().min(token_length);
    let place = match span.length as usize == token_length {
        true => span.part(at, domain.len().max(1)),
        false => span,
    };
    Domain::parse(domain).map_err(|error| bad_domain(codes::BAD_DOMAIN, (domain, place), error))
}

/// A pattern for every address of every domain.
fn everything(span: Span) -> Finding {
    let message = "a pattern for every address of every domain cannot be written";
    let advice = move |finding: Finding, names: &dyn Names| {
        let domains = names.secondary_domains();
        match domains.as_slice() {
            [] => finding.help("write one `@domain` rule for each secondary domain"),
            [domain] => finding.suggest(
                format!("write `@{domain}` for all addresses of that domain"),
                span,
                format!("@{domain}"),
            ),
            [domain, ..] => finding.help(format!(
                "write one rule for each secondary domain: `@{domain}` and so on"
            )),
        }
    };
    Finding::error(codes::BAD_PATTERN, span, message).later(advice)
}

/// Reads a local-part of a pattern that is for many addresses. `domain` is what stands behind its `@`.
fn wide_local_part(local: &str, domain: &str, span: Span) -> Result<LocalPart, Finding> {
    if has_bare_star(local) {
        return Err(star(span, domain));
    }
    let part = LocalPart::parse(local)
        .map_err(|error| bad_mailbox(codes::BAD_PATTERN, span, MailboxError::LocalPart(error)))?;
    if part.routes() {
        let message = "a local-part with `%`, `!` or `@` is matched only by a rule that names the whole address";
        return Err(Finding::error(codes::ROUTING_SPELLING, span, message)
            .help("write `mailbox@domain` without a wildcard"));
    }
    Ok(part)
}

fn star(span: Span, domain: &str) -> Finding {
    let message = "`*` does not stand for a part of a local-part";
    let help = match domain {
        "*" => "write the whole local-part before `@*`, or put quotes around a `*` that is a part of the local-part".to_owned(),
        _ => format!("write `@{domain}` for all addresses, a regex, or put quotes around a `*` that is a part of the local-part"),
    };
    Finding::error(codes::BAD_PATTERN, span, message).help(help)
}

/// Returns true if a `*` stands outside of quotes.
fn has_bare_star(text: &str) -> bool {
    outside_quotes(text).any(|(_, c)| c == '*')
}

/// Returns true if two `@` stand side by side outside of quotes.
fn has_two_at_signs(text: &str) -> bool {
    let mut before = None;
    outside_quotes(text).any(|(at, c)| {
        let beside = c == '@' && before == Some(at);
        before = (c == '@').then_some(at + 1);
        beside
    })
}

/// Returns true if every quote in the text is closed.
fn balanced(text: &str) -> bool {
    LocalPart::parse(text).is_ok()
}
