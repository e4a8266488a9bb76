//! Changes of a file that fix what a finding is about.
//!
//! A finding may offer several suggestions. They are alternatives: a program applies a suggestion by
//! itself only if it is the only one.
//!
//! # Limits
//!
//! - Places are lines and columns of the file as it is on disk, because comments are not kept in memory.
//! - A suggestion whose place is not in the text is dropped; its message stays as help.
//! - A logical line is a line and the lines below it that begin with white space. A change of whole lines
//!   takes the logical line, so that it never tears a rule apart.

use super::{SourceText, Span, saturate};

/// A change that fixes what a finding is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Suggestion {
    /// What to do, as an order that names the text to write.
    pub message: String,
    /// The edits, which belong together. They do not overlap.
    pub edits: Vec<Edit>,
}

/// A piece of a file that is replaced. Lines and columns count from 1, columns in characters; a byte
/// order mark is not counted.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Edit {
    /// File name without its directory.
    pub file: String,
    /// First line.
    pub line: u32,
    /// Column of the first character that is replaced.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column behind the last character that is replaced. It equals `column` if text is only inserted.
    pub end_column: u32,
    /// The text to write. A line end in it is `\n`; the file may have `\r\n`.
    pub text: String,
}

/// A suggestion while its places are still spans.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub message: String,
    pub edits: Vec<(Place, String)>,
}

/// What an edit of a [`Planned`] replaces.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// The bytes of a span.
    Exactly(Span),
    /// Nothing; the text becomes a line above the logical line of a span.
    Above(Span),
    /// Nothing; the text becomes a line below the logical line of a span.
    Below(Span),
    /// The whole logical line of a span.
    Line(Span),
}

impl Planned {
    /// Returns the suggestion with its places as lines and columns.
    pub fn placed(self, sources: &[SourceText]) -> Suggestion {
        let edits: Option<Vec<_>> = self
            .edits
            .into_iter()
            .map(|(place, text)| edit(place, text, sources))
            .collect();
        Suggestion {
            message: self.message,
            edits: edits.unwrap_or_default(),
        }
    }
}

fn edit(place: Place, text: String, sources: &[SourceText]) -> Option<Edit> {
    let span = match place {
        Place::Exactly(span) | Place::Above(span) | Place::Below(span) | Place::Line(span) => span,
    };
    let source = sources.get(span.file as usize)?;
    let line = Line::of(&source.bytes, span)?;
    let (from, to, text) = match place {
        Place::Exactly(_) => {
            let start = span.start as usize - line.start;
            let end = start + span.length as usize;
            (line.column(start)?, line.column(end)?, text)
        }
        Place::Above(_) => {
            let first = line.first();
            ((first.number, 1), (first.number, 1), text + "\n")
        }
        Place::Below(_) => {
            let end = line.last().end()?;
            (end, end, "\n".to_owned() + &text)
        }
        Place::Line(_) => {
            let (first, last) = (line.first(), line.last());
            let end = match last.next() {
                Some(next) => (next.number, 1),
                None => last.end()?,
            };
            ((first.number, 1), end, text)
        }
    };
    Some(Edit {
        file: source.name.clone(),
        line: from.0,
        column: from.1,
        end_line: to.0,
        end_column: to.1,
        text,
    })
}

/// A line of a text, from which the lines around it are found without a look at the others.
#[derive(Clone, Copy)]
struct Line<'t> {
    text: &'t [u8],
    /// From 1.
    number: u32,
    /// Where it begins.
    start: usize,
}

impl<'t> Line<'t> {
    /// Returns the line on which a span begins.
    fn of(text: &'t [u8], span: Span) -> Option<Self> {
        let before = text.get(..span.start as usize)?;
        (span.line > 0).then(|| Self {
            text,
            number: span.line,
            start: memchr::memrchr(b'\n', before).map_or(0, |at| at + 1),
        })
    }

    /// Returns what stands on it, without the line end.
    fn content(self) -> &'t [u8] {
        let rest = self.text.get(self.start..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let content = rest.get(..end).unwrap_or_default();
        content.strip_suffix(b"\r").unwrap_or(content)
    }

    /// Returns the number of the line, and the column of the byte at an offset of the line.
    fn column(self, offset: usize) -> Option<(u32, u32)> {
        let text = std::str::from_utf8(self.content().get(..offset)?).ok()?;
        let mark = self.start == 0 && text.starts_with('\u{feff}');
        let characters = text.chars().count() - usize::from(mark);
        Some((self.number, saturate(characters + 1)))
    }

