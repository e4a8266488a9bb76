//! Places in rule files: which file, which line, which bytes.
//!
//! # Limits
//!
//! A file has at most 4 GiB and 4 thousand million lines; positions beyond are held at the limit.

/// Consecutive bytes on one line of one source.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Span {
    /// Number of the source, as the sources were handed in.
    pub file: u32,
    /// Line, from 1; 0 means the file as a whole.
    pub line: u32,
    /// The offset of the first byte in the file.
    pub start: u32,
    /// The number of bytes.
    pub length: u32,
}

impl Span {
    /// The file as a whole.
    pub fn whole_file(file: u32) -> Self {
        Self {
            file,
            line: 0,
            start: 0,
            length: 0,
        }
    }

    /// Returns the span of a range of bytes of a text. If the range covers several lines, the span ends with the first
    /// line.
    pub fn at(file: u32, text: &[u8], range: std::ops::Range<usize>) -> Self {
        let start = range.start.min(text.len());
        let (before, after) = text.split_at(start);
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let rest = after
            .iter()
            .position(|b| *b == b'\n')
            .unwrap_or(after.len());
        let length = range.end.saturating_sub(start).min(rest);
        Self {
            file,
            line: saturate(line),
            start: saturate(start),
            length: saturate(length),
        }
    }

    /// Returns the empty span where this one begins.
    pub fn begin(self) -> Self {
        Self { length: 0, ..self }
    }

    /// Returns the empty span where this one ends.
    pub fn end(self) -> Self {
        Self {
            start: self.start.saturating_add(self.length),
            length: 0,
            ..self
        }
    }

    /// Returns the part of this span that begins at byte `offset` and is `length` bytes long.
    pub fn part(self, offset: usize, length: usize) -> Self {
        Self {
            start: self.start.saturating_add(saturate(offset)),
            length: saturate(length),
            ..self
        }
    }
}

/// A size as the 32 bits that spans hold.
pub fn saturate(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
