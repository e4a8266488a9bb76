//! Entries of rules for many addresses: one entry for the rule, or one for each address that exists.

use super::{
    entry::{Entries, EntryKey, EntryTarget},
    meaning::{for_many, for_one, in_the_end},
};
use crate::{
    engine::{
        address::{Domain, LocalPart, Mailbox},
        reply::SmtpReply,
        rewrite::Outcome,
        rule::{Action, Detail, Meaning, Pattern, Rule},
    },
    export::queries::TableQueries,
};

/// Adds a rule for a whole domain: as one entry, or as one entry for each address that exists.
pub(super) fn whole_domain(
    queries: &TableQueries<'_>,
    rule: &Rule,
    domain: &Domain,
    entries: &mut Entries,
) {
    let nobody = queries
        .nobody(domain)
        .map(|nobody| queries.outcome(&nobody));
    let (Action::Rewrite(_), Some(Outcome::Refuse(reply))) = (&rule.action, nobody) else {
        let meaning = for_many(rule, Some(domain));
        return entries.push(EntryKey::Domain(domain.clone()), meaning, rule);
    };
    for local in &queries.locals {
        let mailbox = Mailbox {
            local: local.clone(),
            domain: domain.clone(),
        };
        listed(queries, rule, &mailbox, &reply, entries);
    }
    let own = |probe: &Mailbox| {
        let found = queries.rule(probe);
        found.is_some_and(|found| found.span == rule.span)
    };
    if let Some(probe) = queries.detailed(LocalPart::NOBODY, domain).filter(own) {
        let meaning = match queries.outcome(&probe) {
            Outcome::Refuse(other) if other == reply => None,
            Outcome::Keep | Outcome::Replace(_) => Some(for_many(rule, Some(domain))),
            end => Some(in_the_end(end)),
        };
        if let Some(meaning) = meaning {
            entries.push(EntryKey::Detailed(domain.clone()), meaning, rule);
        }
    }
    entries.push(
        EntryKey::Domain(domain.clone()),
        Meaning::Refuse(reply),
        rule,
    );
}

/// Adds one address of a domain whose rule becomes many entries.
fn listed(
    queries: &TableQueries<'_>,
    rule: &Rule,
    mailbox: &Mailbox,
    rest: &SmtpReply,
    entries: &mut Entries,
) {
    let Some(found) = queries.rule(mailbox) else {
        return;
    };
    let outcome = queries.outcome(mailbox);
    let meaning = match (&found.pattern, outcome) {
        // The rules of these addresses have entries of their own.
        (Pattern::Mailbox(_) | Pattern::AnyDetail { .. } | Pattern::LocalPart(_), _) => return,
        // The address with a detail needs an entry, or the entry of its user would catch it.
        (_, Outcome::Refuse(reply)) if reply == *rest && queries.takes_detail(mailbox) => {
            return detail_only(queries, rule, mailbox, rest, entries);
        }
        (Pattern::Domain(_) | Pattern::Subdomains(_), Outcome::Keep | Outcome::Replace(_)) => {
            for_one(queries, &found, mailbox)
        }
        (_, outcome) => in_the_end(outcome),
    };
    entries.push(EntryKey::Mailbox(mailbox.clone()), meaning, rule);
    // The rule for details decides the address with a detail; the entry of the user would hide that.
    let probe = queries.detailed(mailbox.local.as_str(), &mailbox.domain);
    if let Some(detailed) = probe.and_then(|probe| queries.rule(&probe))
        && matches!(detailed.pattern, Pattern::Detailed(_))
    {
        let meaning = for_many(&detailed, Some(&mailbox.domain));
        entries.push(EntryKey::AnyDetail(mailbox.clone()), meaning, &detailed);
    }
}

