//! Checks the habits of this house: the direction of imports, how files begin, how long they are, and that facts that
//! are written in two places agree.
//!
//! The tests read the sources as text, and ask cargo for the packages of the program.
//!
//! # Limits
//!
//! In the tests at the end of a file, the checks look only for words that put work off.

mod circles;
mod dependencies;
mod imports;
mod map;
mod names;
mod sources;

use std::fs;

use circles::Modules;
use sources::{Source, root, sources};

/// Most lines of a file, its tests left out.
const MAX_LINES: usize = 400;

/// Fails with all complaints at once.
#[track_caller]
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn complain(sources: &[Source], wrong: impl Fn(&Source) -> Option<String>) {
    assert!(sources.len() > 5, "no sources were found");
    let told = sources
        .iter()
        .filter_map(|source| wrong(source).map(|what| format!("{}: {what}", source.path)));
    none(told.collect());
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    let all = [sources("src"), sources("tests")].concat();
    complain(&all, |source| {
        (!source.text.starts_with("//! ")).then(|| "does not begin with `//! `".to_owned())
    });
}

#[test]
fn no_file_is_too_long() {
    complain(&sources("src"), |source| {
        let lines = source.production().lines().count();
        (lines > MAX_LINES).then(|| format!("{lines} lines, at most {MAX_LINES}"))
    });
}

#[test]
fn nothing_is_put_off() {
    let words = [
        concat!("todo", "!"),
        concat!("unimplemented", "!"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ];
    complain(&[sources("src"), sources("tests")].concat(), |source| {
        let found = words.iter().find(|word| source.text.contains(**word));
        found.map(|word| format!("holds `{word}`"))
    });
}

#[test]
fn imports_point_downwards() {
    none(imports::upward(&Modules::read()));
}

#[test]
fn maps_show_what_exists() {
    let all = sources("src");
    let wrong = map::MAPS.iter().flat_map(|(path, folder, without_row)| {
        let file = all.iter().find(|source| source.path == *path);
        map::wrong(file.expect("a map"), folder, without_row)
    });
    none(wrong.collect());
}

#[test]
fn no_files_need_each_other() {
    none(Modules::read().circles());
}

#[test]
fn every_dependency_has_its_reason() {
    let path = root().join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let (mut within, mut above, mut seen) = (false, "", 0);
    let mut complaints = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            within = line.ends_with("dependencies]");
        } else if within && line.contains('=') && !line.starts_with('#') {
            seen += 1;
            if !above.starts_with("# ") {
                complaints.push(format!("Cargo.toml: no comment above `{line}`"));
            }
        }
        above = line;
    }
    assert!(seen > 10, "the dependencies were not found");
    none(complaints);
}

/// Log lines are an interface: each says what happened, in its documentation.
#[test]
fn every_log_event_is_documented() {
    let all = sources("src/daemon");
    let is_record =
        |file: &&Source| file.path.ends_with("/record.rs") || file.path.contains("/record/");
    let events = all.iter().filter(is_record);
    let events = events.filter(|file| !file.path.ends_with("/names.rs"));
    let production: String = events.map(Source::production).collect();
    let (mut documented, mut seen) = (false, 0);
    let mut complaints = Vec::new();
    for line in production.lines() {
        if line.starts_with("pub fn ") {
            seen += 1;
            if !documented {
                complaints.push(format!("record.rs: no doc comment above `{line}`"));
            }
        }
        documented = line.starts_with("///") || (documented && line.starts_with("#["));
    }
    assert!(seen > 10, "the events were not found");
    none(complaints);
}
