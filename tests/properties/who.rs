//! What reaches an address, against brute force: every address of a small world is decided, and those whose mail
//! comes to the address are exactly those that are named, by themselves or by their pattern.

use std::cell::Cell;

use proptest::{prelude::*, test_runner::TestRunner};
use readdress::engine::{
    Table,
    address::{LocalPart, Mailbox, Subaddress},
    compare::{MailSources, who},
    rewrite::{Decision, Outcome, Reason, decide},
    rule::Pattern,
    store::RuleId,
};

use super::agreement::{compiled, mailbox};
use super::model::{Addr, World};
use super::worlds::{DOMAINS, address, world};

const LOCALS: [&str; 12] = [
    "a",
    "b",
    "c",
    "a.b",
    "b.a",
    "c.a",
    "postmaster",
    "o'x y",
    "ax",
    "bc",
    "z",
    "a.b.c",
];

const DETAILS: [&str; 6] = ["", "+x", "-x", "+y", "+z", "+"];

/// Every address of the world.
fn everybody() -> impl Iterator<Item = Mailbox> {
    let domains = DOMAINS.into_iter().chain(["new.two.test"]);
    domains.flat_map(|domain| {
        LOCALS.into_iter().flat_map(move |local| {
            DETAILS
                .into_iter()
                .map(move |detail| mailbox(&Addr::new(&format!("{local}{detail}"), domain)))
        })
    })
}

fn user(table: &Table, mailbox: &Mailbox) -> Option<Mailbox> {
    let split = Subaddress::split(
        mailbox.local.as_str(),
        &table.settings().recipient_delimiter,
    )?;
    Some(Mailbox {
        local: LocalPart::from_internal(split.user).ok()?,
        domain: mailbox.domain.clone(),
    })
}

/// Returns the rule for an address if its mail comes to the address that is asked about.
fn reaches(table: &Table, decision: &Decision, asked: &Mailbox) -> Option<RuleId> {
    let case = table.settings().local_case;
    let is_asked = |one: &Mailbox| {
        one.key(case) == asked.key(case)
            || user(table, one).is_some_and(|user| user.key(case) == asked.key(case))
    };
    let arrives = matches!(decision.outcome, Outcome::Keep | Outcome::Replace(_));
    let mut behind = decision.steps.iter().skip(1);
    if !arrives || !behind.any(|step| is_asked(&step.address)) {
        return None;
    }
    match decision.steps[0].reason {
        Reason::Rule(id) => Some(id),
        _ => None,
    }
}

/// Returns true if an address that this rule is for is named.
fn is_named(table: &Table, sources: &MailSources, from: &Mailbox, rule: RuleId) -> bool {
    let case = table.settings().local_case;
    let keys = [Some(from.clone()), user(table, from)];
    sources.found.iter().any(|source| {
        // A detail that nobody has stands for all that no pattern spells out.
        let any_detail = source.address.local.as_str().ends_with(LocalPart::NOBODY);
        let named_user = any_detail.then(|| user(table, &source.address)).flatten();
        let address = named_user.as_ref().unwrap_or(&source.address);
        let same = |one: &Mailbox| one.key(case) == address.key(case);
        let named = source.pattern.is_some() || keys.iter().flatten().any(same);
        named && source.way.first().is_some_and(|(_, id)| *id == rule)
    })
}

/// Returns how many addresses that reach by a regex are not named.
fn check(
    table: &Table,
    world: &World,
    asked: &Mailbox,
    decisions: &[(Mailbox, Decision)],
) -> usize {
    let mut missed = 0;
    let case = table.settings().local_case;
    let sources = who(table, asked, usize::MAX);
    assert!(sources.complete);
    for source in &sources.found {
        let rule = reaches(table, &decide(table, &source.address), asked);
        let first = source.way.first().map(|(_, id)| *id);
        assert!(
            rule.is_some() && rule == first,
            "{} does not reach {asked}:\n{}",
            source.address,
            world.text()
        );
        if let Some(pattern) = &source.pattern {
            let own = table.rule(rule.unwrap()).unwrap().pattern;
            assert_eq!(own, *pattern, "{}", world.text());
        }
    }
    for (from, decision) in decisions {
        if from.key(case) == asked.key(case) {
            continue;
        }
        if let Some(rule) = reaches(table, decision, asked) {
            if is_named(table, &sources, from, rule) {
                continue;
            }
            // The limit of `who`: another rule takes all texts away that are tried for a regex.
            if let Some(Pattern::Regex(_)) = table.rule(rule).map(|rule| rule.pattern) {
                missed += 1;
                continue;
            }
            panic!(
                "{from} reaches {asked} by `{}`, and is not named:\n{}\n{:#?}",
                table.text(rule),
                world.text(),
                sources.found
            );
        }
    }
    missed
}

#[test]
fn exactly_what_reaches_an_address_is_named() {
    let (found, missed) = (Cell::new(0), Cell::new(0));
    let strategy = (world(), prop::collection::vec(address(), 1..4));
    let mut runner = TestRunner::new(super::cases(400));
    runner
        .run(&strategy, |(world, addresses)| {
            let Some(table) = compiled(&world).table else {
                return Ok(());
            };
            let decided = |one: Mailbox| {
                let decision = decide(&table, &one);
                (one, decision)
            };
            let decisions: Vec<_> = everybody().map(decided).collect();
            for asked in &addresses {
                missed.set(missed.get() + check(&table, &world, &mailbox(asked), &decisions));
            }
            for rule in table.rules() {
                if let Some(domain) = rule.pattern.domain() {
                    let asked = mailbox(&Addr::new("a", domain.as_str()));
                    missed.set(missed.get() + check(&table, &world, &asked, &decisions));
                }
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    // The count says that the worlds are not all refused.
    let mut again = TestRunner::new(super::cases(300));
    again
        .run(&world(), |world| {
            if let Some(table) = compiled(&world).table {
                let asked = mailbox(&Addr::new("a", DOMAINS[0]));
                found.set(found.get() + who(&table, &asked, 100).found.len());
            }
            Ok(())
        })
        .unwrap();
    assert!(missed.get() < 20, "{}", missed.get());
    assert!(found.get() > 50, "{}", found.get());
}
