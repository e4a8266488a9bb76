//! A place in the text of a file, with its line, for readers that go through the text byte by byte.

use crate::engine::diagnostic::Span;

/// A place that only moves forward.
#[derive(Clone, Debug)]
pub struct Cursor<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    file: u32,
}

impl<'t> Cursor<'t> {
    /// Returns a cursor at the beginning of a text.
    pub fn new(text: &'t str, file: u32) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            file,
        }
    }

    /// Returns the number of the current line, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Returns true at the beginning of the text.
    pub fn is_at_start(&self) -> bool {
        self.at == 0
    }

    /// Returns true at the end of the text.
    pub fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Returns the whole text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Returns the text from here on.
    pub fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Returns the rest of the current line, without the line feed at its end.
    pub fn rest_of_line(&self) -> &'t str {
        let rest = self.rest();
        rest.split('\n').next().unwrap_or(rest)
    }

    /// Moves forward by a number of bytes, at most to the end.
    pub fn advance(&mut self, bytes: usize) {
        let rest = self.rest().as_bytes();
        let passed = rest.get(..bytes.min(rest.len())).unwrap_or(b"");
        let lines = passed.iter().filter(|b| **b == b'\n').count();
        self.line = self
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at = (self.at + bytes).min(self.text.len());
    }

    /// Returns the place of bytes on the current line, `offset` bytes from here.
    pub fn span(&self, offset: usize, length: usize) -> Span {
        let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        Span {
            file: self.file,
            line: self.line,
            start: number(self.at + offset),
            length: number(length),
        }
    }
}
