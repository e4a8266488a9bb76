//! Every file of `tests/transcripts`: commands as a user types them, with all that they print.
//!
//! How a transcript is written: `transcripts/language.rs`.
//!
//! The private directory holds `readdress.toml` (`program::BASE`), `rules` and `state`.
//! `UPDATE_GOLDEN=1` writes what the commands print. An old line that still matches stays, with its `[..]`.
//! `READDRESS_TRANSCRIPT=word` runs only the files whose name holds the word.
//!
//! # Limits
//!
//! A command may take 20 seconds.

#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]
#![cfg(feature = "daemon")]

#[path = "support/program.rs"]
mod program;

#[path = "transcripts/language.rs"]
mod language;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use language::{Head, lines, matches, read};
use program::{PATIENCE, Place, Said, Serving, said, without_settings};

/// A transcript at work.
struct Play<'a> {
    place: &'a Place,
    daemon: Option<Serving<'a>>,
}

impl Play<'_> {
    /// Runs a line of `sh` to its end.
    fn run(&self, line: &str) -> Said {
        let program = Path::new(env!("CARGO_BIN_EXE_readdress"));
        let path = std::env::var("PATH").unwrap_or_default();
        let folder = program.parent().unwrap().display();
        let mut command = Command::new("timeout");
        command
            .args(["20", "sh", "-c", line])
            .current_dir(self.place.join(""))
            .env("PATH", format!("{folder}:{path}"))
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        without_settings(&mut command);
        said(command)
    }

    /// Writes a file elsewhere and renames it, so that a daemon never reads half of it.
    fn write(&self, name: &str, text: &str) {
        let path = self.place.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let new = self.place.join("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, path).unwrap();
    }

    fn remove(&self, name: &str) -> Result<(), String> {
        let path = self.place.join(name);
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(|error| format!("{name}: {error}"))
    }

    fn until(&self, text: &str) -> Result<(), String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let status = self.place.ask(&["status"]);
            if status.out.contains(text) {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(format!("`status` never says: {text}\n{}", status.out));
            }
            sleep(Duration::from_millis(10));
        }
    }
}

/// Returns what a command printed, as lines of a transcript.
fn printed(said: &Said, directory: &str) -> Vec<String> {
    lines(&said.out, &said.err, said.status, directory)
}

/// Runs a transcript. Returns the differences, and its text with what was printed.
fn play(text: &str) -> Result<(Vec<String>, String), String> {
    let place = Place::new(&[]);
    let directory = place.text("");
    let directory = directory.trim_end_matches('/');
    let mut play = Play {
        place: &place,
        daemon: None,
    };
    let (mut differences, mut written) = (Vec::new(), String::new());
    for mut block in read(text)? {
        let at = |error| format!("{}: {error}", block.line);
        match &block.head {
            Head::Prose => {}
            Head::Write(name) => play.write(name, &block.content()),
            Head::Append(name) => {
                let old = fs::read_to_string(place.join(name)).map_err(|e| at(e.to_string()))?;
                play.write(name, &(old + &block.content()));
            }
            Head::Remove(name) => play.remove(name).map_err(at)?,
            Head::Daemon => {
                play.daemon = None;
                play.daemon = Some(place.serve());
            }
            Head::Until(text) => play.until(text).map_err(at)?,
            Head::Run(line) => {
                let printed = printed(&play.run(line), directory);
                let old = block.below();
                let same = old.len() == printed.len()
                    && old.iter().zip(&printed).all(|(a, b)| matches(a, b));
                if !same {
                    differences.push(format!("{}: $ {line}\n{}", block.line, printed.join("\n")));
                    let kept = |line: &String| {
                        old.iter()
                            .find(|old| matches(old, line))
                            .unwrap_or(line)
                            .clone()
                    };
                    let lines: Vec<_> = printed.iter().map(kept).collect();
                    block.body.truncate(1);
                    block.body.extend(lines);
                    block.body.push(String::new());
                }
            }
        }
        writeln!(written, "{}", block.body.join("\n")).unwrap();
    }
    Ok((differences, format!("{}\n", written.trim_end())))
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let wanted = std::env::var("READDRESS_TRANSCRIPT").unwrap_or_default();
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|file| file.extension().is_some_and(|extension| extension == "txt"))
        .filter(|file| file.to_string_lossy().contains(&wanted))
        .collect();
    files.sort();
    files
}

/// Runs one file. Returns what is wrong.
fn run(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).unwrap();
    let wrong = match play(&text) {
        Err(error) => error,
        Ok((differences, _)) if differences.is_empty() => return None,
        Ok((_, written)) if std::env::var_os("UPDATE_GOLDEN").is_some() => {
            fs::write(file, written).unwrap();
            return None;
        }
        Ok((differences, _)) => differences.join("\n\n"),
    };
    Some(format!("{}:{wrong}", file.display()))
}

#[test]
fn transcripts() {
    let files = Mutex::new(files());
    let failures = Mutex::new(Vec::new());
    let next = || files.lock().unwrap().pop();
    assert!(!files.lock().unwrap().is_empty(), "no transcript");
    scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(file) = next() {
                    failures.lock().unwrap().extend(run(&file));
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "printed instead:\n\n{}\n",
        failures.join("\n\n")
    );
}

/// A file that shows nothing, or shows it without a sentence, is a mistake.
#[test]
fn a_transcript_has_commands_and_sentences() {
    assert_eq!(read("Only words.\n").unwrap_err(), "no command");
    for text in [
        "$ true\n",
        "One.\n$ true\n$ true\n",
        "@wirte a\n",
        "One.\n  body\n$ true\n",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    assert!(read("One.\n$ true\nTwo.\n$ true\n").is_ok());
}

#[test]
fn a_difference_is_found_and_written() {
    let text = "One.\n$ echo a 12 b; echo c >&2; exit 3\n  a <number> [..]\n! d\n= 3\n";
    let (differences, written) = play(text).unwrap();
    assert_eq!(differences.len(), 1);
    assert_eq!(written, text.replace("! d", "! c"));
    assert_eq!(play(&written).unwrap().0.len(), 0);
    for (expected, printed) in [
        ("a[..]b", "a"),
        ("<number> s", " s"),
        ("a", "ab"),
        ("", "a"),
    ] {
        assert!(!matches(expected, printed), "{expected}");
    }
}
