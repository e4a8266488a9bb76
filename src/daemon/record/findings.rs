//! Log lines that show findings: mistakes and doubts in the rules and in the configuration.

use super::names::Redaction;
use crate::{
    daemon::log::{events, write_event},
    engine::{Diagnostic, Severity, Tally},
};

/// Most findings listed for one table.
const LISTED_FINDINGS: usize = 100;

events! {
    /// An error in the rules or in the configuration: its place, what is wrong, and in brackets its
    /// code. The line of the file, a caret below the mistake and a line of help follow as lines of their
    /// own.
    FINDING_ERROR: ERROR "10-company.rules:12:1: error: the option `unknown` needs a value [bad-option]", [],
        next "The files are not used. A line such as `table refused` or `configuration refused` follows.",
        advice "Fix the line of the file. `readdress check` shows all findings, readdress-findings(7) explains the codes.";
    /// Something in the rules or the configuration is probably wrong; the line has the same form.
    FINDING_WARNING: WARN "10-company.rules:12:1: warning: the rule can never match [never-matches]", [],
        next "The files are used.", advice "Check the line of the file.";
    /// There are more findings than the log shows.
    MORE_FINDINGS: WARN "table: and 50 more findings", [],
        next "", advice "`readdress check` shows all findings.";
    /// `[log] addresses` hides addresses, so the findings are shown without their text.
    FINDINGS_HIDDEN: INFO "table: addresses are hidden here; `readdress check` shows what was found", [],
        next "", advice "`readdress check` shows all findings in full.";
}

/// Writes findings. Each line of a finding is a line of the log, so that the caret stays in its column.
pub(super) fn findings(diagnostics: &[Diagnostic], redaction: &Redaction) {
    for diagnostic in diagnostics.iter().take(LISTED_FINDINGS) {
        let text = match redaction.hides() {
            true => diagnostic.without_text(),
            false => diagnostic.to_string(),
        };
        for line in text.lines() {
            match diagnostic.severity {
                Severity::Error => write_event!(FINDING_ERROR, "{line}"),
                Severity::Warning => write_event!(FINDING_WARNING, "{line}"),
                // `readdress check` shows remarks about rules that are right.
                Severity::Note => {}
            }
        }
    }
    let more = Tally::of(diagnostics).all().saturating_sub(LISTED_FINDINGS);
    if more > 0 {
        write_event!(MORE_FINDINGS, "table: and {more} more findings");
    }
    if redaction.hides() && !diagnostics.is_empty() {
        write_event!(
            FINDINGS_HIDDEN,
            "table: addresses are hidden here; `readdress check` shows what was found"
        );
    }
}

/// Returns the number of errors.
pub(super) fn errors(diagnostics: &[Diagnostic]) -> usize {
    Tally::of(diagnostics).errors
}
