//! Laws on small tables: what holds, what breaks them, and what cannot be shown.

use crate::engine::{Compiled, Settings, SourceText, compile, laws::LawVerdict};

const HEAD: &str = "company.com primary unknown=reject\nplain.example primary\ndomain2.com secondary\n\
    else.example external\njdoe@company.com mailbox\nanna@company.com mailbox\n\
    postmaster@* anna@company.com\nabuse@* anna@company.com\n";

fn compiled(rules: &str, laws: &str) -> Compiled {
    let sources = [
        SourceText::new("a.rules", format!("{HEAD}{rules}")),
        SourceText::new("b.expect", laws),
    ];
    compile(&sources, &Settings::default())
}

/// Returns what was shown about one law, and the findings that are errors.
#[track_caller]
fn shown(rules: &str, law: &str) -> (LawVerdict, String) {
    let compiled = compiled(rules, law);
    let found: Vec<_> = compiled
        .diagnostics
        .iter()
        .filter(|finding| finding.code.word() != "accepts-everything")
        .map(ToString::to_string)
        .collect();
    (compiled.laws[0].verdict, found.join("\n"))
}

#[track_caller]
fn holds(rules: &str, law: &str) {
    let (verdict, found) = shown(rules, law);
    assert_eq!(verdict, LawVerdict::Holds, "{rules}{law}\n{found}");
}

#[track_caller]
fn broken(rules: &str, law: &str, witness: &str) {
    let (verdict, found) = shown(rules, law);
    assert_eq!(verdict, LawVerdict::Broken, "{rules}{law}\n{found}");
    assert!(
        found.contains(&format!("`{witness}`")),
        "{witness}: {found}"
    );
}

#[test]
fn a_whole_domain() {
    let rules = "jd@domain2.com jdoe@company.com\n@domain2.com @company.com\n";
    holds(rules, "@domain2.com only @company.com\n");
    holds(rules, "@domain2.com never @else.example, @*.company.com\n");
    broken(
        rules,
        "@domain2.com delivered\n",
        "readdress0probe@domain2.com",
    );
    broken(
        rules,
        "@domain2.com never jdoe@company.com\n",
        "jd@domain2.com",
    );
    let away = "jd@domain2.com jdoe@else.example\n@domain2.com @company.com\n";
    broken(away, "@domain2.com only @company.com\n", "jd@domain2.com");
    holds(
        "@domain2.com anna@company.com\n",
        "@domain2.com delivered\n",
    );
}

#[test]
fn a_rule_behind_a_whole_domain() {
    let rules = "@domain2.com @plain.example\nx@plain.example x@else.example\n";
    broken(rules, "@domain2.com never @else.example\n", "x@domain2.com");
    // The address that would break the law has a rule of its own.
    let rules =
        "@domain2.com @plain.example\nx@plain.example x@else.example\nx@domain2.com reject\n";
    holds(rules, "@domain2.com never @else.example\n");
    let details =
        "@domain2.com @plain.example\nx@plain.example keep\nx+y@plain.example x@else.example\n";
    broken(
        details,
        "@domain2.com never @else.example\n",
        "x+y@domain2.com",
    );
}

#[test]
fn details() {
    let rules = "jd@domain2.com jdoe@company.com\njdoe+out@company.com jd@else.example\n";
    broken(
        rules,
        "jd@domain2.com never @else.example\n",
        "jd+out@domain2.com",
    );
    holds(
        "jd@domain2.com jdoe@company.com detail=drop\njdoe+out@company.com jd@else.example\n",
        "jd@domain2.com never @else.example\n",
    );
    let rules = "jd@domain2.com jdoe@company.com\njd+*@domain2.com jd+*@else.example\n";
    holds(rules, "jd+*@domain2.com only @else.example\n");
    broken(
        rules,
        "jd@domain2.com only @company.com\n",
        "jd+readdress0probe@domain2.com",
    );
    let rules = "+*@domain2.com anna@company.com\n@domain2.com x@else.example\n";
    holds(rules, "+*@domain2.com only anna@company.com\n");
    broken(
        rules,
        "@domain2.com only @company.com\n",
        "readdress0probe@domain2.com",
    );
}

