//! Storey 5: checks a table before it goes live. Finds loops, rules that lead to addresses that do not exist,
//! whole-domain rules that accept everything, postmasters whose mail nobody gets, broken expectations.
//!
//! Every check looks addresses up in the same way as a message does. If a line has an error already, no check
//! reports the addresses on it: they would seem to be missing only because the line could not be read.

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

/// Checks the rules against each other and against the expectations. Returns true if the rules have no error;
/// a broken expectation does not count.
pub fn check(table: &Table, expected: &[Expectation], findings: &mut Findings<'_>) -> bool {
    let unread = UnreadLines(findings.words_in_error());
    loops::check(table, findings);
    reach::check(table, &unread, findings);
    let sound = !findings.has_errors();
    expectations::check(table, expected, &unread, findings);
    sound
}
