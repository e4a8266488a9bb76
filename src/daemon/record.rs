//! Every log line of the daemon, one function for each event.
//!
//! A line is the event's word, then `key=value` in a fixed order, in lower case, without a full stop.
//! Administrators search for these lines and programs read them, so they are an interface: a key
//! keeps its meaning, and a new one goes to the end. `log` quotes values that hold blanks and
//! escapes control characters; nothing here has to.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | rules listed under `added`, `removed`, `changed` | 20 each | `table: added and N more` |
//! | findings listed | 100 | `table: and N more findings` |

use std::fmt::Display;
use std::time::Duration;

use tracing::{error, info, warn};

use crate::engine::{Changes, Diagnostic, Severity};

/// Most rules listed for one kind of change.
const LISTED_RULES: usize = 20;

/// Most findings listed for one table.
const LISTED_FINDINGS: usize = 100;

// The table.

/// A new table serves. `changes` is `None` for the first one, which has nothing to be held against.
///
/// `table: generation=7 rules=812 changed=+3-1~2 files=2 took=4ms`
pub fn table_live(
    generation: u64,
    rules: usize,
    changes: Option<&Changes>,
    files: usize,
    took: Duration,
) {
    let took = milliseconds(took);
    let Some(changes) = changes else {
        info!(generation, rules, files, took = %took, "table:");
        return;
    };
    let changed = format!(
        "+{}-{}~{}",
        changes.added.len(),
        changes.removed.len(),
        changes.changed.len()
    );
    info!(generation, rules, changed = %changed, files, took = %took, "table:");
    list("added", &changes.added);
    list("removed", &changes.removed);
    list("changed", &changes.changed);
}

/// Findings that keep no table from serving.
pub fn table_warnings(diagnostics: &[Diagnostic]) {
    findings(diagnostics);
}

/// The files hold errors; the table before them serves on, or none where `serving` is 0.
///
/// `table refused: errors=2 still serving generation=41`
pub fn table_refused(diagnostics: &[Diagnostic], serving: u64) {
    findings(diagnostics);
    let errors = errors(diagnostics);
    if serving == 0 {
        error!("table refused: errors={errors} no table yet, every recipient is deferred");
    } else {
        error!("table refused: errors={errors} still serving generation={serving}");
    }
}

/// Said every now and then until the files are mended.
///
/// `table still refused: errors=2 serving generation=41 for=600s`
pub fn table_still_refused(diagnostics: &[Diagnostic], serving: u64, since: Duration) {
    let errors = errors(diagnostics);
    let seconds = since.as_secs();
    warn!("table still refused: errors={errors} serving generation={serving} for={seconds}s");
}

/// The files hold again what serves, after they held errors.
///
/// `table mended: still serving generation=41`
pub fn table_mended(serving: u64) {
    info!("table mended: still serving generation={serving}");
}

// Watching.

/// No notification can be had: changes are found by looking.
///
/// `watch: mode=rescan-only reason="…"`
pub fn watch_unavailable(reason: &dyn Display) {
    warn!(mode = "rescan-only", reason = %reason, "watch:");
}

/// Notifications can be had again.
///
/// `watch: mode=notified`
pub fn watch_restored() {
    info!(mode = "notified", "watch:");
}

/// The system dropped notifications; everything is looked at instead.
///
/// `watch: queue overflow, looking at all files`
pub fn watch_overflowed() {
    warn!("watch: queue overflow, looking at all files");
}

fn list(kind: &str, rules: &[String]) {
    for rule in rules.iter().take(LISTED_RULES) {
        info!("table: {kind} {rule}");
    }
    let more = rules.len().saturating_sub(LISTED_RULES);
    if more > 0 {
        info!("table: {kind} and {more} more");
    }
}

/// Each line of a finding is an event of its own, so that the caret stays under its column.
fn findings(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics.iter().take(LISTED_FINDINGS) {
        for line in diagnostic.to_string().lines() {
            match diagnostic.severity {
                Severity::Error => error!("{line}"),
                Severity::Warning => warn!("{line}"),
            }
        }
    }
    let more = diagnostics.len().saturating_sub(LISTED_FINDINGS);
    if more > 0 {
        warn!("table: and {more} more findings");
    }
}

fn errors(diagnostics: &[Diagnostic]) -> usize {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count()
}

fn milliseconds(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::log::capture;

    fn finding(severity: Severity, message: &str) -> Diagnostic {
        Diagnostic::about_file(severity, "test", "a.rules", message.to_owned(), None)
    }

    #[test]
    fn a_live_table_is_one_line_and_one_for_each_rule() {
        let changes = Changes {
            added: vec!["10-a.rules:3: a@x b@y".into()],
            removed: vec![],
            changed: (0..23).map(|n| format!("rule {n}")).collect(),
        };
        let lines = capture(|| {
            table_live(7, 812, Some(&changes), 2, Duration::from_micros(4900));
        });
        assert_eq!(
            lines[..2],
            [
                "info table: generation=7 rules=812 changed=+1-0~23 files=2 took=4ms",
                "info table: added 10-a.rules:3: a@x b@y",
            ]
        );
        assert_eq!(lines.len(), 2 + 20 + 1);
        assert_eq!(lines[22], "info table: changed and 3 more");
    }

    #[test]
    fn the_first_table_has_nothing_to_be_held_against() {
        let lines = capture(|| table_live(1, 5, None, 1, Duration::ZERO));
        assert_eq!(lines, ["info table: generation=1 rules=5 files=1 took=0ms"]);
    }

    #[test]
    fn a_refused_table_says_why_and_what_serves() {
        let diagnostics = [
            finding(Severity::Error, "one\n  ^^^"),
            finding(Severity::Warning, "two"),
        ];
        let lines = capture(|| table_refused(&diagnostics, 41));
        let last = "error table refused: errors=1 still serving generation=41";
        assert_eq!(lines.last().unwrap(), last);
        assert!(lines.contains(&"error   ^^^".to_owned()), "{lines:?}");
        assert!(
            lines.iter().any(|line| line.starts_with("warn ")),
            "{lines:?}"
        );
        let lines = capture(|| table_refused(&diagnostics, 0));
        assert!(
            lines
                .last()
                .unwrap()
                .ends_with("every recipient is deferred")
        );
    }

    #[test]
    fn a_flood_of_findings_is_cut() {
        let diagnostics = vec![finding(Severity::Error, "one"); 150];
        let lines = capture(|| table_refused(&diagnostics, 1));
        assert!(lines.contains(&"warn table: and 50 more findings".to_owned()));
        assert!(lines.last().unwrap().contains("errors=150 "));
    }

    #[test]
    fn a_reason_with_blanks_is_quoted() {
        let lines = capture(|| watch_unavailable(&"too many \"files\""));
        assert_eq!(
            lines,
            [r#"warn watch: mode=rescan-only reason="too many \"files\"""#]
        );
    }
}
