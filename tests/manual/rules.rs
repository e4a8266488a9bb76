//! readdress-rules(5) consists of a text that is written by hand (rules.roff) and of the actions, from their
//! definitions.

use readdress::engine::{
    Settings, SourceText, compile,
    rule::{ActionWord, DomainClass, Unknown},
};

use crate::page::{hold, roff, root};

const TEXT: &str = include_str!("rules.roff");

/// Returns a sentence with a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    let capital: String = first.into_iter().flatten().collect();
    roff(&format!("{capital}{}.", letters.as_str()))
}

fn action(word: &ActionWord) -> String {
    let heading = format!("{} {}", word.word, word.form);
    let example = word
        .example
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let mut text = format!(
        ".TP\n.B {}\n{}\n",
        roff(heading.trim()),
        sentence(word.meaning)
    );
    if let Some(codes) = word.codes {
        text += &format!(".br\nReply codes: {}.\n", roff(codes));
    }
    text + &format!(".br\nExample: \\fB{}\\fR\n", roff(&example))
}

fn page() -> String {
    let actions: String = ActionWord::ALL.iter().map(action).collect();
    TEXT.replace("@ACTIONS@\n", &actions)
}

#[test]
fn the_page_of_the_rules_says_what_the_code_says() {
    hold(&root().join("packaging/man/readdress-rules.5"), &page());
}

/// Returns the example between its marks, as it was before it became roff.
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

fn findings(text: String) -> Vec<String> {
    let source = SourceText::new("example.rules", text);
    let compiled = compile(&[source], &Settings::default());
    let findings = compiled.diagnostics.iter();
    findings.map(|finding| finding.to_string()).collect()
}

/// The example is a table without findings.
#[test]
fn the_example_is_a_table() {
    let example = example(&page());
    assert!(example.lines().count() > 15, "{example}");
    assert_eq!(findings(example), [""; 0]);
}

/// The example of each action is a rule.
#[test]
fn the_examples_of_actions_are_rules() {
    for word in ActionWord::ALL {
        let table = format!(
            "company.com primary\ndomain2.com secondary\npartner.example external\n{}\n",
            word.example
        );
        let errors: Vec<_> = findings(table)
            .into_iter()
            .filter(|finding| finding.contains(": error: "))
            .collect();
        assert_eq!(errors, [""; 0], "{}", word.example);
    }
}

/// The page names every word that a rule may contain.
#[test]
fn no_word_is_missing() {
    let page = page().replace("\\-", "-");
    let classes = DomainClass::ALL.map(DomainClass::word);
    let unknown = Unknown::ALL.map(Unknown::word);
    let others = [
        "unknown=reject",
        "detail=drop",
        "detail=keep",
        "user+*@domain",
        "local@*",
        "+*@domain",
        "@*.domain",
        ".virtusertable",
        ".expect",
    ];
    for word in classes.into_iter().chain(unknown).chain(others) {
        assert!(page.contains(word), "{word}");
    }
}