/// Adds a rule for all addresses of a domain that have a detail, in the way of [`whole_domain`].
pub(super) fn all_detailed(
    queries: &TableQueries<'_>,
    rule: &Rule,
    domain: &Domain,
    entries: &mut Entries,
) {
    let nobody = queries.detailed(LocalPart::NOBODY, domain);
    let outcome = nobody.map(|nobody| queries.outcome(&nobody));
    let (Action::Rewrite(_), Some(Outcome::Refuse(reply))) = (&rule.action, outcome) else {
        let key = EntryKey::Detailed(domain.clone());
        return entries.push(key, for_many(rule, Some(domain)), rule);
    };
    for local in &queries.locals {
        let mailbox = Mailbox {
            local: local.clone(),
            domain: domain.clone(),
        };
        literal(queries, rule, &mailbox, Some(&reply), entries);
        detail_only(queries, rule, &mailbox, &reply, entries);
    }
    entries.push(
        EntryKey::Detailed(domain.clone()),
        Meaning::Refuse(reply),
        rule,
    );
}

/// Adds a rule for any detail of a user, in the way of [`whole_domain`].
pub(super) fn any_detail(
    queries: &TableQueries<'_>,
    rule: &Rule,
    user: &LocalPart,
    domain: &Domain,
    entries: &mut Entries,
) {
    let key = EntryKey::AnyDetail(Mailbox {
        local: user.clone(),
        domain: domain.clone(),
    });
    let nobody = queries.detailed(user.as_str(), domain);
    let outcome = nobody.map(|nobody| queries.outcome(&nobody));
    let (Action::Rewrite(_), Some(Outcome::Refuse(reply))) = (&rule.action, outcome) else {
        return entries.push(key, for_many(rule, None), rule);
    };
    for local in &queries.locals {
        let mailbox = Mailbox {
            local: local.clone(),
            domain: domain.clone(),
        };
        literal(queries, rule, &mailbox, Some(&reply), entries);
    }
    entries.push(key, Meaning::Refuse(reply), rule);
}

/// Adds one address with its detail, if the rule about details decides it.
pub(super) fn literal(
    queries: &TableQueries<'_>,
    rule: &Rule,
    mailbox: &Mailbox,
    rest: Option<&SmtpReply>,
    entries: &mut Entries,
) {
    if !queries
        .rule(mailbox)
        .is_some_and(|found| found.span == rule.span)
    {
        return;
    }
    let meaning = match queries.outcome(mailbox) {
        Outcome::Refuse(reply) if Some(&reply) == rest => return,
        outcome => in_the_end(outcome),
    };
    entries.push(EntryKey::Mailbox(mailbox.clone()), meaning, rule);
}

/// Adds a user who exists only with a detail (`help+*@company.com keep`).
pub(super) fn detail_only(
    queries: &TableQueries<'_>,
    rule: &Rule,
    mailbox: &Mailbox,
    rest: &SmtpReply,
    entries: &mut Entries,
) {
    let probe = queries.detailed(mailbox.local.as_str(), &mailbox.domain);
    let own = |probe: &Mailbox| {
        queries
            .rule(probe)
            .is_some_and(|found| found.span == rule.span)
    };
    let Some(probe) = probe.filter(own) else {
        return;
    };
    let meaning = match queries.outcome(&probe) {
        Outcome::Refuse(reply) if reply == *rest => return,
        Outcome::Keep | Outcome::Replace(_) => with_detail(rule, &mailbox.domain),
        end => in_the_end(end),
    };
    entries.push(EntryKey::AnyDetail(mailbox.clone()), meaning, rule);
}

/// Returns what a rule says about a user with a detail. If the rule is for the user, its targets get the
/// detail too.
fn with_detail(rule: &Rule, domain: &Domain) -> Meaning<EntryTarget> {
    let kept = rule.detail != Some(Detail::Drop);
    match (&rule.pattern, for_many(rule, Some(domain))) {
        (Pattern::Mailbox(_) | Pattern::LocalPart(_), Meaning::Replace(mut targets)) => {
            targets
                .iter_mut()
                .for_each(|target| target.keeps_detail = kept);
            Meaning::Replace(targets)
        }
        (_, meaning) => meaning,
    }
}
