//! The header row of a `.csv` file: which column has which name.
//!
//! Names are compared without letter case, blanks, hyphens and underscores.

use super::{csv::Row, value::Value};
use crate::engine::rule::Span;

/// The columns of a table, by name.
#[derive(Debug)]
pub struct Header {
    /// Names in lower case, without blanks, hyphens and underscores.
    pub names: Vec<String>,
    /// The whole row.
    pub span: Span,
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
