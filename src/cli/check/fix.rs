//! `readdress check --fix`: makes the changes that findings suggest.
//!
//! Each change is shown as a difference, and somebody is asked: yes, no, all or quit. With `--yes` nobody
//! is asked. What was agreed to is written, then everything is checked again, until no suggestion is left.
//!
//! # Limits
//!
//! - A finding with several suggestions is left alone: nobody guesses between two.
//! - In one pass each line is changed once. Other changes of the line come with the next pass.
//! - A file that is not UTF-8, or that somebody changes meanwhile, is left alone, with a message.
//! - If files are named, only those files are changed.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    io::{self, BufRead, IsTerminal, Write},
    path::Path,
};

use super::{diff, findings::checked};
use crate::cli::{
    Exit, failed,
    files::{Loaded, counted},
    flags::Check,
    output::{self, Paint},
    replace,
};
use crate::engine::{
    Diagnostic,
    diagnostic::{Edit, apply, path, render},
};

/// Passes after which the command gives up: a change that brings its finding back would never end.
const PASSES: usize = 100;

/// Runs the command, and returns what is left afterwards.
pub fn run(flags: &Check) -> Result<Loaded, Exit> {
    if flags.paths.iter().any(|path| path == Path::new("-")) {
        return Err(failed("check --fix changes files, not standard input"));
    }
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !flags.yes && !terminal {
        return Err(failed(
            "check --fix asks before each change: run it on a terminal, or make all changes with --yes",
        ));
    }
    let mut answers = Answers {
        all: flags.yes,
        ..Answers::default()
    };
    let mut changes = 0;
    for _ in 0..PASSES {
        let loaded = checked(flags)?;
        let agreed = pass(&loaded, flags, &mut answers);
        let written = write(agreed, &loaded.prefix, &mut answers);
        changes += written;
        if written == 0 || answers.quit {
            break;
        }
    }
    output::line(&format!("{} made", counted(changes, "change")));
    output::line("");
    checked(flags)
}

/// What somebody answered so far.
#[derive(Debug, Default)]
struct Answers {
    /// Every change from now on is wanted.
    all: bool,
    /// No further change is wanted.
    quit: bool,
    /// Findings that are left as they are.
    declined: HashSet<String>,
}

/// A change that is wanted.
struct Change {
    /// The finding, as it is known to [`Answers`].
    key: String,
    /// The line that the finding is about, and its text.
    line: (String, u32, String),
    edits: Vec<Edit>,
}

/// Asks about each finding that has one suggestion, and returns the changes that are wanted.
fn pass(loaded: &Loaded, flags: &Check, answers: &mut Answers) -> Vec<Change> {
    let mut agreed = Vec::new();
    let mut lines = HashSet::new();
    let mut texts = HashSet::new();
    for finding in &loaded.diagnostics {
        let Some(change) = change(finding, flags) else {
            continue;
        };
        if answers.quit || answers.declined.contains(&change.key) {
            continue;
        }
        let touched = || touched(&change.edits);
        let added = change.edits.iter().filter(|edit| edit.text.contains('\n'));
        let added: Vec<_> = added.map(|edit| edit.text.trim().to_owned()).collect();
        // A line that is added here may be the answer to another finding as well.
        let taken = touched().any(|line| lines.contains(&line));
        if taken || added.iter().any(|text| texts.contains(text)) {
            continue;
        }
        if !show(finding, &change, &loaded.prefix) {
            answers.declined.insert(change.key);
            continue;
        }
        if answers.all || ask(answers, &mut io::stdin().lock()) {
            lines.extend(touched());
            texts.extend(added);
            agreed.push(change);
        } else {
            answers.declined.insert(change.key);
        }
    }
    agreed
}

fn change(finding: &Diagnostic, flags: &Check) -> Option<Change> {
    let edits = finding.only_suggestion()?.edits.clone();
    let directory = flags.paths.is_empty() || flags.paths.iter().any(|path| path.is_dir());
    let named = |edit: &Edit| {
        let mut paths = flags.paths.iter();
        paths.any(|path| path.display().to_string() == edit.file)
    };
    if !directory && !edits.iter().all(named) {
        return None;
    }
    let excerpt = &finding.excerpt;
    Some(Change {
        key: format!(
            "{} {} {} {}",
            excerpt.file, finding.code, finding.message, excerpt.text
        ),
        line: (excerpt.file.clone(), excerpt.line, excerpt.text.clone()),
        edits,
    })
}

