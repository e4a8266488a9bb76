//! `readdress check`: all findings of a rules directory, in one pass.
//!
//! | module | what it prints or does |
//! |---|---|
//! | here | findings for people |
//! | `json` | one object of JSON for each finding, and a summary |
//! | `github` | commands of GitHub's workflows |
//! | `sarif` | SARIF 2.1.0 |
//! | `fix` | changes that findings suggest |

mod diff;
mod fix;
mod github;
mod json;
mod sarif;

use super::{
    Exit,
    files::{self, Loaded, counted, named},
    flags::{Check, CheckFormat},
    output::{self, Paint},
};
use crate::engine::{Diagnostic, Severity, Tally, diagnostic::codes};

/// Runs the command.
pub fn run(flags: &Check) -> Exit {
    let checked = match flags.fix {
        true => fix::run(flags),
        false => checked(flags),
    };
    let loaded = match checked {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    match flags.format {
        CheckFormat::Github => github::print(&loaded),
        CheckFormat::Json => json::print(&loaded),
        CheckFormat::Sarif => sarif::print(&loaded),
        CheckFormat::Text => text(&loaded),
    }
    let warnings = flags.strict && loaded.tally().warnings > 0;
    if loaded.table.is_none() || warnings {
        Exit::Findings
    } else {
        Exit::Fine
    }
}

/// Returns all findings of what the flags name.
fn checked(flags: &Check) -> Result<Loaded, Exit> {
    let mut loaded = load(flags)?;
    loaded.diagnostics.extend(without_rules(&loaded));
    Ok(loaded)
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

/// Returns the warning about a table without rules: mail passes unchanged, and the maps for the MTA are
/// empty.
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
