//! Finds postmasters whose mail nobody gets, domains that accept every address, and domains that refuse every
//! address. `missing` finds targets that do not exist.

use hashbrown::HashMap;

use super::{certain::certain, missing, unread::UnreadLines};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    diagnostic::{Finding, Findings, Span, codes},
    rewrite::{Outcome, decide},
    rule::{Action, DomainClass, Pattern, Rule, TargetKind, Unknown},
    store::StoredRule,
    table::Table,
};

/// Finds targets that do not exist, rules that accept every address, and roles whose mail nobody gets.
pub(super) fn check(table: &Table, unread: &UnreadLines, findings: &mut Findings<'_>) {
    let refuses = |domain: &Domain| table.unknown(domain) != Unknown::Keep;
    // If every domain keeps its unknown addresses, only rules for many addresses need a look.
    let all = table.target_domains().any(refuses);
    let rewriting = table.entries().filter(StoredRule::rewrites);
    let rewriting = rewriting.filter(|entry| all || !entry.is_for_mailbox());
    let rules = rewriting.filter_map(|entry| entry.rule());
    for rule in rules.chain(table.conflicting_rules().iter().cloned()) {
        let Action::Rewrite(targets) = &rule.action else {
            continue;
        };
        for target in targets {
            if let Some(mailbox) = certain(table, &rule, &target.kind) {
                missing::target(table, (&mailbox, target.span), &rule, unread, findings);
            }
            if let TargetKind::Domain(domain) = &target.kind {
                accepts_everything(table, &rule, domain, target.span, findings);
            }
        }
    }
    missing::moved(table, unread, findings);
    roles(table, unread, findings);
    unused(table, findings);
}

/// Reports declared domains that refuse all mail.
fn unused(table: &Table, findings: &mut Findings<'_>) {
    // A rule with an error may have been meant for the domain.
    if findings.has_errors() {
        return;
    }
    let domains = table.domains_without_rule();
    if domains.is_empty() {
        return;
    }
    // Sorting all domains once for each of them would take too long.
    let known = table.known_domains().into_iter();
    let mut primary = known.filter(|(_, class)| *class == DomainClass::Primary);
    let target = primary.next().map(|(primary, _)| format!(" @{primary}"));
    for domain in domains {
        let span = table.declaration(domain);
        let Some(span) = span.filter(|span| findings.is_native(*span)) else {
            continue;
        };
        let message =
            format!("no rule matches an address of `{domain}`, so all its mail is refused");
        let help = format!(
            "write a rule `@{domain}{}` for all its addresses, or a rule for each address that exists",
            target.as_deref().unwrap_or(" …")
        );
        findings.push(Finding::warning(codes::UNUSED_DOMAIN, span, message).help(help));
    }
}

/// Reports a rule that rewrites all addresses of a domain into a domain that keeps its unknown addresses. That
/// domain may be external if a line declares it so: its own MTA decides then.
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
    // If no line declares the domain, it may be ours.
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

/// Reports secondary domains whose postmaster@ (RFC 5321 section 4.5.1) or abuse@ (RFC 2142) nobody reads.
fn roles(table: &Table, unread: &UnreadLines, findings: &mut Findings<'_>) {
    let secondary: Vec<_> = table
        .inbound_domains()
        .into_iter()
        .filter(|(_, class)| *class == DomainClass::Secondary)
        .collect();
    // If a domain is not declared, the finding shows its first rule.
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
            .filter(|role| is_lost(table, role, domain, unread))
            .collect();
        let Some(span) = table
            .declaration(domain)
            .or_else(|| first.get(domain).copied())
        else {
            continue;
        };
        let Some(one) = lost.first() else { continue };
        let names: Vec<_> = lost.iter().map(|role| format!("{role}@{domain}")).collect();
        let message = format!("nobody gets mail for `{}`", names.join("` and `"));
        let finding = Finding::warning(codes::NO_POSTMASTER, span, message);
        findings.push(match reader(table) {
            Some(reader) if findings.is_native(span) => {
                let lines: Vec<_> = lost.iter().map(|role| format!("{role}@* {reader}")).collect();
                let message = format!("write `{}` for all secondary domains", lines.join("` and `"));
                finding.suggest_line_after(message, span, lines.join("\n"))
            }
            Some(reader) => finding.help(format!(
                "write `{one}@* {reader}` in a `.rules` file for all secondary domains"
            )),
            None => finding.help(format!(
                "write `{one}@*` and the address of somebody who reads such mail, for all secondary domains"
            )),
        });
    }
}

/// Returns the postmaster of a primary domain, if there is one.
fn reader(table: &Table) -> Option<Mailbox> {
    let domains = table.known_domains().into_iter();
    let primary = domains.filter(|(_, class)| *class == DomainClass::Primary);
    let postmaster = |domain: &Domain| {
        Some(Mailbox {
            local: LocalPart::parse("postmaster").ok()?,
            domain: domain.clone(),
        })
    };
    let mut mailboxes = primary.filter_map(|(domain, _)| postmaster(domain));
    mailboxes.find(|mailbox| {
        table.takes(mailbox)
            && matches!(
                decide(table, mailbox).outcome,
                Outcome::Keep | Outcome::Replace(_)
            )
    })
}

fn is_lost(table: &Table, role: &str, domain: &Domain, unread: &UnreadLines) -> bool {
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
    !read && !unread.may_name(&mailbox)
}
