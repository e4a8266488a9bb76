//! Laws against brute force: a law that is proved holds for each address of a small world, as the naive reader decides
//! it, and each witness is one.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, sample::select, test_runner::TestRunner};
use readdress::engine::{
    Compiled, LawVerdict, Settings, Severity, SourceText,
    address::{LocalCase, Mailbox},
    compile,
};

use super::model::{Addr, Class, Pat, RECURSION_LIMIT, World};
use super::naive::{Found, Naive, Outcome};
use super::worlds::{DOMAINS, world};

/// What a law of a test says.
#[derive(Clone, Debug)]
enum Says {
    Only(Vec<Region>),
    Never(Vec<Region>),
    Delivered,
    AtLeast(usize),
}

#[derive(Clone, Debug)]
enum Region {
    Domain(String),
    Below(String),
    Address(Addr),
}

#[derive(Clone, Debug)]
struct Law {
    about: Pat,
    says: Says,
}

impl Region {
    fn text(&self) -> String {
        match self {
            Self::Domain(domain) => format!("@{domain}"),
            Self::Below(domain) => format!("@*.{domain}"),
            Self::Address(addr) => addr.text(),
        }
    }
}

impl Law {
    fn text(&self) -> String {
        let list = |regions: &[Region]| {
            let texts: Vec<_> = regions.iter().map(Region::text).collect();
            texts.join(", ")
        };
        let says = match &self.says {
            Says::Only(regions) => format!("only {}", list(regions)),
            Says::Never(regions) => format!("never {}", list(regions)),
            Says::Delivered => "delivered".to_owned(),
            Says::AtLeast(count) => format!("at-least {count}"),
        };
        format!("{} {says}\n", self.about.text())
    }
}

fn is_below(domain: &str, above: &str) -> bool {
    domain.ends_with(&format!(".{above}"))
}

/// Returns true if a local-part is this one, or the same user with a detail.
fn is_user(naive: &Naive<'_>, own: &str, local: &str) -> bool {
    let same = |one: &str| naive.fold(one) == naive.fold(own);
    same(local) || naive.split(local).is_some_and(|(user, _)| same(user))
}

/// Returns true if the law is about an address.
fn is_about(naive: &Naive<'_>, pat: &Pat, addr: &Addr) -> bool {
    let split = naive.split(&addr.local);
    let detailed = split.filter(|(_, rest)| rest.len() > 1);
    match pat {
        Pat::Mailbox(own) => own.domain == addr.domain && is_user(naive, &own.local, &addr.local),
        Pat::AnyDetail(own) => {
            own.domain == addr.domain
                && detailed.is_some_and(|(user, _)| naive.fold(user) == naive.fold(&own.local))
        }
        Pat::Everywhere(local) => {
            naive.class(&addr.domain) == Some(Class::Secondary)
                && is_user(naive, local, &addr.local)
        }
        Pat::Detailed(domain) => addr.domain == *domain && detailed.is_some(),
        Pat::Domain(domain) => addr.domain == *domain,
        Pat::Subdomains(above) => is_below(&addr.domain, above),
        Pat::Regex(_) => unreachable!("no law is about a regex"),
    }
}

fn lies_in(naive: &Naive<'_>, region: &Region, key: &str) -> bool {
    let (local, domain) = key.rsplit_once('@').expect("a key has an @");
    match region {
        Region::Domain(own) => domain == own,
        Region::Below(above) => is_below(domain, above),
        Region::Address(own) => domain == own.domain && is_user(naive, &own.local, local),
    }
}

/// Returns true if an address of the law breaks it.
fn breaks(naive: &Naive<'_>, law: &Law, addr: &Addr) -> bool {
    if !is_about(naive, &law.about, addr) || naive.class(&addr.domain).is_none() {
        return false;
    }
    let out = match naive.decide(addr) {
        Outcome::Keep => BTreeSet::from([naive.key(addr)]),
        Outcome::Replace(set) => set,
        Outcome::Discard | Outcome::Refuse(_) => BTreeSet::new(),
    };
    let inside =
        |regions: &[Region], key: &String| regions.iter().any(|region| lies_in(naive, region, key));
    match &law.says {
        Says::Only(regions) => out.iter().any(|key| !inside(regions, key)),
        Says::Never(regions) => out.iter().any(|key| inside(regions, key)),
        Says::Delivered => out.is_empty() && !matches!(naive.find(addr), Found::Routes),
        Says::AtLeast(_) => false,
    }
}

/// Returns how many addresses of the law have a rule of their own.
fn own_rules(naive: &Naive<'_>, about: &Pat) -> usize {
    let own = naive.rules.iter().filter_map(|rule| match &rule.pat {
        Pat::Mailbox(addr) if naive.class(&addr.domain).is_some() => Some(addr),
        _ => None,
    });
    let keys: BTreeSet<_> = own
        .filter(|addr| is_about(naive, about, addr))
        .map(|addr| naive.key(addr))
        .collect();
    keys.len()
}

/// Returns the addresses of a small world: every user and detail in every domain.
fn everybody() -> Vec<Addr> {
    let users = [
        "a",
        "b",
        "c",
        "a.b",
        "b.a",
        "q",
        "p.q",
        "aq",
        "bq",
        "postmaster",
        "o'x y",
    ];
    let details = ["", "+x", "-x", "+y", "+q", "+", "-", "+x-q", "-x+", "+a%b"];
    let odd = ["a%b", "a%b+x", "q%q", "q!q", "a@one.test", "+x"];
    let locals: Vec<String> = users
        .iter()
        .flat_map(|user| details.iter().map(move |detail| format!("{user}{detail}")))
        .chain(odd.map(str::to_owned))
        .flat_map(|local| [local.to_uppercase(), local])
        .collect();
    let more = [
        "q.two.test",
        "q.sub.two.test",
        "q.one.test",
        "sub.one.test",
        "nowhere.test",
    ];
    let domains = DOMAINS.into_iter().chain(more);
    domains
        .flat_map(|domain| locals.iter().map(move |local| Addr::new(local, domain)))
        .collect()
}

