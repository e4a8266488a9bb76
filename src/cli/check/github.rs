//! Findings as commands of GitHub's workflows, which shows them beside the lines of a pull request.
//!
//! ```text
//! ::error file=rules/10-company.rules,line=12,endLine=12,col=1,endColumn=18,title=conflict::sentence%0Ahelp: …
//! ```
//!
//! # Limits
//!
//! GitHub shows ten errors and ten warnings of a step, the first ones. Its columns count from 1.

use crate::cli::{files::Loaded, output};
use crate::engine::{Diagnostic, Severity};

/// Prints all findings.
pub fn print(loaded: &Loaded) {
    for finding in &loaded.diagnostics {
        output::line(&command(finding, &loaded.prefix));
    }
}

fn command(finding: &Diagnostic, prefix: &str) -> String {
    let excerpt = &finding.excerpt;
    let name = match finding.severity {
        Severity::Note => "notice",
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut properties = format!("file={}", property(&excerpt.path(prefix)));
    if let line @ 1.. = excerpt.line {
        properties += &format!(
            ",line={line},endLine={line},col={},endColumn={}",
            excerpt.column,
            excerpt.end_column()
        );
    }
    let title = property(finding.code.word());
    let mut message = finding.message.clone();
    for advice in finding.all_advice() {
        message += &format!("\nhelp: {advice}");
    }
    for note in &finding.notes {
        let (place, line) = (note.excerpt.path(prefix), note.excerpt.line);
        message += &format!("\n{place}:{line}: {}", note.message);
    }
    format!("::{name} {properties},title={title}::{}", data(&message))
}

/// Escapes a text that stands behind `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::diagnostic::codes;

    #[test]
    fn nothing_in_a_finding_forges_a_command() {
        let finding = Diagnostic::about_file(
            Severity::Error,
            codes::NO_PERMISSION,
            "a,b:c%.rules",
            "100% of it\n::error::forged".to_owned(),
            Some("do this".to_owned()),
        );
        assert_eq!(
            command(&finding, "r/"),
            "::error file=r/a%2Cb%3Ac%25.rules,title=no-permission::100%25 of it%0A::error::forged%0Ahelp: do this"
        );
    }
}
