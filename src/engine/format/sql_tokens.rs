//! Splits an SQL dump into words, names, strings and signs, by the syntax of MySQL, PostgreSQL, SQLite and
//! MS SQL.
//!
//! # Traps
//!
//! - A quote in a string is `''`. A backslash escapes in MySQL, and in `E'…'` of PostgreSQL; elsewhere it is
//!   an ordinary character. The dump shows which program wrote it.
//! - `` `name` ``, `"name"` and `[name]` are names; In files for MySQL that people wrote, `"text"` may also
//!   be a string.
//! - `N'…'` is a string, `X'…'` and `0x…` are hexadecimal, `b'1'` is a bit, `$$…$$` is PostgreSQL's.
//! - `/*!40000 … */` is read as its content, `/*M!999999 … */` never; `--` and, in MySQL, `#` begin comments.
//!
//! # Limits
//!
//! A text is copied only if it has escapes.

use super::{
    cursor::Cursor,
    field_text::FieldText,
    proxy::from_hex,
    sql_string::{self, Backslash},
};
use crate::engine::diagnostic::Span;

/// A conditional comment with this version or a higher one is never run.
const NEVER: u32 = 999_999;

/// Text that only scripts of MS SQL contain.
const MSSQL: [&str; 7] = [
    "[dbo].",
    "INSERT [",
    "USE [",
    "SET IDENTITY_INSERT",
    "SET ANSI_NULLS",
    "\nGO\n",
    "\nGO\r",
];

/// The program that wrote a dump.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// MySQL, MariaDB, or unknown.
    MySql,
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
    /// MS SQL Server, whose statements need no `;`.
    MsSql,
}

impl Dialect {
    /// Returns the program that a dump names, or shows by its spelling.
    pub fn of(text: &str) -> Self {
        let head: String = text.chars().take(8192).collect();
        let has = |word: &str| head.contains(word);
        if has("PostgreSQL database") || has("standard_conforming_strings = on") {
            Self::Postgres
        } else if has("PRAGMA ") || has("BEGIN TRANSACTION;\nCREATE TABLE") {
            Self::Sqlite
        } else if MSSQL.iter().any(|word| has(word)) {
            Self::MsSql
        } else {
            Self::MySql
        }
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SqlTokenKind {
    /// A keyword, an unquoted name, a number, or one sign.
    Word,
    /// A name in quotes.
    Name,
    /// A string.
    Text,
}

/// A word, a name, a string or a single sign.
#[derive(Clone, Debug)]
pub struct Token<'t> {
    /// The text, without quotes and escapes.
    pub value: FieldText<'t>,
    /// The kind of the token.
    pub kind: SqlTokenKind,
    /// True for the first token of a line.
    pub first: bool,
}

impl Token<'_> {
    /// Returns true if the token is this keyword or sign.
    pub fn is(&self, word: &str) -> bool {
        self.kind == SqlTokenKind::Word && self.value.text.eq_ignore_ascii_case(word)
    }

    /// Returns the text as a name, in lower case and without a schema.
    pub fn name(&self) -> String {
        let name = self.value.text.rsplit('.').next().unwrap_or("");
        name.to_lowercase()
    }
}

/// The tokens of a dump, without comments.
#[derive(Debug)]
pub struct Tokens<'t> {
    cursor: Cursor<'t>,
    /// The program that wrote it.
    pub dialect: Dialect,
    /// A token that was given back.
    back: Option<Token<'t>>,
    /// True inside a conditional comment.
    conditional: bool,
    /// The string, name or comment in which the dump ends, and where that begins.
    pub open: Option<(&'static str, Span)>,
}

impl<'t> Tokens<'t> {
    /// Returns the tokens of a text.
    pub fn new(text: &'t str, file: u32) -> Self {
        Self {
            cursor: Cursor::new(text, file),
            dialect: Dialect::of(text),
            back: None,
            conditional: false,
            open: None,
        }
    }

    /// Puts a token back, so that it is returned again.
    pub fn give_back(&mut self, token: Token<'t>) {
        self.back = Some(token);
    }

