//! `readdress expect`: compares the expectations and laws (files `*.expect`) with what the rules do.

use super::{
    Exit,
    files::{self, Loaded, counted},
    flags::Expect,
    laws,
    output::{self, Paint},
};
use crate::engine::{Severity, diagnostic::codes};

/// Runs the command.
pub fn run(flags: &Expect) -> Exit {
    let mut loaded = match files::load(flags.place.dir.as_deref(), flags.place.config.as_deref()) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let paint = Paint::stdout();
    // Shows only errors: `check` shows the warnings. With an error in the rules, no expectation can hold.
    loaded
        .diagnostics
        .retain(|finding| finding.severity == Severity::Error);
    loaded.print(paint);
    laws::print(&loaded, paint);
    let said = [codes::EXPECTATION, codes::LAW, codes::LAW_UNPROVED];
    let broken = loaded
        .diagnostics
        .iter()
        .filter(|finding| said.contains(&finding.code))
        .count();
    let other = loaded.tally().errors.saturating_sub(broken);
    let total = loaded.expectations + loaded.laws.len();
    let summary = match (total, broken, other) {
        (0, _, 0) => {
            return fine(&format!(
                "{}: no expectations (files named *.expect)",
                loaded.prefix
            ));
        }
        (_, 0, 0) => {
            return fine(&paint.good(&format!(
                "{}: {total} of {total} {} hold",
                loaded.prefix,
                lines(&loaded)
            )));
        }
        (_, broken, 0) => format!(
            "{}: {} of {} broken",
            loaded.prefix,
            broken,
            counted_lines(total, &loaded)
        ),
        (_, broken, other) => format!(
            "{}: {} in the rules, {broken} of {} broken",
            loaded.prefix,
            counted(other, "error"),
            counted_lines(total, &loaded)
        ),
    };
    output::line(&paint.bad(&summary));
    Exit::Findings
}

/// Returns what the files `*.expect` hold.
fn lines(loaded: &Loaded) -> &'static str {
    match loaded.laws.is_empty() {
        true => "expectations",
        false => "expectations and laws",
    }
}

fn counted_lines(number: usize, loaded: &Loaded) -> String {
    match loaded.laws.is_empty() {
        true => counted(number, "expectation"),
        false => format!("{number} {}", lines(loaded)),
    }
}

fn fine(summary: &str) -> Exit {
    output::line(summary);
    Exit::Fine
}
