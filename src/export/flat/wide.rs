//! Rules for many addresses: as they are, or taken apart into the addresses that exist.

use super::{Flat, Key, To, Value, many};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    reply::SmtpReply,
    rewrite::Outcome,
    rule::{Action, Detail, Meaning, Pattern, Rule},
};
use crate::export::survey::{PROBE, Survey};

/// A rule for a whole domain, as it is or taken apart into the addresses that exist.
pub(super) fn whole_domain(survey: &Survey<'_>, rule: &Rule, domain: &Domain, flat: &mut Flat) {
    let nobody = survey.nobody(domain).map(|nobody| survey.outcome(&nobody));
    let (Action::Rewrite(_), Some(Outcome::Refuse(reply))) = (&rule.action, nobody) else {
        let meaning = many(rule, Some(domain));
        return flat.push(Key::Domain(domain.clone()), meaning, rule);
    };
    for local in &survey.locals {
        let mailbox = Mailbox {
            local: local.clone(),
            domain: domain.clone(),
        };
        listed(survey, rule, &mailbox, &reply, flat);
    }
    let own = |probe: &Mailbox| {
        let found = survey.rule(probe);
        found.is_some_and(|found| found.span == rule.span)
    };
    if let Some(probe) = survey.detailed(PROBE, domain).filter(own) {
        let meaning = match survey.outcome(&probe) {
            Outcome::Refuse(other) if other == reply => None,
            Outcome::Keep | Outcome::Replace(_) => Some(many(rule, Some(domain))),
            end => Some(in_the_end(end)),
        };
        if let Some(meaning) = meaning {
            flat.push(Key::Detailed(domain.clone()), meaning, rule);
        }
    }
    flat.push(Key::Domain(domain.clone()), Meaning::Refuse(reply), rule);
}

/// One address of a domain whose rule is taken apart.
fn listed(survey: &Survey<'_>, rule: &Rule, mailbox: &Mailbox, rest: &SmtpReply, flat: &mut Flat) {
    let Some(found) = survey.rule(mailbox) else {
        return;
    };
    let outcome = survey.outcome(mailbox);
    let meaning = match (&found.pattern, outcome) {
        // They have entries of their own.
        (Pattern::Mailbox(_) | Pattern::AnyDetail { .. } | Pattern::LocalPart(_), _) => return,
        // With a detail of its own it needs an entry, or that of its user would catch it.
        (_, Outcome::Refuse(reply)) if reply == *rest && survey.takes_detail(mailbox) => {
            return detail_only(survey, rule, mailbox, rest, flat);
        }
        (Pattern::Domain(_) | Pattern::Subdomains(_), Outcome::Keep | Outcome::Replace(_)) => {
            survey.meaning(&found, mailbox)
        }
        (_, outcome) => in_the_end(outcome),
    };
    flat.push(Key::Mailbox(mailbox.clone()), meaning, rule);
    // With a detail it is that rule's, which the entry for the user would hide.
    let probe = survey.detailed(mailbox.local.as_str(), &mailbox.domain);
    if let Some(detailed) = probe.and_then(|probe| survey.rule(&probe))
        && matches!(detailed.pattern, Pattern::Detailed(_))
    {
        let meaning = many(&detailed, Some(&mailbox.domain));
        flat.push(Key::AnyDetail(mailbox.clone()), meaning, &detailed);
    }
}

/// A rule for all addresses of a domain that have a detail, taken apart as [`whole_domain`] is.
pub(super) fn all_detailed(survey: &Survey<'_>, rule: &Rule, domain: &Domain, flat: &mut Flat) {
    let nobody = survey.detailed(PROBE, domain);
    let outcome = nobody.map(|nobody| survey.outcome(&nobody));
    let (Action::Rewrite(_), Some(Outcome::Refuse(reply))) = (&rule.action, outcome) else {
        let key = Key::Detailed(domain.clone());
        return flat.push(key, many(rule, Some(domain)), rule);
    };
    for local in &survey.locals {
        let mailbox = Mailbox {
            local: local.clone(),
            domain: domain.clone(),
        };
        literal(survey, rule, &mailbox, Some(&reply), flat);
        detail_only(survey, rule, &mailbox, &reply, flat);
    }
    flat.push(Key::Detailed(domain.clone()), Meaning::Refuse(reply), rule);
}

/// A rule for any detail of a user, taken apart as [`whole_domain`] is.
pub(super) fn any_detail(
    survey: &Survey<'_>,
    rule: &Rule,
    user: &LocalPart,
    domain: &Domain,
    flat: &mut Flat,
) {
    let key = Key::AnyDetail(Mailbox {
        local: user.clone(),
        domain: domain.clone(),
    });
    let nobody = survey.detailed(user.as_str(), domain);
    let outcome = nobody.map(|nobody| survey.outcome(&nobody));
    let (Action::Rewrite(_), Some(Outcome::Refuse(reply))) = (&rule.action, outcome) else {
        return flat.push(key, many(rule, None), rule);
    };
    for local in &survey.locals {
        let mailbox = Mailbox {
            local: local.clone(),
            domain: domain.clone(),
        };
        literal(survey, rule, &mailbox, Some(&reply), flat);
    }
    flat.push(key, Meaning::Refuse(reply), rule);
}

/// One address with its detail, for which a rule about details is.
pub(super) fn literal(
    survey: &Survey<'_>,
    rule: &Rule,
    mailbox: &Mailbox,
    rest: Option<&SmtpReply>,
    flat: &mut Flat,
) {
    if !survey
        .rule(mailbox)
        .is_some_and(|found| found.span == rule.span)
    {
        return;
    }
    let meaning = match survey.outcome(mailbox) {
        Outcome::Refuse(reply) if Some(&reply) == rest => return,
        outcome => in_the_end(outcome),
    };
    flat.push(Key::Mailbox(mailbox.clone()), meaning, rule);
}

/// What becomes of an address, without the way there.
fn in_the_end(outcome: Outcome) -> Meaning<Value> {
    outcome.with_replacements(|list| {
        let value = |mailbox| Value {
            to: To::Mailbox(mailbox),
            detail: true,
        };
        Meaning::Replace(list.into_iter().map(value).collect())
    })
}

/// A user who exists only with a detail (`help+*@company.com keep`).
pub(super) fn detail_only(
    survey: &Survey<'_>,
    rule: &Rule,
    mailbox: &Mailbox,
    rest: &SmtpReply,
    flat: &mut Flat,
) {
    let probe = survey.detailed(mailbox.local.as_str(), &mailbox.domain);
    let own = |probe: &Mailbox| {
        survey
            .rule(probe)
            .is_some_and(|found| found.span == rule.span)
    };
    let Some(probe) = probe.filter(own) else {
        return;
    };
    let meaning = match survey.outcome(&probe) {
        Outcome::Refuse(reply) if reply == *rest => return,
        Outcome::Keep | Outcome::Replace(_) => with_detail(rule, &mailbox.domain),
        end => in_the_end(end),
    };
    flat.push(Key::AnyDetail(mailbox.clone()), meaning, rule);
}

/// What a rule says of a user with a detail; of one for the user the targets get the detail too.
fn with_detail(rule: &Rule, domain: &Domain) -> Meaning<Value> {
    let kept = rule.detail != Some(Detail::Drop);
    match (&rule.pattern, many(rule, Some(domain))) {
        (Pattern::Mailbox(_) | Pattern::LocalPart(_), Meaning::Replace(mut values)) => {
            values.iter_mut().for_each(|value| value.detail = kept);
            Meaning::Replace(values)
        }
        (_, meaning) => meaning,
    }
}
