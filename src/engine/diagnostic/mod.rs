//! Source texts, places in them, and findings about them.
//!
//! A [`Finding`] is made while files are read, with a [`Span`] for its place; a [`Diagnostic`] is what a
//! person reads: it holds the line itself, and needs no text any more.

pub mod codes;
#[expect(
    clippy::module_inception,
    reason = "the room is named after its main value"
)]
mod diagnostic;
mod finding;
mod source;
mod span;
mod suggestion;

pub use codes::Code;
pub use diagnostic::{Diagnostic, Excerpt, Note, Severity, Tally, nearest};
pub use finding::{Finding, Findings};
pub use source::{FileKind, ForeignFormat, SourceKind, SourceText};
pub use span::{Span, saturate};
pub use suggestion::{Edit, Suggestion};