fn domain() -> impl Strategy<Value = String> {
    let any = select(&DOMAINS[..]);
    prop_oneof![2 => Just(DOMAINS[0]), 3 => any].prop_map(str::to_owned)
}

fn addr() -> impl Strategy<Value = Addr> {
    let local = select(&["a", "b", "c", "a.b", "a+x", "b-x"][..]);
    (local, domain()).prop_map(|(local, domain)| Addr::new(local, &domain))
}

fn region() -> impl Strategy<Value = Region> {
    prop_oneof![
        4 => domain().prop_map(Region::Domain),
        1 => domain().prop_map(Region::Below),
        2 => addr().prop_map(Region::Address),
    ]
}

fn law() -> impl Strategy<Value = Law> {
    let simple = (select(&["a", "b"][..]), domain());
    let about = prop_oneof![
        6 => domain().prop_map(Pat::Domain),
        2 => domain().prop_map(Pat::Subdomains),
        2 => select(&["a", "b", "postmaster", "a+x"][..])
            .prop_map(|local| Pat::Everywhere(local.to_owned())),
        2 => simple.prop_map(|(local, domain)| Pat::AnyDetail(Addr::new(local, &domain))),
        2 => domain().prop_map(Pat::Detailed),
        2 => addr().prop_map(Pat::Mailbox),
    ];
    let says = prop_oneof![
        3 => vec(region(), 1..4).prop_map(Says::Only),
        3 => vec(region(), 1..3).prop_map(Says::Never),
        3 => Just(Says::Delivered),
        1 => (1usize..4).prop_map(Says::AtLeast),
    ];
    (about, says).prop_map(|(about, says)| Law { about, says })
}

fn compiled(world: &World, law: &Law, laws_first: bool) -> Compiled {
    let settings = Settings {
        recipient_delimiter: world.delimiters.clone(),
        local_case: match world.strict_case {
            true => LocalCase::Strict,
            false => LocalCase::Ignore,
        },
        recursion_limit: RECURSION_LIMIT,
        ..Settings::default()
    };
    let rules = SourceText::new("w.rules", world.text().into_bytes());
    let laws = SourceText::new("l.expect", law.text().into_bytes());
    let sources = match laws_first {
        true => [laws, rules],
        false => [rules, laws],
    };
    compile(&sources, &settings)
}

#[derive(Default)]
struct Seen {
    holds: Cell<u32>,
    broken: Cell<u32>,
    unproved: Cell<u32>,
    nothing: Cell<u32>,
}

fn count(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

fn compare(world: &World, law: &Law, everybody: &[Addr], seen: &Seen) -> Result<(), TestCaseError> {
    let compiled_world = compiled(world, law, false);
    let verdict = compiled_world.laws[0].verdict;
    let other_way = compiled(world, law, true).laws[0].verdict;
    prop_assert_eq!(verdict, other_way, "the order of files matters");
    if verdict == LawVerdict::Unchecked {
        return Ok(());
    }
    let naive = Naive::new(world);
    let text = format!("{}{}", world.text(), law.text());
    let errors = |one: &&readdress::engine::Diagnostic| one.severity == Severity::Error;
    let found: Vec<_> = compiled_world.diagnostics.iter().filter(errors).collect();
    if let Says::AtLeast(wanted) = law.says {
        let enough = own_rules(&naive, &law.about) >= wanted;
        prop_assert_eq!(
            verdict == LawVerdict::Holds,
            enough,
            "{}{:?}",
            text,
            verdict
        );
        return Ok(());
    }
    match verdict {
        LawVerdict::Holds | LawVerdict::MatchesNothing => {
            count(match verdict {
                LawVerdict::Holds => &seen.holds,
                _ => &seen.nothing,
            });
            let by = everybody.iter().find(|addr| breaks(&naive, law, addr));
            let by = by.map(Addr::text);
            prop_assert!(
                by.is_none(),
                "{}holds by its proof, and {:?} breaks it",
                text,
                by
            );
            prop_assert!(found.is_empty(), "{}{:?}", text, found);
        }
        LawVerdict::Broken => {
            count(&seen.broken);
            let message = &found[0].message;
            let (_, rest) = message.split_once(" is broken by `").expect("a witness");
            let (said, _) = rest.split_once("`, which gives").expect("an outcome");
            let mailbox = Mailbox::parse(said).expect("an address");
            let addr = Addr::new(mailbox.local.as_str(), mailbox.domain.as_str());
            prop_assert!(breaks(&naive, law, &addr), "{}{} is no witness", text, said);
        }
        LawVerdict::Unproved => count(&seen.unproved),
        LawVerdict::Unchecked => {}
    }
    Ok(())
}

#[test]
fn a_law_that_is_proved_holds_for_every_address() {
    let seen = Seen::default();
    let everybody = everybody();
    let config = super::cases(1000);
    let cases = config.cases;
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&(world(), law()), |(world, law)| {
        compare(&world, &law, &everybody, &seen)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let (holds, broken) = (seen.holds.get(), seen.broken.get());
    let (unproved, nothing) = (seen.unproved.get(), seen.nothing.get());
    println!("{holds} hold, {broken} broken, {unproved} unproved, {nothing} about nothing");
    // A generator that makes almost no case of a kind tests almost nothing; what is not proved is rare.
    assert!(holds * 20 > cases && broken * 20 > cases);
    assert!(unproved * 20 < holds + broken);
}
