//! The text between the quotes of an SQL string.

/// The meaning of a backslash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Backslash {
    /// A backslash.
    Plain,
    /// It changes the meaning of the next character: `\n`, `\'`.
    Escapes,
    /// Characters may be written by their numbers as well: `\101`, `\x41`, `\u0041`.
    Numbers,
}

/// Reads up to the closing quote. Returns the length of the text in the dump, and the text itself if it has
/// escapes; `None` if the quote is not closed.
pub fn read(rest: &str, close: char, backslash: Backslash) -> Option<(usize, Option<String>)> {
    let escapes = backslash != Backslash::Plain;
    let special = |c: char| c == close || (escapes && c == '\\');
    let end = rest.find(special)?;
    let twice = |at: usize| {
        rest.get(at + close.len_utf8()..)
            .is_some_and(|r| r.starts_with(close))
    };
    if rest.get(end..)?.starts_with(close) && !twice(end) {
        return Some((end, None));
    }
    let mut text = String::new();
    let mut characters = rest.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if c == close {
            if characters.next_if(|(_, next)| *next == close).is_none() {
                return Some((at, Some(text)));
            }
            text.push(c);
        } else if c == '\\' && escapes {
            let (at, next) = characters.next()?;
            let number = match backslash {
                Backslash::Numbers => numbered(rest.get(at..).unwrap_or("")),
                _ => None,
            };
            match number {
                Some((c, length)) => {
                    text.push(c);
                    while characters
                        .next_if(|(next, _)| *next < at + length)
                        .is_some()
                    {}
                }
                None => text.push(escaped(next)),
            }
        } else {
            text.push(c);
        }
    }
    None
}

/// Returns a character that is written as a number behind a backslash, and the length of that number. A
/// byte outside of ASCII gives U+FFFD: it is a part of a letter, which the reader refuses.
pub fn numbered(rest: &str) -> Option<(char, usize)> {
    let digits = |from: usize, radix: u32, least: usize, most: usize| {
        let text = rest.get(from..)?;
        let count = text
            .chars()
            .take(most)
            .take_while(|c| c.is_digit(radix))
            .count();
        let number = u32::from_str_radix(text.get(..count)?, radix).ok()?;
        (count >= least).then_some((number, from + count))
    };
    let (number, length, byte) = match rest.chars().next()? {
        'x' => digits(1, 16, 1, 2).map(|(number, length)| (number, length, true))?,
        'u' => digits(1, 16, 4, 4).map(|(number, length)| (number, length, false))?,
        'U' => digits(1, 16, 8, 8).map(|(number, length)| (number, length, false))?,
        _ => digits(0, 8, 1, 3).map(|(number, length)| (number, length, true))?,
    };
    let c = char::from_u32(number).filter(|c| !byte || c.is_ascii());
    Some((c.unwrap_or('\u{fffd}'), length))
}

/// Returns the character that a backslash and this character stand for.
pub fn escaped(c: char) -> char {
    match c {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '0' => '\0',
        'Z' => '\u{1a}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes() {
        let text = |rest, escapes| {
            let backslash = if escapes {
                Backslash::Escapes
            } else {
                Backslash::Plain
            };
            let (length, text) = read(rest, '\'', backslash)?;
            Some((length, text.unwrap_or_else(|| rest[..length].to_owned())))
        };
        assert_eq!(text("a' rest", true), Some((1, "a".into())));
        assert_eq!(text("o''b'", true), Some((4, "o'b".into())));
        assert_eq!(text(r"o\'b'", true), Some((4, "o'b".into())));
        assert_eq!(text(r"o\' b", false), Some((2, r"o\".into())));
        assert_eq!(text("a", true), None);
        assert_eq!(text(r"a\'", true), None);
        assert_eq!(text("a''", true), None);
        let numbers = |rest| read(rest, '\'', Backslash::Numbers).and_then(|(_, text)| text);
        assert_eq!(numbers(r"j\u00f6\x41\101\n\'x'"), Some("jöAA\n'x".into()));
        assert_eq!(numbers(r"\xc3\u12'"), Some("\u{fffd}u12".into()));
    }
}