    fn end(self) -> Option<(u32, u32)> {
        self.column(self.content().len())
    }

    fn previous(self) -> Option<Self> {
        let before = self.text.get(..self.start.checked_sub(1)?)?;
        Some(Self {
            number: self.number.saturating_sub(1),
            start: memchr::memrchr(b'\n', before).map_or(0, |at| at + 1),
            ..self
        })
    }

    fn next(self) -> Option<Self> {
        let rest = self.text.get(self.start..)?;
        Some(Self {
            number: self.number.saturating_add(1),
            start: self.start + memchr::memchr(b'\n', rest)? + 1,
            ..self
        })
    }

    /// Returns the first line of its logical line.
    fn first(self) -> Self {
        let mut above = std::iter::successors(Some(self), |line| line.previous());
        above.find(|line| line.begins()).unwrap_or(self)
    }

    /// Returns the last line of its logical line.
    fn last(self) -> Self {
        let below = std::iter::successors(self.next(), |line| line.next());
        below
            .take_while(|line| !line.begins())
            .filter(|line| line.continues())
            .last()
            .unwrap_or(self)
    }

    fn is_comment_or_blank(self) -> bool {
        let text = self.content().trim_ascii_start();
        text.is_empty() || text.starts_with(b"#")
    }

    fn is_indented(self) -> bool {
        matches!(self.content().first(), Some(b' ' | b'\t'))
    }

    fn begins(self) -> bool {
        !self.is_comment_or_blank() && !self.is_indented()
    }

    fn continues(self) -> bool {
        !self.is_comment_or_blank() && self.is_indented()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Vec<SourceText> {
        vec![SourceText::new("a.rules", text.as_bytes())]
    }

    /// `line:column-line:column text` of an edit at the first place where `word` stands.
    fn placed(text: &str, word: &str, place: fn(Span) -> Place) -> Option<String> {
        let at = text.find(word).unwrap();
        let span = Span::at(0, text.as_bytes(), at..at + word.len());
        let edit = edit(place(span), "new".to_owned(), &sources(text))?;
        let (from, to) = ((edit.line, edit.column), (edit.end_line, edit.end_column));
        Some(format!(
            "{}:{}-{}:{} {:?}",
            from.0, from.1, to.0, to.1, edit.text
        ))
    }

    #[test]
    fn columns_are_characters_behind_the_byte_order_mark() {
        let text = "\u{feff}zwölf word\r\nünf x";
        assert_eq!(
            placed(text, "word", Place::Exactly).unwrap(),
            "1:7-1:11 \"new\""
        );
        assert_eq!(
            placed(text, "x", Place::Exactly).unwrap(),
            "2:5-2:6 \"new\""
        );
        assert_eq!(
            placed(text, "zw", Place::Above).unwrap(),
            "1:1-1:1 \"new\\n\""
        );
        assert_eq!(
            placed(text, "zw", Place::Below).unwrap(),
            "1:11-1:11 \"\\nnew\""
        );
    }

    #[test]
    fn whole_lines_take_what_continues_them() {
        let text = "a b\nc d,\n# comment\n\te\n\n# end\nf g";
        assert_eq!(
            placed(text, "e", Place::Above).unwrap(),
            "2:1-2:1 \"new\\n\""
        );
        assert_eq!(
            placed(text, "c", Place::Below).unwrap(),
            "4:3-4:3 \"\\nnew\""
        );
        assert_eq!(placed(text, "d", Place::Line).unwrap(), "2:1-5:1 \"new\"");
        assert_eq!(placed(text, "g", Place::Line).unwrap(), "7:1-7:4 \"new\"");
    }

    #[test]
    fn a_place_outside_of_the_text_is_dropped() {
        let span = Span {
            file: 0,
            line: 9,
            start: 90,
            length: 1,
        };
        assert_eq!(
            edit(Place::Exactly(span), String::new(), &sources("a")),
            None
        );
        let latin1 = SourceText::new("a", b"\xe4 b".to_vec());
        let span = Span {
            file: 0,
            line: 1,
            start: 2,
            length: 1,
        };
        assert_eq!(edit(Place::Exactly(span), String::new(), &[latin1]), None);
    }
}
