//! Writes findings as SARIF 2.1.0, which code hosting services and editors read.
//!
//! One run contains all findings. Each code of a finding is a "rule" of SARIF, with its meaning; each suggestion is a
//! "fix". Columns count characters from 1.
//!
//! # Limits
//!
//! Paths stay relative to the directory in which the command runs.

use serde_json::{Value, json};

use crate::cli::{files::Loaded, output};
use crate::engine::{
    Diagnostic, Severity,
    diagnostic::{Code, Edit, Excerpt, Suggestion, path},
};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Prints all findings as one object.
pub fn print(loaded: &Loaded) {
    output::json(&log(&loaded.diagnostics, &loaded.prefix));
}

fn log(findings: &[Diagnostic], prefix: &str) -> Value {
    let mut codes: Vec<Code> = Vec::new();
    for finding in findings {
        if !codes.contains(&finding.code) {
            codes.push(finding.code);
        }
    }
    let results = findings.iter();
    let results: Vec<_> = results.map(|one| result(one, &codes, prefix)).collect();
    let rules: Vec<_> = codes.iter().map(|code| rule(*code)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "readdress",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.word(),
        "shortDescription": { "text": code.meaning() },
        "help": { "text": code.action() },
    })
}

fn level(finding: &Diagnostic) -> &'static str {
    match finding.severity {
        Severity::Note => "note",
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn result(finding: &Diagnostic, codes: &[Code], prefix: &str) -> Value {
    let mut text = finding.message.clone();
    for advice in finding.all_advice() {
        text += &format!("\nhelp: {advice}");
    }
    let mut result = json!({
        "ruleId": finding.code.word(),
        "ruleIndex": codes.iter().position(|code| *code == finding.code),
        "level": level(finding),
        "message": { "text": text },
        "locations": [location(&finding.excerpt, prefix)],
    });
    if !finding.notes.is_empty() {
        let notes = finding.notes.iter().map(|note| {
            let mut place = location(&note.excerpt, prefix);
            place["message"] = json!({ "text": note.message });
            place
        });
        result["relatedLocations"] = notes.collect();
    }
    let fixes = finding.suggestions.iter();
    let fixes = fixes.filter(|suggestion| !suggestion.edits.is_empty());
    let fixes: Vec<_> = fixes.map(|suggestion| fix(suggestion, prefix)).collect();
    if !fixes.is_empty() {
        result["fixes"] = fixes.into();
    }
    result
}

fn location(excerpt: &Excerpt, prefix: &str) -> Value {
    let mut place = json!({ "artifactLocation": { "uri": uri(&excerpt.path(prefix)) } });
    if let line @ 1.. = excerpt.line {
        place["region"] = json!({
            "startLine": line,
            "startColumn": excerpt.column,
            "endColumn": excerpt.end_column(),
            "snippet": { "text": excerpt.text },
        });
    }
    json!({ "physicalLocation": place })
}

/// Returns a suggestion as a fix, with one change for each file.
fn fix(suggestion: &Suggestion, prefix: &str) -> Value {
    let mut files: Vec<&str> = suggestion.edits.iter().map(|edit| &*edit.file).collect();
    files.dedup();
    let change = |file: &str| {
        let edits = suggestion.edits.iter().filter(|edit| edit.file == file);
        json!({
            "artifactLocation": { "uri": uri(&path(file, prefix)) },
            "replacements": edits.map(replacement).collect::<Vec<_>>(),
        })
    };
    let changes: Vec<_> = files.into_iter().map(change).collect();
    json!({
        "description": { "text": suggestion.message },
        "artifactChanges": changes,
    })
}

fn replacement(edit: &Edit) -> Value {
    json!({
        "deletedRegion": {
            "startLine": edit.line,
            "startColumn": edit.column,
            "endLine": edit.end_line,
            "endColumn": edit.end_column,
        },
        "insertedContent": { "text": edit.text },
    })
}

/// Returns a path as a relative reference (RFC 3986).
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let path = path.strip_prefix("./").unwrap_or(path);
    path.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("./rules/10 ä.rules"), "rules/10%20%C3%A4.rules");
    }
}
