//! The compiled table agrees with the naive reader: the same tables are refused, and the outcomes are the same.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use readdress::engine::{
    Compiled, Settings, Severity, SourceText, Table,
    address::{LocalCase, LocalPart, Mailbox},
    compile, rewrite,
};

use super::model::{Addr, RECURSION_LIMIT, World};
use super::naive::{Naive, Outcome};
use super::worlds::{address, world};

/// Returns the engine's table of a world.
pub fn compiled(world: &World) -> Compiled {
    let settings = Settings {
        recipient_delimiter: world.delimiters.clone(),
        local_case: if world.strict_case {
            LocalCase::Strict
        } else {
            LocalCase::Ignore
        },
        recursion_limit: RECURSION_LIMIT,
        ..Settings::default()
    };
    let sources = [SourceText::new("w.rules", world.text().into_bytes())];
    compile(&sources, &settings)
}

pub fn mailbox(addr: &Addr) -> Mailbox {
    Mailbox::parse(&addr.text()).unwrap_or_else(|error| panic!("{}: {error}", addr.text()))
}

/// Returns the decision of the engine as an outcome of the naive reader.
fn decided(table: &Table, naive: &Naive<'_>, addr: &Addr) -> Outcome {
    let plain = |mailbox: &Mailbox| {
        let local: &LocalPart = &mailbox.local;
        naive.key(&Addr::new(local.as_str(), mailbox.domain.as_str()))
    };
    match rewrite::decide(table, &mailbox(addr)).outcome {
        rewrite::Outcome::Keep => Outcome::Keep,
        rewrite::Outcome::Discard => Outcome::Discard,
        rewrite::Outcome::Refuse(reply) => {
            let code = format!("{} {}", reply.code(), reply.enhanced());
            Outcome::Refuse(BTreeSet::from([code]))
        }
        rewrite::Outcome::Replace(targets) => {
            let set: BTreeSet<_> = targets.iter().map(plain).collect();
            assert_eq!(set.len(), targets.len(), "twice in {targets:?}");
            Outcome::Replace(set)
        }
    }
}

/// Returns true if the outcomes are equal, or if the code of the engine is one of the codes that the manual allows.
fn agree(engine: &Outcome, naive: &Outcome) -> bool {
    match (engine, naive) {
        (Outcome::Refuse(code), Outcome::Refuse(allowed)) => code.is_subset(allowed),
        (engine, naive) => engine == naive,
    }
}

/// Counts how often each outcome was seen, so that a generator that makes too few kinds fails the test.
#[derive(Default)]
struct Seen {
    live: Cell<u32>,
    refused: Cell<u32>,
    replaced: Cell<u32>,
    answered: Cell<u32>,
    kept: Cell<u32>,
}

fn count(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

fn compare(world: &World, addresses: &[Addr], seen: &Seen) -> Result<(), TestCaseError> {
    let naive = Naive::new(world);
    let wrong = naive.load_errors();
    let compiled = compiled(world);
    let is_error = |d: &&readdress::engine::Diagnostic| d.severity == Severity::Error;
    let found: Vec<_> = compiled
        .diagnostics
        .iter()
        .filter(is_error)
        .map(ToString::to_string)
        .collect();
    let text = world.text();
    prop_assert_eq!(
        found.is_empty(),
        wrong.is_empty(),
        "{}naive: {:?}\nengine: {}",
        text,
        wrong,
        found.join("\n")
    );
    prop_assert_eq!(found.is_empty(), compiled.table.is_some());
    let Some(table) = compiled.table else {
        count(&seen.refused);
        return Ok(());
    };
    count(&seen.live);
    for addr in addresses {
        let (engine, plain) = (decided(&table, &naive, addr), naive.decide(addr));
        match &engine {
            Outcome::Replace(_) => count(&seen.replaced),
            Outcome::Refuse(_) => count(&seen.answered),
            Outcome::Keep | Outcome::Discard => count(&seen.kept),
        }
        prop_assert!(
            agree(&engine, &plain),
            "{}{}: engine {:?}, naive {:?}",
            text,
            addr.text(),
            engine,
            plain
        );
    }
    Ok(())
}

#[test]
fn the_table_agrees_with_the_naive_reader() {
    let seen = Seen::default();
    let config = super::cases(3000);
    let cases = config.cases;
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&(world(), vec(address(), 12)), |(world, addresses)| {
        compare(&world, &addresses, &seen)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let (live, refused) = (seen.live.get(), seen.refused.get());
    println!(
        "{live} tables live, {refused} refused; {} replaced, {} refused, {} kept or discarded",
        seen.replaced.get(),
        seen.answered.get(),
        seen.kept.get()
    );
    // A generator that makes almost no case of a kind tests almost nothing.
    assert!(live * 5 > cases && refused * 10 > cases);
    assert!(seen.replaced.get() > cases / 5 && seen.answered.get() > cases / 5);
    assert!(seen.kept.get() > cases / 5);
}

/// Cases that random tables have found, written by hand, because chance may not find them again.
#[test]
fn what_was_found_before_stays_mended() {
    let two_regexes = "/([a-z]+)\\.([a-z]+)@one\\.test/ c@two.test\n/a.*@one\\.test/ b@two.test\nx@one.test keep\n";
    for (rules, address, expect) in [
        // A target in other letter case is the address of the pattern itself, and makes no domain primary.
        (
            "A@one.test a@one.test\n",
            "nosuch@one.test",
            "reject 550 5.1.1",
        ),
        ("A@one.test a@one.test\n", "a@one.test", "keep"),
        // The detail that `*` stands for is not added a second time.
        (
            "a+*@one.test b+*@two.test detail=keep\n",
            "a+x@one.test",
            "b+x@two.test",
        ),
        (
            "a+*@one.test b@two.test detail=keep\n",
            "a+x@one.test",
            "b+x@two.test",
        ),
        // The rule that is written first is tried first, also if it matches only without the detail.
        (two_regexes, "a.b+x@one.test", "c+x@two.test"),
    ] {
        let sources = [SourceText::new("a.rules", rules.as_bytes().to_vec())];
        let table = compile(&sources, &Settings::default()).table.expect(rules);
        let received = Mailbox::parse(address).expect(address);
        assert_eq!(
            rewrite::decide(&table, &received).result(),
            expect,
            "{rules}"
        );
    }
}
