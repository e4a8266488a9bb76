//! Compares what regexes match here with what they match in the crate `regex`, which knows all letters; and
//! tests which domain a regex spells out.

use super::*;
use crate::engine::{
    address::Mailbox,
    table::{Settings, Table},
};

const RULES: &[&str] = &[
    r"(\w+)\.(\w+)@domain2\.com",
    r"(\W*)x(\w*)@domain2\.com",
    r"([a-z]+)@domain2\.com",
    r"([^a-z]+)@domain2\.com",
    r"(müller|ÉCOLE|straße)@domain2\.com",
    r"([à-ö]+)(.)@domain2\.com",
    r"(\p{Greek}+)\.?(\p{Lu})?@domain2\.com",
    r"(?-u:(\w+)).*@domain2\.com",
    r"\b(.+)\b.(?:-\b)?@domain2\.com",
    r"(.*?)(\d{1,3})(.*)@domain2\.com",
    r"(k|s+)(?-i:Q)?@domain2\.com",
    r"(a|ab)(c|bcd)(d*)@domain2\.com",
    r"(名|前)(.*)@domain2\.com",
    r"(?i:ς)(Σ*)@domain2\.com",
    r"",
];

const LOCALS: &[&str] = &[
    "anna.lee",
    "x",
    "ünïx",
    "müller",
    "MÜLLER",
    "école",
    "STRASSE",
    "straße",
    "ÀÉ7",
    "αβγ.Δ",
    "αβΔ",
    "\u{212a}",
    "ſ",
    "sſS",
    "kQ",
    "kq",
    "a-b",
    "ab.-",
    "room٣12",
    "12",
    "abcd",
    "名前",
    "前",
    "前é-",
    "σσς",
    "ΣΣ",
    "-.-",
    "a b",
    "é.é",
    "é.e\u{301}",
    "😀",
    "x😀y",
    "_.9",
];

fn of_rules(texts: &[&str]) -> Regexes {
    let list: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| {
            (
                RuleId::numbered(u32::try_from(at).unwrap()),
                Box::from(*text),
            )
        })
        .collect();
    let (regexes, refused) = Regexes::new(&list);
    assert_eq!(refused, []);
    regexes
}

/// Returns the first regex that matches a text according to the crate `regex`, and its groups.
fn by_regex(texts: &[&str], text: &str) -> Option<(u32, Vec<Option<String>>)> {
    texts.iter().enumerate().find_map(|(at, rule)| {
        let regex = regex::RegexBuilder::new(&format!("^(?:{rule})$"))
            .case_insensitive(true)
            .build()
            .unwrap();
        let groups = regex.captures(text)?;
        let groups = groups
            .iter()
            .map(|group| group.map(|group| group.as_str().to_owned()));
        Some((u32::try_from(at).unwrap(), groups.collect()))
    })
}

fn by_table(regexes: &Regexes, local: &str) -> Option<(u32, Vec<Option<String>>)> {
    let table = Table {
        settings: Settings {
            recipient_delimiter: String::new(),
            ..Settings::default()
        },
        ..Table::default()
    };
    let mailbox = Mailbox::parse(&format!("\"{local}\"@domain2.com")).unwrap();
    let found = regexes.find(&Address::new(mailbox, &table))?;
    Some((found.rule.number(), found.captures))
}

#[test]
fn every_regex_matches_what_the_crate_regex_matches() {
    let mut matches = 0;
    for rule in RULES {
        let regexes = of_rules(&[rule]);
        for local in LOCALS {
            let text = normalised(local, "domain2.com");
            let expected = by_regex(&[rule], &text);
            matches += usize::from(expected.is_some());
            assert_eq!(by_table(&regexes, local), expected, "{rule} {text}");
        }
    }
    assert!(matches > 60, "{matches}");
}

#[test]
fn the_first_of_many_wins() {
    let regexes = of_rules(RULES);
    assert!(regexes.by_domain.values().any(|group| group.set.is_some()));
    for local in LOCALS {
        let text = normalised(local, "domain2.com");
        assert_eq!(by_table(&regexes, local), by_regex(RULES, &text), "{text}");
    }
}

#[test]
fn letters_that_no_regex_names_are_two_classes() {
    let mut letters = Letters::new();
    letters.add(&hir(r"(\w+)\.([^@]+).@domain2\.com").unwrap());
    let alphabet = letters.classes().unwrap();
    assert_eq!(
        alphabet.translate("aé名\u{a0}😀"),
        "a\u{4e00}\u{4e00}\u{e000}\u{e000}"
    );
}

#[test]
fn a_regex_that_is_too_large_is_refused() {
    let list = [
        (RuleId::numbered(0), r"a@domain2\.com".into()),
        (RuleId::numbered(1), r"(a{1000}){1000}@domain2\.com".into()),
    ];
    let (regexes, refused) = Regexes::new(&list);
    assert_eq!(refused, [(RuleId::numbered(1), Refused::TooLarge)]);
    assert!(
        regexes
            .by_domain
            .values()
            .all(|group| group.list.len() == 1)
    );
}

#[test]
fn the_memory_of_all_regexes_is_limited() {
    let list: Vec<_> = (0..2000)
        .map(|at| {
            (
                RuleId::numbered(at),
                format!(r"{at}[ab]{{9000}}@domain2\.com").into(),
            )
        })
        .collect();
    let (regexes, refused) = Regexes::new(&list);
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].1, Refused::TooMany);
    let groups = regexes.by_domain.values().chain([&regexes.anywhere]);
    let bytes = |group: &Group| {
        let list = group.list.iter().map(|(nfa, _)| nfa.memory_usage());
        list.sum::<usize>() + group.set.as_ref().map_or(0, Set::memory_usage)
    };
    let all: usize = groups.map(bytes).sum();
    assert!(all <= MAX_ALL + MAX_SET, "{all}");
}

#[test]
fn a_regex_has_a_domain_only_if_it_spells_one_out() {
    for (text, domain) in [
        (r"(\w+)\.(\w+)@domain2\.com", Some("domain2.com")),
        (r"a\(b@Domain2\.com", Some("domain2.com")),
        (r".*@domain2.com", None),
        (r"a@domain2\.com|b@domain3\.com", None),
        (r"(a@domain2\.com)", None),
        (r"(a|b)@domain2\.com", None),
        (r"(a@|b@)domain2\.com", None),
        (r"[@]x@domain2\.com", None),
        (r"(?x)a@domain2\.com #", None),
        (r"a@domain[23]\.com", None),
        (r"a@(domain2\.com)?", None),
        (r"a\@domain2\.com", None),
        (r"a@domain2\.com+", None),
        (r"a", None),
        (r"a@", None),
    ] {
        let found = domain_of(text);
        assert_eq!(found.as_ref().map(Domain::as_str), domain, "{text}");
    }
}
