//! The header row of a `.csv` file: which column has which name.
//!
//! Names are compared without letter case, blanks, hyphens and underscores.

use super::{
    csv::{Row, Rows},
    field_text::FieldText,
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
        let name = |cell: &FieldText<'_>| {
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

    /// Returns the number of columns.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns the column with the first of these names that exists.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.names.iter().position(|own| own == name))
    }

    /// Sets which columns of the rows are read. Addresses in the other columns will be reported.
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

    /// Returns the name of a column as it is written, and its place.
    pub fn title(&self, column: usize) -> (&str, Span) {
        match self.titles.get(column) {
            Some((title, span)) => (title, *span),
            None => ("", self.span),
        }
    }

    /// Returns the columns with one of these names, or with a name and a number: `ProxyAddress_1`,
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

    /// Returns the columns whose name begins with this name and `.` (`aliases.0`, `aliases.1`), or else the
    /// column with this name.
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

    /// Returns true if there is a column for each of these names.
    pub fn has(&self, names: &[&str]) -> bool {
        names
            .iter()
            .all(|name| self.names.iter().any(|own| own == name))
    }
}
