//! One word of a line whose text may change while its idioms are translated.

use std::ops::Range;

use crate::engine::{
    diagnostic::Span,
    syntax::lexer::{Token, TokenKind},
};

/// A token that owns its text.
#[derive(Clone, Debug)]
pub(in crate::engine::syntax) struct Word {
    /// What it is.
    pub kind: TokenKind,
    /// Its text.
    pub text: String,
    /// The place that it stands at, or the place of what stands there instead.
    pub span: Span,
    /// True if the text is what the file has at that place.
    as_written: bool,
}

impl Word {
    /// The word of a token.
    pub fn of(token: &Token<'_>) -> Self {
        Self {
            kind: token.kind,
            text: token.text.to_owned(),
            span: token.span,
            as_written: true,
        }
    }

    /// A word whose text is not in the file.
    pub fn instead(span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        let kind = match text.as_str() {
            "," => TokenKind::Comma,
            _ => TokenKind::Word,
        };
        Self {
            kind,
            text,
            span,
            as_written: false,
        }
    }

    /// The same word, of another kind.
    pub fn of_kind(self, kind: TokenKind) -> Self {
        Self { kind, ..self }
    }

    /// The token of this word.
    pub fn token(&self) -> Token<'_> {
        Token {
            kind: self.kind,
            text: &self.text,
            span: self.span,
        }
    }

    /// Returns true if this is neither a comma nor a regex.
    pub fn is_plain(&self) -> bool {
        self.kind == TokenKind::Word
    }

    /// The place of some bytes of the text. If the text is not in the file, the place of the whole word.
    pub fn place(&self, range: Range<usize>) -> Span {
        match self.as_written {
            true => self.span.part(range.start, range.len()),
            false => self.span,
        }
    }

    /// A word of some bytes of this one.
    pub fn part(&self, range: Range<usize>) -> Self {
        Self {
            kind: TokenKind::Word,
            text: self.text.get(range.clone()).unwrap_or_default().to_owned(),
            span: self.place(range),
            as_written: self.as_written,
        }
    }
}

/// The place from the beginning of one word to the end of another one on the same line.
pub(super) fn together(first: &Word, last: &Word) -> Span {
    let end = last.span.start.saturating_add(last.span.length);
    Span {
        length: end.saturating_sub(first.span.start),
        ..first.span
    }
}
