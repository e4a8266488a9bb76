//! `readdress expect`: compares the expectations (files `*.expect`) with what the rules do.

use super::{
    Exit,
    files::{self, counted},
    flags::Expect,
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
    let broken = loaded
        .diagnostics
        .iter()
        .filter(|finding| finding.code == codes::EXPECTATION)
        .count();
    let other = loaded.tally().errors.saturating_sub(broken);
    let total = loaded.expectations;
    let summary = match (total, broken, other) {
        (0, _, 0) => {
            return fine(&format!(
                "{}: no expectations (files named *.expect)",
                loaded.prefix
            ));
        }
        (_, 0, 0) => {
            return fine(&paint.good(&format!(
                "{}: {} of {total} expectations hold",
                loaded.prefix, total
            )));
        }
        (_, broken, 0) => format!(
            "{}: {} of {} broken",
            loaded.prefix,
            broken,
            counted(total, "expectation")
        ),
        (_, broken, other) => format!(
            "{}: {} in the rules, {broken} of {} broken",
            loaded.prefix,
            counted(other, "error"),
            counted(total, "expectation")
        ),
    };
    output::line(&paint.bad(&summary));
    Exit::Findings
}

fn fine(summary: &str) -> Exit {
    output::line(summary);
    Exit::Fine
}
