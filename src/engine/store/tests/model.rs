//! The store against a list of rules: random rules of every kind, at random places, some of them replaced.

use std::collections::BTreeSet;

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::engine::{
    reply::{ReplyClass, SmtpReply},
    rule::PatternKind,
};

/// A rule, whether a new file begins with it, and whether it is replaced later.
#[derive(Clone, Debug)]
struct Given {
    rule: Rule,
    new_file: bool,
    replaced: bool,
}

fn domain() -> impl Strategy<Value = Domain> {
    let names = [
        "a.test",
        "sub.a.test",
        "b.test",
        "b\u{fc}cher.test",
        "c.test",
    ];
    select(names.to_vec()).prop_map(|name| Domain::parse(name).unwrap())
}

/// Local-parts in every form that a record keeps apart.
fn local() -> impl Strategy<Value = LocalPart> {
    let written = [
        "jd", "JD", "\"j d\"", "a..b", "\"a..b\"", "\"\"", "j\u{fc}", "x+y", "\"\\\"\"",
    ];
    select(written.to_vec()).prop_map(|text| LocalPart::parse(text).unwrap())
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let regex = select(vec!["", "a.*@a\\.test", "(\u{e4}+)@b\\.test"]);
    let kind = select(PatternKind::ALL.to_vec());
    (kind, domain(), local(), regex).prop_map(|(kind, domain, local, regex)| {
        Pattern::from_parts(kind, Some(domain), Some(local), Some(regex.into())).unwrap()
    })
}

/// Places near each other and far apart, backwards and forwards.
fn place() -> impl Strategy<Value = (u32, u32)> {
    let number = || prop_oneof![8 => 0..300u32, 1 => any::<u32>()];
    (number(), number())
}

fn length() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 1..30u32, 1 => any::<u32>()]
}

fn target() -> impl Strategy<Value = Target> {
    let piece = prop_oneof![
        Just(Piece::Detail),
        (0..300usize).prop_map(Piece::Capture),
        select(vec!["x", ".", ""]).prop_map(|text| Piece::Text(text.into())),
    ];
    let kind = prop_oneof![
        (local(), domain())
            .prop_map(|(local, domain)| TargetKind::Mailbox(Mailbox { local, domain })),
        domain().prop_map(TargetKind::Domain),
        domain().prop_map(TargetKind::Subdomains),
        (vec(piece, 0..4), domain())
            .prop_map(|(pieces, domain)| TargetKind::Template { pieces, domain }),
    ];
    (kind, place(), length()).prop_map(|(kind, (line, start), length)| {
        let span = Span {
            file: 0,
            line,
            start,
            length,
        };
        Target { kind, span }
    })
}

fn action() -> impl Strategy<Value = Action> {
    let refuse = (
        any::<bool>(),
        option::of(select(vec!["Gone", "50% \"off\""])),
    );
    let refuse = refuse.prop_map(|(reject, text)| {
        let class = if reject {
            ReplyClass::Reject
        } else {
            ReplyClass::Defer
        };
        Action::Refuse(SmtpReply::new(class, None, None, text).unwrap())
    });
    prop_oneof![
        select(Action::PLAIN.to_vec()),
        refuse,
        vec(target(), 1..4).prop_map(Action::Rewrite),
    ]
}

/// Most rules have neither a note nor an owner.
fn annotation() -> impl Strategy<Value = Annotation> {
    let note = option::weighted(0.2, select(vec!["Helpdesk 4711", "\"\\\"", "b\u{fc}ro"]));
    let owner = option::weighted(0.2, (local(), domain()));
    (note, owner).prop_map(|(note, owner)| Annotation {
        note: note.map(Into::into),
        owner: owner.map(|(local, domain)| Mailbox { local, domain }),
    })
}

fn given() -> impl Strategy<Value = Given> {
    let origins = vec![
        Origin::Line,
        Origin::Secondary,
        Origin::Map,
        Origin::Row,
        Origin::Proxy,
    ];
    let detail = option::of(select(vec![Detail::Keep, Detail::Drop]));
    let head = (pattern(), action(), detail, select(origins));
    let marks = (prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    let shape = (length(), annotation());
    (head, place(), shape, marks).prop_map(|(head, (line, start), (length, annotation), marks)| {
        let (pattern, action, detail, origin) = head;
        let span = Span {
            file: 0,
            line,
            start,
            length,
        };
        let rule = Rule {
            pattern,
            action,
            detail,
            annotation,
            span,
            origin,
        };
        Given {
            rule,
            new_file: marks.0,
            replaced: marks.1,
        }
    })
}

/// Returns the rule as one of a file.
fn in_file(rule: &Rule, file: u32) -> Rule {
    let mut rule = rule.clone();
    rule.span.file = file;
    if let Action::Rewrite(targets) = &mut rule.action {
        targets
            .iter_mut()
            .for_each(|target| target.span.file = file);
    }
    rule
}

/// The domains of patterns and targets, and those of targets alone.
fn names<'r>(rules: impl Iterator<Item = &'r Rule>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut all, mut of_targets) = (BTreeSet::new(), BTreeSet::new());
    for rule in rules {
        all.extend(rule.pattern.domain().map(ToString::to_string));
        let targets = match &rule.action {
            Action::Rewrite(targets) => targets.as_slice(),
            _ => &[],
        };
        for target in targets {
            let (TargetKind::Mailbox(Mailbox { domain, .. })
            | TargetKind::Domain(domain)
            | TargetKind::Subdomains(domain)
            | TargetKind::Template { domain, .. }) = &target.kind;
            all.insert(domain.to_string());
            of_targets.insert(domain.to_string());
        }
    }
    (all, of_targets)
}

