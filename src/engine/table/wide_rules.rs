//! Findings about rules for many addresses that do not do what their writer probably wants.
//!
//! | rule | finding |
//! |---|---|
//! | a regex for a domain whose mail does not arrive here | `never-matches` |
//! | a regex whose domain has a dot that is not escaped | `regex-dot` |
//! | `@acme.com @acme.com` where `acme.com` refuses unknown addresses | `keeps-everything` |

use super::{
    compiled::Table,
    regexes::{self, Tail},
};
use crate::engine::{
    address::Domain,
    diagnostic::{Finding, Findings, codes, similar_domain},
    rule::{Action, DomainClass, Origin, Pattern, Rule, TargetKind, Unknown},
};

/// Checks every rule whose pattern is not a single mailbox.
pub(super) fn check(table: &Table, declared: bool, findings: &mut Findings<'_>) {
    let wide = table.entries().filter(|entry| !entry.is_for_mailbox());
    for rule in wide.filter_map(|entry| entry.rule()) {
        // The regexes of other programs were translated, so a finding could not show what was written.
        if rule.origin != Origin::Line {
            continue;
        }
        match &rule.pattern {
            Pattern::Regex(text) => {
                if let Some(tail) = regexes::tail(text) {
                    findings.extend(open_dots(&rule, text, &tail));
                    findings.extend(elsewhere(table, declared, (&rule, text), &tail));
                }
            }
            Pattern::Domain(domain) => findings.extend(keeps_everything(table, &rule, domain)),
            _ => {}
        }
    }
}

/// Finds a dot that is not escaped, as in `/info@oldacme.org/`: it matches every character.
fn open_dots(rule: &Rule, text: &str, tail: &Tail) -> Option<Finding> {
    let first = *tail.open_dots.first()?;
    // The text of the regex begins after the first `/`.
    let place = |dot: usize| rule.span.part(1 + dot, 1);
    let dots = tail.open_dots.iter();
    let escaped = escaped(text.get(tail.start..).unwrap_or_default());
    let message = "a dot in a regex matches every character, unless a `\\` precedes it";
    Some(
        Finding::note_only(codes::REGEX_DOT, place(first), message).suggest_edits(
            format!("write `{escaped}`"),
            dots.map(|dot| (place(*dot), "\\.".to_owned())),
        ),
    )
}

/// Returns a domain as it is written in a regex: with a `\` before each dot.
fn escaped(domain: &str) -> String {
    domain.replace("\\.", ".").replace('.', "\\.")
}

/// Finds a regex for addresses that are never looked up.
fn elsewhere(
    table: &Table,
    declared: bool,
    (rule, text): (&Rule, &str),
    tail: &Tail,
) -> Option<Finding> {
    let domain = &tail.domain;
    let class = table.class(domain);
    if matches!(class, Some(DomainClass::Primary | DomainClass::Secondary)) {
        return None;
    }
    let why = match class {
        Some(_) => "is declared external",
        None if declared => "is not declared",
        None => "no other rule names",
    };
    let message =
        format!("this regex never matches: it is for addresses of `{domain}`, which {why}");
    let finding = Finding::warning(codes::NEVER_MATCHES, rule.span, message);
    // A domain has one line. Without a line, a file that was not read may have it.
    let finding = match (class, declared) {
        (Some(_), true) => finding.regardless(),
        _ => finding,
    };
    let inbound = table.inbound_domains();
    let names = inbound.iter().map(|(domain, _)| *domain);
    if let Some(similar) = similar_domain(domain, names) {
        let meant = similar.meant.as_str();
        let place = rule.span.part(1 + tail.start, text.len() - tail.start);
        return Some(finding.suggest(
            format!("write `{meant}` if it is meant"),
            place,
            escaped(meant),
        ));
    }
    Some(match (class, declared) {
        (Some(_), _) => finding.help(format!(
            "declare `{domain} secondary` if its mail arrives here, or delete the rule"
        )),
        (None, true) => finding.help(format!(
            "write a line `{domain} secondary` if its mail arrives here, or delete the rule"
        )),
        (None, false) => finding.help(format!(
            "write a rule that names the domain, such as `postmaster@{domain}`, or delete this one"
        )),
    })
}

/// Finds a rule that keeps every address of a domain whose unknown addresses should be refused: no address
/// of the domain is unknown then.
fn keeps_everything(table: &Table, rule: &Rule, domain: &Domain) -> Option<Finding> {
    let keeps = match &rule.action {
        Action::Keep => true,
        Action::Rewrite(targets) => targets
            .iter()
            .all(|target| matches!(&target.kind, TargetKind::Domain(own) if own == domain)),
        _ => false,
    };
    let entry = table.known.get(domain)?;
    let refuses = entry.unknown_written && entry.unknown != Unknown::Keep;
    if !keeps || !refuses {
        return None;
    }
    let option = format!("unknown={}", entry.unknown.word());
    let message =
        format!("this rule keeps every address of `{domain}`, so that `{option}` refuses nobody");
    let finding = Finding::warning(codes::KEEPS_EVERYTHING, rule.span, message)
        .suggest_line_deleted("delete this rule", rule.span)
        .help(format!("delete `{option}` from the line of the domain"));
    Some(match entry.declared {
        Some(declared) => finding.note(declared, "this line refuses unknown addresses"),
        None => finding,
    })
}
