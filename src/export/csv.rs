//! Writes all rules as pairs `from,to`, for a spreadsheet and back.
//!
//! The cells hold what a native rule holds, options included: if the file is read again, it gives the same
//! table. Every domain has a row of its own, also a domain that no line declares: its class may come from a
//! kind of file that the CSV file replaces.
//!
//! The form is RFC 4180 with LF, and with quotes only around cells that need them.

use super::output::Output;
use crate::engine::{
    Table,
    diagnostic::Span,
    rule::{DomainClass, Rule},
};

/// Writes all domains and rules.
pub fn write(table: &Table, output: &mut Output<'_>) {
    // The header comes before the first line of the first file.
    let top = Span::whole_file(0);
    output.line(top, "from,to".to_owned());
    for (domain, class) in table.known_domains() {
        let action = match class {
            DomainClass::External => class.word().to_owned(),
            _ => format!("{} unknown={}", class.word(), table.unknown(domain).word()),
        };
        output.line(top, row(domain.as_str(), &action));
    }
    for rule in table.rules() {
        output.line(rule.span, rule_row(&rule));
    }
}

fn rule_row(rule: &Rule) -> String {
    let (pattern, whole) = (rule.pattern.to_string(), rule.to_string());
    let action = whole.get(pattern.len()..).unwrap_or_default();
    row(&pattern, action.trim_start())
}

fn row(from: &str, to: &str) -> String {
    format!("{},{}", cell(from), cell(to))
}

/// Returns a cell, in quotes if it holds a separator, a quote or a line end.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
