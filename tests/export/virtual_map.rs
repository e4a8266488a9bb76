//! virtual(5): `user+detail@domain`, `user@domain` (the detail put back), `@domain`; again and again.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use readdress::engine::rewrite::Outcome;
use readdress::export::ExportFormat;

use super::world::{World, addresses, cases, rules, targets};

/// A map as postmap reads it.
pub struct Map(BTreeMap<String, Vec<String>>);

impl Map {
    /// Blank and `#` lines are nothing; the key ends at white space; values are parted by commas.
    pub fn read(text: &str) -> Self {
        let mut map = BTreeMap::new();
        for line in text.lines() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line
                .split_once(char::is_whitespace)
                .expect("a key and a value");
            let values = value.split(',').map(|one| one.trim().to_lowercase());
            let twice = map.insert(key.to_lowercase(), values.collect());
            assert!(twice.is_none(), "{key} is there twice:\n{text}");
        }
        Self(map)
    }

    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    fn once(&self, address: &str) -> Option<Vec<String>> {
        let (local, domain) = address.rsplit_once('@').expect("an address");
        if let Some(values) = self.0.get(address) {
            return Some(values.iter().map(|value| moved(value, local)).collect());
        }
        if let Some((user, detail)) = local.split_once('+')
            && let Some(values) = self.0.get(&format!("{user}@{domain}"))
        {
            let put_back = |value: &String| {
                let value = moved(value, user);
                let (local, domain) = value.rsplit_once('@').expect("an address");
                format!("{local}+{detail}@{domain}")
            };
            return Some(values.iter().map(put_back).collect());
        }
        let values = self.0.get(&format!("@{domain}"))?;
        // Only a value that comes first keeps the local-part.
        assert!(values.iter().skip(1).all(|value| !value.starts_with('@')));
        Some(values.iter().map(|value| moved(value, local)).collect())
    }

    /// `None` where the map does not know the address.
    pub fn resolve(&self, address: &str) -> Option<BTreeSet<String>> {
        let mut waiting = vec![address.to_owned()];
        let (mut seen, mut ends) = (BTreeSet::new(), BTreeSet::new());
        self.once(address)?;
        while let Some(next) = waiting.pop() {
            if !seen.insert(next.clone()) {
                continue;
            }
            match self.once(&next) {
                None => {
                    ends.insert(next);
                }
                Some(values) => {
                    if values.contains(&next) {
                        ends.insert(next);
                    }
                    waiting.extend(values);
                }
            }
            assert!(seen.len() < 100, "{address} does not end");
        }
        Some(ends)
    }
}

fn moved(value: &str, local: &str) -> String {
    if value.starts_with('@') {
        format!("{local}{value}")
    } else {
        value.to_owned()
    }
}

/// Holds one map against its table; how many addresses were held.
fn hold(world: &World) -> Result<usize, String> {
    let exported = world.export(ExportFormat::Virtual);
    let map = Map::read(&exported.text);
    let mut held = 0;
    for address in addresses() {
        let decision = world.decide(&address);
        if world.is_unsaid(&decision, &exported.diagnostics) {
            continue;
        }
        held += 1;
        let found = map.resolve(&address);
        let itself = BTreeSet::from([address.clone()]);
        let alike = match &decision.outcome {
            Outcome::Keep => found.is_none() || found == Some(itself),
            Outcome::Replace(_) => found == Some(targets(&decision.outcome)),
            Outcome::Refuse(_) => found.is_none(),
            Outcome::Discard => false,
        };
        if !alike {
            return Err(format!(
                "{address}: {} by the table, {found:?} by the map\n{}",
                decision.result(),
                exported.text
            ));
        }
        // What a rule keeps in a secondary domain must be known, or Postfix refuses it.
        let (_, domain) = address.rsplit_once('@').expect("an address");
        let secondary = domain != "c.example" && domain != "elsewhere.example";
        let closed = secondary && map.has(domain);
        if closed && decision.outcome == Outcome::Keep {
            return Err(format!(
                "{address} is kept, and {domain} is a virtual alias domain\n{}",
                exported.text
            ));
        }
    }
    Ok(held)
}

