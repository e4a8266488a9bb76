//! What the guard says.

use super::*;

fn says(cause: &Cause, word: &str, sentence: &str) {
    assert_eq!(cause.word(), word);
    let text = cause.to_string();
    assert!(text.contains(sentence), "{text}");
}

/// Every sentence names what was lost, so that the reader of the log can look for it.
#[test]
fn each_cause_is_a_word_and_a_sentence_with_its_numbers() {
    for (cause, word, sentence) in [
        (
            Cause::Vanished { was: 1 },
            "vanished",
            "; 1 rule or domain line came from it",
        ),
        (
            Cause::NoRules { was: 12 },
            "no-rules",
            "before: 12 rules and domain lines",
        ),
        (Cause::OtherMount, "other-mount", "another file system"),
        (
            Cause::Emptied {
                file: "a.csv".to_owned(),
                was: 4,
            },
            "emptied",
            "a.csv holds no rule any more; before: 4 rules",
        ),
        (Cause::MoreEmptied { files: 5 }, "emptied", "5 more files"),
        (
            Cause::Shrunk {
                gone: 30,
                was: 100,
                max_shrink: 20,
            },
            "shrunk",
            "30 of 100 rules and domain lines are gone, and [reload] max_shrink allows 20%",
        ),
        (Cause::Unknown, "unknown", "is damaged"),
    ] {
        says(&cause, word, sentence);
    }
}

#[test]
fn each_cause_about_endings_and_amounts_is_one_too() {
    for (cause, word, sentence) in [
        (
            Cause::Beginning {
                file: "a.csv".to_owned(),
                gone: 40,
            },
            "cut-off",
            "a.csv is the beginning of what it was, without 40 rules and domain lines: ",
        ),
        (
            Cause::Beginning {
                file: "a.csv".to_owned(),
                gone: 0,
            },
            "cut-off",
            "and ends within a line",
        ),
        (
            Cause::NoLineEnd {
                file: "a.csv".to_owned(),
                gone: 1,
            },
            "cut-off",
            "a.csv lost 1 rule or domain line together with its last line end",
        ),
        (Cause::MoreEndings { files: 4 }, "cut-off", "4 more files"),
        (
            Cause::Domain {
                domain: "domain2.com".to_owned(),
                was: 31,
            },
            "domain-gone",
            "domain2.com is in no rule any more; before: rules for 31 addresses",
        ),
        (
            Cause::MoreDomains { domains: 2 },
            "domain-gone",
            "2 more domains with 20 addresses",
        ),
        (
            Cause::FewerAddresses {
                gone: 30,
                was: 100,
                max_shrink: 20,
            },
            "shrunk",
            "30 of 100 addresses are gone, and [reload] max_shrink allows 20%",
        ),
        (
            Cause::Grown {
                added: 300,
                was: 100,
                max_growth: 200,
            },
            "grown",
            "300 rules and domain lines were added to the 100 that there were, and [reload] max_growth allows 200%",
        ),
    ] {
        says(&cause, word, sentence);
    }
}
