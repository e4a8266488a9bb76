//! Splits a text into words as Sendmail's address scanner does (`prescan` of `parseaddr.c`).
//!
//! Sendmail reads the values of its tables as it reads addresses. Therefore the text of an `error:` value loses
//! blanks, quotes and comments before the client sees it.
//!
//! # Rules
//!
//! - Blanks end a word. Each of `.:%@!^/[]+<>,;` (the default of `OperatorChars`, and the
//!   characters that always delimit) is a word of its own.
//! - A quoted string is one word; a backslash makes the next character an ordinary one.
//! - A comment in parentheses is left out.
//! - When words are joined, only two ordinary words have a blank between them.

/// The characters that delimit words. Each is a word of its own.
const OPERATORS: &str = ".:%@!^/[]+<>,;";

/// The kind of a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WordKind {
    /// Ordinary characters.
    Atom,
    /// One character that delimits.
    Operator,
    /// A quoted string.
    Quoted,
}

/// One word, without its quotes and backslashes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SendmailWord {
    /// The text of the word.
    pub text: String,
    /// The kind of the word.
    pub kind: WordKind,
}

impl SendmailWord {
    /// Returns true if the word is this operator.
    pub fn is(&self, operator: &str) -> bool {
        self.kind == WordKind::Operator && self.text == operator
    }
}

/// Splits a text into words. The error is a bracket or quote that is not closed.
pub fn cut(text: &str) -> Result<Vec<SendmailWord>, char> {
    let mut scanner = Scanner::default();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c == '\\' {
            if let Some(next) = characters.next() {
                scanner.ordinary(next);
            }
            continue;
        }
        scanner.character(c)?;
    }
    scanner.end()
}

/// Returns the words joined as Sendmail joins them.
pub fn join(words: &[SendmailWord]) -> String {
    let mut joined = String::new();
    let mut before = WordKind::Operator;
    for word in words {
        if before == WordKind::Atom && word.kind == WordKind::Atom {
            joined.push(' ');
        }
        joined.push_str(&word.text);
        before = word.kind;
    }
    joined
}

#[derive(Debug, Default)]
struct Scanner {
    words: Vec<SendmailWord>,
    /// True if the next character belongs to the last word.
    open: bool,
    quoted: bool,
    comments: usize,
    angles: usize,
}

impl Scanner {
    fn character(&mut self, c: char) -> Result<(), char> {
        match c {
            '"' if self.comments == 0 => {
                self.quoted = !self.quoted;
                self.open = self.quoted;
                if self.quoted {
                    self.begin(WordKind::Quoted, String::new());
                }
            }
            _ if self.quoted => self.ordinary(c),
            '(' => self.comments += 1,
            ')' => self.comments = self.comments.checked_sub(1).ok_or(c)?,
            _ if self.comments > 0 => {}
            ' ' | '\t' => self.open = false,
            c if OPERATORS.contains(c) => {
                match c {
                    '<' => self.angles += 1,
                    '>' => self.angles = self.angles.checked_sub(1).ok_or(c)?,
                    _ => {}
                }
                self.begin(WordKind::Operator, c.to_string());
                self.open = false;
            }
            c => self.ordinary(c),
        }
        Ok(())
    }

    /// Adds an ordinary character.
    fn ordinary(&mut self, c: char) {
        if self.comments > 0 {
            return;
        }
        match self.words.last_mut().filter(|_| self.open) {
            Some(word) => word.text.push(c),
            None => self.begin(WordKind::Atom, c.to_string()),
        }
    }

    fn begin(&mut self, kind: WordKind, text: String) {
        self.words.push(SendmailWord { text, kind });
        self.open = true;
    }

    fn end(self) -> Result<Vec<SendmailWord>, char> {
        match self {
            Self { quoted: true, .. } => Err('"'),
            Self { comments: 1.., .. } => Err('('),
            Self { angles: 1.., .. } => Err('<'),
            Self { words, .. } => Ok(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of these is what Sendmail 8.17 sent to a client.
    #[test]
    fn joined_as_sendmail_does() {
        for (text, joined) in [
            ("No such user", "No such user"),
            ("a  b;  c: d, e. f.", "a b;c:d,e.f."),
            ("550 \"x y\" z", "550x yz"),
            ("50% off", "50%off"),
            ("don't (really)", "don't"),
            ("back\\slash", "backslash"),
            ("back\\\"slash", "back\"slash"),
            ("\"551  moved to x\"", "551  moved to x"),
        ] {
            assert_eq!(join(&cut(text).unwrap()), joined, "{text}");
        }
    }

    #[test]
    fn without_a_partner() {
        for (text, missing) in [("a \"b", '"'), ("a (b", '('), ("a > b", '>'), ("a <b", '<')] {
            assert_eq!(cut(text), Err(missing), "{text}");
        }
    }
}
