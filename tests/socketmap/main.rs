//! Every file of `tests/socketmap` against the running daemon: a table, and what each map says about a key.
//!
//! ```text
//! # The sentence that is tested (a comment; `#` only at the start of a line).
//! config
//!     [rewrite]
//!     recipient_delimiter = "-"
//! rules
//!     domain2.com        secondary
//!     jd@domain2.com     jdoe@company.com
//! domains domain2.com -> OK
//! rewrite: rewrite jd@domain2.com -> OK jdoe@company.com
//! observe: rewrite jd@domain2.com -> NOTFOUND
//! edit
//!     domain2.com        secondary
//! broken
//!     domain2.com        nonsense
//! ```
//!
//! - A file is played twice, with `mode = "rewrite"` and with `mode = "observe"`. A line that begins with one of these
//!   words and a colon is for that mode only.
//! - A row is a map, one space, and the key as it is sent: everything up to ` -> `. `\xHH` is a byte.
//! - `OK` alone is any value that is not empty. `OK` with words is this very value. `PERM` is any PERM.
//! - `rules` and `file NAME` are there at the start. `edit` and `edit NAME` are saved and go live. `broken` is saved and
//!   must not go live.
//! - All rows up to the next `edit` are sent through one connection.

#![cfg(feature = "daemon")]
#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]

mod client;
mod script;

#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use client::Client;
use script::{MODES, Script, Step};
use support::daemon::Daemon;
use support::folder::free_port;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/socketmap");
    let entries = fs::read_dir(folder).expect("tests/socketmap");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = files
        .filter(|file| file.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "tests/socketmap holds no file");
    files
}

/// Plays one file. Returns how many rows were asked; adds each wrong answer to `failures`.
fn play(script: &Script, mode: &str, failures: &mut Vec<String>) -> Result<usize, String> {
    let port = free_port();
    // Keys before the first section belong to no section.
    let config = format!(
        "mode = \"{mode}\"\n[socketmap]\nlisten = [\"inet:127.0.0.1:{port}\"]\n{}",
        script.config
    );
    let mut daemon = Daemon::start(&script.files, &config, &[])?;
    // Without a table every answer would be TEMP.
    daemon.says("table: generation=1 ")?;
    let mut client = Client::connect(port)?;
    let mut rows = 0;
    for (line, step) in &script.steps {
        match step {
            Step::Row { request, answer } => {
                rows += 1;
                let said = client.ask(request)?;
                if !answer.fits(&said) {
                    let request = String::from_utf8_lossy(request);
                    failures.push(format!(
                        "{}:{line}: mode {mode}: {request}\n    expected {answer}\n    got      {said}",
                        script.name
                    ));
                }
            }
            Step::Edit { file, text } => daemon.edit(file, text)?,
            Step::Broken { file, text } => daemon.break_rules(file, text)?,
        }
    }
    daemon.stop()?;
    let log = daemon.log();
    if log.contains("panicked") {
        return Err(format!("readdress panicked\n{log}"));
    }
    Ok(rows)
}

#[test]
fn every_row_is_answered_as_written() {
    let mut failures = Vec::new();
    let (mut rows, mut answers) = (0, [0_usize; 3]);
    for file in files() {
        for mode in MODES {
            let script = match script::read(&file, mode) {
                Ok(script) => script,
                Err(error) => {
                    failures.push(error);
                    continue;
                }
            };
            for answer in script.answers() {
                answers[answer.kind()] += 1;
            }
            match play(&script, mode, &mut failures) {
                Ok(count) => rows += count,
                Err(error) => failures.push(format!("{}: mode {mode}: {error}", script.name)),
            }
        }
    }
    println!("{rows} rows, {} failures", failures.len());
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
    // Rows of one kind only would hold nothing.
    let [ok, value, not_found] = answers;
    assert!(
        ok > 40 && value > 20 && not_found > 40,
        "{ok} {value} {not_found}"
    );
}

/// A row with a wrong answer is told: the comparison itself can fail.
#[test]
fn a_wrong_row_is_told() {
    let text = "rules\n    company.com primary\ndomains company.com -> NOTFOUND\n\
        domains company.com -> OK secondary\ndomains elsewhere.example -> OK\n\
        domains company.com -> OK\n";
    let script = script::parse(text, "wrong.txt", "rewrite").expect("a script");
    let mut failures = Vec::new();
    let rows = play(&script, "rewrite", &mut failures).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((rows, failures.len()), (4, 3), "{failures:#?}");
}

#[test]
fn a_mistake_in_a_file_is_told_with_its_line() {
    for (text, wanted) in [
        ("domains company.com -> OK\n", "needs rules"),
        ("rules\n    a.example primary\n", "no row"),
        ("rules\n    a.example primary\nnomap key\n", "x.txt:3: "),
        (
            "rules\n    a.example primary\n\ndomains a -> MAYBE\n",
            "x.txt:4: ",
        ),
        ("rules\n", "x.txt:1: "),
        ("    indented\n", "x.txt:1: "),
    ] {
        let error = script::parse(text, "x.txt", "rewrite").expect_err(text);
        assert!(error.contains(wanted), "{text}: {error}");
    }
}
