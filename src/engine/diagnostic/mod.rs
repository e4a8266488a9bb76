//! Source texts, places in them, and findings about them.
//!
//! A [`Finding`] is made while files are read, with a [`Span`] for its place; a [`Diagnostic`] is what a
//! person reads: it holds the line itself, and needs no text any more.

mod apply;
mod code;
pub mod codes;
mod consequences;
#[expect(
    clippy::module_inception,
    reason = "the room is named after its main value"
)]
mod diagnostic;
mod excerpt;
mod finding;
mod lookalike;
mod names;
mod places;
mod render;
mod severity;
mod similar_domain;
mod source;
mod span;
mod spelling;
mod suggestion;

pub use apply::apply;
pub use code::Code;
pub use consequences::hide_consequences;
pub use diagnostic::{Diagnostic, Note};
pub use excerpt::{Excerpt, path};
pub use finding::{Finding, Findings};
pub use lookalike::looks_like;
pub use names::Names;
pub use render::{Look, render};
pub use severity::{Severity, Tally};
pub use similar_domain::{SimilarDomain, similar_domain};
pub use source::{FileKind, ForeignFormat, SourceKind, SourceText};
pub use span::{Span, saturate};
pub use spelling::nearest;
pub use suggestion::{Edit, Suggestion};
