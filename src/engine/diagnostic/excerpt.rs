//! A place in a file with the line that is there, independent of the text of the file.

use std::path::Path;

use super::{SourceText, Span, saturate};

/// A place in a file, with its line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Excerpt {
    /// File name without its directory.
    pub file: String,
    /// Line, from 1; 0 means the file as a whole.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The source line.
    pub text: String,
    /// How many characters the caret underlines.
    pub width: usize,
}

impl Excerpt {
    /// Makes the place that is a file as a whole.
    pub fn about_file(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            text: String::new(),
            width: 0,
        }
    }

    /// Copies the line of a span out of its source.
    pub fn of(sources: &[SourceText], span: Span) -> Self {
        let source = sources.get(span.file as usize);
        let file = source.map_or_else(String::new, |source| source.name.clone());
        let mut excerpt = Self {
            file,
            line: span.line,
            column: 1,
            text: String::new(),
            width: 1,
        };
        let Some(source) = source.filter(|_| span.line > 0) else {
            return excerpt;
        };
        let start = (span.start as usize).min(source.bytes.len());
        let (before, after) = source.bytes.split_at(start);
        let begin = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let end = memchr::memchr(b'\n', after).unwrap_or(after.len());
        let head = before.get(begin..).unwrap_or_default();
        let mut rest = after.get(..end).unwrap_or_default();
        while let Some(shorter) = rest.strip_suffix(b"\r") {
            rest = shorter;
        }
        let marked = (span.length as usize).min(rest.len());
        let marked = rest.get(..marked).unwrap_or_default();
        let mut head = String::from_utf8_lossy(head).into_owned();
        if let Some(rest) = head.strip_prefix('\u{feff}') {
            head = rest.to_owned();
        }
        excerpt.column = saturate(head.chars().count()).saturating_add(1);
        excerpt.width = String::from_utf8_lossy(marked).chars().count().max(1);
        excerpt.text = head + &*String::from_utf8_lossy(rest);
        excerpt
    }

    /// Returns the file with its directory. A finding about the directory itself has no file in it; the
    /// configuration file is in another directory and has its whole path.
    pub fn path(&self, directory: &str) -> String {
        path(&self.file, directory)
    }

    /// Returns the column behind the last character that the caret underlines. At the end of a line, where the
    /// caret stands below no character, this is the column itself.
    pub fn end_column(&self) -> u32 {
        let marked = saturate(self.marked().chars().count());
        self.column.saturating_add(marked)
    }

    /// Returns the characters that the caret underlines; nothing at the end of a line.
    pub fn marked(&self) -> &str {
        let before = (self.column as usize).saturating_sub(1);
        let offsets = self.text.char_indices().map(|(at, _)| at);
        let offsets = offsets.chain([self.text.len()]);
        let start = offsets.clone().nth(before).unwrap_or(self.text.len());
        let end = offsets
            .skip(before)
            .nth(self.width)
            .unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Returns a file with its directory, unless the file is the directory or has its whole path.
pub fn path(file: &str, directory: &str) -> String {
    let path = Path::new(file);
    match Path::new(directory) == path || path.has_root() {
        true => file.to_owned(),
        false => format!("{directory}{file}"),
    }
}
