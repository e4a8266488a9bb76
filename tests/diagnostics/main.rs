//! Golden files of findings: one small input for every code, and the text that people read.
//!
//! `tests/diagnostics/NAME/` holds the files of one rules directory, or a `readdress.toml`, and
//! `expected.txt`: all findings as they are printed. With an `import.txt` or `export.txt`, which holds the
//! word of a format, the findings are the findings of that command. `UPDATE_GOLDEN=1 cargo test --test
//! diagnostics` writes what is found. Read it before you commit it: is the severity right, does it say
//! what happened, does the help say what to write?
//!
//! | module | what it holds |
//! |---|---|
//! | `cases` | the inputs, and what is found in them |
//! | `codes` | every code has a case, an example and a use |
//! | `suggestions` | what a finding suggests fixes it, and brings no other finding |

#![cfg(feature = "daemon")]
#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]

mod cases;
mod codes;
mod suggestions;

use std::fs;

use cases::{Case, cases};
use readdress::engine::{Settings, SourceText, Tally, compile};

#[test]
fn every_case_prints_what_is_expected() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let (found, golden) = (rendered(&case), case.path.join("expected.txt"));
        assert!(!found.is_empty(), "{:?} has no findings", case.path);
        if update {
            fs::write(&golden, &found).unwrap_or_else(|e| panic!("{golden:?}: {e}"));
        } else if fs::read_to_string(&golden).ok().as_deref() != Some(&found) {
            wrong.push(format!("{}:\n{found}", case.path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "other findings than expected (UPDATE_GOLDEN=1 writes them):\n{}",
        wrong.join("\n")
    );
}

fn rendered(case: &Case) -> String {
    let all = case.findings();
    all.iter()
        .map(|finding| finding.render("") + "\n")
        .collect()
}

/// Nobody is told that something is wrong without being told what to write.
#[test]
fn every_finding_has_help() {
    for case in cases() {
        for finding in case.findings() {
            assert!(finding.advice().is_some(), "{:?}: {finding}", case.path);
        }
    }
}

/// A file of nothing but errors does not fill the log, and the counts are true.
#[test]
fn the_rest_is_counted() {
    let source = SourceText::new("a.rules", b"x@domain2.com\n".repeat(3000));
    let found = compile(&[source], &Settings::default()).diagnostics;
    assert_eq!(found.len(), 1001);
    let last = found.last().map(ToString::to_string);
    assert_eq!(
        last.as_deref(),
        Some("a.rules: error: 2000 more findings are not shown [more]")
    );
    let tally = Tally::of(&found);
    assert_eq!((tally.errors, tally.warnings), (3000, 0));
}
