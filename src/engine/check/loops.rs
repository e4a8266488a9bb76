//! Loops that the table can show: each rule is followed from an address that it is for.
//!
//! A pattern for many addresses is tried with a local-part that nobody has; a regex with its own
//! targets. What only some address of many would meet is found at run time, and deferred.
//!
//! # Limits
//!
//! `local@*` is tried in the first 1000 secondary domains.

use hashbrown::HashSet;

use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    rewrite::{Decision, decide},
    rule::{
        Action, Detail, DomainClass, Entry, Finding, Findings, Pattern, Rule, RuleId, Target,
        TargetKind,
    },
    table::{Address, Found, Table},
};

/// A local-part that nobody has.
const PROBE: &str = "readdress0probe";

/// Secondary domains in which a `local@*` is tried.
const MAX_DOMAINS: usize = 1000;

/// Finds them; each is told once, at its first rule.
pub(super) fn check(table: &Table, findings: &mut Findings<'_>) {
    let mut told = HashSet::new();
    let onward = onward(table);
    if onward.is_empty() {
        return;
    }
    let rewriting = table.entries().filter(Entry::rewrites);
    let rewriting = rewriting.filter_map(|entry| entry.rule());
    for rule in rewriting.filter(|rule| chains(table, &onward, rule)) {
        for start in starts(table, &rule) {
            let decision = decide(table, &start);
            let mut ids: Vec<_> = decision.cycle.iter().map(|(_, id)| *id).collect();
            ids.sort();
            if !ids.is_empty() && told.insert(ids) {
                findings.extend(looped(table, decision));
            }
        }
    }
}

/// The domains of targets in which some rule may rewrite again. Most directories have none: their
/// rules lead from secondary domains to primary ones. This spares a look at each.
fn onward(table: &Table) -> HashSet<Domain> {
    let mut rewritten = HashSet::new();
    let (mut everywhere, mut regex, mut above) = (false, false, HashSet::new());
    for entry in table.entries().filter(Entry::rewrites) {
        if entry.is_for_mailbox() {
            rewritten.extend(entry.domain().filter(|domain| !rewritten.contains(*domain)));
            continue;
        }
        match entry.rule().map(|rule| rule.pattern) {
            Some(Pattern::LocalPart(_)) => everywhere = true,
            Some(Pattern::Regex(_)) => regex = true,
            Some(Pattern::Subdomains(domain)) => {
                above.insert(domain);
            }
            _ => rewritten.extend(entry.domain()),
        }
    }
    let may = |domain: &Domain| {
        let class = table.class(domain);
        rewritten.contains(domain)
            || (regex && table.has_regex_for(domain))
            || (everywhere && class == Some(DomainClass::Secondary))
            || domain.parents().any(|parent| above.contains(parent))
    };
    let targets = table.target_domains().filter(|domain| may(domain));
    targets.cloned().collect()
}

/// Whether a rule has a target for which there is a rule again. Most have none: this spares them.
fn chains(table: &Table, onward: &HashSet<Domain>, rule: &Rule) -> bool {
    let Action::Rewrite(targets) = &rule.action else {
        return false;
    };
    let keeps = table.has_detail_patterns() && rule.detail != Some(Detail::Drop);
    targets.iter().any(|target| match &target.kind {
        TargetKind::Mailbox(mailbox) if !onward.contains(&mailbox.domain) => false,
        TargetKind::Mailbox(mailbox) => {
            let detailed = detailed(table, mailbox.local.as_str(), &mailbox.domain);
            rewrites(table, mailbox)
                || (keeps && detailed.is_some_and(|mailbox| rewrites(table, &mailbox)))
        }
        TargetKind::Domain(domain) | TargetKind::Template { domain, .. } => onward.contains(domain),
    })
}

/// A user with a detail that nobody has.
fn detailed(table: &Table, user: &str, domain: &Domain) -> Option<Mailbox> {
    let delimiter = table.settings().recipient_delimiter.chars().next()?;
    mailbox(&format!("{user}{delimiter}{PROBE}"), domain)
}

