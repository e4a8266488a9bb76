//! What each domain is to us: declared, or told from where it stands.
//!
//! Findings: `declared-twice`, `undeclared-domain`, `mailbox-class`.

use std::collections::{HashMap, HashSet};

use super::{DomainEntry, Table};
use crate::engine::{
    address::{Domain, LocalCase},
    rule::{
        Action, Declaration, DomainClass, Entry, Finding, Findings, Origin, Parsed, Pattern, Rule,
        Span, TargetKind, Unknown, nearest,
    },
};

/// What happens to unknown addresses where nothing is written (spec section 2.1).
fn default_unknown(class: DomainClass) -> Unknown {
    match class {
        DomainClass::Secondary => Unknown::Reject,
        DomainClass::Primary | DomainClass::External => Unknown::Keep,
    }
}

/// Takes the domain lines over; the first of two decides.
pub(super) fn declare(
    declarations: &[Declaration],
    table: &mut Table,
    findings: &mut Findings<'_>,
) {
    let mut first: HashMap<&Domain, &Declaration> = HashMap::new();
    for line in declarations {
        if let Some(was) = first.get(&line.domain) {
            let message = format!("`{}` is declared twice", line.domain);
            let same = was.class == line.class && was.unknown == line.unknown;
            let finding = if same {
                Finding::warning("declared-twice", line.span, message)
            } else {
                Finding::error("declared-twice", line.span, message)
            };
            findings.push(
                finding
                    .help("keep one of the two")
                    .note(was.span, "first declared here"),
            );
            continue;
        }
        first.insert(&line.domain, line);
        let entry = DomainEntry {
            class: line.class,
            unknown: line.unknown.unwrap_or_else(|| default_unknown(line.class)),
            declared: Some(line.span),
            unknown_written: line.unknown.is_some(),
            number: None,
        };
        table.known.insert(line.domain.clone(), entry);
    }
}

/// The domains of a rule's targets; a target equal to the pattern means *keep* and is none.
fn target_domains(rule: &Rule, case: LocalCase) -> impl Iterator<Item = (&Domain, Span)> {
    let targets = match &rule.action {
        Action::Rewrite(targets) => targets.as_slice(),
        _ => &[],
    };
    targets
        .iter()
        .filter_map(move |target| match (&target.kind, &rule.pattern) {
            (TargetKind::Mailbox(mailbox), Pattern::Mailbox(pattern))
                if mailbox.key(case) == pattern.key(case) =>
            {
                None
            }
            (TargetKind::Domain(domain), Pattern::Domain(pattern)) if domain == pattern => None,
            (TargetKind::Mailbox(mailbox), _) => Some((&mailbox.domain, target.span)),
            (TargetKind::Domain(domain) | TargetKind::Template { domain, .. }, _) => {
                Some((domain, target.span))
            }
        })
}

/// A directory without domain lines: mailboxes and targets are in primary domains, patterns in
/// secondary ones. A line of an MTA's map makes its domain secondary only if it is for the whole of
/// it; other patterns of a map leave the unknown users of their domain to the MTA.
pub(super) fn infer(table: &mut Table, domains: &[Declaration]) {
    let (mut mapped, mut primary, mut secondary) = (HashSet::new(), HashSet::new(), HashSet::new());
    let case = table.settings.local_case;
    for rule in table.rules() {
        primary.extend(target_domains(&rule, case).map(|(domain, _)| domain.clone()));
        match (&rule.pattern, &rule.action) {
            (Pattern::Mailbox(mailbox), Action::Mailbox) => {
                primary.insert(mailbox.domain.clone());
            }
            // A wildcard speaks for the domains below, not for the one that it names.
            (Pattern::Subdomains(_), _) => {}
            (pattern, _)
                if rule.origin == Origin::Map && !matches!(pattern, Pattern::Domain(_)) =>
            {
                mapped.extend(pattern.domain().cloned());
            }
            (pattern, _) => secondary.extend(pattern.domain().cloned()),
        }
    }
    let inferred = [
        (mapped, DomainClass::Primary),
        (secondary, DomainClass::Secondary),
        (primary, DomainClass::Primary),
    ];
    let know = |table: &mut Table, domain: Domain, class, declared| {
        let entry = DomainEntry {
            class,
            unknown: default_unknown(class),
            declared,
            unknown_written: false,
            number: None,
        };
        table.known.insert(domain, entry);
    };
    for (domains, class) in inferred {
        domains
            .into_iter()
            .for_each(|domain| know(table, domain, class, None));
    }
    for line in domains {
        // That mail for a domain is taken in says less than a rule for all of it.
        let told = table.known.contains_key(&line.domain);
        if line.class != DomainClass::Primary || !told {
            know(table, line.domain.clone(), line.class, Some(line.span));
        }
    }
}

/// A declared directory: every domain in it is declared, or below a wildcard.
pub(super) fn check_declared(table: &Table, parsed: &Parsed, findings: &mut Findings<'_>) {
    let declarations = &parsed.declarations;
    // A domain line with an error was meant to declare it.
    let meant = findings.words_in_error();
    let mut complain = |domain: &Domain, span: Span, what: &str| {
        if meant.contains(domain.as_str()) {
            return;
        }
        let message = format!("{what} is in `{domain}`, which no line declares");
        let names = declarations.iter().map(|line| line.domain.as_str());
        let meant = findings
            .wants_suggestions()
            .then(|| nearest(domain.as_str(), names))
            .flatten();
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!(
                "declare it: `{domain} primary`, `{domain} secondary` or `{domain} external`"
            ),
        };
        findings.push(Finding::error("undeclared-domain", span, message).help(help));
    };
    let undeclared = |domain: &Domain| table.class(domain).is_none();
    // Most directories declare all: this spares a walk over all rules.
    let rules = table.store.domains().any(undeclared).then(|| table.rules());
    for rule in rules.into_iter().flatten() {
        if let Some(domain) = rule.pattern.domain().filter(|domain| undeclared(domain)) {
            complain(domain, rule.span, "the pattern");
        }
        // The target of a secondary address is the mailbox itself, whose own line is checked.
        if !rule.origin.is_secondary() {
            for (domain, span) in target_domains(&rule, table.settings.local_case)
                .filter(|(domain, _)| undeclared(domain))
            {
                complain(domain, span, "the target");
            }
        }
    }
    for line in &parsed.domains {
        if undeclared(&line.domain) {
            complain(&line.domain, line.span, "the line");
        }
    }
    check_mailbox_classes(table, findings);
}

/// A mailbox lives in a primary domain.
fn check_mailbox_classes(table: &Table, findings: &mut Findings<'_>) {
    for entry in table.entries().filter(Entry::is_mailbox) {
        let Some(domain) = entry.domain() else {
            continue;
        };
        if let Some(class @ (DomainClass::Secondary | DomainClass::External)) = table.class(domain)
            && let Some(rule) = entry.rule()
        {
            let message = format!(
                "a mailbox lives in a primary domain, and `{domain}` is {}",
                class.word()
            );
            findings.push(
                Finding::error("mailbox-class", rule.span, message).help(format!(
                    "declare `{domain} primary`, or write `keep` instead of `mailbox`"
                )),
            );
        }
    }
}
