//! Storey 5: what a table shows before it goes live: loops, branches that end nowhere, whole-domain
//! rules that accept everything, unreachable postmasters, broken expectations.
//!
//! Every check asks the table by the same road as a message does. Where a line has an error already,
//! nothing is said about addresses that it names: they would be found missing because of it.

mod certain;
mod dead_end;
mod expectations;
mod loops;
mod missing;
mod reach;
mod unread;
mod walk;

use self::unread::UnreadLines;
use super::{diagnostic::Findings, syntax::Expectation, table::Table};

/// Checks the rules against each other, and against what is expected of them. Returns true if the rules
/// themselves have no error.
pub fn check(table: &Table, expected: &[Expectation], findings: &mut Findings<'_>) -> bool {
    let unread = UnreadLines(findings.words_in_error());
    loops::check(table, findings);
    reach::check(table, &unread, findings);
    let sound = !findings.has_errors();
    expectations::check(table, expected, &unread, findings);
    sound
}
