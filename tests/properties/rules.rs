//! Rules: the canonical text of a rule that is read again is the same rule.

use proptest::{collection::vec, prelude::*, sample::select};
use readdress::engine::{
    Severity, SourceText,
    diagnostic::Findings,
    format::{self, Options},
    rule::Rule,
    syntax::Parsed,
};

use super::model::quoted;
use super::worlds::world;

fn read(text: &str) -> (Parsed, Vec<String>) {
    let sources = [SourceText::new("a.rules", text.as_bytes().to_vec())];
    let mut findings = Findings::new(&sources);
    let parsed = format::parse(
        &sources,
        &Options::default(),
        &readdress::engine::store::Reuse::default(),
        &mut findings,
    );
    let errors = findings
        .into_diagnostics()
        .into_iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| d.to_string())
        .collect();
    (parsed, errors)
}

/// A local-part that needs its quotes: characters that begin a comment, a regex, an option, a wildcard.
fn odd_local() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{1,3}",
        "[a-b#/*+$=,.@\"\\\\ {}1-]{1,6}",
        "[a-zä中.]{1,5}",
        select(
            &[
                "keep", "reject", "/a/", "#", "*", "+*", "a+*", "$1", "@x", "", "a..b"
            ][..]
        )
        .prop_map(str::to_owned),
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    let bare = "[a-b#$=+./*]{1,5}";
    prop_oneof![
        odd_local().prop_map(|l| format!("{}@one.test", quoted(&l))),
        bare.prop_map(|l| format!("{l}@one.test")),
        odd_local().prop_map(|l| format!("{}+*@one.test", quoted(&l))),
        odd_local().prop_map(|l| format!("{}@*", quoted(&l))),
        "[a-b()|\\\\./+*$#\" ]{1,7}".prop_map(|r| format!("/({r})(x)/")),
        select(&["+*@one.test", "@one.test", "@*.One.TEST", "@bücher.test"][..])
            .prop_map(str::to_owned),
    ]
}

fn target() -> impl Strategy<Value = String> {
    prop_oneof![
        odd_local().prop_map(|l| format!("{}@two.test", quoted(&l))),
        "[a-b#$=+./*]{1,5}".prop_map(|l| format!("{l}@two.test")),
        odd_local().prop_map(|l| format!("{}*@two.test", quoted(&l))),
        odd_local().prop_map(|l| format!("*{}@two.test", quoted(&l))),
        odd_local().prop_map(|l| format!("{}@two.test", quoted(&format!("${{1}}{l}$2")))),
        select(
            &[
                "@two.test",
                "$1.${2}x$$@two.test",
                "$$@two.test",
                "#$1@two.test",
                "#*@two.test"
            ][..]
        )
        .prop_map(str::to_owned),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let text = "[ -~]{0,9}".prop_map(|text| format!("reject 551 5.7.1 {}", quoted(&text)));
    let simple = select(
        &[
            "keep",
            "discard",
            "mailbox",
            "defer",
            "moved x@y.test",
            "mailbox \"#\"@one.test, a@one.test",
        ][..],
    );
    let action = prop_oneof![
        4 => vec(target(), 1..3).prop_map(|list| list.join(", ")),
        1 => text,
        2 => simple.prop_map(str::to_owned),
    ];
    let detail = select(&["", "", " detail=keep", " detail=drop"][..]);
    (pattern(), action, detail).prop_map(|(p, a, d)| format!("{p} {a}{d}"))
}

fn same(one: &Rule, other: &Rule) -> bool {
    one.pattern == other.pattern && one.action == other.action && one.detail == other.detail
}

fn comes_back(rule: &Rule) -> Result<(), TestCaseError> {
    let printed = rule.to_string();
    let (again, errors) = read(&printed);
    prop_assert!(errors.is_empty(), "{}\n{}", printed, errors.join("\n"));
    prop_assert_eq!(again.rules.len(), 1, "{}", &printed);
    for again in again.rules.iter() {
        prop_assert!(same(rule, &again), "{printed}: {rule:?} {again:?}");
        prop_assert_eq!(again.to_string(), &*printed);
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::cases(3000))]

    #[test]
    fn a_rule_comes_back(line in line()) {
        for rule in read(&line).0.rules.iter() {
            comes_back(&rule)?;
        }
    }

    #[test]
    fn a_table_comes_back(world in world()) {
        let (parsed, errors) = read(&world.text());
        // All errors of these worlds are between rules, except for a route that is carried on.
        prop_assume!(errors.is_empty());
        let mut printed = String::new();
        for declaration in &parsed.declarations {
            printed.push_str(&format!("{declaration}\n"));
        }
        for rule in parsed.rules.iter() {
            printed.push_str(&format!("{rule}\n"));
        }
        let (again, errors) = read(&printed);
        prop_assert!(errors.is_empty(), "{}\n{}", printed, errors.join("\n"));
        prop_assert_eq!(again.rules.len(), parsed.rules.len());
        prop_assert!(again.rules.iter().zip(parsed.rules.iter()).all(|(one, other)| same(&one, &other)));
        prop_assert_eq!(again.declarations.len(), parsed.declarations.len());
        let told = |p: &Parsed| p.declarations.iter().map(|d| (d.domain.clone(), d.class, d.unknown)).collect::<Vec<_>>();
        prop_assert_eq!(told(&again), told(&parsed));
    }
}

/// The generator of single lines makes enough lines that are rules.
#[test]
fn random_lines_are_often_rules() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let drawn = (0..500).filter_map(|_| line().new_tree(&mut runner).ok());
    let sound = drawn.filter(|line| !read(&line.current()).0.rules.is_empty());
    assert!(sound.count() > 100);
}

/// What looks like a group of a regex keeps its quotes, beside a detail that is filled in as well.
#[test]
fn a_dollar_that_stands_for_itself_comes_back() {
    for line in [
        "a+*@one.test \"$1\"*@two.test\n",
        "a+*@one.test \"x$1.\"*@two.test\n",
        "a@one.test \"$1\"@two.test\n",
        "\"${1}\"@one.test b@two.test\n",
    ] {
        let mut seen = 0;
        for rule in read(line).0.rules.iter() {
            comes_back(&rule).unwrap();
            seen += 1;
        }
        assert_eq!(seen, 1, "{line}");
    }
}
