//! What the lines look like, and where they are cut.

use super::*;
use crate::daemon::log::capture;
use crate::engine::diagnostic::codes;

fn finding(severity: Severity, message: &str) -> Diagnostic {
    Diagnostic::about_file(severity, codes::SYNTAX, "a.rules", message.to_owned(), None)
}

fn change(line: usize) -> Change {
    Change {
        rule: format!("a{line}@x b@y"),
        place: format!("a.rules:{line}"),
    }
}

/// A finding with a line and a caret.
fn at_a_line() -> Diagnostic {
    let mut finding = finding(Severity::Error, "one");
    finding.help = Some("ask secret@x".into());
    finding.excerpt.text = "  secret@x".into();
    finding.excerpt.line = 3;
    finding.excerpt.column = 3;
    finding.excerpt.width = 3;
    finding
}

#[test]
fn a_live_table_is_one_line_and_one_for_each_rule() {
    let changes = Changes {
        added: vec![change(3)],
        removed: vec![],
        changed: (0..23).map(change).collect(),
    };
    let lines = capture(|| {
        let took = Duration::from_micros(4900);
        table_live(7, 812, Some(&changes), 2, took, &Redaction::default());
    });
    assert_eq!(
        lines[..2],
        [
            "info table: generation=7 rules=812 changed=+1-0~23 files=2 took=4ms",
            "info table: added a3@x b@y (a.rules:3)",
        ]
    );
    assert_eq!(lines.len(), 2 + 20 + 1);
    assert_eq!(lines[22], "info table: changed and 3 more");
}

#[test]
fn the_first_table_has_nothing_to_be_held_against() {
    let lines = capture(|| table_live(1, 5, None, 1, Duration::ZERO, &Redaction::default()));
    assert_eq!(lines, ["info table: generation=1 rules=5 files=1 took=0ms"]);
}

#[test]
fn a_refused_table_says_why_and_what_serves() {
    let diagnostics = [at_a_line(), finding(Severity::Warning, "two")];
    let lines = capture(|| table_refused(&diagnostics, 41, &Redaction::default()));
    let last = "error table refused: errors=1 still serving generation=41";
    assert_eq!(lines.last().unwrap(), last);
    assert!(lines.contains(&"error   ^^^".to_owned()), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.starts_with("warn ")),
        "{lines:?}"
    );
    let lines = capture(|| table_refused(&diagnostics, 0, &Redaction::default()));
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
    let lines = capture(|| table_refused(&diagnostics, 1, &Redaction::default()));
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

#[test]
fn where_addresses_are_hidden_places_and_counts_are_left() {
    let redaction = Redaction::default();
    redaction.set(crate::config::LogAddresses::Domain);
    let changes = Changes {
        added: vec![change(3)],
        ..Changes::default()
    };
    let lines = capture(|| {
        table_live(7, 812, Some(&changes), 2, Duration::ZERO, &redaction);
        table_refused(&[at_a_line()], 41, &redaction);
    });
    assert_eq!(
        lines,
        [
            "info table: generation=7 rules=812 changed=+1-0~0 files=2 took=0ms",
            "info table: added a.rules:3",
            "error a.rules:3:3: error: [syntax]",
            "info table: addresses are hidden here; `readdress check` shows what was found",
            "error table refused: errors=1 still serving generation=41",
        ]
    );
}
