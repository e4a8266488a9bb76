//! The tables of codes: no code without a case, an example and a use, and none that only the tests know.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use readdress::cli::codes::findings;
use readdress::engine::diagnostic::Code;
use readdress::engine::diagnostic::codes::{self, Example};

use crate::cases::{cases, entries, root};

/// Codes that no small input brings about, with the reason.
const WITHOUT_CASE: [(Code, &str); 3] = [
    (
        codes::CONSEQUENCES,
        "`engine::diagnostic::consequences` and `tests/cli` show it",
    ),
    (
        codes::MORE,
        "needs a thousand findings: `the_rest_is_counted` shows it",
    ),
    (
        codes::TOO_MANY_RULES,
        "needs 4 GiB of rules: the unit tests of `engine::store` lower the limit",
    ),
];

#[test]
fn every_code_has_a_case() {
    let shown: Vec<Code> = cases()
        .iter()
        .flat_map(|case| case.findings())
        .map(|finding| finding.code)
        .collect();
    let about_files = codes::about_files();
    let missing: Vec<_> = codes::all()
        .filter(|code| !shown.contains(code) && !about_files.contains(code))
        .filter(|code| WITHOUT_CASE.iter().all(|(other, _)| other != code))
        .collect();
    assert!(
        missing.is_empty(),
        "no case in tests/diagnostics for {missing:?}"
    );
}

/// A finding has no severity that the table does not name.
#[test]
fn severities_are_in_the_table() {
    for finding in cases().iter().flat_map(|case| case.findings()) {
        let allowed = finding.code.severities();
        assert!(allowed.contains(&finding.severity), "{finding}");
    }
}

/// Examples that are commands are run by `tests/cli`.
#[test]
fn every_example_brings_its_finding_about() {
    let mut wrong = Vec::new();
    for code in codes::all() {
        if let Example::Command(_) = code.example() {
            continue;
        }
        let found = findings(code.example());
        if !found.iter().any(|finding| finding.code == code) {
            let found: Vec<_> = found.iter().map(|finding| finding.code).collect();
            wrong.push(format!("{code}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_is_explained_in_sentences() {
    for code in codes::all() {
        for text in [code.meaning(), code.action()] {
            let first = text.chars().next().unwrap_or(' ');
            assert!(
                first.is_uppercase() && text.ends_with('.'),
                "{code}: {text}"
            );
            assert!(text.chars().count() > 15, "{code}: {text}");
        }
    }
}

#[test]
fn every_code_is_used() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let mut used = BTreeSet::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        let production = text.split("#[cfg(test)]\nmod tests {").next();
        for part in production.unwrap_or_default().split("codes::").skip(1) {
            let ends = |c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_';
            let name = part.split(ends).next().unwrap_or_default();
            used.insert(name.replace('_', "-").to_lowercase());
        }
    }
    let unused: Vec<_> = codes::all()
        .filter(|code| !used.contains(code.word()))
        .collect();
    assert!(unused.is_empty(), "no finding has these codes: {unused:?}");
}

fn rust_files(directory: &Path, into: &mut Vec<PathBuf>) {
    for path in entries(directory) {
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}
