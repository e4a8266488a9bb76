//! Finds loops: starts at an address that a rule matches, and follows the rules from there.
//!
//! For a pattern that matches many addresses, the search starts at a local-part that nobody has. For `local@*`
//! and a regex, it starts at the targets of the rule. Some loops are only met by a few of the many addresses of
//! a pattern; mail to these addresses is deferred when it comes.
//!
//! Each address is visited once, however many rules lead to it, so the time is about that of reading all rules.

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

/// The help for every loop.
const END_IT: &str = "change the target of one of these rules to an address that no rule rewrites, or write `keep` as its action";

/// The help for a loop in which a detail grows.
const DROP_IT: &str = "write `detail=drop` after the target of this rule";

/// Finds loops. Each loop is reported once, at its first rule.
pub(super) fn check(table: &Table, findings: &mut Findings<'_>) {
    let rewritten = rewritten_targets(table);
    if rewritten.is_empty() {
        return;
    }
    let mut reported = HashSet::new();
    let mut walk = Walk::new(table);
    let rewriting = table.entries().filter(StoredRule::rewrites);
    let rewriting = rewriting.filter_map(|entry| entry.rule());
    for rule in rewriting.filter(|rule| leads_to_rule(table, &rewritten, rule)) {
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

/// Returns the domains of targets in which some rule may rewrite addresses again. Most directories have none:
/// their rules lead from secondary domains to primary ones. Then nothing has to be followed.
fn rewritten_targets(table: &Table) -> HashSet<Domain> {
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
            // A target `@*.domain` keeps the subdomain, so it may lead to each subdomain of this domain.
            || above.contains(domain)
            || domain.parents().any(|parent| above.contains(parent))
    };
    let targets = table.target_domains().filter(|domain| may(domain));
    targets.cloned().collect()
}

/// Returns true if some rule may rewrite a target of this rule. Most rules have no such target, so they need
/// not be followed. `rewritten` is the result of [`rewritten_targets`].
fn leads_to_rule(table: &Table, rewritten: &HashSet<Domain>, rule: &Rule) -> bool {
    let Action::Rewrite(targets) = &rule.action else {
        return false;
    };
    let keeps = detail_matters(table, rule) && rule.detail != Some(Detail::Drop);
    targets.iter().any(|target| match &target.kind {
        TargetKind::Mailbox(mailbox) if !rewritten.contains(&mailbox.domain) => false,
        TargetKind::Mailbox(mailbox) => {
            let detailed = detailed(table, mailbox.local.as_str(), &mailbox.domain);
            rewrites(table, mailbox)
                || (keeps && detailed.is_some_and(|mailbox| rewrites(table, &mailbox)))
        }
        TargetKind::Domain(domain)
        | TargetKind::Subdomains(domain)
        | TargetKind::Template { domain, .. } => rewritten.contains(domain),
    })
}

/// Returns true if a detail may decide where an address leads: some pattern matches details, or a target of
/// this rule has one.
fn detail_matters(table: &Table, rule: &Rule) -> bool {
    let delimiter = &table.settings().recipient_delimiter;
    let has_detail = |target: &Target| match &target.kind {
        TargetKind::Mailbox(mailbox) => {
            Subaddress::split(mailbox.local.as_str(), delimiter).is_some()
        }
        TargetKind::Domain(_) | TargetKind::Subdomains(_) | TargetKind::Template { .. } => false,
    };
    table.has_detail_patterns()
        || matches!(&rule.action, Action::Rewrite(targets) if targets.iter().any(has_detail))
}

/// Returns the address of a user with a detail that nobody uses.
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

/// Returns addresses from which the search finds every loop that the rule is part of: addresses that the rule
/// matches, or targets that are the same for all of them. If details matter, returns each with a detail as well.
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

/// Returns the finding about a loop. It shows the loop as `a -> b -> a`, from its first rule on, with the place
/// of each step.
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
    // A loop that grows is shown from where it was entered, any other loop from its first rule.
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
    // The place after the last target of a rule that keeps the detail.
    let drop_at = match steps.as_slice() {
        [(_, id)] if grows_to.is_some() && left_out_detail => table.rule(*id).and_then(last_target),
        _ => None,
    };
    let span = |id: RuleId| table.rule(id).map(|rule| rule.span);
    let mut finding = Finding::error(codes::LOOP, span(steps.first()?.1)?, message);
    finding = match drop_at {
        Some(end) => finding.suggest(DROP_IT, end, " detail=drop"),
        None => finding.help(END_IT),
    };
    for ((_, id), arrow) in steps.iter().zip(arrows) {
        finding = finding.note(span(*id)?, arrow);
    }
    Some(finding)
}

/// Returns the place where the last target of a rule ends. `None` if the rule has a `detail=` option already.
fn last_target(rule: Rule) -> Option<Span> {
    match rule.action {
        Action::Rewrite(targets) if rule.detail.is_none() => {
            Some(targets.last()?.span.end()).filter(|end| end.line > 0)
        }
        _ => None,
    }
}

/// Returns an address of a loop as text. Shows `*` or `@domain` for the local-part that nobody has.
fn shown(mailbox: &Mailbox) -> String {
    let text = mailbox.to_string();
    let text = text.replace(&format!("{PROBE}."), "*.");
    match text.strip_prefix(PROBE) {
        Some(rest) if rest.starts_with('@') => rest.to_owned(),
        _ => text.replace(PROBE, "*"),
    }
}
