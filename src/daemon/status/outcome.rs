//! What came of a reload, as the status and the answers hold it.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`FINDINGS`] | 10 | `findings_more` says how many more there are |
//! | [`RULES`] | 20 of a kind | the counts say how many there are |
//!
//! Where the log hides addresses, only places and counts are given.

use crate::{
    daemon::{
        guard,
        record::Redaction,
        reload::{Accept, HeldDifferences, ReloadOutcome},
    },
    engine::{Change, Diagnostic, Severity, Tally},
    protocol::{Cause, FateDifference, Findings, Held, Live, Outcome, Refused, RolledBack},
};

/// Findings that are shown.
const FINDINGS: usize = 10;

/// Changed rules of one kind that are shown.
const RULES: usize = 20;

/// Returns findings with this severity, without the one that stands for findings that were not kept.
fn of_severity(all: &[Diagnostic], severity: Severity) -> impl Iterator<Item = &Diagnostic> {
    let real = all.iter().filter(|finding| finding.unkept.is_none());
    real.filter(move |finding| finding.severity == severity)
}

fn shown(finding: &Diagnostic, redaction: &Redaction) -> String {
    match redaction.hides() {
        true => finding.without_text(),
        false => finding.to_string(),
    }
}

/// Returns the first findings, errors before warnings, and how many there are.
pub(super) fn findings(all: &[Diagnostic], redaction: &Redaction) -> Findings {
    let tally = Tally::of(all);
    let errors = of_severity(all, Severity::Error);
    let warnings = of_severity(all, Severity::Warning);
    let first = errors.chain(warnings).take(FINDINGS);
    let shown: Vec<_> = first.map(|finding| shown(finding, redaction)).collect();
    Findings {
        findings_more: tally.all().saturating_sub(shown.len()),
        findings: shown,
        errors: tally.errors,
        warnings: tally.warnings,
    }
}

/// Returns the first line of the first error, and how many more errors there are; empty if there is no
/// error.
pub(super) fn first_line(all: &[Diagnostic], redaction: &Redaction) -> String {
    let Some(first) = of_severity(all, Severity::Error).next() else {
        return String::new();
    };
    let text = shown(first, redaction);
    let line = text.lines().next().unwrap_or_default();
    match Tally::of(all).errors.saturating_sub(1) {
        0 => line.to_owned(),
        more => format!("{line} (and {more} more)"),
    }
}

/// Returns the first rules of a list, each with its place.
fn rules(changes: &[Change], redaction: &Redaction) -> Vec<String> {
    let shown = changes.iter().take(RULES);
    shown
        .map(|change| change.line(!redaction.hides()))
        .collect()
}

/// Returns what came of a reload. `accept` makes the commands that go on from there.
pub(super) fn outcome(
    outcome: &ReloadOutcome,
    redaction: &Redaction,
    accept: Option<&Accept>,
) -> Outcome {
    match outcome {
        ReloadOutcome::Unchanged { generation } => Outcome::Unchanged {
            generation: *generation,
        },
        ReloadOutcome::Live {
            generation,
            rules: number,
            sources,
            changes,
            took,
            warnings,
        } => Outcome::Live(Live {
            generation: *generation,
            rules: *number,
            files: *sources,
            added: changes.added.len(),
            removed: changes.removed.len(),
            changed: changes.changed.len(),
            added_rules: rules(&changes.added, redaction),
            removed_rules: rules(&changes.removed, redaction),
            changed_rules: rules(&changes.changed, redaction),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            findings: findings(warnings, redaction),
        }),
        ReloadOutcome::Refused {
            diagnostics,
            serving,
        } => Outcome::Refused(Refused {
            generation: *serving,
            findings: findings(diagnostics, redaction),
        }),
        ReloadOutcome::Held {
            digest,
            causes,
            rules,
            sources,
            serving,
            differences,
        } => Outcome::Held(Held {
            generation: *serving,
            digest: digest.clone(),
            causes: causes.iter().map(|one| cause(one, redaction)).collect(),
            rules: *rules,
            files: *sources,
            accept: accept.map(|accept| accept.words(digest)),
            differences: fates(differences, redaction),
            differences_total: (!differences.unknown).then_some(differences.total),
            differences_more: differences.more,
        }),
        ReloadOutcome::RolledBack { serving, rollback } => Outcome::RolledBack(RolledBack {
            generation: *serving,
            to: rollback.to,
            since: rollback.at,
            by: rollback.by.words(),
            // A reason may name an address.
            why: rollback.why.clone().filter(|_| !redaction.hides()),
            end: accept.map(Accept::end_of_rollback),
        }),
    }
}

/// Returns the first differences, unless addresses are hidden.
fn fates(differences: &HeldDifferences, redaction: &Redaction) -> Vec<FateDifference> {
    match redaction.hides() {
        true => Vec::new(),
        false => differences.first.iter().map(Into::into).collect(),
    }
}

fn cause(cause: &guard::Cause, redaction: &Redaction) -> Cause {
    Cause {
        cause: cause.word().to_owned(),
        text: cause.text(redaction.hides()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Settings, SourceText, compile};

    #[test]
    fn errors_come_first_and_all_are_counted() {
        let source = SourceText::new(
            "a.rules",
            b"domain2.com secondary\nx@domain2.com rejct\ny@domain2.com rejct\n".to_vec(),
        );
        let all = compile(&[source], &Settings::default()).diagnostics;
        let redaction = Redaction::default();
        let line = first_line(&all, &redaction);
        assert!(line.starts_with("a.rules:2:15: error: "), "{line}");
        assert!(line.ends_with("(and 1 more)"), "{line}");
        let found = findings(&all, &redaction);
        assert_eq!((found.errors, found.findings_more), (2, 0));
        assert!(found.findings[0].starts_with("a.rules:2:15: error: "));
        redaction.set(crate::config::LogAddresses::Hash);
        let hidden = first_line(&all, &redaction);
        assert!(!hidden.contains("domain2"), "{hidden}");
        assert_eq!(first_line(&[], &redaction), "");
    }
}
