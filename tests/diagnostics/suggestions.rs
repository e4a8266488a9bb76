//! A suggestion, followed to the letter, fixes what it is about, in this very table.
//!
//! For each finding of the golden files that offers one suggestion, its edits are made and everything is
//! checked again: the finding is gone, and no other one has come.
//!
//! `without-suggestion.txt` lists the codes of findings that have help and no suggestion, with the reason.
//! `UPDATE_GOLDEN=1` takes codes off the list that are not needed there any more, and adds new ones, whose
//! reason somebody has to write.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use readdress::engine::Diagnostic;
use readdress::engine::diagnostic::{Edit, apply};

use crate::cases::{Case, cases, root};

/// What makes a finding this one and no other: edits move lines, so lines do not count.
fn known(findings: &[Diagnostic]) -> BTreeMap<(String, String, String), usize> {
    let mut known = BTreeMap::new();
    for finding in findings {
        let (file, code) = (finding.excerpt.file.clone(), finding.code.to_string());
        *known
            .entry((file, code, finding.message.clone()))
            .or_default() += 1;
    }
    known
}

/// Makes the edits in the files of a case.
fn edited(case: &Case, edits: &[Edit]) -> Case {
    let mut case = case.clone();
    for source in &mut case.sources {
        let edits: Vec<_> = edits
            .iter()
            .filter(|edit| edit.file == source.name)
            .collect();
        if edits.is_empty() {
            continue;
        }
        let text = std::str::from_utf8(&source.bytes).expect("UTF-8");
        source.bytes = apply(text, edits).expect("edits that fit").into_bytes();
    }
    case
}

/// Says what is wrong after a suggestion was followed.
fn fault(
    case: &Case,
    finding: &Diagnostic,
    edits: &[Edit],
    before: &[Diagnostic],
) -> Option<String> {
    let after = edited(case, edits).findings();
    let (was, is) = (known(before), known(&after));
    let (file, code) = (finding.excerpt.file.clone(), finding.code.to_string());
    let itself = (file, code, finding.message.clone());
    let count = |of: &BTreeMap<_, usize>| of.get(&itself).copied().unwrap_or_default();
    if count(&is) >= count(&was) {
        return Some("it is still there".to_owned());
    }
    let new = after.iter().find(|finding| {
        let (file, code) = (finding.excerpt.file.clone(), finding.code.to_string());
        let key = (file, code, finding.message.clone());
        is.get(&key) > was.get(&key)
    })?;
    Some(format!("another one has come:\n{new}"))
}

#[test]
fn a_suggestion_fixes_its_finding_and_nothing_else_breaks() {
    let (mut followed, mut wrong) = (0, Vec::new());
    for case in cases() {
        let findings = case.findings();
        for finding in &findings {
            let Some(suggestion) = finding.only_suggestion() else {
                continue;
            };
            followed += 1;
            if let Some(fault) = fault(&case, finding, &suggestion.edits, &findings) {
                wrong.push(format!("{}: {finding}\n=> {fault}", case.path.display()));
            }
        }
    }
    println!("{followed} suggestions were followed");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The edits of every suggestion fit the file, also where several are offered.
#[test]
fn every_suggestion_can_be_followed() {
    for case in cases() {
        for finding in case.findings() {
            for suggestion in &finding.suggestions {
                assert!(!suggestion.edits.is_empty(), "{:?}: {finding}", case.path);
                let changed = edited(&case, &suggestion.edits);
                let before = case.sources.iter().map(|source| &source.bytes);
                let after = changed.sources.iter().map(|source| &source.bytes);
                assert!(before.ne(after), "{:?}: {finding}", case.path);
            }
        }
    }
}

#[test]
fn findings_without_a_suggestion_are_listed() {
    let path = root().join("tests/diagnostics/without-suggestion.txt");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let listed: BTreeMap<String, String> = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(code, reason)| (code.to_owned(), reason.to_owned()))
        .collect();
    let without: BTreeSet<String> = cases()
        .iter()
        .flat_map(Case::findings)
        .filter(|finding| finding.suggestions.is_empty())
        .map(|finding| finding.code.to_string())
        .collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let line = |code: &String| {
            let reason = listed.get(code).map_or("?", |reason| reason);
            format!("{code}: {reason}\n")
        };
        let text: String = without.iter().map(line).collect();
        fs::write(&path, text).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        return;
    }
    let unlisted: Vec<_> = without
        .iter()
        .filter(|code| !listed.contains_key(*code))
        .collect();
    assert!(
        unlisted.is_empty(),
        "no suggestion, and not listed: {unlisted:?}"
    );
    let stale: Vec<_> = listed
        .keys()
        .filter(|code| !without.contains(*code))
        .collect();
    assert!(stale.is_empty(), "take these off {path:?}: {stale:?}");
    for (code, reason) in &listed {
        assert!(reason.len() > 10, "{code}: say why it has no suggestion");
    }
}
