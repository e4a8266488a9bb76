//! Where a text stands in the sources, beside a place that is known.

use std::ops::Range;

use super::{Findings, SourceKind, Span};

impl Findings<'_> {
    /// Returns true if a span is in a file of native rules, to which lines may be added.
    pub fn is_native(&self, span: Span) -> bool {
        let source = self.sources().get(span.file as usize);
        source.is_some_and(|source| source.kind == SourceKind::Native)
    }

    /// Returns the place of a part of the word that a span stands for. `part` finds the part in the text of
    /// the word.
    pub fn place_of(
        &self,
        span: Span,
        part: impl FnOnce(&str) -> Option<Range<usize>>,
    ) -> Option<Span> {
        let source = self.sources().get(span.file as usize)?;
        let word = source
            .bytes
            .get(span.start as usize..span.end().start as usize)?;
        let range = part(std::str::from_utf8(word).ok()?)?;
        Some(span.part(range.start, range.len()))
    }

    /// Returns the place of a text behind a span, on the same line.
    pub fn place_behind(&self, span: Span, text: &str) -> Option<Span> {
        let source = self.sources().get(span.file as usize)?;
        let rest = source.bytes.get(span.end().start as usize..)?;
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let at = memchr::memmem::find(rest.get(..end)?, text.as_bytes())?;
        Some(span.end().part(at, text.len()))
    }
}
