//! Where mail ends up: postmasters that nobody reads, domains that accept everything, domains that refuse
//! everything. Targets that do not exist are in `missing`.

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

/// Finds targets that do not exist, rules that accept everything, and roles that nobody reads.
pub(super) fn check(table: &Table, unread: &UnreadLines, findings: &mut Findings<'_>) {
    let refuses = |domain: &Domain| table.unknown(domain) != Unknown::Keep;
    // Where every domain keeps its unknown addresses, only rules for many addresses are of interest.
    let all = table.target_domains().any(refuses);
    let rewriting = table.entries().filter(StoredRule::rewrites);
    let rewriting = rewriting.filter(|entry| all || !entry.is_for_mailbox());
    let rules = rewriting.filter_map(|entry| entry.rule());
    for rule in rules.chain(table.ousted().iter().cloned()) {
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

/// Declared domains whose mail is all refused.
fn unused(table: &Table, findings: &mut Findings<'_>) {
    // A rule with an error may be for the domain.
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
        let message = format!("no rule is for `{domain}`, so that every address of it is refused");
        let help = format!(
            "write a rule `@{domain}{}` for all its addresses, or a rule for each address that exists",
            target.as_deref().unwrap_or(" …")
        );
        findings.push(Finding::warning(codes::UNUSED_DOMAIN, span, message).help(help));
    }
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
fn roles(table: &Table, unread: &UnreadLines, findings: &mut Findings<'_>) {
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
