//! What was stored comes back unchanged, with its places.

mod model;

use super::{block::Block, *};
use crate::engine::{
    SourceText,
    address::{Domain, LocalCase, LocalPart, Mailbox, fold},
    diagnostic::{Findings, Span},
    rule::{Action, Annotation, Detail, Origin, Pattern, Piece, Rule, Target, TargetKind},
    syntax::{Parsed, read},
};

/// Every kind of pattern, action, target and mark that a line can have.
const RULES: &str = "\
jd@domain2.com jdoe@company.com
\"j d\"@domain2.com jdoe@company.com detail=drop
a..b@domain2.com \"j..doe\"@company.com detail=keep
J\u{fc}rgen@b\u{fc}cher.example juergen@company.com
user+*@domain2.com new+*@company.com
postmaster@* postmaster@company.com
/(\\w+)\\.(\\w+)@domain2\\.com/ ${2}x.$1@company.com, audit@company.com
+*@domain2.com details@company.com
@domain2.com @company.com
@*.domain2.com @company.com
sales@domain2.com anna@company.com,
    bob@company.com
archive@domain2.com keep
leaked@domain2.com reject 550 5.1.1 \"No such user\"
later@domain2.com defer
trap@domain2.com discard
jdoe@company.com mailbox jd2@domain2.com,
    jd3@domain2.com, jd4@domain2.com

#
far@domain2.com                                                                                                                                      keep
";

fn rules(text: &str) -> Vec<Rule> {
    let sources = [SourceText::new("a.rules", text)];
    let (mut parsed, mut findings) = (Parsed::default(), Findings::new(&sources));
    read(0, &sources[0], &mut parsed, &mut findings);
    assert!(!findings.has_errors(), "{:#?}", findings.into_diagnostics());
    parsed.rules.iter().collect()
}

fn shown(rule: &Rule) -> String {
    // `Debug` shows everything, the spans of targets included.
    format!("{rule:?}")
}

#[test]
fn every_rule_comes_back_as_it_was_with_its_places() {
    // Several times, as several files and over several blocks.
    let mut given = Vec::new();
    for file in 0..7 {
        for mut rule in rules(RULES) {
            rule.span.file = file;
            if let Action::Rewrite(targets) = &mut rule.action {
                targets
                    .iter_mut()
                    .for_each(|target| target.span.file = file);
            }
            given.push(rule);
        }
    }
    let mut store = RuleStore::default();
    let ids: Vec<_> = given.iter().map(|rule| store.push(rule).unwrap()).collect();
    store.shrink();
    assert_eq!(store.len(), given.len());
    let listed: Vec<_> = store
        .entries()
        .map(|entry| (entry.id, entry.rule().unwrap()))
        .collect();
    assert_eq!(listed.len(), given.len());
    for ((rule, id), (listed_id, listed)) in given.iter().zip(ids).zip(listed) {
        assert_eq!((shown(rule), id), (shown(&listed), listed_id));
        assert_eq!(shown(rule), shown(&store.rule(id).unwrap()));
        assert_eq!(store.place(id), Some((rule.span.file, rule.span.line)));
    }
}

/// Rules made by hand, because rules that are read from a text were stored already.
#[test]
fn a_rule_is_what_was_put_in() {
    let domain = |name: &str| Domain::parse(name).unwrap();
    let span = |line, start, length| Span {
        file: 3,
        line,
        start,
        length,
    };
    let target = |kind, span| Target { kind, span };
    let mailbox = |text: &str| Mailbox::parse(text).unwrap();
    let pieces = vec![Piece::Text("a.".into()), Piece::Detail, Piece::Capture(12)];
    let targets = vec![
        target(
            TargetKind::Mailbox(mailbox("a..b@company.com")),
            span(7, 900, 16),
        ),
        target(
            TargetKind::Mailbox(mailbox("\"a..b\"@company.com")),
            span(9, 40, 77),
        ),
        target(
            TargetKind::Domain(domain("partner.example")),
            span(6, 3, 16),
        ),
        target(
            TargetKind::Template {
                pieces,
                domain: domain("company.com"),
            },
            span(8, 950, 5),
        ),
    ];
    let rule = Rule {
        pattern: Pattern::AnyDetail {
            user: LocalPart::parse("\"j d\"").unwrap(),
            domain: domain("domain2.com"),
        },
        action: Action::Rewrite(targets),
        detail: Some(Detail::Drop),
        annotation: Annotation {
            note: Some("Helpdesk 4711".into()),
            owner: Mailbox::parse("anna@company.com").ok(),
        },
        span: span(8, 890, 23),
        origin: Origin::Proxy,
    };
    let mut store = RuleStore::default();
    let id = store.push(&rule).unwrap();
    let back = store.rule(id).unwrap();
    assert_eq!(shown(&back), shown(&rule));
    let spans = |rule: &Rule| match &rule.action {
        Action::Rewrite(targets) => targets.iter().map(|target| target.span).collect(),
        _ => Vec::new(),
    };
    assert_eq!(spans(&back)[1], span(9, 40, 77));
    assert_eq!((back.span, back.origin), (span(8, 890, 23), Origin::Proxy));
    assert_eq!((back.pattern, back.detail), (rule.pattern, rule.detail));
}

