//! What one rule says about one address, or about many addresses, in the form of an entry.

use super::entry::{EntryTarget, TargetForm};
use crate::{
    engine::{
        address::{Domain, LocalPart, Mailbox, Subaddress},
        rewrite::Outcome,
        rule::{Detail, Meaning, Pattern, Rule, Target, TargetKind},
    },
    export::queries::TableQueries,
};

/// Returns true if the rule is for a whole domain.
fn is_wide(rule: &Rule) -> bool {
    matches!(rule.pattern, Pattern::Domain(_) | Pattern::Subdomains(_))
}

/// Returns what a rule means for one address that it matches.
pub(super) fn for_one(
    queries: &TableQueries<'_>,
    rule: &Rule,
    mailbox: &Mailbox,
) -> Meaning<EntryTarget> {
    let meaning = rule.action.meaning();
    meaning.with_replacements(|targets| match queries.outcome(mailbox) {
        Outcome::Keep | Outcome::Replace(_) => replaced(queries, rule, mailbox, &targets),
        end => in_the_end(end),
    })
}

/// Returns what a rule with targets means for one address that it matches.
fn replaced(
    queries: &TableQueries<'_>,
    rule: &Rule,
    mailbox: &Mailbox,
    targets: &[&Target],
) -> Meaning<EntryTarget> {
    let case = queries.table.settings().local_case;
    let takes = queries.takes_detail(mailbox);
    let dropped = rule.detail == Some(Detail::Drop);
    let mut replacements = Vec::new();
    for target in targets {
        let (to, detail) = match &target.kind {
            TargetKind::Mailbox(to) if is_wide(rule) => {
                (to.clone(), rule.detail == Some(Detail::Keep))
            }
            TargetKind::Mailbox(to) => (to.clone(), !dropped),
            TargetKind::Domain(domain) => (moved(queries, mailbox, domain, dropped), !dropped),
            TargetKind::Subdomains(to) => match carried(rule, to, Some(&mailbox.domain)) {
                Some(domain) => (moved(queries, mailbox, &domain, dropped), !dropped),
                None => continue,
            },
            TargetKind::Template { .. } => continue,
        };
        let own = to.key(case) == mailbox.key(case);
        let detail = detail || !takes;
        if own && detail && targets.len() == 1 {
            return Meaning::Keep;
        }
        if own || !is_discarded(queries, &to) {
            let form = TargetForm::Mailbox(to);
            replacements.push(EntryTarget {
                form,
                keeps_detail: detail,
            });
        }
    }
    Meaning::Replace(replacements)
}

/// Returns true if an address is dropped, whatever detail it has.
fn is_discarded(queries: &TableQueries<'_>, mailbox: &Mailbox) -> bool {
    let dropped = |mailbox: &Mailbox| queries.outcome(mailbox) == Outcome::Discard;
    let local = mailbox.local.as_str();
    dropped(mailbox)
        && (!queries.takes_detail(mailbox)
            || queries
                .with_details(local, &mailbox.domain)
                .iter()
                .all(dropped))
}

/// Returns the local-part of an address in another domain, with its detail or without.
fn moved(queries: &TableQueries<'_>, mailbox: &Mailbox, domain: &Domain, dropped: bool) -> Mailbox {
    let delimiters = &queries.table.settings().recipient_delimiter;
    let split = Subaddress::split(mailbox.local.as_str(), delimiters).filter(|_| dropped);
    let user = split.and_then(|split| LocalPart::from_internal(split.user).ok());
    Mailbox {
        local: user.unwrap_or_else(|| mailbox.local.clone()),
        domain: domain.clone(),
    }
}

/// Returns what becomes of an address in the end, without the steps in between.
pub(super) fn in_the_end(outcome: Outcome) -> Meaning<EntryTarget> {
    outcome.with_replacements(|list| {
        let target = |mailbox| EntryTarget {
            form: TargetForm::Mailbox(mailbox),
            keeps_detail: true,
        };
        Meaning::Replace(list.into_iter().map(target).collect())
    })
}

/// Returns what a rule says about many addresses, in one step. A rule of `domain` whose only target is
/// `domain` keeps the addresses.
pub(super) fn for_many(rule: &Rule, domain: Option<&Domain>) -> Meaning<EntryTarget> {
    let meaning = rule.action.meaning();
    meaning.with_replacements(|targets| replaced_for_many(rule, domain, &targets))
}

/// Returns what a rule with targets says about many addresses.
fn replaced_for_many(
    rule: &Rule,
    domain: Option<&Domain>,
    targets: &[&Target],
) -> Meaning<EntryTarget> {
    if let ([target], Some(domain)) = (targets, domain)
        && target.kind == TargetKind::Domain(domain.clone())
        && rule.detail != Some(Detail::Drop)
    {
        return Meaning::Keep;
    }
    let values = targets.iter().map(|target| match &target.kind {
        TargetKind::Mailbox(mailbox) => EntryTarget {
            form: TargetForm::Mailbox(mailbox.clone()),
            keeps_detail: rule.detail == Some(Detail::Keep),
        },
        TargetKind::Domain(domain) => EntryTarget {
            form: TargetForm::Domain(domain.clone()),
            keeps_detail: rule.detail != Some(Detail::Drop),
        },
        TargetKind::Subdomains(to) => EntryTarget {
            form: TargetForm::Domain(carried(rule, to, domain).unwrap_or_else(|| to.clone())),
            keeps_detail: rule.detail != Some(Detail::Drop),
        },
        TargetKind::Template { pieces, domain } => EntryTarget {
            form: TargetForm::Template(pieces.clone(), domain.clone()),
            keeps_detail: rule.detail == Some(Detail::Keep),
        },
    });
    Meaning::Replace(values.collect())
}

/// Returns the domain that takes the place of `domain` if the rule keeps subdomains.
fn carried(rule: &Rule, to: &Domain, domain: Option<&Domain>) -> Option<Domain> {
    let Pattern::Subdomains(above) = &rule.pattern else {
        return None;
    };
    domain?.carried(above, to).ok()
}
