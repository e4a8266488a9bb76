use super::*;
use crate::engine::{
    SourceText,
    rule::{Findings, Parsed, read},
};

/// Every kind of pattern, action, target and mark that a line can give.
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
    let sources = [SourceText {
        name: "a.rules".into(),
        bytes: text.into(),
    }];
    let (mut parsed, mut findings) = (Parsed::default(), Findings::new(&sources));
    read(0, &sources[0], &mut parsed, &mut findings);
    assert!(!findings.has_errors(), "{:#?}", findings.into_diagnostics());
    parsed.rules
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
            if let crate::engine::rule::Action::Rewrite(targets) = &mut rule.action {
                targets
                    .iter_mut()
                    .for_each(|target| target.span.file = file);
            }
            given.push(rule);
        }
    }
    let mut store = Store::default();
    let ids: Vec<_> = given.iter().map(|rule| store.push(rule).unwrap()).collect();
    store.shrink();
    assert_eq!(store.len(), given.len());
    let listed: Vec<_> = store.rules().collect();
    assert_eq!(listed.len(), given.len());
    for ((rule, id), (listed_id, listed)) in given.iter().zip(ids).zip(listed) {
        assert_eq!((shown(rule), id), (shown(&listed), listed_id));
        assert_eq!(shown(rule), shown(&store.rule(id).unwrap()));
        assert_eq!(store.place(id), Some((rule.span.file, rule.span.line)));
    }
}

#[test]
fn places_may_go_backwards() {
    let mut given = rules(RULES);
    given.reverse();
    let mut store = Store::default();
    for rule in &given {
        store.push(rule);
    }
    let back: Vec<_> = store.rules().map(|(_, rule)| shown(&rule)).collect();
    assert_eq!(back, given.iter().map(shown).collect::<Vec<_>>());
}

#[test]
fn a_replaced_rule_is_listed_no_more() {
    let mut store = Store::default();
    let given = rules(RULES);
    let ids: Vec<_> = given.iter().map(|rule| store.push(rule).unwrap()).collect();
    store.replace(ids[3]);
    assert_eq!(store.len(), given.len() - 1);
    assert!(store.rules().all(|(id, _)| id != ids[3]));
    assert_eq!(store.rules().count(), given.len() - 1);
    assert_eq!(shown(&store.rule(ids[3]).unwrap()), shown(&given[3]));
}

#[test]
fn a_number_that_is_none_gives_nothing() {
    let mut store = Store::default();
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

/// What the figures of the head rest on: locals of ten octets, a few domains.
#[test]
fn a_plain_rule_takes_few_octets() {
    let line = |number: u32| format!("user{number:06}@domain2.com name{number:06}@company.com\n");
    let text: String = (0..1000).map(line).collect();
    let mut store = Store::default();
    rules(&text).iter().for_each(|rule| {
        store.push(rule);
    });
    let blocks = store.blocks.len() * size_of::<Block>();
    let each = (store.bytes.len() + blocks) / 1000;
    assert!(each <= 33, "{each} octets a rule, 20 of them local-parts");
}
