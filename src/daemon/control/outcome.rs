//! What came of a reload, as a command prints it.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`FINDINGS`] | 10 | `findings_more` says how many more there are |
//! | [`RULES`] | 20 of a kind | the counts say how many there are |
//!
//! Where the log hides addresses, places and counts alone are given.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::{
    daemon::{guard::Cause, record::Redaction, reload::ReloadOutcome},
    engine::{Change, Diagnostic, Severity, Tally},
};

/// Findings that an answer shows.
const FINDINGS: usize = 10;

/// Changed rules of one kind that an answer shows.
const RULES: usize = 20;

/// A time as a number for programs.
pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Findings, errors first, and how many of each kind there are.
pub(super) fn findings(of: &[Diagnostic], redaction: &Redaction) -> Value {
    let tally = Tally::of(of);
    let real = || of.iter().filter(|finding| finding.unkept.is_none());
    let errors = real().filter(|finding| finding.severity == Severity::Error);
    let warnings = real().filter(|finding| finding.severity == Severity::Warning);
    let text = |finding: &Diagnostic| match redaction.hides() {
        true => finding.without_text(),
        false => finding.to_string(),
    };
    let shown: Vec<_> = errors.chain(warnings).take(FINDINGS).map(text).collect();
    json!({
        "findings_more": tally.all().saturating_sub(shown.len()),
        "findings": shown,
        "errors": tally.errors,
        "warnings": tally.warnings,
    })
}

/// The first rules of a list, each with its place.
fn rules(changes: &[Change], redaction: &Redaction) -> Vec<String> {
    let shown = changes.iter().take(RULES);
    let text = |change: &Change| match redaction.hides() {
        true => change.place.clone(),
        false => format!("{} ({})", change.rule, change.place),
    };
    shown.map(text).collect()
}

/// What came of a reload; `accept` makes a digest the words that accept it.
pub(super) fn outcome(
    outcome: &ReloadOutcome,
    redaction: &Redaction,
    accept: impl Fn(&str) -> Option<String>,
) -> Value {
    match outcome {
        ReloadOutcome::Unchanged { generation } => {
            json!({ "outcome": "unchanged", "generation": generation })
        }
        ReloadOutcome::Live {
            generation,
            rules: number,
            sources,
            changes,
            took,
            warnings,
        } => with(
            json!({
                "outcome": "live",
                "generation": generation,
                "rules": number,
                "files": sources,
                "added": changes.added.len(),
                "removed": changes.removed.len(),
                "changed": changes.changed.len(),
                "added_rules": rules(&changes.added, redaction),
                "removed_rules": rules(&changes.removed, redaction),
                "changed_rules": rules(&changes.changed, redaction),
                "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            }),
            findings(warnings, redaction),
        ),
        ReloadOutcome::Refused {
            diagnostics,
            serving,
        } => with(
            json!({ "outcome": "refused", "generation": serving }),
            findings(diagnostics, redaction),
        ),
        ReloadOutcome::Held {
            digest,
            causes,
            rules,
            sources,
            serving,
        } => json!({
            "outcome": "held",
            "generation": serving,
            "digest": digest,
            "causes": causes.iter().map(cause).collect::<Vec<_>>(),
            "rules": rules,
            "files": sources,
            "accept": accept(digest),
        }),
    }
}

fn cause(cause: &Cause) -> Value {
    json!({ "cause": cause.word(), "text": cause.to_string() })
}

/// One object with the keys of both.
pub(super) fn with(mut object: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}