#[test]
fn places_may_go_backwards() {
    let mut given = rules(RULES);
    given.reverse();
    let mut store = RuleStore::default();
    for rule in &given {
        store.push(rule);
    }
    let back: Vec<_> = store.iter().map(|rule| shown(&rule)).collect();
    assert_eq!(back, given.iter().map(shown).collect::<Vec<_>>());
}

#[test]
fn a_replaced_rule_is_listed_no_more() {
    let mut store = RuleStore::default();
    let given = rules(RULES);
    let ids: Vec<_> = given.iter().map(|rule| store.push(rule).unwrap()).collect();
    store.replace(ids[3]);
    assert_eq!(store.len(), given.len() - 1);
    assert!(store.entries().all(|entry| entry.id != ids[3]));
    assert_eq!(store.iter().count(), given.len() - 1);
    assert_eq!(shown(&store.rule(ids[3]).unwrap()), shown(&given[3]));
}

#[test]
fn a_number_that_is_none_gives_nothing() {
    let mut store = RuleStore::default();
    assert!(store.rule(RuleId(0)).is_none());
    let id = store.push(&rules("jd@domain2.com keep\n")[0]).unwrap();
    let end = u32::try_from(store.bytes.len()).unwrap();
    for wrong in (0..end + 9).chain([u32::MAX]).filter(|at| *at != id.0) {
        store.replace(RuleId(end.saturating_add(wrong)));
        let _ = (store.rule(RuleId(wrong)), store.place(RuleId(wrong)));
    }
    assert!(store.rule(RuleId(end)).is_none());
    assert_eq!(store.len(), 1);
}

/// The figures in the documentation assume local-parts of ten bytes and a few domains.
#[test]
fn a_plain_rule_takes_few_bytes() {
    let line = |number: u32| format!("user{number:06}@domain2.com name{number:06}@company.com\n");
    let text: String = (0..1000).map(line).collect();
    let mut store = RuleStore::default();
    rules(&text).iter().for_each(|rule| {
        store.push(rule);
    });
    let blocks = store.blocks.len() * size_of::<Block>();
    let each = (store.bytes.len() + blocks) / 1000;
    assert!(each <= 33, "{each} bytes a rule, 20 of them local-parts");
}

#[test]
fn beyond_the_limit_nothing_is_taken_and_the_first_is_named() {
    let mut store = RuleStore::default();
    let mut given = rules("jd@domain2.com keep\n").remove(0);
    let mut pushed = 0;
    while store.push(&given).is_some() {
        pushed += 1;
        given.span.line += 1;
    }
    assert_eq!(store.overflow().map(|span| span.line), Some(pushed + 1));
    assert!(store.push(&given).is_none());
    assert_eq!(store.iter().count(), pushed as usize);
}

#[test]
fn local_parts_are_compared_as_they_fold() {
    // The Kelvin sign is a K, composed or folded.
    let spellings = [
        "K",
        "k",
        "\u{212a}",
        "ju\u{308}",
        "j\u{fc}",
        "J\u{dc}",
        "ab",
        "a",
    ];
    for case in [LocalCase::Ignore, LocalCase::Strict] {
        for one in spellings {
            for other in spellings {
                let alike = fold(one, case) == fold(other, case);
                assert_eq!(
                    same_local(one, other, case),
                    alike,
                    "{one} {other} {case:?}"
                );
            }
        }
    }
}

/// A file whose replies change with every save, beside files that stay: replies that no rule has any more go too.
#[test]
fn replies_that_are_gone_do_not_pile_up() {
    let kept =
        rules("jd@domain2.com jdoe@company.com\nleaked@domain2.com reject 550 5.1.1 \"Gone\"\n");
    let mut store = RuleStore::default();
    for turn in 0..200 {
        let mut next = RuleStore::default();
        let copies = turn > 0 && store.is_compact();
        if copies {
            next = RuleStore::after(&store);
            next.copy_file(&store, 0, 0, &[(0, false), (1, true)]);
        } else {
            kept.iter()
                .for_each(|rule| assert!(next.push(rule).is_some()));
            next.end_file();
        }
        for number in 0..3 {
            let text =
                format!("x{number}@domain2.com reject 550 5.1.1 \"Since save {turn}, {number}\"\n");
            let mut rule = rules(&text).remove(0);
            rule.span.file = 1;
            next.push(&rule).unwrap();
        }
        next.end_file();
        assert_eq!(next.len(), 5);
        assert!(
            next.names.replies() <= 2 * 8 + 3,
            "{turn}: {}",
            next.names.replies()
        );
        let shown: Vec<_> = next.iter().map(|rule| rule.to_string()).collect();
        assert!(shown[1].ends_with("\"Gone\""), "{shown:?}");
        assert!(
            shown[4].ends_with(&format!("save {turn}, 2\"")),
            "{shown:?}"
        );
        store = next;
    }
}
