//! Idioms of other programs and common mistakes in rules: the lines that somebody writes, and the findings that are
//! printed.
//!
//! A file of `tests/idioms/` begins with a rules file, the table. Cases follow. A case is a title after `##`, with the
//! name of the file in brackets if the lines are not of a `.rules` file; the lines that somebody writes, each after
//! `| `; and all findings as they are printed. After each finding with suggestions come the lines that each
//! suggestion leaves, each after `=> `. `\u{200b}` stands for the character.
//!
//! Each suggestion is applied and the files are read again: the finding must be gone, and there must be no new error. A
//! new warning is allowed, because what somebody means is not always a good idea.
//!
//! `UPDATE_GOLDEN=1 cargo test --test idioms` writes the findings. Read the difference as the person who made the
//! mistake.

#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use readdress::engine::diagnostic::Suggestion;
use readdress::engine::{Diagnostic, Settings, Severity, SourceText, compile};

/// One mistake.
struct Case {
    title: String,
    /// The file that it stands in.
    file: String,
    written: Vec<String>,
    /// What is printed.
    said: String,
}

/// A file of cases.
struct Cases {
    /// Everything above the first case: a comment and the table.
    head: String,
    cases: Vec<Case>,
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/idioms");
    let entries = fs::read_dir(&directory).expect("the directory of cases");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Cases {
    let text = fs::read_to_string(path).expect("a file of cases");
    let mut parts = text.split("\n## ");
    let head = parts.next().unwrap_or_default().to_owned();
    let cases = parts.map(case).collect();
    Cases { head, cases }
}

fn case(text: &str) -> Case {
    let (title, rest) = text.split_once('\n').expect("a title");
    let file = title
        .rsplit_once('[')
        .map_or("written.rules", |(_, name)| name.trim_end_matches(']'));
    let is_written = |line: &&str| line.starts_with('|');
    let written = rest.lines().take_while(is_written);
    let said = rest
        .lines()
        .skip_while(is_written)
        .flat_map(|line| [line, "\n"])
        .collect::<String>();
    Case {
        title: title.to_owned(),
        file: file.to_owned(),
        written: written
            .map(|line| line.strip_prefix("| ").unwrap_or("").to_owned())
            .collect(),
        said: said.trim_end().to_owned(),
    }
}

/// The lines with the characters that `\u{…}` names.
fn bytes(lines: &[String]) -> Vec<u8> {
    let mut text = String::new();
    for line in lines {
        let mut rest = line.as_str();
        while let Some((before, after)) = rest.split_once("\\u{") {
            let (hex, behind) = after.split_once('}').expect("the end of a character");
            let number = u32::from_str_radix(hex, 16).expect("the number of a character");
            text.push_str(before);
            text.push(char::from_u32(number).expect("a character"));
            rest = behind;
        }
        text.push_str(rest);
        text.push('\n');
    }
    text.into_bytes()
}

fn sources(head: &str, case: &Case, bytes: Vec<u8>) -> Vec<SourceText> {
    vec![
        SourceText::new("10-table.rules", head),
        SourceText::new(&case.file, bytes),
    ]
}

fn findings(sources: &[SourceText]) -> Vec<Diagnostic> {
    compile(sources, &Settings::default()).diagnostics
}

/// The errors among some findings, without their places: lines move.
fn errors(all: &[Diagnostic]) -> BTreeSet<&str> {
    let errors = all
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.message.as_str()).collect()
}

/// Where a line and a column, both from 1, stand in a text.
fn offset(text: &str, line: u32, column: u32) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line as usize - 1)
        .map(str::len)
        .sum();
    let columns = text[before..].chars().take(column as usize - 1);
    before + columns.map(char::len_utf8).sum::<usize>()
}

/// The files after a suggestion is applied.
fn applied(before: &[SourceText], suggestion: &Suggestion) -> Vec<SourceText> {
    let mut after = before.to_vec();
    let mut edits = suggestion.edits.clone();
    edits.sort();
    for edit in edits.iter().rev() {
        let source = after.iter_mut().find(|source| source.name == edit.file);
        let source = source.expect("the file of an edit");
        let mut text = String::from_utf8(source.bytes.clone()).expect("a text");
        let start = offset(&text, edit.line, edit.column);
        let end = offset(&text, edit.end_line, edit.end_column);
        text.replace_range(start..end, &edit.text);
        source.bytes = text.into_bytes();
    }
    after
}

/// The lines that a suggestion leaves, as they are shown behind its finding.
fn changed(before: &[SourceText], after: &[SourceText]) -> String {
    let mut out = String::new();
    for (old, new) in before.iter().zip(after) {
        let (old, new) = (
            String::from_utf8_lossy(&old.bytes),
            String::from_utf8_lossy(&new.bytes),
        );
        let mut old: Vec<_> = old.lines().collect();
        for line in new.lines() {
            match old.iter().position(|other| *other == line) {
                Some(at) => drop(old.remove(at)),
                None => out.push_str(&format!("=> {line}\n")),
            }
        }
        if out.is_empty() {
            for line in old {
                out.push_str(&format!("=> without: {line}\n"));
            }
        }
    }
    out
}

/// Everything that is printed for one case.
fn said(head: &str, case: &Case, wrong: &mut Vec<String>) -> String {
    let before = sources(head, case, bytes(&case.written));
    let all = findings(&before);
    let mut out = String::new();
    for finding in &all {
        let _ = writeln!(out, "{}", finding.render(""));
        for suggestion in &finding.suggestions {
            if suggestion.edits.is_empty() {
                wrong.push(format!("{}: no edit: {}", case.title, suggestion.message));
                continue;
            }
            let after = applied(&before, suggestion);
            out.push_str(&changed(&before, &after));
            let left = findings(&after);
            let (was, is) = (errors(&all), errors(&left));
            let new: Vec<_> = is.difference(&was).collect();
            let same = |other: &&Diagnostic| {
                other.message == finding.message && other.excerpt == finding.excerpt
            };
            if !new.is_empty() || left.iter().any(|other| same(&other)) {
                wrong.push(format!(
                    "{}: `{}` does not fix `{}`, or brings {new:?}",
                    case.title, suggestion.message, finding.message
                ));
            }
        }
    }
    if all.is_empty() {
        out.push_str("nothing\n");
    }
    out.trim_end().to_owned()
}

#[test]
fn every_case_says_what_is_written() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let (mut wrong, mut unfixed) = (Vec::new(), Vec::new());
    for path in files() {
        let cases = read(&path);
        let mut text = cases.head.clone();
        for case in &cases.cases {
            let came = said(&cases.head, case, &mut unfixed);
            if came != case.said {
                wrong.push(format!("{}: {}:\n{came}", path.display(), case.title));
            }
            let written: String = case
                .written
                .iter()
                .map(|line| format!("| {line}").trim_end().to_owned() + "\n")
                .collect();
            let _ = write!(text, "\n## {}\n{written}{came}\n", case.title);
        }
        if update {
            fs::write(&path, text).expect("the file can be written");
        }
    }
    assert!(
        update || wrong.is_empty(),
        "other findings than expected (UPDATE_GOLDEN=1 writes them):\n{}",
        wrong.join("\n\n")
    );
    assert!(
        unfixed.is_empty(),
        "suggestions that do not help:\n{}",
        unfixed.join("\n")
    );
}
