//! Places in rule files: the file, the line and the bytes.
//!
//! # Limits
//!
//! Positions have 32 bits. A position after the first 4 GiB of a file is set to this limit.

/// Consecutive bytes on one line of one source.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Span {
    /// The position of the source in the list of sources, from 0.
    pub file: u32,
    /// The number of the line, from 1; 0 means the whole file.
    pub line: u32,
    /// The offset of the first byte in the file.
    pub start: u32,
    /// The number of bytes.
    pub length: u32,
}

impl Span {
    /// Returns the span that means the whole file.
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

/// Returns a size as 32 bits; `u32::MAX` if it is larger.
pub fn saturate(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
