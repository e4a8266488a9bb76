//! A piece of the text of a file with its place. Its parts have places as well.

use std::borrow::Cow;

use crate::engine::{address::joiner_belongs, diagnostic::Span};

/// A piece of text.
#[derive(Clone, Debug)]
pub struct FieldText<'t> {
    /// The text, without the quotes and escapes of the format.
    pub text: Cow<'t, str>,
    /// Its place in the file.
    pub span: Span,
}

/// Returns true for invisible characters that come along when addresses are copied.
pub fn is_unseen(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl<'t> FieldText<'t> {
    /// Returns text as it is in the file.
    pub fn new(text: &'t str, span: Span) -> Self {
        Self {
            text: Cow::Borrowed(text),
            span,
        }
    }

    /// Returns true if the file holds the text as it is: no escape was resolved.
    pub fn is_verbatim(&self) -> bool {
        self.span.length as usize == self.text.len()
    }

    /// Returns some bytes of the text; line ends before them are counted.
    pub fn part(&self, range: std::ops::Range<usize>) -> FieldText<'t> {
        let lines = |text: &str| {
            let count = text.bytes().filter(|b| *b == b'\n').count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        let before = self.text.get(..range.start).unwrap_or("");
        // After escapes were resolved, no byte of the text has a place of its own: the whole span stands for the part.
        let span = if self.is_verbatim() {
            let part = self.span.part(range.start, range.len());
            Span {
                line: part.line.saturating_add(lines(before)),
                ..part
            }
        } else {
            self.span
        };
        let text = match &self.text {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(range).unwrap_or("")),
            Cow::Owned(text) => Cow::Owned(text.get(range).unwrap_or("").to_owned()),
        };
        FieldText { text, span }
    }

    /// Returns the text without spaces and line ends at its ends. Invisible characters stay: they are
    /// reported later.
    pub fn without_blanks(&self) -> FieldText<'t> {
        let blank = |c: char| c.is_ascii_whitespace();
        let start = self.text.len() - self.text.trim_start_matches(blank).len();
        let length = self.text.trim_matches(blank).len();
        self.part(start..start + length)
    }

    /// Returns the text without white space and invisible characters at its ends.
    pub fn trimmed(&self) -> FieldText<'t> {
        let drop = |(at, c): &(usize, char)| {
            c.is_whitespace() || is_unseen(*c) && !joiner_belongs(&self.text, *at)
        };
        let mut kept = self.text.char_indices().skip_while(drop);
        let start = kept.next().map_or(self.text.len(), |(at, _)| at);
        let mut ends = self.text.char_indices().rev().skip_while(drop);
        let end = ends.next().map_or(start, |(at, c)| at + c.len_utf8());
        self.part(start..end)
    }

    /// Returns true if invisible characters are at the ends of the text.
    pub fn hides(&self) -> bool {
        let text = self.text.trim_matches([' ', '\t', '\r', '\n']);
        self.trimmed().text.len() < text.len()
    }

    /// Returns the parts between separators that are not empty.
    pub fn split(&self, separator: impl Fn(char) -> bool) -> Vec<FieldText<'t>> {
        let mut parts = Vec::new();
        let mut start = 0;
        let ends = self.text.char_indices().filter(|(_, c)| separator(*c));
        for (at, length) in ends
            .map(|(at, c)| (at, c.len_utf8()))
            .chain([(self.text.len(), 0)])
        {
            if at > start {
                parts.push(self.part(start..at));
            }
            start = at + length;
        }
        parts
    }
}

/// Returns the lines of a text with their places, without line ends. A text is shorter than 4 GiB.
pub fn lines(file: u32, text: &str) -> impl Iterator<Item = FieldText<'_>> {
    let mut start: u32 = 0;
    (1..).zip(text.split('\n')).map(move |(line, raw)| {
        let span = Span {
            file,
            line,
            start,
            length: u32::try_from(raw.len()).unwrap_or(u32::MAX),
        };
        start = start.saturating_add(span.length).saturating_add(1);
        let text = raw.strip_suffix('\r').unwrap_or(raw);
        FieldText::new(text, span.part(0, text.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_know_their_line() {
        let value = FieldText::new(
            "a;\nb ;c",
            Span {
                file: 0,
                line: 3,
                start: 10,
                length: 7,
            },
        );
        let parts = value.split(|c| c == ';');
        let second = parts[1].trimmed();
        assert_eq!(second.text, "b");
        assert_eq!(
            (second.span.line, second.span.start, second.span.length),
            (4, 13, 1)
        );
        assert_eq!(parts.len(), 3);
    }

    #[test]
    fn unseen_ends_are_trimmed_and_told() {
        let value = FieldText::new("\u{a0}jd@domain2.com\u{200b} ", Span::at(0, b"", 0..0));
        assert!(value.hides());
        assert_eq!(value.trimmed().text, "jd@domain2.com");
        assert!(!FieldText::new(" jd ", Span::whole_file(0)).hides());
    }

    /// A joiner at the end belongs to a word where a virama stands before it.
    #[test]
    fn joiners_that_belong_to_a_word_stay() {
        let hindi = "@example.\u{915}\u{94d}\u{200d}";
        let value = FieldText::new(hindi, Span::whole_file(0));
        assert!(!value.hides());
        assert_eq!(value.trimmed().text, hindi);
        let copied = FieldText::new("jd@domain2.com\u{200d}", Span::whole_file(0));
        assert!(copied.hides());
        assert_eq!(copied.trimmed().text, "jd@domain2.com");
    }

    #[test]
    fn lines_without_their_ends() {
        let found: Vec<_> = lines(0, "a\r\nb\nc")
            .map(|v| (v.text.into_owned(), v.span.start))
            .collect();
        assert_eq!(found, [("a".into(), 0), ("b".into(), 3), ("c".into(), 5)]);
    }
}
