//! Findings as JSON: one object a line, and a summary as the last line.
//!
//! ```text
//! {"file":…,"line":…,"column":…,"end_column":…,"source":…,"severity":…,"code":…,"message":…,"help":…,
//!  "suggestions":[{"message":…,"edits":[{"file":…,"line":…,"column":…,"end_line":…,"end_column":…,"text":…}]}],
//!  "notes":[{"file":…,"line":…,"column":…,"end_column":…,"source":…,"message":…}]}
//! {"summary":{"subject":…,"errors":…,"warnings":…,"rules":…,"files":…,"expectations":…,"live":…}}
//! ```
//!
//! Lines and columns count from 1, columns in characters. `end_column` is the column behind the last
//! character. A finding about a file as a whole has no line, no columns and no source: they are `null`.

use serde_json::{Map, Value, json};

use crate::cli::{files::Loaded, output};
use crate::engine::{
    Diagnostic, Tally,
    diagnostic::{Excerpt, Suggestion, path},
    syntax::Skipped,
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

/// The last line. `live` is true if the table would go live.
fn summary(loaded: &Loaded) -> Value {
    let Tally { errors, warnings } = loaded.tally();
    json!({ "summary": {
        "subject": loaded.subject,
        "errors": errors,
        "warnings": warnings,
        "rules": loaded.table.as_ref().map(|table| table.len()),
        "files": loaded.files,
        "expectations": loaded.expectations,
        "live": loaded.table.is_some(),
    }})
}

/// What was skipped in one file, as a note: the keys of a finding, and `counts` by kind.
fn counts(skipped: &Skipped, prefix: &str) -> Value {
    let counts: Map<_, _> = skipped
        .counts
        .iter()
        .map(|(kind, count)| (kind.clone(), json!(count)))
        .collect();
    let mut object = place(&Excerpt::about_file(&skipped.file), prefix);
    object["severity"] = "note".into();
    object["code"] = "skipped".into();
    object["message"] = skipped.to_string().into();
    object["help"] = Value::Null;
    object["suggestions"] = json!([]);
    object["notes"] = json!([]);
    object["counts"] = counts.into();
    object
}

fn place(excerpt: &Excerpt, prefix: &str) -> Value {
    let on_a_line = excerpt.line > 0;
    json!({
        "file": excerpt.path(prefix),
        "line": on_a_line.then_some(excerpt.line),
        "column": on_a_line.then_some(excerpt.column),
        "end_column": on_a_line.then_some(excerpt.end_column()),
        "source": on_a_line.then_some(&excerpt.text),
    })
}

fn object(finding: &Diagnostic, prefix: &str) -> Value {
    let mut object = place(&finding.excerpt, prefix);
    let notes: Vec<_> = finding
        .notes
        .iter()
        .map(|note| {
            let mut object = place(&note.excerpt, prefix);
            object["message"] = note.message.clone().into();
            object
        })
        .collect();
    let suggestions = finding.suggestions.iter();
    let suggestions: Vec<_> = suggestions.map(|one| suggestion(one, prefix)).collect();
    object["severity"] = finding.severity.word().into();
    object["code"] = finding.code.word().into();
    object["message"] = finding.message.clone().into();
    object["help"] = finding.advice().into();
    object["suggestions"] = suggestions.into();
    object["notes"] = notes.into();
    object
}

fn suggestion(suggestion: &Suggestion, prefix: &str) -> Value {
    let edits: Vec<_> = suggestion
        .edits
        .iter()
        .map(|edit| {
            json!({
                "file": path(&edit.file, prefix),
                "line": edit.line,
                "column": edit.column,
                "end_line": edit.end_line,
                "end_column": edit.end_column,
                "text": edit.text,
            })
        })
        .collect();
    json!({ "message": suggestion.message, "edits": edits })
}