    /// Returns the rest of the current line, and moves behind its end. `None` at the end of the text.
    pub fn next_line(&mut self) -> Option<FieldText<'t>> {
        if self.cursor.is_at_end() {
            return None;
        }
        let line = self.cursor.rest_of_line();
        let text = line.strip_suffix('\r').unwrap_or(line);
        let value = FieldText::new(text, self.cursor.span(0, text.len()));
        self.cursor.advance(line.len() + 1);
        Some(value)
    }

    /// Skips lines that are commands of psql (`\connect`), which do not end with `;`.
    pub fn skip_orders(&mut self) {
        while self.back.is_none() {
            self.blanks();
            if !self.cursor.rest().starts_with('\\') {
                return;
            }
            self.next_line();
        }
    }

    /// Records that the text ends inside of a string, name or comment that begins here, and skips the rest.
    fn ends_inside(&mut self, what: &'static str) {
        self.open.get_or_insert((what, self.cursor.span(0, 1)));
        self.cursor.advance(self.cursor.text().len());
    }

    /// Skips white space and comments. Returns true if a line ended there.
    fn blanks(&mut self) -> bool {
        let line = self.cursor.line();
        loop {
            let rest = self.cursor.rest();
            let blank = rest.len() - rest.trim_start().len();
            if blank > 0 {
                self.cursor.advance(blank);
            } else if rest.starts_with("--")
                || (rest.starts_with('#') && self.dialect == Dialect::MySql)
            {
                self.cursor.advance(rest.find('\n').unwrap_or(rest.len()));
            } else if self.conditional && rest.starts_with("*/") {
                self.conditional = false;
                self.cursor.advance(2);
            } else if let Some(head) = conditional(rest) {
                self.conditional = true;
                self.cursor.advance(head);
            } else if rest.starts_with("/*") {
                match rest.find("*/") {
                    Some(end) => self.cursor.advance(end + 2),
                    None => self.ends_inside("a comment"),
                }
            } else {
                return self.cursor.line() > line || self.cursor.is_at_start();
            }
        }
    }

    /// Reads a string or quoted name that begins `skip` bytes from here.
    fn quoted(
        &mut self,
        skip: usize,
        close: char,
        backslash: Backslash,
        kind: SqlTokenKind,
    ) -> Option<Token<'t>> {
        let rest = self.cursor.rest().get(skip + 1..).unwrap_or("");
        let Some((length, text)) = sql_string::read(rest, close, backslash) else {
            self.ends_inside(match kind {
                SqlTokenKind::Text => "a string",
                _ => "a quoted name",
            });
            return None;
        };
        let inner = rest.get(..length).unwrap_or("");
        let mut value = FieldText::new(inner, self.cursor.span(skip + 1, inner.len()));
        if let Some(text) = text {
            value.text = text.into();
        }
        self.cursor.advance(skip + 1 + length + close.len_utf8());
        let first = false;
        Some(Token { value, kind, first })
    }

    /// Reads `$tag$…$tag$` of PostgreSQL.
    fn dollars(&mut self) -> Option<Token<'t>> {
        let rest = self.cursor.rest();
        let tag = rest.strip_prefix('$')?;
        let length = tag.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        let mark = rest.get(..length + 2)?;
        if !mark.ends_with('$') {
            return None;
        }
        let body = rest.get(mark.len()..)?;
        let Some(end) = body.find(mark) else {
            self.ends_inside("a string");
            return None;
        };
        let value = FieldText::new(body.get(..end)?, self.cursor.span(mark.len(), end));
        self.cursor.advance(mark.len() * 2 + end);
        Some(Token {
            value,
            kind: SqlTokenKind::Text,
            first: false,
        })
    }

    /// Reads a word, or a string with a letter before it: `N'…'`, `E'…'`, `X'…'`, `b'…'`.
    fn word(&mut self, first: char) -> Option<Token<'t>> {
        let rest = self.cursor.rest();
        let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | ':' | '@');
        let signed = first == '-'
            && rest
                .get(1..)
                .is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
        let from = if signed || in_word(first) {
            first.len_utf8()
        } else {
            0
        };
        let more = rest.get(from..).unwrap_or("");
        let length = match from {
            0 => first.len_utf8(),
            _ => from + more.find(|c: char| !in_word(c)).unwrap_or(more.len()),
        };
        let word = rest.get(..length).unwrap_or(rest);
        if rest.get(length..).is_some_and(|r| r.starts_with('\'')) {
            match word {
                "N" | "n" | "B" | "b" => {
                    return self.quoted(length, '\'', self.escapes(), SqlTokenKind::Text);
                }
                "E" | "e" => {
                    return self.quoted(length, '\'', Backslash::Numbers, SqlTokenKind::Text);
                }
                "X" | "x" => {
                    let mut token =
                        self.quoted(length, '\'', Backslash::Plain, SqlTokenKind::Text)?;
                    if let Some(text) = from_hex(&token.value.text) {
                        token.value.text = text.into();
                    }
                    return Some(token);
                }
                _ => {}
            }
        }
        let mut value = FieldText::new(word, self.cursor.span(0, length));
        let hex = word.strip_prefix("0x").filter(|digits| !digits.is_empty());
        let text = hex.and_then(from_hex);
        let kind = if text.is_some() {
            SqlTokenKind::Text
        } else {
            SqlTokenKind::Word
        };
        if let Some(text) = text {
            value.text = text.into();
        }
        self.cursor.advance(length);
        Some(Token {
            value,
            kind,
            first: false,
        })
    }

    fn escapes(&self) -> Backslash {
        match self.dialect {
            Dialect::MySql => Backslash::Escapes,
            _ => Backslash::Plain,
        }
    }
}

/// Returns the length of the head of a conditional comment that is run: `/*!40101 `, `/*M!100200 `.
fn conditional(rest: &str) -> Option<usize> {
    let body = rest
        .strip_prefix("/*!")
        .or_else(|| rest.strip_prefix("/*M!"))?;
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let version: u32 = body.get(..digits)?.parse().unwrap_or(0);
    (version < NEVER).then_some(rest.len() - body.len() + digits)
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        if let Some(token) = self.back.take() {
            return Some(token);
        }
        let begins = self.blanks();
        let Some(first) = self.cursor.rest().chars().next() else {
            if self.conditional {
                self.ends_inside("a comment");
            }
            return None;
        };
        let names = matches!(self.dialect, Dialect::MsSql | Dialect::Sqlite);
        let token = match first {
            '\'' => self.quoted(0, '\'', self.escapes(), SqlTokenKind::Text),
            '"' => self.quoted(0, '"', self.escapes(), SqlTokenKind::Name),
            '`' => self.quoted(0, '`', Backslash::Plain, SqlTokenKind::Name),
            '[' if names => self.quoted(0, ']', Backslash::Plain, SqlTokenKind::Name),
            '$' if self.dialect == Dialect::Postgres => self.dollars().or_else(|| self.word(first)),
            _ => self.word(first),
        }?;
        Some(Token {
            first: begins,
            ..token
        })
    }
}
