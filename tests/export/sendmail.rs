//! virtusertable: `user+detail@`, `user++@`, `user+*@`, `user@`, `++@`, `+*@`, `@`, each with %1, %2 and %3;
//! the one result goes back to the table.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use readdress::engine::rewrite::Outcome;
use readdress::engine::rule::DomainClass;
use readdress::export::ExportFormat;

use super::world::{World, addresses, cases, rules, targets};

#[derive(Debug, PartialEq)]
enum End {
    Unlisted,
    Address(String),
    Refused(String),
}

/// Key, tab, value; `#` in the first column.
fn read(text: &str) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (key, value) = line.split_once('\t').expect("a key and a value");
        assert!(!key.contains(' ') && value == value.trim());
        assert!(
            map.insert(key.to_lowercase(), value.to_owned()).is_none(),
            "{key} twice"
        );
    }
    map
}

fn filled(value: &str, arguments: [&str; 3]) -> String {
    let mut out = String::new();
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match (c, if c == '%' { rest.next() } else { None }) {
            ('%', Some('%')) => out.push('%'),
            ('%', Some(digit)) => {
                let number = digit.to_digit(10).expect("a digit") as usize;
                out.push_str(arguments[number - 1]);
            }
            (c, _) => out.push(c),
        }
    }
    out
}

fn once(map: &BTreeMap<String, String>, address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@').expect("an address");
    if let Some(value) = map.get(address) {
        return Some(filled(value, [local, "", ""]));
    }
    let find = |key: String, arguments| map.get(&key).map(|value| filled(value, arguments));
    if let Some((user, detail)) = local.split_once('+') {
        let plus = format!("+{detail}");
        let arguments = [user, detail, plus.as_str()];
        let some = !detail.is_empty();
        return find(format!("{user}++@{domain}"), arguments)
            .filter(|_| some)
            .or_else(|| find(format!("{user}+*@{domain}"), arguments))
            .or_else(|| find(format!("{user}@{domain}"), arguments))
            .or_else(|| find(format!("++@{domain}"), arguments).filter(|_| some))
            .or_else(|| find(format!("+*@{domain}"), arguments))
            .or_else(|| find(format!("@{domain}"), arguments));
    }
    find(format!("@{domain}"), [local, "", ""])
}

fn resolve(map: &BTreeMap<String, String>, address: &str) -> End {
    let mut current = address.to_owned();
    for round in 0..50 {
        match once(map, &current) {
            None if round == 0 => return End::Unlisted,
            None => return End::Address(current),
            Some(value) if value.starts_with("error:") => return End::Refused(value),
            Some(next) => {
                assert_ne!(next, current, "554 excessive recursion");
                current = next;
            }
        }
    }
    panic!("{address}: 554 excessive recursion");
}

/// The first address at which two ends differ.
fn hold(world: &World) -> Result<usize, String> {
    let exported = world.export(ExportFormat::Virtusertable);
    let map = read(&exported.text);
    let mut held = 0;
    for address in addresses() {
        let decision = world.decide(&address);
        if world.is_unsaid(&decision, &exported.diagnostics) {
            continue;
        }
        held += 1;
        let (_, domain) = address.rsplit_once('@').expect("an address");
        let found = resolve(&map, &address);
        let alike = match (&decision.outcome, &found) {
            (Outcome::Keep, End::Unlisted) => true,
            (Outcome::Replace(_), End::Address(one)) => {
                BTreeSet::from([one.clone()]) == targets(&decision.outcome)
            }
            (Outcome::Refuse(reply), End::Refused(value)) => {
                *value
                    == format!(
                        "error:{}:\"{} {}\"",
                        reply.enhanced(),
                        reply.code(),
                        reply.text()
                    )
            }
            // Sendmail knows the users of its own domains.
            (Outcome::Refuse(_), End::Unlisted) => domain == "c.example",
            _ => false,
        };
        if !alike {
            let by_table = decision.result();
            return Err(format!(
                "{address}: {by_table} by the table, {found:?} by the map\n{}",
                exported.text
            ));
        }
    }
    Ok(held)
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn random_tables_mean_the_same(rules in rules()) {
        if let Some(world) = World::new(&rules) {
            let result = hold(&world);
            prop_assert!(result.is_ok(), "{}\n{rules}", result.unwrap_err());
        }
    }
}

#[test]
fn every_form() {
    let world = World::new(
        "d.example secondary\nc.example primary\nold+*@d.example new+*@c.example\n+*@d.example all@c.example\n\
         a@d.example b@c.example\ndrop@d.example b@c.example detail=drop\n@d.example @c.example detail=drop\n\
         no@d.example reject 550 5.7.1 \"100% \\\"no\\\"\"\n",
    )
    .expect("a table");
    let exported = world.export(ExportFormat::Virtusertable);
    assert_eq!(exported.diagnostics, []);
    let lines: Vec<_> = exported
        .text
        .lines()
        .filter(|line| line.contains('\t'))
        .collect();
    assert_eq!(
        lines,
        [
            "old++@d.example\tnew+%2@c.example",
            "++@d.example\tall@c.example",
            "a@d.example\tb%3@c.example",
            "drop@d.example\tb@c.example",
            "@d.example\t%1@c.example",
            "no@d.example\terror:5.7.1:\"550 100%% \\\"no\\\"\"",
        ]
    );
    assert_eq!(world.table.inbound_domains()[1].1, DomainClass::Secondary);
}

#[test]
fn what_cannot_be_said_is_deferred_where_it_would_be_caught() {
    let world = World::new(
        "d.example secondary\nc.example primary\n@d.example @c.example\nmany@d.example a@c.example, b@c.example\n\
         quiet@d.example discard\nhere@d.example keep\n\"q q\"@d.example a@c.example\n",
    )
    .expect("a table");
    let exported = world.export(ExportFormat::Virtusertable);
    let lines: Vec<_> = exported
        .diagnostics
        .iter()
        .map(|one| one.excerpt.line)
        .collect();
    assert_eq!(lines, [4, 5, 6, 7]);
    let map = read(&exported.text);
    for address in ["many@d.example", "quiet@d.example", "here@d.example"] {
        let End::Refused(value) = resolve(&map, address) else {
            panic!("{address}");
        };
        assert!(value.starts_with("error:4.3.0:\"451 "));
    }
}