fn kept(store: &RuleStore) -> (BTreeSet<String>, BTreeSet<String>) {
    let all = store.domains().map(ToString::to_string).collect();
    (
        all,
        store.target_domains().map(ToString::to_string).collect(),
    )
}

/// The rules of each file, and whether each of them is replaced.
type Files = Vec<Vec<(Rule, bool)>>;

fn files(given: &[Given]) -> Files {
    let mut files: Files = vec![Vec::new()];
    for one in given {
        if one.new_file {
            files.push(Vec::new());
        }
        let number = u32::try_from(files.len() - 1).unwrap();
        let rule = in_file(&one.rule, number);
        files.last_mut().unwrap().push((rule, one.replaced));
    }
    files
}

/// Checks what can be asked about one rule.
fn asked(store: &RuleStore, id: RuleId, rule: &Rule) -> Result<(), TestCaseError> {
    prop_assert_eq!(shown(&store.rule(id).unwrap()), shown(rule));
    prop_assert_eq!(store.unplaced(id).unwrap().to_string(), rule.to_string());
    prop_assert_eq!(store.place(id), Some((rule.span.file, rule.span.line)));
    let view = store.meaning(id).unwrap();
    prop_assert_eq!(view.action.to_string(), rule.action.to_string());
    prop_assert_eq!(view.detail, rule.detail);
    let wide = match &rule.pattern {
        Pattern::Mailbox(_) | Pattern::LocalPart(_) | Pattern::Regex(_) => false,
        Pattern::AnyDetail { .. }
        | Pattern::Detailed(_)
        | Pattern::Domain(_)
        | Pattern::Subdomains(_) => true,
    };
    prop_assert_eq!(view.wide, wide);
    let above = match &rule.pattern {
        Pattern::Subdomains(domain) => Some(domain.clone()),
        _ => None,
    };
    prop_assert_eq!(view.above, above);
    let mailbox = match &rule.pattern {
        Pattern::Mailbox(mailbox) => Some((
            mailbox.local.as_str(),
            store.domain(&mailbox.domain).unwrap(),
        )),
        _ => None,
    };
    prop_assert_eq!(store.mailbox(id), mailbox);
    Ok(())
}

fn entry(entry: &StoredRule<'_>, rule: &Rule) -> Result<(), TestCaseError> {
    prop_assert_eq!(shown(&entry.rule().unwrap()), shown(rule));
    prop_assert_eq!(entry.domain(), rule.pattern.domain());
    prop_assert_eq!(
        entry.is_for_mailbox(),
        matches!(rule.pattern, Pattern::Mailbox(_))
    );
    prop_assert_eq!(entry.rewrites(), matches!(rule.action, Action::Rewrite(_)));
    prop_assert_eq!(entry.refuses(), matches!(rule.action, Action::Refuse(_)));
    prop_assert_eq!(entry.is_mailbox(), rule.action == Action::Mailbox);
    prop_assert_eq!(
        (entry.origin(), entry.file()),
        (rule.origin, rule.span.file)
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_store_is_a_list_of_rules(given in vec(given(), 0..60), order in any::<u64>()) {
        let files = files(&given);
        let mut store = RuleStore::default();
        let (mut ids, mut named) = (Vec::new(), Vec::new());
        for (rule, _) in files.iter().flatten() {
            // The names of a file are taken when its rules have ended.
            while named.len() < rule.span.file as usize {
                named.push(store.end_file());
            }
            ids.push(store.push(rule).unwrap());
        }
        while named.len() < files.len() {
            named.push(store.end_file());
        }
        let all = || files.iter().flatten();
        for ((_, replaced), id) in all().zip(&ids) {
            if *replaced {
                store.replace(*id);
            }
        }
        for ((rule, _), id) in all().zip(&ids) {
            asked(&store, *id, rule)?;
        }
        let live: Vec<_> = all().zip(&ids).filter(|((_, replaced), _)| !replaced).collect();
        prop_assert_eq!(store.len(), live.len());
        let entries: Vec<_> = store.entries().collect();
        prop_assert_eq!(entries.len(), live.len());
        for (one, ((rule, _), id)) in entries.iter().zip(&live) {
            prop_assert_eq!(one.id, **id);
            entry(one, rule)?;
        }
        let odd = store.entries_of(|file| file % 2 == 1).map(|entry| entry.id);
        let wanted = live.iter().filter(|((rule, _), _)| rule.span.file % 2 == 1);
        prop_assert_eq!(odd.collect::<Vec<_>>(), wanted.map(|(_, id)| **id).collect::<Vec<_>>());
        prop_assert_eq!(kept(&store), names(all().map(|(rule, _)| rule)));

        // Some of the files, each perhaps twice, in another order: no rule is replaced in the copy.
        let mut copy = RuleStore::after(&store);
        let (mut wanted, mut number) = (Vec::new(), 0);
        for turn in 0..files.len() {
            let from = (order.rotate_left(u32::try_from(turn % 64).unwrap()) % files.len() as u64) as usize;
            copy.copy_file(&store, u32::try_from(from).unwrap(), number, &named[from]);
            wanted.extend(files[from].iter().map(|(rule, _)| in_file(rule, number)));
            number += 1;
        }
        prop_assert_eq!(copy.len(), wanted.len());
        let copied: Vec<_> = copy.iter().map(|rule| shown(&rule)).collect();
        prop_assert_eq!(copied, wanted.iter().map(shown).collect::<Vec<_>>());
        prop_assert_eq!(kept(&copy), names(wanted.iter()));
        // A rule that is added behind copies has its own place.
        if let Some((rule, _)) = all().next() {
            let rule = in_file(rule, number);
            let id = copy.push(&rule).unwrap();
            asked(&copy, id, &rule)?;
        }
    }
}