/// Returns the lines that edits change.
fn touched(edits: &[Edit]) -> impl Iterator<Item = (String, u32)> {
    edits.iter().flat_map(|edit| {
        let lines = edit.line..=edit.end_line;
        lines.map(|line| (edit.file.clone(), line))
    })
}

/// Prints the finding and the difference. Returns false if the change cannot be made.
fn show(finding: &Diagnostic, change: &Change, prefix: &str) -> bool {
    let paint = Paint::stdout();
    let mut shown = vec![render(finding, prefix, paint.look())];
    for (file, edits) in by_file(&change.edits) {
        let path = path(file, prefix);
        let Some(old) = fs::read(&path)
            .ok()
            .and_then(|text| String::from_utf8(text).ok())
        else {
            return false;
        };
        let Some(new) = apply(&old, edits) else {
            return false;
        };
        shown.extend(diff::unified(&path, &old, &new, paint));
    }
    shown.iter().for_each(|line| output::line(line));
    output::line("");
    true
}

fn by_file(edits: &[Edit]) -> BTreeMap<&str, Vec<&Edit>> {
    let mut files: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        files.entry(&edit.file).or_default().push(edit);
    }
    files
}

/// Asks whether the change that was shown is wanted.
fn ask(answers: &mut Answers, input: &mut impl BufRead) -> bool {
    loop {
        let mut out = io::stdout().lock();
        let _ = write!(out, "make this change? [y]es, [n]o, [a]ll, [q]uit: ");
        let _ = out.flush();
        let mut line = String::new();
        let read = input.read_line(&mut line);
        match (read, line.trim().to_lowercase().as_str()) {
            (Ok(0) | Err(_), _) | (_, "q" | "quit") => {
                answers.quit = true;
                return false;
            }
            (_, "a" | "all") => {
                answers.all = true;
                return true;
            }
            (_, "y" | "yes") => return true,
            (_, "n" | "no") => return false,
            _ => {}
        }
    }
}

/// Writes the changes, and returns how many were made.
fn write(changes: Vec<Change>, prefix: &str, answers: &mut Answers) -> usize {
    let mut by_file: BTreeMap<String, Vec<Change>> = BTreeMap::new();
    for change in changes {
        let mut files: Vec<_> = change.edits.iter().map(|edit| &edit.file).collect();
        files.dedup();
        match files.as_slice() {
            [file] => by_file.entry((*file).clone()).or_default().push(change),
            // A change of two files cannot be made in one step.
            _ => drop(answers.declined.insert(change.key)),
        }
    }
    let mut made = 0;
    for (file, changes) in by_file {
        let path = path(&file, prefix);
        match rewritten(Path::new(&path), &changes) {
            Ok(()) => made += changes.len(),
            Err(error) => {
                output::error(&format!("readdress: {path}: {error}; nothing was changed"));
                answers
                    .declined
                    .extend(changes.into_iter().map(|change| change.key));
            }
        }
    }
    made
}

/// Writes one file with its changes, if the file still is the one that was checked.
fn rewritten(path: &Path, changes: &[Change]) -> io::Result<()> {
    let meanwhile = || io::Error::other("somebody changed the file meanwhile");
    let old = fs::read(path)?;
    let text = std::str::from_utf8(&old).map_err(|_| io::Error::other("this is not UTF-8"))?;
    for Change {
        line: (_, number, expected),
        ..
    } in changes
    {
        let line = text.lines().nth((*number as usize).saturating_sub(1));
        let line = line.map(|line| line.trim_start_matches('\u{feff}').trim_end_matches('\r'));
        if *number > 0 && line != Some(expected) {
            return Err(meanwhile());
        }
    }
    let edits = changes.iter().flat_map(|change| &change.edits);
    let new = apply(text, edits).ok_or_else(meanwhile)?;
    replace::replace_if(path, new.as_bytes(), |path| match fs::read(path)? == old {
        true => Ok(()),
        false => Err(meanwhile()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let said = |text: &str| {
            let mut answers = Answers::default();
            let wanted = ask(&mut answers, &mut text.as_bytes());
            (wanted, answers.all, answers.quit)
        };
        assert_eq!(said("y\n"), (true, false, false));
        assert_eq!(said("what?\n\nNo\n"), (false, false, false));
        assert_eq!(said("a\n"), (true, true, false));
        assert_eq!(said("q\n"), (false, false, true));
        assert_eq!(said(""), (false, false, true), "end of input");
    }
}
