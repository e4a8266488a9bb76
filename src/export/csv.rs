//! All rules as pairs `from,to`: the table for a spreadsheet, and back.
//!
//! Both cells say what a native rule says, options included, so that nothing is lost: read again, the
//! file gives the same table. Every domain has a row of its own, whether a line declared it or it was
//! told from where it stands, since a class may have been told from the kind of file that is no more.
//!
//! RFC 4180 with LF; quotes only around cells that need them.

use super::sheet::Sheet;
use crate::engine::{
    Table,
    diagnostic::Span,
    rule::{DomainClass, Rule},
};

/// Writes all domains and rules.
pub fn write(table: &Table, sheet: &mut Sheet<'_>) {
    // Before the first line of the first file.
    let top = Span::whole_file(0);
    sheet.line(top, "from,to".to_owned());
    for (domain, class) in table.known_domains() {
        let action = match class {
            DomainClass::External => class.word().to_owned(),
            _ => format!("{} unknown={}", class.word(), table.unknown(domain).word()),
        };
        sheet.line(top, row(domain.as_str(), &action));
    }
    for rule in table.rules() {
        sheet.line(rule.span, rule_row(&rule));
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

/// A cell, in quotes where it holds what would part it.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
