//! The header row of a `.csv` file: which column has which name.
//!
//! Names are compared without letter case, blanks, hyphens and underscores.

use super::{
    csv::{Row, Rows},
    value::Value,
};
use crate::engine::diagnostic::Span;

/// The columns of a table, by name.
#[derive(Debug)]
pub struct Header {
    /// Names in lower case, without blanks, hyphens and underscores.
    pub names: Vec<String>,
    /// The whole row.
    pub span: Span,
    /// The names as they are written, and their places.
    titles: Vec<(String, Span)>,
}

impl Header {
    /// Reads the row's names.
    pub fn of(row: &Row<'_>) -> Self {
        let name = |cell: &Value<'_>| {
            let kept = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '[' | ']' | '@');
            cell.text
                .chars()
                .filter(kept)
                .collect::<String>()
                .to_lowercase()
        };
        Self {
            names: row.cells.iter().map(name).collect(),
            span: row.span,
            titles: row
                .cells
                .iter()
                .map(|cell| (cell.text.trim().to_owned(), cell.span))
                .collect(),
        }
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The first column that has one of these names, the first name first.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.names.iter().position(|own| own == name))
    }

    /// Says which columns of the rows are read; addresses in the others will be reported.
    pub fn reads(&self, rows: &mut Rows<'_>, columns: impl IntoIterator<Item = usize>) {
        let read: Vec<_> = columns.into_iter().collect();
        let others = (0..self.len()).filter(|column| !read.contains(column));
        let named = |column| {
            let (title, span) = self.title(column);
            (column, title.to_owned(), span)
        };
        let others = others.map(named).collect();
        rows.watch(read, others);
    }

    /// A column's name as it is written, and its place.
    pub fn title(&self, column: usize) -> (&str, Span) {
        match self.titles.get(column) {
            Some((title, span)) => (title, *span),
            None => ("", self.span),
        }
    }

    /// The columns that have one of these names, or one with a number behind it: `ProxyAddress_1`,
    /// `aliases.0`.
    pub fn family(&self, names: &[&str]) -> Vec<usize> {
        let is = |own: &str| {
            names.iter().any(|name| {
                own.strip_prefix(name).is_some_and(|rest| {
                    let rest = rest.strip_prefix('.').unwrap_or(rest);
                    rest.chars().all(|c| c.is_ascii_digit())
                })
            })
        };
        let columns = (0..).zip(&self.names).filter(|(_, own)| is(own));
        columns.map(|(at, _)| at).collect()
    }

    /// The columns whose name begins with this one and `.`: `aliases.0`, `aliases.1`; where there are
    /// none, the column of this name.
    pub fn numbered(&self, name: &str) -> Vec<usize> {
        let is = |own: &&String| {
            own.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        let columns: Vec<_> = (0..)
            .zip(&self.names)
            .filter(|(_, own)| is(own))
            .map(|(at, _)| at)
            .collect();
        if columns.is_empty() {
            return self.find(&[name]).into_iter().collect();
        }
        columns
    }

    /// Whether there is a column of each of these names.
    pub fn has(&self, names: &[&str]) -> bool {
        names
            .iter()
            .all(|name| self.names.iter().any(|own| own == name))
    }
}
