//! Random worlds and addresses: few domains and few local-parts, so that rules meet often.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::model::{Act, Addr, Class, Decl, Line, Pat, Shape, Target, Unknown, World};

/// All domains of all worlds; `nowhere.test` is in no rule.
pub const DOMAINS: [&str; 5] = [
    "one.test",
    "two.test",
    "sub.two.test",
    "deep.sub.two.test",
    "xn--bcher-kva.test",
];

const USERS: [&str; 6] = ["a", "b", "c", "a.b", "postmaster", "o'x y"];

/// Most often the first domain: rules for five domains would seldom meet.
fn domain() -> impl Strategy<Value = String> {
    let any = select(&DOMAINS[..]);
    prop_oneof![2 => Just(DOMAINS[0]), 3 => any].prop_map(str::to_owned)
}

/// A user in any letter case.
fn user() -> impl Strategy<Value = String> {
    (select(&USERS[..]), any::<bool>()).prop_map(|(user, upper)| {
        if upper {
            user.to_uppercase()
        } else {
            user.to_owned()
        }
    })
}

/// A local-part as a client may send it.
pub fn local() -> impl Strategy<Value = String> {
    let detailed = (user(), select(&["+", "-", "+x-", "-x+"][..]), "[xY]{0,2}")
        .prop_map(|(user, separator, detail)| format!("{user}{separator}{detail}"));
    let routed =
        select(&["a%b", "a!b", "a@one.test", "a%b+x", "a+x%b"][..]).prop_map(str::to_owned);
    prop_oneof![6 => user(), 4 => detailed, 1 => routed, 1 => Just("+x".to_owned())]
}

/// A local-part of a mailbox pattern or a target.
fn written_local() -> impl Strategy<Value = String> {
    let plain = select(&USERS[..]).prop_map(str::to_owned);
    let detailed = (select(&USERS[..]), select(&["+x", "-x", "+y"][..]))
        .prop_map(|(user, detail)| format!("{user}{detail}"));
    prop_oneof![6 => plain, 1 => detailed]
}

pub fn address() -> impl Strategy<Value = Addr> {
    let domain = prop_oneof![8 => domain(), 1 => Just("nowhere.test".to_owned())];
    (local(), domain).prop_map(|(local, domain)| Addr { local, domain })
}

fn written() -> impl Strategy<Value = Addr> {
    (written_local(), domain()).prop_map(|(local, domain)| Addr { local, domain })
}

fn pattern() -> impl Strategy<Value = Pat> {
    let any_case =
        (written(), any::<bool>(), any::<bool>()).prop_map(|(mut addr, upper, routes)| {
            if upper {
                addr.local = addr.local.to_uppercase();
            }
            if routes && addr.local == "c" {
                addr.local = "a%b".to_owned();
            }
            addr
        });
    let shape = prop_oneof![
        domain().prop_map(Shape::Dotted),
        (select(&['a', 'b'][..]), domain())
            .prop_map(|(start, domain)| Shape::Begins(start, domain)),
        select(&["a", "c", "a.b"][..]).prop_map(|local| Shape::AnyDomain(local.to_owned())),
    ];
    let simple = (select(&["a", "b", "B"][..]), domain())
        .prop_map(|(local, domain)| Pat::AnyDetail(Addr::new(local, &domain)));
    prop_oneof![
        8 => any_case.prop_map(Pat::Mailbox),
        3 => simple,
        1 => written_local().prop_map(Pat::Everywhere),
        3 => shape.prop_map(Pat::Regex),
        2 => domain().prop_map(Pat::Detailed),
        3 => domain().prop_map(Pat::Domain),
        1 => domain().prop_map(Pat::Subdomains),
    ]
}

/// A target; if the pattern cannot fill the target in, the target becomes a whole domain.
fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        6 => written().prop_map(Target::Full),
        3 => domain().prop_map(Target::Domain),
        2 => (select(&["b", "c"][..]), domain())
            .prop_map(|(local, domain)| Target::Star(Addr::new(local, &domain))),
        2 => domain().prop_map(Target::Swapped),
    ]
}

fn action() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => Just(Act::Keep),
        1 => Just(Act::Discard),
        1 => (550u16..554).prop_map(Act::Reject),
        1 => (450u16..453).prop_map(Act::Defer),
        2 => vec(written(), 0..3).prop_map(Act::Mailbox),
        9 => vec(target(), 1..4).prop_map(Act::Rewrite),
    ]
}

/// Changes an action to one that its pattern may have.
fn fitting(pat: &Pat, act: Act) -> Act {
    match act {
        Act::Mailbox(list) => match pat {
            Pat::Mailbox(addr) if list.is_empty() || !addr.local.contains('%') => {
                // The target is the primary address itself in other letter case, which is ambiguous.
                let other_case = |one: &Addr| {
                    one != addr && one.local.to_lowercase() == addr.local.to_lowercase()
                };
                Act::Mailbox(list.into_iter().filter(|one| !other_case(one)).collect())
            }
            _ => Act::Keep,
        },
        Act::Rewrite(targets) => {
            let fits = |target: Target| match (target, pat) {
                (Target::Star(addr), Pat::AnyDetail(_) | Pat::Detailed(_)) => Target::Star(addr),
                (Target::Swapped(domain), Pat::Regex(Shape::Dotted(_))) => Target::Swapped(domain),
                (Target::Star(addr), _) => Target::Domain(addr.domain),
                (Target::Swapped(domain), _) => Target::Domain(domain),
                (target, _) => target,
            };
            let mut fitting = Vec::new();
            for target in targets.into_iter().map(fits) {
                if !fitting.contains(&target) {
                    fitting.push(target);
                }
            }
            Act::Rewrite(fitting)
        }
        act => act,
    }
}

fn line() -> impl Strategy<Value = Line> {
    let detail = option::weighted(0.3, any::<bool>());
    (pattern(), action(), detail).prop_map(|(pat, act, keeps_detail)| {
        let act = fitting(&pat, act);
        let has_targets = match &act {
            Act::Rewrite(_) => true,
            Act::Mailbox(list) => list.iter().any(|addr| Pat::Mailbox(addr.clone()) != pat),
            _ => false,
        };
        Line {
            pat,
            act,
            keeps_detail: keeps_detail.filter(|_| has_targets),
        }
    })
}

fn declaration(domain: &'static str) -> impl Strategy<Value = Option<Decl>> {
    let class = select(&[Class::Primary, Class::Secondary, Class::External][..]);
    let unknown = select(&[Unknown::Reject, Unknown::Defer, Unknown::Keep][..]);
    let decl = (class, option::of(unknown)).prop_map(move |(class, unknown)| Decl {
        domain: domain.to_owned(),
        class,
        unknown: unknown.filter(|_| class != Class::External),
    });
    option::weighted(0.9, decl)
}

pub fn world() -> impl Strategy<Value = World> {
    let declared = DOMAINS.map(declaration);
    let decls = prop_oneof![
        1 => Just(Vec::new()),
        1 => declared.prop_map(|list| list.into_iter().flatten().collect()),
    ];
    (
        decls,
        vec(line(), 1..9),
        select(&["+", "+", "-+", ""][..]),
        proptest::bool::weighted(0.2),
    )
        .prop_map(|(decls, lines, delimiters, strict_case)| World {
            decls,
            lines,
            delimiters: delimiters.to_owned(),
            strict_case,
        })
}