#[test]
fn random_tables_mean_the_same() {
    let (mut tables, mut held) = (0, 0);
    let mut runner = TestRunner::new(cases(1500));
    let outcome = runner.run(&rules(), |rules| {
        if let Some(world) = World::new(&rules) {
            let result = hold(&world);
            prop_assert!(result.is_ok(), "{}\n{rules}", result.unwrap_err());
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // The same again, only to see that it was not about nothing.
    let mut runner = TestRunner::deterministic();
    for _ in 0..1000 {
        let tree = rules().new_tree(&mut runner).expect("a text");
        if let Some(world) = World::new(&proptest::strategy::ValueTree::current(&tree)) {
            tables += 1;
            held += hold(&world).expect("alike");
        }
    }
    assert!(
        tables > 100 && held > 20 * tables,
        "{tables} tables, {held} addresses"
    );
}

#[test]
fn a_whole_domain_refuses_who_does_not_exist() {
    let world = World::new(
        "company.com primary unknown=reject\ndomain2.com secondary\n@domain2.com @company.com\n\
         jdoe@company.com mailbox jd@domain2.com\nanna@company.com mailbox\n",
    )
    .expect("a table");
    let exported = world.export(ExportFormat::Virtual);
    assert_eq!(exported.diagnostics, []);
    let map = Map::read(&exported.text);
    assert!(map.has("domain2.com"));
    assert_eq!(map.resolve("nosuch@domain2.com"), None);
    for (address, wanted) in [
        ("jd+x@domain2.com", "jdoe+x@company.com"),
        ("anna@domain2.com", "anna@company.com"),
    ] {
        assert_eq!(
            map.resolve(address),
            Some(BTreeSet::from([wanted.to_owned()]))
        );
    }
}

#[test]
fn what_cannot_be_said_is_told_at_its_place_and_in_the_text() {
    let world = World::new(
        "d.example secondary\nc.example primary\n@d.example @c.example\n/x(.)@d\\.example/ $1@c.example\n\
         no@d.example reject 550 5.1.1 \"Gone\"\nquiet@d.example discard\nlate@d.example defer\n\
         @*.d.example @c.example\nu+*@d.example other+*@c.example\nplain@d.example a@c.example detail=drop\n\
         \"a%b\"@d.example a@c.example\n",
    )
    .expect("a table");
    let exported = world.export(ExportFormat::Virtual);
    let lines: Vec<_> = exported
        .diagnostics
        .iter()
        .map(|one| one.excerpt.line)
        .collect();
    assert_eq!(lines, [4, 5, 6, 7, 8, 9, 10, 11]);
    for line in lines {
        assert!(
            exported.text.contains(&format!("\n# a.rules:{line}: ")),
            "{line}"
        );
    }
    assert!(exported.diagnostics.iter().all(|one| one.help.is_some()));
    // Refused and discarded addresses go to nobody else.
    let map = Map::read(&exported.text);
    for address in ["no@d.example", "quiet@d.example", "late@d.example"] {
        assert_eq!(
            map.resolve(address),
            Some(BTreeSet::from([address.to_owned()]))
        );
    }
}

#[test]
fn both_spellings_of_a_domain() {
    let world = World::new(
        "münchen.example secondary\nc.example primary\njd@münchen.example \"j d\"@c.example\n",
    )
    .expect("a table");
    let exported = world.export(ExportFormat::Virtual);
    for key in ["jd@xn--mnchen-3ya.example ", "jd@münchen.example "] {
        assert!(
            exported.text.contains(&format!("\n{key}")),
            "{}",
            exported.text
        );
    }
    assert!(exported.text.contains(" \"j d\"@c.example\n"));
}
