//! Lists of domains and of addresses, and the table backwards.

use proptest::prelude::*;
use readdress::engine::reply::ReplyClass;
use readdress::engine::rewrite::Outcome;
use readdress::export::ExportFormat;

use super::virtual_map::Map;
use super::world::{World, addresses, cases, rules};

fn lines(text: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    kept.map(words).collect()
}

/// Returns true if `relay_recipient_maps` knows an address: the address itself, its user, or its domain.
fn known(map: &Map, address: &str) -> bool {
    let (local, domain) = address.rsplit_once('@').expect("an address");
    let user = local.split_once('+').map_or(local, |(user, _)| user);
    map.has(address) || map.has(&format!("{user}@{domain}")) || map.has(&format!("@{domain}"))
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn the_recipients_are_those_who_are_not_rejected(rules in rules()) {
        if let Some(world) = World::new(&rules) {
            let exported = world.export(ExportFormat::Recipients);
            let map = Map::read(&exported.text);
            for address in addresses() {
                let decision = world.decide(&address);
                if address.ends_with("@elsewhere.example") || world.is_unsaid(&decision, &exported.diagnostics) {
                    continue;
                }
                let accepted = match &decision.outcome {
                    Outcome::Refuse(reply) => reply.class() == ReplyClass::Defer,
                    _ => true,
                };
                prop_assert_eq!(known(&map, &address), accepted, "{}\n{}\n{}", address, exported.text, rules);
            }
        }
    }
}

#[test]
fn domains() {
    let world = World::new(
        "c.example primary\nd.example secondary\nmünchen.example secondary\nfar.d.example external\n\
         @d.example @c.example\n@*.d.example @c.example\n",
    )
    .expect("a table");
    let both = ["xn--mnchen-3ya.example", "münchen.example"];
    assert_eq!(
        lines(&world.export(ExportFormat::Domains).text),
        [
            "!far.d.example",
            "c.example",
            "d.example",
            both[0],
            both[1],
            ".d.example"
        ]
    );
    assert_eq!(
        lines(&world.export(ExportFormat::Secondary).text),
        [
            "!far.d.example",
            "d.example",
            both[0],
            both[1],
            ".d.example"
        ]
    );
}

#[test]
fn what_replies_show() {
    let world = World::new(
        "c.example primary unknown=reject\nd.example secondary\n@d.example @c.example\n\
         jdoe@c.example mailbox jd@d.example\nanna@c.example mailbox\n\
         bob@c.example mailbox bob.smith@d.example, robert@d.example\n\
         postmaster@c.example mailbox abuse@d.example\nsales@d.example anna@c.example, bob@c.example\n",
    )
    .expect("a table");
    let exported = world.export(ExportFormat::Generic);
    assert_eq!(exported.diagnostics, []);
    assert_eq!(
        lines(&exported.text),
        [
            "jdoe@c.example jd@d.example",
            "anna@c.example anna@d.example",
            "bob@c.example bob@d.example",
            "postmaster@c.example postmaster@d.example",
        ]
    );
    assert_eq!(
        lines(&world.export(ExportFormat::Genericstable).text),
        lines(&exported.text)
    );
}

#[test]
fn two_secondary_domains_are_a_question() {
    let world = World::new(
        "c.example primary\nd.example secondary\ne.example secondary\n@d.example @c.example\n\
         jdoe@c.example mailbox jd@d.example, j@e.example\nanna@c.example mailbox a@e.example\n",
    )
    .expect("a table");
    let exported = world.export(ExportFormat::Generic);
    let found: Vec<_> = exported
        .diagnostics
        .iter()
        .map(|one| one.excerpt.line)
        .collect();
    assert!(found.is_empty(), "{found:?}");
    // jdoe lists two, but only one domain brings its own local-part here.
    assert_eq!(
        lines(&exported.text),
        [
            "jdoe@c.example jdoe@d.example",
            "anna@c.example a@e.example"
        ]
    );
    let without = World::new(
        "c.example primary\nd.example secondary\ne.example secondary\n\
         jdoe@c.example mailbox jd@d.example, j@e.example\n",
    )
    .expect("a table");
    assert_eq!(without.export(ExportFormat::Generic).diagnostics.len(), 1);
}
