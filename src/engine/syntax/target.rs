//! Targets: the addresses that take the place of the one that matched.

use hashbrown::HashSet;

use super::{
    advice::{Side, bad_address, without_domain},
    idioms::{WITHOUT_REGEX, WRITE_A_REGEX, begins_group},
    lexer::Token,
    pattern::{bad_mailbox, domain_at},
    target_words::{bare_word, deletion, delivered, words},
};
use crate::engine::{
    address::{LocalPart, Mailbox, MailboxError, last_at},
    diagnostic::{Finding, Span, codes},
    rule::{Pattern, Piece, Target, TargetKind},
};

/// What may be filled into the local-part of a target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Filling {
    Nothing,
    Detail,
    Captures,
}

/// Reads a list of targets, between commas or white space.
pub fn list(
    pattern: &Pattern,
    tokens: &[Token<'_>],
    warnings: &mut Vec<Finding>,
) -> Result<Vec<Target>, Vec<Finding>> {
    let filling = match pattern {
        Pattern::Regex(_) => Filling::Captures,
        Pattern::AnyDetail { .. } | Pattern::Detailed(_) => Filling::Detail,
        _ => Filling::Nothing,
    };
    let (mut targets, mut found): (Vec<Target>, _) = (Vec::new(), Vec::new());
    // A list may have thousands: each is looked up, not compared with each.
    let mut met = HashSet::new();
    let targets_of = words(tokens)?;
    if let Some(finding) = targets_of
        .first()
        .and_then(|first| delivered(first, tokens))
    {
        return Err(vec![finding]);
    }
    let kept = match pattern {
        Pattern::Mailbox(mailbox) => Some(mailbox.local.to_string()),
        _ => None,
    };
    for (at, token) in targets_of.iter().enumerate() {
        let token = *token;
        if let Some(finding) = bare_word(&targets_of, at, kept.clone()) {
            found.push(finding);
            continue;
        }
        let target = one(filling, token).and_then(|target| stands_beside(pattern, target));
        match target.and_then(|target| carries_no_route(pattern, target)) {
            Ok(target) if !met.insert(target.to_string()) => {
                let message = format!("`{}` is written twice in one rule", token.text);
                warnings.push(
                    Finding::warning(codes::REPEATED_TARGET, token.span, message).suggest_edits(
                        format!("delete the second `{}`", token.text),
                        deletion(&token, tokens),
                    ),
                );
            }
            Ok(target) => targets.push(target),
            Err(finding) => found.push(finding),
        }
    }
    if found.is_empty() {
        Ok(targets)
    } else {
        Err(found)
    }
}

fn one(filling: Filling, token: Token<'_>) -> Result<Target, Finding> {
    let (text, span) = (token.text, token.span);
    if let Some(domain) = text.strip_prefix('@') {
        if let Some(domain) = domain.strip_prefix("*.").filter(|rest| !rest.contains('*')) {
            let domain = domain_at(domain, span, text.len())?;
            let kind = TargetKind::Subdomains(domain);
            return Ok(Target { kind, span });
        }
        if domain.contains('*') {
            return Err(
                Finding::error(codes::BAD_TARGET, span, "a target is in one domain")
                    .help("write one domain after the `@`; with a pattern `@*.domain` a target may be `@*.` and another domain"),
            );
        }
        let domain = domain_at(domain, span, text.len())?;
        return Ok(Target {
            kind: TargetKind::Domain(domain),
            span,
        });
    }
    let Some((local, domain)) = split(text) else {
        return Err(without_domain(
            codes::BAD_TARGET,
            Side::Target(None),
            (text, span),
            text,
        ));
    };
    if filling == Filling::Captures && domain.contains('$') {
        return Err(Finding::error(
            codes::BAD_TARGET,
            span,
            "a capture cannot stand in the domain of a target",
        )
        .help("write the domain as it stands; one rule for each domain"));
    }
    let pieces = pieces(filling, (local, domain), span)?;
    let domain_name = domain;
    if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
        return constant(filling, text, &pieces, domain_name, span);
    }
    let domain = domain_at(domain_name, span, text.len())?;
    Ok(Target {
        kind: TargetKind::Template { pieces, domain },
        span,
    })
}

/// A target in which nothing is filled in: a forward-path as RFC 5321 wants it.
fn constant(
    filling: Filling,
    text: &str,
    pieces: &[Piece],
    domain: &str,
    span: Span,
) -> Result<Target, Finding> {
    let mailbox = match filling {
        // `$$` stands for `$`: the text is not what is meant.
        Filling::Captures if text.contains('$') => {
            let local: String = pieces
                .iter()
                .map(|piece| {
                    if let Piece::Text(text) = piece {
                        text
                    } else {
                        ""
                    }
                })
                .collect();
            let local = LocalPart::from_internal(&local)
                .map_err(|e| bad_mailbox(codes::BAD_TARGET, span, MailboxError::LocalPart(e)))?;
            let mailbox = Mailbox {
                local,
                domain: domain_at(domain, span, text.len())?,
            };
            mailbox
                .check_strict()
                .map_err(|error| bad_mailbox(codes::BAD_TARGET, span, error))?;
            let kind = TargetKind::Template {
                pieces: pieces.to_vec(),
                domain: mailbox.domain,
            };
            return Ok(Target { kind, span });
        }
        _ => Mailbox::parse_strict(text),
    };
    let mailbox = mailbox
        .map_err(|error| bad_address(codes::BAD_TARGET, Side::Target(None), (text, span), error))?;
    if mailbox.local.routes() {
        return Err(routes(span));
    }
    Ok(Target {
        kind: TargetKind::Mailbox(mailbox),
        span,
    })
}

