//! Findings as JSON: one object a line, and a summary as the last line. `protocol::check` holds the
//! fields.

use crate::{
    cli::{files::Loaded, output},
    engine::{
        Diagnostic, LawReport, Tally,
        diagnostic::{Excerpt, Note, Suggestion, path},
        syntax::Skipped,
    },
    protocol::{
        CheckEdit, CheckFinding, CheckLaw, CheckNote, CheckPlace, CheckSuggestion, CheckSummary,
        CheckTotals,
    },
};

/// Prints all findings.
pub fn print(loaded: &Loaded) {
    let prefix = &loaded.prefix;
    for finding in &loaded.diagnostics {
        output::json(&object(finding, prefix));
    }
    for skipped in &loaded.skipped {
        output::json(&counts(skipped, prefix));
    }
    output::json(&summary(loaded));
}

fn summary(loaded: &Loaded) -> CheckSummary {
    let Tally { errors, warnings } = loaded.tally();
    CheckSummary {
        summary: CheckTotals {
            subject: loaded.subject.clone(),
            errors,
            warnings,
            rules: loaded.table.as_ref().map(|table| table.len()),
            files: loaded.files,
            expectations: loaded.expectations,
            laws: loaded
                .laws
                .iter()
                .map(|one| law(one, &loaded.prefix))
                .collect(),
            live: loaded.table.is_some(),
        },
    }
}

fn law(law: &LawReport, prefix: &str) -> CheckLaw {
    CheckLaw {
        law: law.law.clone(),
        file: path(&law.file, prefix),
        line: law.line,
        verdict: law.verdict.word().to_owned(),
        rules: law.rules,
        wide_rules: law.wide_rules.clone(),
        domains: law.domains.clone(),
        microseconds: u64::try_from(law.took.as_micros()).unwrap_or(u64::MAX),
    }
}

/// Returns what was skipped in one file, as a note with counts.
fn counts(skipped: &Skipped, prefix: &str) -> CheckFinding {
    CheckFinding {
        place: place(&Excerpt::about_file(&skipped.file), prefix),
        severity: "note".to_owned(),
        code: "skipped".to_owned(),
        message: skipped.to_string(),
        counts: Some(skipped.counts.iter().cloned().collect()),
        ..CheckFinding::default()
    }
}

fn place(excerpt: &Excerpt, prefix: &str) -> CheckPlace {
    let on_a_line = excerpt.line > 0;
    CheckPlace {
        file: excerpt.path(prefix),
        line: on_a_line.then_some(excerpt.line),
        column: on_a_line.then_some(excerpt.column),
        end_column: on_a_line.then(|| excerpt.end_column()),
        source: on_a_line.then(|| excerpt.text.clone()),
    }
}

fn object(finding: &Diagnostic, prefix: &str) -> CheckFinding {
    let note = |note: &Note| CheckNote {
        place: place(&note.excerpt, prefix),
        message: note.message.clone(),
    };
    let suggestions = finding.suggestions.iter();
    CheckFinding {
        place: place(&finding.excerpt, prefix),
        severity: finding.severity.word().to_owned(),
        code: finding.code.word().to_owned(),
        message: finding.message.clone(),
        help: finding.advice(),
        suggestions: suggestions.map(|one| suggestion(one, prefix)).collect(),
        notes: finding.notes.iter().map(note).collect(),
        counts: None,
    }
}

fn suggestion(suggestion: &Suggestion, prefix: &str) -> CheckSuggestion {
    let edits = suggestion.edits.iter().map(|edit| CheckEdit {
        file: path(&edit.file, prefix),
        line: edit.line,
        column: edit.column,
        end_line: edit.end_line,
        end_column: edit.end_column,
        text: edit.text.clone(),
    });
    CheckSuggestion {
        message: suggestion.message.clone(),
        edits: edits.collect(),
    }
}
