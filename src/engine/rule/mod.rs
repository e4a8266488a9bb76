//! Rules as values: which addresses a rule is for, what happens to them, and where it was written.
//!
//! [`print`] writes a value as a line of a `.rules` file. Reading such a line is the work of
//! [`syntax`](super::syntax); keeping many rules in little memory that of [`store`](super::store);
//! whether rules fit together that of [`table`](super::table).

mod action;
mod annotation;
mod domain;
mod meaning;
mod pattern;
mod print;
mod target;

pub use action::{Action, ActionWord, Arguments};
pub use annotation::Annotation;
pub use domain::{Declaration, DomainClass, Unknown};
pub use meaning::Meaning;
pub use pattern::{Pattern, PatternKind};
pub use target::{Detail, Piece, Target, TargetKind};

use super::diagnostic::Span;

/// Where a rule came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A line of its own.
    Line,
    /// The list of secondary addresses behind a `mailbox`.
    Secondary,
    /// A line of a map of an MTA: it makes its domain secondary only if it is for the whole domain.
    Map,
    /// A row or record of an export.
    Row,
    /// A secondary address in such a row or record.
    Proxy,
}

impl Origin {
    /// Returns true for a secondary address of one owner.
    pub fn is_secondary(self) -> bool {
        matches!(self, Self::Secondary | Self::Proxy)
    }

    /// Returns true if another program wrote the rule. Such a program may write the same rule twice.
    pub fn is_foreign(self) -> bool {
        matches!(self, Self::Map | Self::Row | Self::Proxy)
    }
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which addresses it is for.
    pub pattern: Pattern,
    /// What happens to them.
    pub action: Action,
    /// The option `detail=`, where it is written.
    pub detail: Option<Detail>,
    /// The options `note=` and `owner=`.
    pub annotation: Annotation,
    /// Where its pattern is written.
    pub span: Span,
    /// Where it came from.
    pub origin: Origin,
}
