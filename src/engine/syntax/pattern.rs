//! Left sides: the eight forms of a pattern.

use super::lexer::{Token, TokenKind};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox, MailboxError, outside_quotes},
    diagnostic::{Code, Finding, Span, codes},
    rule::Pattern,
};

/// The first word of a line.
#[derive(Clone, Debug)]
pub enum Left {
    /// A bare domain, to be declared.
    Domain(Domain),
    /// Which addresses a rule is for.
    Pattern(Pattern),
}

/// Reads the first token of a line.
pub fn parse(token: Token<'_>) -> Result<Left, Finding> {
    let text = token.text;
    match token.kind {
        TokenKind::Comma => {
            return Err(Finding::error(
                codes::SYNTAX,
                token.span,
                "a rule cannot begin with a comma",
            )
            .help("write one pattern a rule"));
        }
        TokenKind::Regex => {
            let inner = text
                .strip_prefix('/')
                .and_then(|t| t.strip_suffix('/'))
                .unwrap_or(text);
            return Ok(Left::Pattern(Pattern::Regex(inner.into())));
        }
        TokenKind::Word => {}
    }
    if let Some(domain) = text.strip_prefix("@*.") {
        return domain_at(domain, token.span, text.len())
            .map(|d| Left::Pattern(Pattern::Subdomains(d)));
    }
    if let Some(domain) = text.strip_prefix('@') {
        return domain_at(domain, token.span, text.len())
            .map(|d| Left::Pattern(Pattern::Domain(d)));
    }
    if let Some(domain) = text.strip_prefix("+*@") {
        return domain_at(domain, token.span, text.len())
            .map(|d| Left::Pattern(Pattern::Detailed(d)));
    }
    if let Some(local) = text.strip_suffix("@*") {
        return everywhere(local, token.span).map(Left::Pattern);
    }
    if let Some((user, domain)) = text.rsplit_once("+*@").filter(|(user, _)| balanced(user)) {
        let domain = domain_at(domain, token.span, text.len())?;
        let user = no_star(user, token.span)?;
        return Ok(Left::Pattern(Pattern::AnyDetail { user, domain }));
    }
    mailbox_or_domain(text, token.span)
}

fn mailbox_or_domain(text: &str, span: Span) -> Result<Left, Finding> {
    match Mailbox::parse(text) {
        Ok(mailbox) if has_bare_star(text) => Err(star(span, &mailbox.domain.to_string())),
        Ok(mailbox) => Ok(Left::Pattern(Pattern::Mailbox(mailbox))),
        Err(MailboxError::NoDomain) if text == "*" => Err(star(span, "domain2.com")),
        Err(MailboxError::NoDomain) => match Domain::parse(text) {
            Ok(domain) => Ok(Left::Domain(domain)),
            Err(_) => Err(Finding::error(codes::BAD_PATTERN, span, format!("`{text}` is neither a domain nor an address"))
                .help("write `mailbox@domain`, `@domain`, `user+*@domain`, `local@*`, `+*@domain`, `@*.domain`, `/regex/` or a bare domain")),
        },
        Err(_) if text.rsplit_once('@').is_some_and(|(_, domain)| domain.starts_with("*.")) => {
            Err(Finding::error(codes::BAD_PATTERN, span, "one address in every subdomain cannot be written so")
                .help("write `@*.domain` for all addresses of the subdomains, or a regex"))
        }
        Err(error) => Err(bad_mailbox(codes::BAD_PATTERN, span, error)),
    }
}

/// A mailbox that is none, in a pattern or in a target.
pub fn bad_mailbox(code: Code, span: Span, error: MailboxError) -> Finding {
    let finding = Finding::error(code, span, error.to_string());
    match error {
        MailboxError::NoDomain => finding.help("write the whole address, with `@` and domain"),
        MailboxError::Literal => finding.help("write a domain behind the `@`"),
        MailboxError::LocalPart(_) | MailboxError::NotStrict => {
            finding.help("put the local-part in quotes: `\"john doe\"@domain2.com`")
        }
        MailboxError::Domain(_) => {
            finding.help("write a domain such as `domain2.com` behind the last `@`")
        }
        MailboxError::TooLong => finding.help("shorten it"),
    }
}

/// Reads a domain that ends the token.
pub fn domain_at(domain: &str, span: Span, token_length: usize) -> Result<Domain, Finding> {
    let at = span.part(
        token_length - domain.len().min(token_length),
        domain.len().max(1),
    );
    let help = "write a domain such as `domain2.com` behind the `@`";
    Domain::parse(domain)
        .map_err(|error| Finding::error(codes::BAD_DOMAIN, at, error.to_string()).help(help))
}

/// `local@*`.
fn everywhere(local: &str, span: Span) -> Result<Pattern, Finding> {
    if local.is_empty() || local == "*" {
        return Err(Finding::error(
            codes::BAD_PATTERN,
            span,
            "a pattern for every address of every domain cannot be written",
        )
        .help("write one `@domain` rule for each secondary domain"));
    }
    no_star(local, span).map(Pattern::LocalPart)
}

/// A local-part in a pattern that is not a plain mailbox.
fn no_star(local: &str, span: Span) -> Result<LocalPart, Finding> {
    if has_bare_star(local) {
        return Err(star(span, "domain2.com"));
    }
    let part = LocalPart::parse(local)
        .map_err(|error| bad_mailbox(codes::BAD_PATTERN, span, MailboxError::LocalPart(error)))?;
    if part.routes() {
        return Err(Finding::error(codes::ROUTING_SPELLING, span, "a local-part with `%`, `!` or `@` is matched only by a rule that names the whole address")
            .help("write `mailbox@domain` without a wildcard"));
    }
    Ok(part)
}

fn star(span: Span, domain: &str) -> Finding {
    Finding::error(codes::BAD_PATTERN, span, "`*` does not stand for a part of a local-part")
        .help(format!("write `@{domain}` for all addresses, `user+*@{domain}` for any detail, or quotes around a `*` that is meant as it stands"))
}

/// Whether a `*` stands outside of quotes.
fn has_bare_star(text: &str) -> bool {
    outside_quotes(text).any(|(_, c)| c == '*')
}

/// Whether every quote in it is closed.
fn balanced(text: &str) -> bool {
    LocalPart::parse(text).is_ok()
}
