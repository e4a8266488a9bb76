//! readdress-rules(5): the format of native rules, which is written by hand, held to the words that the
//! parser knows.

use std::fs;

use readdress::engine::{Settings, SourceText, compile};

use crate::page::root;

fn page() -> String {
    fs::read_to_string(root().join("packaging/man/readdress-rules.5")).expect("the page")
}

/// The example, between its marks, as it was before it became roff.
fn example(page: &str) -> String {
    let (_, rest) = page.split_once(".\\\" example\n").expect("the mark before");
    let (example, _) = rest
        .split_once(".\\\" end of example\n")
        .expect("the mark behind");
    example
        .lines()
        .filter(|line| !line.starts_with(".nf") && !line.starts_with(".fi"))
        .map(|line| line.replace("\\-", "-").replace("\\e", "\\") + "\n")
        .collect()
}

/// What is shown loads, without a finding.
#[test]
fn the_example_is_a_table() {
    let source = SourceText::new("example.rules", example(&page()).into_bytes());
    let compiled = compile(&[source], &Settings::default());
    assert!(
        compiled.diagnostics.is_empty(),
        "{:#?}",
        compiled.diagnostics
    );
    assert!(compiled.table.is_some_and(|table| table.len() > 10));
}

/// Every word that a rule may hold stands in the page.
#[test]
fn no_word_is_missing() {
    let page = page().replace("\\-", "-");
    for word in [
        "primary",
        "secondary",
        "external",
        "mailbox",
        "keep",
        "reject",
        "defer",
        "moved",
        "discard",
        "unknown=reject",
        "detail=drop",
        "user+*@domain",
        "local@*",
        "+*@domain",
        "@*.domain",
        ".virtusertable",
        ".expect",
    ] {
        assert!(page.contains(word), "{word}");
    }
}
