//! Checks whether a dump is complete: its last statement, and the last line that its program writes.

use super::{context::Context, sql_dump::Dump};
use crate::engine::diagnostic::{Finding, Span, codes};

/// First and last lines of programs that write both.
const FRAMES: [(&str, &str, &str); 4] = [
    ("-- MySQL dump", "-- Dump completed", "mysqldump"),
    ("-- MariaDB dump", "-- Dump completed", "mariadb-dump"),
    (
        "-- PostgreSQL database dump",
        "-- PostgreSQL database dump complete",
        "pg_dump",
    ),
    (
        "-- PostgreSQL database cluster dump",
        "-- PostgreSQL database cluster dump complete",
        "pg_dumpall",
    ),
];

/// What to do about a dump that is not complete.
const HELP: &str = "the export was interrupted, or the file was cut off: export it again";

/// Reports the first sign that the dump is not complete.
pub fn check(text: &str, dump: &Dump<'_>, context: &mut Context<'_, '_>) {
    let (message, span) = if let Some((what, span)) = dump.tokens.open {
        (
            format!("the dump ends inside {what}, which begins here"),
            span,
        )
    } else if let Some(span) = dump.unfinished {
        ("the dump ends inside this statement".to_owned(), span)
    } else if let Some((how, span)) = dump.transaction {
        (
            format!("the dump is not whole: its transaction {how}"),
            span,
        )
    } else if let Some((program, last)) = unframed(text) {
        let message = format!(
            "the dump is not whole: `{last}`, which {program} writes at the end, is missing"
        );
        (message, Span::whole_file(context.file))
    } else {
        return;
    };
    let finding = Finding::error(codes::CUT_OFF, span, message).help(HELP);
    context.findings.push(finding);
}

/// Returns the program whose first line is in the dump and whose last line is missing.
fn unframed(text: &str) -> Option<(&'static str, &'static str)> {
    let head = |first: &str| text.lines().take(20).any(|line| line.starts_with(first));
    let tail = |last: &str| {
        text.lines()
            .rev()
            .take(20)
            .any(|line| line.starts_with(last))
    };
    let frame = FRAMES
        .iter()
        .find(|(first, last, _)| head(first) && !tail(last));
    frame.map(|(_, last, program)| (*program, *last))
}
