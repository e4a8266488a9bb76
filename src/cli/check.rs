//! `readdress check`: all findings of a rules directory, in one pass.

use serde_json::{Map, Value, json};

use super::{
    Exit,
    files::{self, Loaded, counted, named},
    flags::{Check, Format},
    output::{self, Paint},
};
use crate::engine::{
    Diagnostic, Severity, Tally,
    diagnostic::{Excerpt, codes},
    syntax::Skipped,
};

/// Runs the command.
pub fn run(flags: &Check) -> Exit {
    let mut loaded = match load(flags) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    loaded.diagnostics.extend(without_rules(&loaded));
    match flags.format {
        Format::Json => {
            let found = loaded.diagnostics.iter();
            let found = found.map(|finding| object(finding, &loaded.prefix));
            let skipped = loaded.skipped.iter();
            let skipped = skipped.map(|skipped| counts(skipped, &loaded.prefix));
            found
                .chain(skipped)
                .for_each(|object| output::json(&object));
        }
        Format::Text => text(&loaded),
    }
    let warnings = flags.strict && loaded.tally().warnings > 0;
    if loaded.table.is_none() || warnings {
        Exit::Findings
    } else {
        Exit::Fine
    }
}

/// Reads a directory, or the files that are named.
fn load(flags: &Check) -> Result<Loaded, Exit> {
    let config = flags.config.as_deref();
    let named = named::Files {
        paths: &flags.paths,
        named: flags.named.as_deref(),
        within: flags.within.as_deref(),
    };
    match flags.paths.as_slice() {
        [] => files::load(None, config),
        [one] if one.is_dir() || !one.exists() => files::load(Some(one), config),
        _ => named.load(config),
    }
}

/// The warning about a table of no rules: mail passes as it is, and the maps for the MTA are empty.
fn without_rules(loaded: &Loaded) -> Option<Diagnostic> {
    let table = loaded.table.as_ref()?;
    if table.lines_by_file().iter().any(|(_, lines)| *lines > 0) {
        return None;
    }
    let message = match loaded.files {
        _ if loaded.prefix.is_empty() => "no line of it is a rule",
        0 => "the directory is empty: there is no rules file in it",
        _ => "no file in the directory holds a rule",
    };
    let help = match loaded.prefix.is_empty() {
        true => "name a file of rules",
        false => "write rules in a file NAME.rules here, or name the right directory",
    };
    Some(Diagnostic::about_file(
        Severity::Warning,
        codes::NO_RULES,
        &loaded.subject,
        message.to_owned(),
        Some(help.to_owned()),
    ))
}

fn text(loaded: &Loaded) {
    let paint = Paint::stdout();
    loaded.print(paint);
    for skipped in &loaded.skipped {
        output::line(&skipped.to_string());
    }
    let Tally { errors, warnings } = loaded.tally();
    let found = format!(
        "{}, {}",
        counted(errors, "error"),
        counted(warnings, "warning")
    );
    let summary = match &loaded.table {
        Some(table) => paint.good(&format!(
            "{}: {} in {}, {}, {found}",
            loaded.subject,
            counted(table.len(), "rule"),
            counted(loaded.files, "file"),
            counted(loaded.expectations, "expectation")
        )),
        None => paint.bad(&format!(
            "{}: {found}; this table would not go live",
            loaded.subject
        )),
    };
    output::line(&summary);
}

/// What was passed over in one file, as a note: the keys of a finding, and `counts` by kind.
fn counts(skipped: &Skipped, prefix: &str) -> Value {
    let counts: Map<_, _> = skipped
        .counts
        .iter()
        .map(|(kind, count)| (kind.clone(), json!(count)))
        .collect();
    json!({
        "file": format!("{prefix}{}", skipped.file),
        "line": null,
        "column": null,
        "source": null,
        "severity": "note",
        "code": "skipped",
        "message": skipped.to_string(),
        "help": null,
        "notes": [],
        "counts": counts,
    })
}

/// A finding as one object: `{"file","line","column","severity","code","message","help","source","notes":[…]}`.
fn object(finding: &Diagnostic, prefix: &str) -> Value {
    let place = |excerpt: &Excerpt| {
        let on_a_line = excerpt.line > 0;
        json!({
            "file": excerpt.path(prefix),
            "line": on_a_line.then_some(excerpt.line),
            "column": on_a_line.then_some(excerpt.column),
            "source": on_a_line.then_some(&excerpt.text),
        })
    };
    let mut object = place(&finding.excerpt);
    let notes: Vec<_> = finding
        .notes
        .iter()
        .map(|note| {
            let mut object = place(&note.excerpt);
            object["message"] = note.message.clone().into();
            object
        })
        .collect();
    object["severity"] = finding.severity.word().into();
    object["code"] = finding.code.word().into();
    object["message"] = finding.message.clone().into();
    object["help"] = finding.advice().into();
    object["notes"] = notes.into();
    object
}
