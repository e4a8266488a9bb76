//! Writes findings as SARIF 2.1.0, which code hosting services and editors read.
//!
//! One run contains all findings. Each code of a finding is a "rule" of SARIF, with its meaning; each suggestion is a
//! "fix". Columns count characters (code points) from 1, without a byte order mark. The snippet of a region is the text
//! that the caret underlines, and that of its context is the whole line.
//!
//! # Limits
//!
//! Paths stay relative to the directory in which the command runs.

use std::collections::BTreeSet;

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
            "snippet": { "text": excerpt.marked() },
        });
        // A context is larger than its region (section 3.29.5 of the standard).
        if excerpt.marked() != excerpt.text {
            place["contextRegion"] = json!({
                "startLine": line,
                "snippet": { "text": excerpt.text },
            });
        }
    }
    json!({ "physicalLocation": place })
}

/// Returns a suggestion as a fix, with one change for each file.
fn fix(suggestion: &Suggestion, prefix: &str) -> Value {
    let files: BTreeSet<&str> = suggestion.edits.iter().map(|edit| &*edit.file).collect();
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
    use crate::engine::{
        SourceText,
        diagnostic::{Finding, Findings, Span, codes},
    };

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("./rules/10 ä.rules"), "rules/10%20%C3%A4.rules");
    }

    /// Returns the characters of a region, as a reader of the standard finds them in the file.
    fn extracted(text: &str, region: &Value) -> String {
        let number = |key: &str| usize::try_from(region[key].as_u64().unwrap()).unwrap();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line = text.split('\n').nth(number("startLine") - 1).unwrap();
        let line: Vec<char> = line.trim_end_matches('\r').chars().collect();
        let (start, end) = (number("startColumn") - 1, number("endColumn") - 1);
        line[start..end].iter().collect()
    }

    /// Returns the place of a finding about a range of bytes, with its line.
    fn excerpt(text: &str, range: std::ops::Range<usize>) -> Excerpt {
        let sources = [SourceText::new("a.rules", text.as_bytes())];
        let mut findings = Findings::new(&sources);
        let span = Span::at(0, text.as_bytes(), range);
        findings.push(Finding::error(codes::SYNTAX, span, "m"));
        findings.into_diagnostics().remove(0).excerpt
    }

    /// Letters of one to four bytes, one that is a pair in UTF-16, and one that is combined of two characters.
    #[test]
    fn a_region_is_the_text_of_its_span() {
        for (mark, end) in [("", "\n"), ("\u{feff}", "\r\n")] {
            let text = format!("{mark}# u\u{308}{end}zwölf\t𝒳@дом.example  a€b{end}x{end}");
            let begins = text.find("zw").unwrap();
            let line = text[begins..].lines().next().unwrap();
            let places: Vec<_> = line.char_indices().map(|(at, _)| at).collect();
            let ends = || places.iter().copied().chain([line.len()]);
            for start in ends() {
                for end in ends().filter(|end| start <= *end) {
                    let span = begins + start..begins + end;
                    let wanted = match &text[span.clone()] {
                        // An empty span is shown below the character that follows.
                        "" => line[start..].chars().take(1).collect(),
                        marked => marked.to_owned(),
                    };
                    let found = excerpt(&text, span);
                    let place = location(&found, "");
                    let region = &place["physicalLocation"]["region"];
                    assert_eq!(extracted(&text, region), wanted, "{region} {text:?}");
                    assert_eq!(region["snippet"]["text"], *wanted);
                    assert_eq!(found.text, line);
                }
            }
        }
    }

    /// A span over several lines, or over the line end, is shown as far as its first line goes.
    #[test]
    fn a_region_ends_with_its_line() {
        let text = "jd@domain2.com\r\n  ä, b\r\n";
        for (span, wanted) in [(3..22, "domain2.com"), (14..16, ""), (18..24, "ä, b")] {
            let place = location(&excerpt(text, span), "");
            let region = &place["physicalLocation"]["region"];
            assert_eq!(extracted(text, region), wanted, "{region}");
        }
    }

    #[test]
    fn a_file_is_changed_once_by_a_fix() {
        let edit = |file: &str, line| Edit {
            file: file.to_owned(),
            line,
            column: 1,
            end_line: line,
            end_column: 2,
            text: String::new(),
        };
        let suggestion = Suggestion {
            message: "m".to_owned(),
            edits: vec![edit("a", 1), edit("b", 1), edit("a", 2)],
        };
        let fix = fix(&suggestion, "rules/");
        let changes = fix["artifactChanges"].as_array().unwrap();
        let counts = changes.iter().map(|change| {
            let made = change["replacements"].as_array().unwrap().len();
            (change["artifactLocation"]["uri"].as_str().unwrap(), made)
        });
        assert_eq!(counts.collect::<Vec<_>>(), [("rules/a", 2), ("rules/b", 1)]);
    }
}