/// Returns the finding about a target that holds `%`, `!` or `@` in its local-part: the next host could
/// relay the mail to another domain.
pub fn routes(span: Span) -> Finding {
    Finding::error(
        codes::ROUTING_SPELLING,
        span,
        "a local-part with `%`, `!` or `@` would be routed by the next host",
    )
    .help("write an address whose local-part has none of them")
}

/// `@*.domain` keeps the labels below the pattern's domain, so that it needs such a pattern.
fn stands_beside(pattern: &Pattern, target: Target) -> Result<Target, Finding> {
    match (pattern, &target.kind) {
        (Pattern::Subdomains(_), _) => Ok(target),
        (_, TargetKind::Subdomains(domain)) => Err(Finding::error(
            codes::BAD_TARGET,
            target.span,
            format!("`@*.{domain}` keeps a subdomain, and the pattern is for none"),
        )
        .suggest(
            format!("write `@{domain}`"),
            target.span,
            format!("@{domain}"),
        )),
        _ => Ok(target),
    }
}

/// A mailbox pattern may spell such a local-part out; `@domain` would carry it on.
fn carries_no_route(pattern: &Pattern, target: Target) -> Result<Target, Finding> {
    match (pattern, &target.kind) {
        (Pattern::Mailbox(mailbox), TargetKind::Domain(_)) if mailbox.local.routes() => {
            Err(routes(target.span))
        }
        _ => Ok(target),
    }
}

/// Splits at the last `@` outside of quotes.
fn split(text: &str) -> Option<(&str, &str)> {
    let at = last_at(text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Takes a local-part in external form apart.
fn pieces(
    filling: Filling,
    (local, domain): (&str, &str),
    span: Span,
) -> Result<Vec<Piece>, Finding> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut quoted = false;
    let unquoted = filling != Filling::Captures && !local.contains('"');
    let group = local.match_indices('$');
    let mut group = group.filter_map(|(at, _)| local.get(at..));
    if unquoted && group.any(begins_group) {
        let finding = Finding::error(codes::BAD_TARGET, span, WITHOUT_REGEX);
        return Err(finding.help(WRITE_A_REGEX));
    }
    let mut rest = local.chars().peekable();
    while let Some(c) = rest.next() {
        let piece = match c {
            '"' => {
                quoted = !quoted;
                continue;
            }
            '\\' if quoted => {
                text.extend(rest.next());
                continue;
            }
            '*' if !quoted && filling == Filling::Detail => Piece::Detail,
            '*' if !quoted => return Err(bare_star(local, domain, span)),
            '$' if filling == Filling::Captures => match rest.next_if_eq(&'$') {
                Some(dollar) => {
                    text.push(dollar);
                    continue;
                }
                None => Piece::Capture(capture(&mut rest).ok_or_else(|| bad_capture(span))?),
            },
            c => {
                text.push(c);
                continue;
            }
        };
        flush(&mut text, &mut pieces, span)?;
        pieces.push(piece);
    }
    flush(&mut text, &mut pieces, span)?;
    Ok(pieces)
}

fn flush(text: &mut String, pieces: &mut Vec<Piece>, span: Span) -> Result<(), Finding> {
    if !text.is_empty() {
        let local = LocalPart::from_internal(text).map_err(|error| {
            bad_mailbox(codes::BAD_TARGET, span, MailboxError::LocalPart(error))
        })?;
        if local.routes() {
            return Err(routes(span));
        }
        pieces.push(Piece::Text(std::mem::take(text).into()));
    }
    Ok(())
}

/// The number behind a `$`, bare or in braces.
fn capture(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<usize> {
    let braces = rest.next_if_eq(&'{').is_some();
    let mut number = String::new();
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        number.push(digit);
    }
    if braces && rest.next() != Some('}') {
        return None;
    }
    number.parse().ok().filter(|number| *number <= 99)
}

fn bad_capture(span: Span) -> Finding {
    Finding::error(
        codes::BAD_CAPTURE,
        span,
        "`$` is not followed by the number of a group",
    )
    .help("write `$1` or `${1}`, and `$$` for a dollar sign")
}

fn bare_star(local: &str, domain: &str, span: Span) -> Finding {
    let message = "`*` is the detail of the address, and this pattern has no detail";
    let finding = Finding::error(codes::BAD_TARGET, span, message);
    match local {
        "*" => finding.suggest(
            format!("write `@{domain}` to keep the local-part"),
            span,
            format!("@{domain}"),
        ),
        _ => finding.help(
            "write `user+*@domain` as the pattern, or put quotes around a `*` that is a part of the local-part",
        ),
    }
}
