//! The class of each domain: declared, or inferred from the rules that name the domain.
//!
//! Findings: `declared-twice`, `undeclared-domain`, `lookalike`, `mailbox-class`.

use std::{collections::HashMap, ops::Range};

use super::compiled::{DomainEntry, Table};
use crate::engine::{
    address::{Domain, LocalCase, last_at},
    diagnostic::{Finding, Findings, SimilarDomain, Span, codes, similar_domain},
    rule::{Action, Declaration, DomainClass, Origin, Pattern, Rule, TargetKind, Unknown},
    store::StoredRule,
    syntax::Parsed,
};

/// Returns what happens to the unknown addresses of a domain whose line has no `unknown=`.
fn default_unknown(class: DomainClass) -> Unknown {
    match class {
        DomainClass::Secondary => Unknown::Reject,
        DomainClass::Primary | DomainClass::External => Unknown::Keep,
    }
}

/// Puts the domain lines into the table. If two lines are for one domain, the first decides.
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
                Finding::warning(codes::DECLARED_TWICE, line.span, message)
            } else {
                Finding::error(codes::DECLARED_TWICE, line.span, message)
            };
            let finding = match same {
                true => finding.suggest_line_deleted("delete the second line", line.span),
                false => finding
                    .suggest_line_deleted("delete the second line", line.span)
                    .suggest_line_deleted("delete the first line", was.span),
            };
            let finding = finding.note(was.span, "first declared here");
            findings.push(finding.understood());
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
        if !line.annotation.is_empty() {
            let annotation = line.annotation.clone();
            table.annotations.insert(line.domain.clone(), annotation);
        }
    }
}

/// Returns the domains of a rule's targets. A target that is equal to the pattern means *keep* and does not
/// count.
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
            (
                TargetKind::Domain(domain)
                | TargetKind::Subdomains(domain)
                | TargetKind::Template { domain, .. },
                _,
            ) => Some((domain, target.span)),
        })
}

/// In which kinds of places the rules name a domain, in a directory without domain lines.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    /// True if a `mailbox` line is for an address of the domain.
    mailbox: bool,
    /// True if a pattern names the domain, other than one that sets `mapped`.
    pattern: bool,
    /// True if an MTA's map has a pattern for one user of the domain. The MTA knows the other users.
    mapped: bool,
    /// True if a target is in the domain.
    target: bool,
}

impl Places {
    /// Returns the class of the domain. `covered` is true if an `@*.domain` rule matches its addresses.
    ///
    /// A domain that is only a target is external: a rule that forwards to gmail.com must never make an MTA
    /// accept mail for gmail.com.
    fn class(self, covered: bool) -> DomainClass {
        let received = self.pattern || self.mapped;
        match self {
            Self { mailbox: true, .. } => DomainClass::Primary,
            _ if covered => DomainClass::Secondary,
            _ if !received => DomainClass::External,
            Self {
                pattern: true,
                target: false,
                ..
            } => DomainClass::Secondary,
            // A target is in the domain, or an MTA's map names some of its users: the domain has other users.
            _ => DomainClass::Primary,
        }
    }
}

/// Gives each domain its class, in a directory without domain lines. A domain with a mailbox is primary. A
/// domain that only patterns name is secondary. A domain that only targets name is external. A line of an MTA's
/// map makes its domain secondary only if the line is for the whole domain: with other patterns of a map, the
/// MTA decides about the unknown users of the domain.
pub(super) fn infer(table: &mut Table, domains: &[Declaration]) {
    for (domain, places) in found(table) {
        let class = places.class(table.wildcard(&domain).is_some());
        add_domain(table, domain, class, None);
    }
    for line in domains {
        // A rule for addresses of a domain says more about it than the list of domains of an MTA.
        let ours = table.known.get(&line.domain);
        let ours = ours.is_some_and(|entry| entry.class != DomainClass::External);
        if line.class != DomainClass::Primary || !ours {
            add_domain(table, line.domain.clone(), line.class, Some(line.span));
        }
    }
}

/// Returns the domains that the rules name, each with the kinds of places where they name it.
fn found(table: &Table) -> HashMap<Domain, Places> {
    let mut found: HashMap<Domain, Places> = HashMap::new();
    let case = table.settings.local_case;
    for rule in table.rules() {
        for (domain, _) in target_domains(&rule, case) {
            found.entry(domain.clone()).or_default().target = true;
        }
        // `@*.domain` is for the subdomains, not for the domain itself.
        if matches!(rule.pattern, Pattern::Subdomains(_)) {
            continue;
        }
        let Some(domain) = rule.pattern.domain() else {
            continue;
        };
        let places = found.entry(domain.clone()).or_default();
        if rule.action == Action::Mailbox {
            places.mailbox = true;
        } else if rule.origin == Origin::Map && !matches!(rule.pattern, Pattern::Domain(_)) {
            places.mapped = true;
        } else {
            places.pattern = true;
        }
    }
    found
}

fn add_domain(table: &mut Table, domain: Domain, class: DomainClass, declared: Option<Span>) {
    let entry = DomainEntry {
        class,
        unknown: default_unknown(class),
        declared,
        unknown_written: false,
        number: None,
    };
    table.known.insert(domain, entry);
}

/// What a finding calls a target. A target may be in somebody else's domain, so no help line may offer to
/// declare that domain as one of ours.
const TARGET: &str = "the target";