fn rewrites(table: &Table, mailbox: &Mailbox) -> bool {
    match table.find(&Address::new(mailbox.clone(), table)) {
        Found::Rule(found) => table
            .rule(found.rule)
            .is_some_and(|rule| matches!(rule.action, Action::Rewrite(_))),
        _ => false,
    }
}

/// Addresses that a rule is for; with a detail as well, where some pattern is for details.
fn starts(table: &Table, rule: &Rule) -> Vec<Mailbox> {
    let both = |local: &str, domain: &Domain| {
        let with_detail = detailed(table, local, domain).filter(|_| table.has_detail_patterns());
        mailbox(local, domain)
            .into_iter()
            .chain(with_detail)
            .collect::<Vec<_>>()
    };
    match &rule.pattern {
        Pattern::Mailbox(mailbox) => both(mailbox.local.as_str(), &mailbox.domain),
        Pattern::AnyDetail { user, domain } => {
            detailed(table, user.as_str(), domain).into_iter().collect()
        }
        Pattern::Detailed(domain) => detailed(table, PROBE, domain).into_iter().collect(),
        Pattern::Domain(domain) => both(PROBE, domain),
        Pattern::Subdomains(domain) => {
            let below = Domain::parse(&format!("{PROBE}.{domain}")).ok();
            below.map_or_else(Vec::new, |below| both(PROBE, &below))
        }
        Pattern::LocalPart(local) => {
            let inbound = table.inbound_domains().into_iter();
            let secondary = inbound.filter(|(_, class)| *class == DomainClass::Secondary);
            secondary
                .take(MAX_DOMAINS)
                .flat_map(|(domain, _)| both(local.as_str(), domain))
                .collect()
        }
        Pattern::Regex(_) => match &rule.action {
            Action::Rewrite(targets) => targets.iter().filter_map(constant).collect(),
            _ => Vec::new(),
        },
    }
}

fn mailbox(local: &str, domain: &Domain) -> Option<Mailbox> {
    Some(Mailbox {
        local: LocalPart::from_internal(local).ok()?,
        domain: domain.clone(),
    })
}

fn constant(target: &Target) -> Option<Mailbox> {
    match &target.kind {
        TargetKind::Mailbox(mailbox) => Some(mailbox.clone()),
        TargetKind::Domain(_) | TargetKind::Template { .. } => None,
    }
}

/// The loop as `a -> b -> a`, begun at its first rule, with the place of each step.
fn looped(table: &Table, decision: Decision) -> Option<Finding> {
    let mut cycle = decision.cycle;
    let first = cycle
        .iter()
        .enumerate()
        .min_by_key(|(_, (_, id))| *id)
        .map(|(at, _)| at)?;
    cycle.rotate_left(first);
    let names: Vec<_> = cycle.iter().map(|(mailbox, _)| shown(mailbox)).collect();
    let next = |at: usize| {
        names
            .get((at + 1) % names.len())
            .cloned()
            .unwrap_or_default()
    };
    let path: Vec<_> = names
        .iter()
        .cloned()
        .chain(names.first().cloned())
        .collect();
    let span = |id: RuleId| table.rule(id).map(|rule| rule.span);
    let mut finding = Finding::error("loop", span(cycle.first()?.1)?, format!("loop: {}", path.join(" -> ")))
        .help("let one of these rules end at an address that no rule rewrites, or write `keep` for one of them");
    for (at, (_, id)) in cycle.iter().enumerate() {
        let step = format!(
            "{} -> {}",
            names.get(at).cloned().unwrap_or_default(),
            next(at)
        );
        finding = finding.note(span(*id)?, step);
    }
    Some(finding)
}

/// An address of a loop; the one that nobody has stands for all of its domain.
fn shown(mailbox: &Mailbox) -> String {
    let text = mailbox.to_string();
    let text = text.replace(&format!("{PROBE}."), "*.");
    match text.strip_prefix(PROBE) {
        Some(rest) if rest.starts_with('@') => rest.to_owned(),
        _ => text.replace(PROBE, "*"),
    }
}
