//! `readdress check`: all findings of a rules directory, in one pass.
//!
//! | module | what it prints or does |
//! |---|---|
//! | here | findings for people |
//! | `findings` | nothing: returns the findings |
//! | `json` | one object of JSON for each finding, and a summary |
//! | `github` | commands of GitHub's workflows |
//! | `sarif` | SARIF 2.1.0 |
//! | `fix` | changes that findings suggest |

mod diff;
mod findings;
mod fix;
mod github;
mod json;
mod sarif;

use super::{
    Exit,
    files::{Loaded, counted},
    flags::{Check, CheckFormat},
    laws,
    output::{self, Paint},
};
use crate::engine::Tally;

/// Runs the command.
pub fn run(flags: &Check) -> Exit {
    let checked = match flags.fix {
        true => fix::run(flags),
        false => findings::checked(flags),
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

fn text(loaded: &Loaded) {
    let paint = Paint::stdout();
    loaded.print(paint);
    for skipped in &loaded.skipped {
        output::line(&skipped.to_string());
    }
    laws::print(loaded, paint);
    let Tally { errors, warnings } = loaded.tally();
    let found = format!(
        "{}, {}",
        counted(errors, "error"),
        counted(warnings, "warning")
    );
    let summary = match &loaded.table {
        Some(table) => paint.good(&format!(
            "{}: {} in {}, {}{}, {found}",
            loaded.subject,
            counted(table.len(), "rule"),
            counted(loaded.files, "file"),
            counted(loaded.expectations, "expectation"),
            laws::counted_behind(&loaded.laws)
        )),
        None => paint.bad(&format!(
            "{}: {found}; this table would not go live",
            loaded.subject
        )),
    };
    output::line(&summary);
}
