//! Where mail ends up: targets that nobody has, postmasters that nobody reads, domains that accept
//! everything.

use hashbrown::HashMap;

use super::{Holes, certain, dead_end::dead_end};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    diagnostic::{Finding, Findings, Span, codes, nearest},
    rewrite::{Outcome, decide},
    rule::{Action, DomainClass, Pattern, Rule, TargetKind, Unknown},
    store::Entry,
    table::Table,
};

/// Mailboxes among which a misspelt one is looked for.
const MAX_CANDIDATES: usize = 10_000;

/// Finds them.
pub(super) fn check(table: &Table, holes: &Holes, findings: &mut Findings<'_>) {
    let refuses = |domain: &Domain| table.unknown(domain) != Unknown::Keep;
    // Where every domain keeps its unknown addresses, only rules for many addresses are of interest.
    let all = table.target_domains().any(refuses);
    let rewriting = table.entries().filter(Entry::rewrites);
    let rewriting = rewriting.filter(|entry| all || !entry.is_for_mailbox());
    for rule in rewriting.filter_map(|entry| entry.rule()) {
        let Action::Rewrite(targets) = &rule.action else {
            continue;
        };
        for target in targets {
            if let Some(mailbox) = certain(table, &rule, &target.kind) {
                nobody(table, &mailbox, target.span, rule.span, holes, findings);
            }
            if let TargetKind::Domain(domain) = &target.kind {
                accepts_everything(table, &rule, domain, target.span, findings);
            }
        }
    }
    roles(table, holes, findings);
}

/// A branch that ends at an address that does not exist, however many rules lie between.
fn nobody(
    table: &Table,
    target: &Mailbox,
    at: Span,
    rule: Span,
    holes: &Holes,
    findings: &mut Findings<'_>,
) {
    let Some(way) = dead_end(table, target) else {
        return;
    };
    let Some(mailbox) = way.last() else { return };
    if way.iter().any(|mailbox| holes.concern(mailbox)) {
        return;
    }
    let span = if at.line > 0 { at } else { rule };
    let class = table.class(&mailbox.domain).map_or("", DomainClass::word);
    let names: Vec<_> = way.iter().map(ToString::to_string).collect();
    let leads = match names.len() {
        1 => format!("`{mailbox}` does not exist"),
        _ => format!(
            "this leads to an address that does not exist, {}",
            names.join(" -> ")
        ),
    };
    let message =
        format!("{leads}: there is neither a rule nor a `mailbox` for it in the {class} domain");
    let finding = Finding::error(codes::UNKNOWN_ADDRESS, span, message);
    let meant = findings
        .wants_suggestions()
        .then(|| meant(table, mailbox))
        .flatten();
    let finding = match meant {
        Some(meant) => finding.help(format!(
            "did you mean `{meant}`? Otherwise write `{mailbox} mailbox`"
        )),
        None if class == "primary" => {
            finding.help(format!("write `{mailbox} mailbox` if it exists"))
        }
        None => finding.help(format!("write a rule for `{mailbox}`")),
    };
    findings.push(match table.declaration(&mailbox.domain) {
        Some(declared) => finding.note(declared, "this line refuses unknown addresses"),
        None => finding,
    });
}

/// A mailbox of the same domain that is spelt nearly so.
fn meant(table: &Table, mailbox: &Mailbox) -> Option<String> {
    let known = table
        .rules()
        .filter_map(|rule| match (&rule.pattern, &rule.action) {
            (Pattern::Mailbox(known), Action::Mailbox) if known.domain == mailbox.domain => {
                Some(known.to_string())
            }
            _ => None,
        });
    let known: Vec<_> = known.take(MAX_CANDIDATES).collect();
    nearest(&mailbox.to_string(), known.iter().map(String::as_str)).map(ToOwned::to_owned)
}

/// A whole domain into a domain whose unknown users are kept, other than one that is declared external.
fn accepts_everything(
    table: &Table,
    rule: &Rule,
    domain: &Domain,
    span: Span,
    findings: &mut Findings<'_>,
) {
    let whole = matches!(
        rule.pattern,
        Pattern::Domain(_) | Pattern::Subdomains(_) | Pattern::Detailed(_)
    );
    let own =
        rule.pattern.domain() == Some(domain) && !matches!(rule.pattern, Pattern::Subdomains(_));
    // A domain that no line declares and that is only a target may be ours or not.
    let help = match (table.class(domain), table.declaration(domain)) {
        (Some(DomainClass::Primary), _) => {
            format!("list the mailboxes of `{domain}` and write `{domain} primary unknown=reject`")
        }
        (Some(DomainClass::External), None) => {
            "write a rule for each address that exists, in place of this one".to_owned()
        }
        _ => return,
    };
    if !whole || own || table.unknown(domain) != Unknown::Keep {
        return;
    }
    let message = format!(
        "`{}` accepts mail for every address, whether `{domain}` has it or not",
        rule.pattern
    );
    findings.push(Finding::warning(codes::ACCEPTS_EVERYTHING, span, message).help(help));
}

/// postmaster@ (RFC 5321 section 4.5.1) and abuse@ (RFC 2142) of every secondary domain.
fn roles(table: &Table, holes: &Holes, findings: &mut Findings<'_>) {
    let secondary: Vec<_> = table
        .inbound_domains()
        .into_iter()
        .filter(|(_, class)| *class == DomainClass::Secondary)
        .collect();
    // Where a domain is not declared, its first rule stands for it.
    let inferred = |(domain, _): &(&Domain, _)| table.declaration(domain).is_none();
    let entries = secondary.iter().any(inferred).then(|| table.entries());
    let mut first: HashMap<Domain, Span> = HashMap::new();
    for entry in entries.into_iter().flatten() {
        if let Some(domain) = entry.domain().filter(|domain| !first.contains_key(*domain))
            && let Some(rule) = entry.rule()
            && !matches!(rule.pattern, Pattern::Subdomains(_))
        {
            first.insert(domain.clone(), rule.span);
        }
    }
    for (domain, _) in secondary {
        let lost: Vec<_> = ["postmaster", "abuse"]
            .into_iter()
            .filter(|role| unread(table, role, domain, holes))
            .collect();
        let Some(span) = table
            .declaration(domain)
            .or_else(|| first.get(domain).copied())
        else {
            continue;
        };
        let Some(one) = lost.first() else { continue };
        let names: Vec<_> = lost.iter().map(|role| format!("{role}@{domain}")).collect();
        findings.push(
            Finding::warning(
                codes::NO_POSTMASTER,
                span,
                format!("nobody gets mail for `{}`", names.join("` and `")),
            )
            .help(format!(
                "write `{one}@* {one}@company.com` for all secondary domains"
            )),
        );
    }
}

fn unread(table: &Table, role: &str, domain: &Domain, holes: &Holes) -> bool {
    let Ok(local) = LocalPart::parse(role) else {
        return false;
    };
    let mailbox = Mailbox {
        local,
        domain: domain.clone(),
    };
    let read = matches!(
        decide(table, &mailbox).outcome,
        Outcome::Keep | Outcome::Replace(_)
    );
    !read && !holes.concern(&mailbox)
}
