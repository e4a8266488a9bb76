//! Loops that the table can show: each rule is followed from an address that it is for.
//!
//! A pattern for many addresses is tried with a local-part that nobody has; `local@*` and a regex with
//! their own targets. What only some address of many would meet is found at run time, and deferred.
//!
//! Each address is walked once, however many rules lead to it: the time is that of reading the rules.

use hashbrown::HashSet;

use super::{
    certain::certain,
    walk::{Cycle, Walk},
};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox, Subaddress},
    diagnostic::{Finding, Findings, Span, codes},
    rule::{Action, Detail, DomainClass, Pattern, Rule, Target, TargetKind},
    store::{RuleId, StoredRule},
    table::{Address, Found, Table},
};

/// A local-part that nobody has.
const PROBE: &str = LocalPart::NOBODY;

/// What helps against every loop.
const END_IT: &str = "let one of these rules end at an address that no rule rewrites, or write `keep` for one of them";

/// What helps against a loop in which a detail grows.
const DROP_IT: &str = "write `detail=drop` behind the target of this rule";

/// Finds loops. Each loop is reported once, at its first rule.
pub(super) fn check(table: &Table, findings: &mut Findings<'_>) {
    let onward = onward(table);
    if onward.is_empty() {
        return;
    }
    let mut reported = HashSet::new();
    let mut walk = Walk::new(table);
    let rewriting = table.entries().filter(StoredRule::rewrites);
    let rewriting = rewriting.filter_map(|entry| entry.rule());
    for rule in rewriting.filter(|rule| chains(table, &onward, rule)) {
        for start in starts(table, &rule) {
            for cycle in walk.from(start) {
                let mut ids: Vec<_> = cycle.steps.iter().map(|(_, id)| *id).collect();
                ids.sort();
                if reported.insert(ids) {
                    findings.extend(looped(table, cycle));
                }
            }
        }
    }
}

/// The domains of targets in which some rule may rewrite again. Most directories have none: their
/// rules lead from secondary domains to primary ones. This spares a look at each.
fn onward(table: &Table) -> HashSet<Domain> {
    let mut rewritten = HashSet::new();
    let (mut everywhere, mut regex, mut above) = (false, false, HashSet::new());
    for entry in table.entries().filter(StoredRule::rewrites) {
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
            // The domain stands for those below it as well, where a target keeps a subdomain.
            || above.contains(domain)
            || domain.parents().any(|parent| above.contains(parent))
    };
    let targets = table.target_domains().filter(|domain| may(domain));
    targets.cloned().collect()
}

/// Returns true if another rule is for a target of this rule. Most rules have no such target, and need
/// no walk.
fn chains(table: &Table, onward: &HashSet<Domain>, rule: &Rule) -> bool {
    let Action::Rewrite(targets) = &rule.action else {
        return false;
    };
    let keeps = detail_matters(table, rule) && rule.detail != Some(Detail::Drop);
    targets.iter().any(|target| match &target.kind {
        TargetKind::Mailbox(mailbox) if !onward.contains(&mailbox.domain) => false,
        TargetKind::Mailbox(mailbox) => {
            let detailed = detailed(table, mailbox.local.as_str(), &mailbox.domain);
            rewrites(table, mailbox)
                || (keeps && detailed.is_some_and(|mailbox| rewrites(table, &mailbox)))
        }
        TargetKind::Domain(domain)
        | TargetKind::Subdomains(domain)
        | TargetKind::Template { domain, .. } => onward.contains(domain),
    })
}

/// Returns true if an address with a detail may go another way than without: a pattern is for details,
/// or the rule itself puts one in.
fn detail_matters(table: &Table, rule: &Rule) -> bool {
    let delimiter = &table.settings().recipient_delimiter;
    let puts_in = |target: &Target| match &target.kind {
        TargetKind::Mailbox(mailbox) => {
            Subaddress::split(mailbox.local.as_str(), delimiter).is_some()
        }
        TargetKind::Domain(_) | TargetKind::Subdomains(_) | TargetKind::Template { .. } => false,
    };
    table.has_detail_patterns()
        || matches!(&rule.action, Action::Rewrite(targets) if targets.iter().any(puts_in))
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

/// Addresses from which every loop is reached that the rule is part of: those that the rule is for, or
/// those that it leads to where they are always the same. Each also with a detail, where some pattern is
/// for details.
fn starts(table: &Table, rule: &Rule) -> Vec<Mailbox> {
    let details = detail_matters(table, rule);
    let delimiters = &table.settings().recipient_delimiter;
    let both = |local: &str, domain: &Domain| {
        let one_more = details && Subaddress::split(local, delimiters).is_none();
        let with_detail = detailed(table, local, domain).filter(|_| one_more);
        mailbox(local, domain)
            .into_iter()
            .chain(with_detail)
            .collect::<Vec<_>>()
    };
    let both_of = |mailbox: Mailbox| both(mailbox.local.as_str(), &mailbox.domain);
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
        Pattern::LocalPart(_) | Pattern::Regex(_) => match &rule.action {
            Action::Rewrite(targets) => {
                let certain = targets
                    .iter()
                    .filter_map(|target| certain(table, rule, &target.kind));
                certain.flat_map(both_of).collect()
            }
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

/// The loop as `a -> b -> a`, begun at its first rule, with the place of each step.
fn looped(table: &Table, cycle: Cycle) -> Option<Finding> {
    let Cycle {
        mut steps,
        grows_to,
        left_out_detail,
    } = cycle;
    let mut ways: Vec<_> = steps.iter().map(|(mailbox, _)| shown(mailbox)).collect();
    ways.push(match (&grows_to, ways.first()) {
        (Some(longer), _) => shown(longer),
        (None, first) => first.cloned()?,
    });
    let mut arrows: Vec<_> = ways.windows(2).map(|pair| pair.join(" -> ")).collect();
    // A way that grows begins where it was entered; one that only comes back, at its first rule.
    if grows_to.is_none() {
        let (first, _) = steps.iter().enumerate().min_by_key(|(_, (_, id))| *id)?;
        steps.rotate_left(first);
        arrows.rotate_left(first);
        ways.pop();
        ways.rotate_left(first);
        ways.push(ways.first().cloned()?);
    } else {
        ways.push("...".to_owned());
    }
    let path = ways.join(" -> ");
    let message = match grows_to {
        None => format!("loop: {path}"),
        Some(_) => format!("loop that grows at each turn: {path}"),
    };
    // Where the last target of a rule that keeps the detail ends.
    let drops_detail = match steps.as_slice() {
        [(_, id)] if grows_to.is_some() && left_out_detail => table.rule(*id).and_then(last_target),
        _ => None,
    };
    let span = |id: RuleId| table.rule(id).map(|rule| rule.span);
    let mut finding = Finding::error(codes::LOOP, span(steps.first()?.1)?, message);
    finding = match drops_detail {
        Some(end) => finding.suggest(DROP_IT, end, " detail=drop"),
        None => finding.help(END_IT),
    };
    for ((_, id), arrow) in steps.iter().zip(arrows) {
        finding = finding.note(span(*id)?, arrow);
    }
    Some(finding)
}

/// Returns where the last target of a rule ends.
fn last_target(rule: Rule) -> Option<Span> {
    match rule.action {
        Action::Rewrite(targets) if rule.detail.is_none() => {
            Some(targets.last()?.span.end()).filter(|end| end.line > 0)
        }
        _ => None,
    }
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