/// Checks a directory with domain lines: each domain must have a line, or an `@*.domain` rule must cover it.
pub(super) fn check_declared(table: &Table, parsed: &Parsed, findings: &mut Findings<'_>) {
    let declarations = &parsed.declarations;
    // A domain line with an error was probably meant to declare the domain.
    let meant = findings.words_in_error();
    let mut complain = |domain: &Domain, span: Span, what: &str| {
        if !meant.contains(domain.as_str()) {
            let finding = undeclared_domain(declarations, (domain, span, what), findings);
            findings.push(finding);
        }
    };
    let undeclared = |domain: &Domain| table.class(domain).is_none();
    // Most directories declare all domains, and need no look at each rule.
    let rules = table.store.domains().any(undeclared).then(|| table.rules());
    let rules = rules.into_iter().flatten();
    for rule in rules.chain(table.conflicting.iter().cloned()) {
        if let Some(domain) = rule.pattern.domain().filter(|domain| undeclared(domain)) {
            complain(domain, rule.span, "the pattern");
        }
        // The target of a secondary address is its mailbox, and the line of the mailbox is checked already.
        if !rule.origin.is_secondary() {
            for (domain, span) in target_domains(&rule, table.settings.local_case)
                .filter(|(domain, _)| undeclared(domain))
            {
                complain(domain, span, TARGET);
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

/// Returns the finding about a domain that is used but not declared. It offers a declared domain with a similar
/// spelling or look, and lines that declare the domain.
fn undeclared_domain(
    declarations: &[Declaration],
    (domain, span, what): (&Domain, Span, &str),
    findings: &Findings<'_>,
) -> Finding {
    let names = declarations.iter().map(|line| &line.domain);
    let shown = domain.to_unicode();
    let place = findings.place_of(span, |word| domain_in(word, domain));
    let wanted = findings.wants_suggestions();
    let similar = wanted.then(|| similar_domain(domain, names)).flatten();
    let (meant, looks) = match similar {
        Some(similar) => (Some(similar.meant.to_unicode()), similar.looks),
        None => (None, None),
    };
    if let (Some(meant), Some(looks), false) = (&meant, &looks, shown.is_ascii()) {
        let message = format!("{what} is in `{shown}`, which looks like `{meant}`, {looks}");
        let finding = Finding::error(codes::UNDECLARED_DOMAIN, span, message).understood();
        return written_instead(finding, meant, place);
    }
    let message = match (&meant, looks) {
        (Some(meant), Some(looks)) => {
            format!("{what} is in `{domain}`, which looks like `{meant}`, {looks}")
        }
        _ => format!("{what} is in `{domain}`, which no line declares"),
    };
    let mut finding = Finding::error(codes::UNDECLARED_DOMAIN, span, message).understood();
    if let (Some(meant), Some(place)) = (meant, place) {
        finding = finding.suggest(format!("write `{meant}` if it is meant"), place, meant);
    }
    let classes: &[&str] = match what {
        TARGET => &["external"],
        _ => &["secondary", "primary"],
    };
    let Some(last) = declarations.last() else {
        return finding;
    };
    classes.iter().fold(finding, |finding, class| {
        let line = format!("{domain} {class}");
        finding.suggest_line_after(format!("write a line `{line}`"), last.span, line)
    })
}

/// Offers a domain in place of one with letters of another script.
fn written_instead(finding: Finding, meant: &str, place: Option<Span>) -> Finding {
    let write = match meant.is_ascii() {
        true => format!("write `{meant}` in ASCII"),
        false => format!("write `{meant}`"),
    };
    match place {
        Some(place) => finding.suggest(write, place, meant),
        None => finding.help(write),
    }
}

/// Returns the place of the domain within a word, in bytes, if the word ends with this domain.
fn domain_in(word: &str, domain: &Domain) -> Option<Range<usize>> {
    let at = last_at(word)? + 1;
    let rest = word.get(at..)?;
    let name = rest.strip_prefix("*.").unwrap_or(rest);
    let same = Domain::parse(name).is_ok_and(|named| named == *domain);
    same.then(|| word.len() - name.len()..word.len())
}

/// Checks a directory without domain lines for a domain that looks like another one: it is probably misspelt.
pub(super) fn check_lookalikes(table: &Table, findings: &mut Findings<'_>) {
    let odd: Vec<_> = table
        .known
        .keys()
        .filter(|domain| domain.as_str().contains("xn--"))
        .collect();
    for domain in odd {
        let names = table.known.keys();
        let names = names.filter(|other| !other.as_str().contains("xn--"));
        let shown = domain.to_unicode();
        let Some(SimilarDomain {
            meant,
            looks: Some(looks),
        }) = similar_domain(domain, names)
        else {
            continue;
        };
        let meant = meant.to_unicode();
        let mut rules = table.rules();
        let first = rules.find(|rule| rule.pattern.domain() == Some(domain));
        let Some(span) = first.map(|rule| rule.span) else {
            continue;
        };
        let message = format!("`{shown}` looks like `{meant}`, {looks}");
        let finding = Finding::warning(codes::LOOKALIKE, span, message);
        let place = findings.place_of(span, |word| domain_in(word, domain));
        findings.push(written_instead(finding, &meant, place));
    }
}

/// Checks that each mailbox is in a primary domain.
fn check_mailbox_classes(table: &Table, findings: &mut Findings<'_>) {
    for entry in table.entries().filter(StoredRule::is_mailbox) {
        let Some(domain) = entry.domain() else {
            continue;
        };
        if let Some(class @ (DomainClass::Secondary | DomainClass::External)) = table.class(domain)
            && let Some(rule) = entry.rule()
        {
            let message = format!(
                "a mailbox must be in a primary domain, and `{domain}` is {}",
                class.word()
            );
            let help = format!("declare `{domain} primary`, or write `keep` instead of `mailbox`");
            let finding = Finding::error(codes::MAILBOX_CLASS, rule.span, message).help(help);
            // A domain has one line. A subdomain without a line may have one in a file that was not read.
            findings.push(match table.declaration(domain) {
                Some(_) => finding.regardless(),
                None => finding,
            });
        }
    }
}
