//! Advice about addresses that lack their domain, or whose domain cannot be one.
//!
//! Which domain is missing is known only to the whole table: such a finding is completed when the table
//! is built.

use crate::engine::{
    address::{Domain, DomainError, LocalPart, LocalPartError, Mailbox, MailboxError, last_at},
    diagnostic::{Code, Finding, Names, Span},
};

/// Addresses that are offered as alternatives.
const MAX_OFFERED: usize = 3;

/// What an address is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Side {
    /// It is the pattern of a rule, which may be for many addresses.
    Pattern,
    /// It is one address that is received: a secondary address, the address of an expectation.
    Received,
    /// Mail is sent to it. Holds the local-part of the pattern, if the pattern is for one address.
    Target(Option<String>),
}

/// A finding about a word that is not an address.
pub(super) fn bad_address(
    code: Code,
    side: Side,
    (text, span): (&str, Span),
    error: MailboxError,
) -> Finding {
    match error {
        MailboxError::NoDomain => without_domain(code, side, (text, span), text),
        MailboxError::Domain(error) => {
            let at = last_at(text).map_or(0, |at| at + 1);
            let domain = text.get(at..).unwrap_or_default();
            match (error, text.strip_suffix('@')) {
                (DomainError::EmptyLabel, Some(local)) => {
                    without_domain(code, side, (text, span), local)
                }
                _ => bad_domain(code, (domain, part(span, text, at, domain.len())), error),
            }
        }
        MailboxError::LocalPart(LocalPartError::BadCharacter(_)) | MailboxError::NotStrict => {
            in_quotes(Finding::error(code, span, error.to_string()), text, span)
        }
        MailboxError::LocalPart(_) => Finding::error(code, span, error.to_string()).help(
            "write the local-part before the `@`; put quotes around one with special characters",
        ),
        MailboxError::Literal => {
            Finding::error(code, span, error.to_string()).help("write a domain after the `@`")
        }
        MailboxError::TooLong => {
            Finding::error(code, span, error.to_string()).help("shorten the address")
        }
    }
}

/// Some bytes of a word. The whole word if it does not stand in the file as it is.
fn part(span: Span, text: &str, at: usize, length: usize) -> Span {
    match span.length as usize == text.len() {
        true => span.part(at, length),
        false => span,
    }
}

/// A finding about a word that must be a domain.
pub(super) fn bad_domain(code: Code, (domain, span): (&str, Span), error: DomainError) -> Finding {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let odd = domain.char_indices().find(|(_, c)| !allowed(*c));
    let help = "write a domain: labels of letters, digits and hyphens, with dots between them";
    match (error, odd) {
        (DomainError::BadCharacter, Some((at, c))) => {
            let place = part(span, domain, at, c.len_utf8());
            Finding::error(code, place, format!("`{c}` cannot stand in a domain")).help(help)
        }
        _ => Finding::error(code, span, error.to_string()).help(help),
    }
}

/// Offers quotes around the local-part.
fn in_quotes(finding: Finding, text: &str, span: Span) -> Finding {
    let quoted = last_at(text).and_then(|at| {
        let (local, domain) = (text.get(..at)?, text.get(at + 1..)?);
        let quoted = format!("{}@{domain}", quoted(local));
        Mailbox::parse_strict(&quoted).is_ok().then_some(quoted)
    });
    match quoted {
        Some(quoted) => finding.suggest(
            format!("put the local-part in quotes: `{quoted}`"),
            span,
            quoted,
        ),
        None => finding.help("write an address: local-part, `@`, domain"),
    }
}

fn quoted(local: &str) -> String {
    let plain = local.replace('"', "").replace('\\', "\\\\");
    format!("\"{plain}\"")
}

/// A finding about an address of which only the local-part is written.
pub(super) fn without_domain(
    code: Code,
    side: Side,
    (text, span): (&str, Span),
    local: &str,
) -> Finding {
    let message = format!("`{text}` is not an address: its domain is missing");
    let finding = Finding::error(code, span, message);
    if LocalPart::parse(local).is_err() {
        return finding.help("write the whole address: local-part, `@`, domain");
    }
    let local = local.to_owned();
    match side {
        Side::Target(kept) => finding.later(move |finding, names| {
            match as_domain(&finding, names, kept.as_deref(), &local, span) {
                Some(advised) => advised,
                None => target(finding, names, &local, span),
            }
        }),
        Side::Pattern | Side::Received => finding.later(move |finding, names| {
            received(finding, names, &local, (side == Side::Pattern, span))
        }),
    }
}

/// Offers a target that keeps the local-part, if the word is a domain of the table.
fn as_domain(
    finding: &Finding,
    names: &dyn Names,
    kept: Option<&str>,
    word: &str,
    span: Span,
) -> Option<Finding> {
    let domain = Domain::parse(word).ok()?;
    let domain = domain.as_str();
    if !names.knows_domain(domain) {
        return None;
    }
    let message = format!("write `@{domain}` to keep the local-part");
    let exists = kept.is_none_or(|local| names.takes(&format!("{local}@{domain}")));
    let finding = finding.clone();
    Some(match exists {
        true => finding.suggest(message, span, format!("@{domain}")),
        false => finding.help(format!("{message}, or a whole address")),
    })
}

fn target(finding: Finding, names: &dyn Names, local: &str, span: Span) -> Finding {
    let domains = names.primary_domains();
    let addresses = domains.iter().map(|domain| format!("{local}@{domain}"));
    let taken: Vec<_> = addresses
        .filter(|address| names.takes(address))
        .take(MAX_OFFERED)
        .collect();
    if !taken.is_empty() {
        let offer = |finding: Finding, address: &String| {
            finding.suggest(format!("write `{address}`"), span, address)
        };
        return taken.iter().fold(finding, offer);
    }
    let Some(domain) = domains.first() else {
        return finding.help(format!(
            "write the whole address: `{local}@` and your primary domain"
        ));
    };
    let address = format!("{local}@{domain}");
    match names.nearest_mailbox(&address) {
        Some(meant) => finding.suggest(format!("write `{meant}` if it is meant"), span, meant),
        None => finding.help(format!(
            "write the whole address; there is no mailbox `{address}`"
        )),
    }
}

fn received(
    finding: Finding,
    names: &dyn Names,
    local: &str,
    (may_be_many, span): (bool, Span),
) -> Finding {
    let domains = names.secondary_domains();
    let Some(domain) = domains.first() else {
        return finding.help(format!(
            "write the whole address: `{local}@` and your secondary domain"
        ));
    };
    let one = format!("{local}@{domain}");
    if !may_be_many {
        return match domains.len() {
            1 => finding.suggest(format!("write `{one}`"), span, one),
            _ => finding.help(format!("write the whole address, such as `{one}`")),
        };
    }
    let everywhere = format!("{local}@*");
    finding
        .suggest(
            format!("write `{everywhere}` for this local-part in every secondary domain"),
            span,
            everywhere,
        )
        .suggest(format!("write `{one}` for one domain"), span, one)
}
