//! What was exported and is read again gives the same table: told by what becomes of every address
//! of a small world, and for pairs by every rule as well.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use readdress::engine::address::Mailbox;
use readdress::engine::rewrite::{Outcome, decide};
use readdress::engine::{Settings, SourceText, Table, compile};
use readdress::export::ExportFormat;

use super::world::{World, addresses, cases, rules, targets};

/// The table of one file; the findings, if it has an error.
fn read(name: &str, text: &str) -> Result<Table, String> {
    let sources = [SourceText::new(name, text)];
    let compiled = compile(&sources, &Settings::default());
    let found: Vec<_> = compiled
        .diagnostics
        .iter()
        .map(ToString::to_string)
        .collect();
    compiled
        .table
        .ok_or_else(|| format!("{}\n{text}", found.join("\n")))
}

fn all_rules(table: &Table) -> BTreeSet<String> {
    let domains = table.known_domains().into_iter();
    let domains = domains.map(|(domain, class)| {
        let unknown = table.unknown(domain).word();
        format!("{domain} {} {unknown}", class.word())
    });
    domains
        .chain(table.rules().map(|rule| rule.to_string()))
        .collect()
}

/// Returns true if both tables do the same with an address. The map of an MTA does not know the users of primary
/// domains. So with such a map, an address that the first table refuses may be kept.
fn alike(was: &Outcome, is: &Outcome, whole: bool) -> bool {
    match (was, is) {
        (Outcome::Replace(_), Outcome::Replace(_)) => targets(was) == targets(is),
        (Outcome::Refuse(_), Outcome::Keep | Outcome::Refuse(_)) if !whole => true,
        _ => was == is,
    }
}

/// Compares the table of an export with the exported table. Returns the number of addresses that were compared.
fn hold(world: &World, format: ExportFormat, name: &str) -> Result<usize, String> {
    let exported = world.export(format);
    let whole = format == ExportFormat::Csv;
    if whole && !exported.diagnostics.is_empty() {
        return Err(format!("{:#?}", exported.diagnostics));
    }
    let again = match read(name, &exported.text) {
        Ok(again) => again,
        // A way may lead to a rule that the export said it could not say.
        Err(_) if !exported.diagnostics.is_empty() => return Ok(0),
        Err(wrong) => return Err(wrong),
    };
    if whole && all_rules(&again) != all_rules(&world.table) {
        return Err(format!("other rules\n{}", exported.text));
    }
    let mut held = 0;
    for address in addresses() {
        let decision = world.decide(&address);
        if !whole && world.is_unsaid(&decision, &exported.diagnostics) {
            continue;
        }
        held += 1;
        let came = decide(&again, &Mailbox::parse(&address).expect("an address"));
        if !alike(&decision.outcome, &came.outcome, whole) {
            return Err(format!(
                "{address}: {} before, {} after\n{}",
                decision.result(),
                came.result(),
                exported.text
            ));
        }
    }
    Ok(held)
}

#[test]
fn random_tables_come_back() {
    let held = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(cases(1500));
    let outcome = runner.run(&rules(), |rules| {
        if let Some(world) = World::new(&rules) {
            for (format, name) in [
                (ExportFormat::Csv, "a.csv"),
                (ExportFormat::Virtual, "a.virtual"),
                (ExportFormat::Virtusertable, "a.virtusertable"),
            ] {
                match hold(&world, format, name) {
                    Ok(count) => held.set(held.get() + count),
                    Err(wrong) => {
                        return Err(TestCaseError::fail(format!("{name}: {wrong}\n{rules}")));
                    }
                }
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(held.get() > 10_000, "{} addresses only", held.get());
}

/// Everything that a rule can say and that stands in the way of a table: commas, quotes, white space.
#[test]
fn every_kind_of_rule_comes_back_from_pairs() {
    let rules = "\
company.com primary unknown=reject
domain2.com secondary unknown=defer
partner.example external
b\u{fc}cher.example secondary
@domain2.com @company.com
@*.domain2.com @company.com detail=drop
\"j, d\"@domain2.com anna@company.com, bob@company.com detail=keep
\"a \\\"b\\\"\"@domain2.com anna@company.com
\"#x\"@domain2.com anna@company.com
old+*@domain2.com new+*@company.com
+*@domain2.com anna@company.com
/(a|b), \"?(\\w+)@domain2\\.com/ $1.${2}@company.com
leaked@domain2.com reject 550 5.1.1 \"No, \\\"never\\\"\"
later@domain2.com defer
gone@domain2.com moved ann@partner.example
trap@domain2.com discard
here@domain2.com keep
postmaster@* anna@company.com
anna@company.com mailbox j\u{f6}rg@b\u{fc}cher.example, x@domain2.com
bob@company.com mailbox
new@company.com mailbox
/new\\+.*@company\\.com/ keep
";
    let world = World::new(rules).expect("a table");
    assert_eq!(
        hold(&world, ExportFormat::Csv, "a.csv").map(|held| held > 0),
        Ok(true)
    );
}

/// The class of a domain may have been told from the kind of a file, which is another one then.
#[test]
fn classes_that_no_line_declares_come_back_from_pairs() {
    let sources = [SourceText::new(
        "a.virtual",
        b"jd@domain2.com jdoe@company.com\ndomain3.com x\nsales@domain3.com anna@company.com\n"
            .to_vec(),
    )];
    let table = compile(&sources, &Settings::default())
        .table
        .expect("a table");
    let text = readdress::export::export(&table, &sources, ExportFormat::Csv, None).text;
    let again = read("a.csv", &text).expect("a table");
    assert_eq!(all_rules(&again), all_rules(&table));
    assert!(
        text.contains("domain2.com,primary unknown=keep\n"),
        "{text}"
    );
}