#[test]
fn subdomains() {
    let rules = "@*.domain2.com @*.plain.example\nx@eu.plain.example x@else.example\neu.plain.example primary\n";
    broken(
        rules,
        "@*.domain2.com never @else.example\n",
        "x@eu.domain2.com",
    );
    holds(
        rules,
        "@*.domain2.com only @*.plain.example, @else.example, anna@company.com\n",
    );
    let (verdict, found) = shown("", "@*.domain2.com delivered\n");
    assert_eq!(verdict, LawVerdict::MatchesNothing, "{found}");
}

#[test]
fn everywhere() {
    holds("", "postmaster@* delivered\n");
    broken(
        "postmaster@domain2.com discard\n",
        "postmaster@* delivered\n",
        "postmaster@domain2.com",
    );
    broken(
        "@*.domain2.com reject\n",
        "info@* delivered\n",
        "info@domain2.com",
    );
}

#[test]
fn regexes() {
    let rules =
        "/(\\w+)\\.(\\w+)@domain2\\.com/ $2.$1@plain.example\n@domain2.com anna@company.com\n";
    holds(rules, "@domain2.com only @plain.example, @company.com\n");
    broken(rules, "@domain2.com only @company.com\n", "r.r@domain2.com");
    // What these groups match has no detail: nobody becomes jd@plain.example, with a detail or without.
    let named = format!("{rules}jd@plain.example x@else.example\n");
    holds(&named, "@domain2.com never @else.example\n");
    let dotted = format!("{rules}j.d@plain.example x@else.example\n");
    broken(
        &dotted,
        "@domain2.com never @else.example\n",
        "d.j@domain2.com",
    );
    holds(
        "/(.*)@domain2\\.com/ anna@company.com\n",
        "@domain2.com delivered\n",
    );
    // It is for another domain, though its text does not say so plainly.
    holds(
        "/x@(plain|company).(com|example)/ x@else.example\n@domain2.com anna@company.com\n",
        "@domain2.com never @else.example\n",
    );
}

#[test]
fn what_cannot_be_shown() {
    let rules = "/x*(y?)@domain2\\.com/ z$1@plain.example\nzz@plain.example x@else.example\n";
    let (verdict, found) = shown(rules, "@domain2.com never @else.example\n");
    assert_eq!(verdict, LawVerdict::Unproved, "{found}");
    assert!(found.contains("this rule stands in the way"), "{found}");
}

#[test]
fn spellings_that_route() {
    let rules = "\"a%b\"@domain2.com x@else.example\n@domain2.com anna@company.com\n";
    broken(
        rules,
        "@domain2.com never @else.example\n",
        "a%b@domain2.com",
    );
    holds(
        "@domain2.com anna@company.com\n",
        "@domain2.com delivered\n",
    );
    broken(
        "@else.example anna@company.com\n",
        "@else.example only @company.com\n",
        "readdress0probe%readdress0probe@else.example",
    );
}

#[test]
fn numbers() {
    let rules = "a@domain2.com anna@company.com\nb+x@domain2.com anna@company.com\n";
    holds(rules, "@domain2.com at-least 2\n");
    holds(rules, "+*@domain2.com at-least 1\n");
    broken(
        rules,
        "@domain2.com at-least 3\n",
        "@domain2.com at-least 3",
    );
    let (_, found) = shown("", "@domian2.com at-least 1\n");
    assert!(
        found.contains("no address has a rule of its own"),
        "{found}"
    );
}

#[test]
fn nothing_is_proved_on_rules_with_errors() {
    let (verdict, _) = shown("jd@domain2.com rejct\n", "@domain2.com only @company.com\n");
    assert_eq!(verdict, LawVerdict::Unchecked);
}
