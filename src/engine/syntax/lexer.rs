//! Splits a file into logical lines of tokens: skips comments, joins continued lines, reads quotes.
//!
//! A token is a comma, or a word: characters without white space or a comma between them, except inside
//! quotes. At the start of a logical line, a token that begins with `/` is a regex, and ends at the next `/`
//! that is not escaped. A logical line with an error is skipped; the next one is read.
//!
//! # Limits
//!
//! A quote or a regex must end on the line on which it begins.

use crate::engine::{
    address::joiner_belongs,
    diagnostic::{Code, Finding, Findings, Span, codes, saturate},
    visible::is_misleading,
};

/// The kind of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenKind {
    /// Characters without white space between them, except inside quotes.
    Word,
    /// A comma between two words.
    Comma,
    /// `/…/`, slashes included.
    Regex,
}

/// A token and its place.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// The kind of the token.
    pub kind: TokenKind,
    /// The text as it is written, quotes included.
    pub text: &'a str,
    /// The place of the text in the file.
    pub span: Span,
}

/// A line and the lines that continue it. [`read`] never returns one without a token.
#[derive(Debug, Default)]
pub struct LogicalLine<'a> {
    /// The tokens of all its lines.
    pub tokens: Vec<Token<'a>>,
    /// True if the line contains an invisible character that no address needs ([`first_hidden`]), or a
    /// quotation mark that is not ASCII. The line may mean something else than a reader thinks.
    pub is_odd: bool,
    /// True if the line has an error, so that nobody can know what it means.
    broken: bool,
}

/// What [`read`] passes to its caller.
#[derive(Debug)]
pub enum Line<'l, 'a> {
    /// A physical line, and its place. It begins without white space, and no other line continues it. The
    /// caller may read it itself, which is faster than tokens.
    Alone(&'a [u8], Span),
    /// A logical line without an error.
    Logical(&'l LogicalLine<'a>),
}

/// Calls `each` for every line of a source. If `each` returns false for a [`Line::Alone`], it gets the same line
/// again as a [`Line::Logical`].
pub fn read<'a>(
    file: u32,
    bytes: &'a [u8],
    findings: &mut Findings<'_>,
    mut each: impl FnMut(Line<'_, 'a>, &mut Findings<'_>) -> bool,
) {
    let mut current = LogicalLine::default();
    let mut start = 0;
    let bom = b"\xef\xbb\xbf";
    for (number, raw) in lines(bytes).enumerate() {
        let next = start + raw.len() + 1;
        let mut line = raw.strip_suffix(b"\r").unwrap_or(raw);
        let mut offset = start;
        if number == 0 && line.starts_with(bom) {
            line = line.get(bom.len()..).unwrap_or(b"");
            offset += bom.len();
        }
        start = next;
        let blank = line.iter().all(|b| matches!(b, b' ' | b'\t'));
        if blank || line.first() == Some(&b'#') {
            continue;
        }
        let span = Span {
            file,
            line: saturate(number + 1),
            start: saturate(offset),
            length: saturate(line.len()),
        };
        let continues = matches!(line.first(), Some(b' ' | b'\t'));
        let comment = line.trim_ascii_start().first() == Some(&b'#');
        if continues && comment {
            continue;
        }
        if !continues {
            finish(&mut current, findings, &mut each);
            let alone = !matches!(bytes.get(next), Some(b' ' | b'\t'));
            if alone && each(Line::Alone(line, span), findings) {
                continue;
            }
        } else if current.tokens.is_empty() && !current.broken {
            findings.push(
                Finding::error(
                    codes::CONTINUATION,
                    first_word(span, line),
                    "a line that begins with white space continues a rule, and there is none above",
                )
                .suggest(
                    "delete the white space before the rule",
                    span.part(0, blank_before(line)),
                    "",
                )
                .understood(),
            );
        }
        physical(line, span, &mut current, findings);
    }
    finish(&mut current, findings, &mut each);
}

/// Returns the lines of a text, without their `\n`.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some(end) = memchr::memchr(b'\n', text) else {
            return Some(text);
        };
        rest = text.get(end + 1..);
        text.get(..end)
    })
}

/// Returns the tokens of the cells of one row of a file with columns, as one logical line. `None` if there is no
/// token, or an error.
pub fn cells<'a>(
    cells: &[(&'a str, Span)],
    findings: &mut Findings<'_>,
) -> Option<LogicalLine<'a>> {
    let mut line = LogicalLine::default();
    for (text, span) in cells {
        physical(text.as_bytes(), *span, &mut line, findings);
    }
    (!line.broken && !line.tokens.is_empty()).then_some(line)
}

fn finish<'a>(
    current: &mut LogicalLine<'a>,
    findings: &mut Findings<'_>,
    each: &mut impl FnMut(Line<'_, 'a>, &mut Findings<'_>) -> bool,
) {
    if !current.broken && !current.tokens.is_empty() {
        each(Line::Logical(current), findings);
    }
    current.tokens.clear();
    current.broken = false;
    current.is_odd = false;
}

fn blank_before(line: &[u8]) -> usize {
    line.len() - line.trim_ascii_start().len()
}

fn first_word(span: Span, line: &[u8]) -> Span {
    let at = blank_before(line);
    span.part(at, line.trim_ascii().len())
}

/// Adds the tokens of one physical line.
fn physical<'a>(
    line: &'a [u8],
    span: Span,
    current: &mut LogicalLine<'a>,
    findings: &mut Findings<'_>,
) {
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => {
            let at = span.part(error.valid_up_to(), error.error_len().unwrap_or(1));
            findings.push(
                Finding::error(codes::NOT_UTF8, at, "this is not UTF-8")
                    .help("save the file as UTF-8"),
            );
            current.broken = true;
            return;
        }
    };
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(c) = rest.chars().next() else { break };
        let begins = at == 0
            || text
                .as_bytes()
                .get(at - 1)
                .is_some_and(|b| matches!(b, b' ' | b'\t'));
        match c {
            ' ' | '\t' => {
                at += 1;
                continue;
            }
            '#' if begins => break,
            _ => {}
        }
        let first = current.tokens.is_empty();
        match token(rest, first) {
            Ok((kind, length)) => {
                let text = rest.get(..length).unwrap_or(rest);
                let span = span.part(at, length);
                current.is_odd |= is_odd(text);
                current.tokens.push(Token { kind, text, span });
                at += length;
                if kind == TokenKind::Regex {
                    at += flags(rest, length, span, findings);
                }
            }
            Err((code, message, help)) => {
                findings.push(
                    Finding::error(code, span.part(at, rest.trim_end().len()), message).help(help),
                );
                current.broken = true;
                return;
            }
        }
    }
}

type Broken = (Code, &'static str, &'static str);

/// Returns the kind and the length in bytes of the token that `rest` begins with.
fn token(rest: &str, first: bool) -> Result<(TokenKind, usize), Broken> {
    if rest.starts_with(',') {
        return Ok((TokenKind::Comma, 1));
    }
    // `//` is a comment in other languages, and no address matches an empty regex.
    if first && rest.starts_with('/') && !rest.starts_with("//") {
        return regex_token(rest);
    }
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' | ',' if !quoted => return Ok((TokenKind::Word, at)),
            _ => {}
        }
    }
    if quoted {
        return Err((
            codes::UNCLOSED_QUOTE,
            "a quote is not closed on its line",
            "close it with `\"`; inside quotes, write `\\\"` for a quote",
        ));
    }
    Ok((TokenKind::Word, rest.len()))
}

/// The flags that other programs allow after the second `/` of a regex.
const FLAGS: [char; 9] = ['i', 'm', 's', 'x', 'g', 'A', 'E', 'U', 'X'];

fn regex_token(rest: &str) -> Result<(TokenKind, usize), Broken> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '/' => {
                let length = at + 1;
                let after = rest.get(length..).unwrap_or_default();
                let after = after.trim_start_matches(FLAGS);
                let ends = after.is_empty() || after.starts_with([' ', '\t']);
                return if ends {
                    Ok((TokenKind::Regex, length))
                } else {
                    Err((
                        codes::REGEX_END,
                        "something follows the regex",
                        "put white space after the second `/`; write `\\/` for a `/` inside the regex",
                    ))
                };
            }
            _ => {}
        }
    }
    Err((
        codes::UNCLOSED_REGEX,
        "a regex is not closed on its line",
        "close it with `/`; write a local-part that begins with `/` in quotes",
    ))
}

/// Reports flags after the second `/` of a regex, as other programs allow them. Returns their number.
fn flags(rest: &str, regex: usize, span: Span, findings: &mut Findings<'_>) -> usize {
    let after = rest.get(regex..).unwrap_or_default();
    let length = after.len() - after.trim_start_matches(FLAGS).len();
    let flags = after.get(..length).unwrap_or_default();
    if !flags.is_empty() {
        let place = Span {
            length: saturate(length),
            ..span.end()
        };
        let message = match flags {
            "i" => "letter case is ignored without a flag",
            _ => "a regex has no flags",
        };
        findings.push(
            Finding::error(codes::REGEX_END, place, message)
                .suggest(format!("delete `{flags}`"), place, "")
                .understood(),
        );
    }
    length
}

/// Returns true if a token has a character that may mislead a reader.
fn is_odd(text: &str) -> bool {
    const QUOTES: [char; 8] = ['“', '”', '„', '‘', '’', '‚', '«', '»'];
    !text.is_ascii() && text.contains(QUOTES) || first_hidden(text, 0).is_some()
}

/// Returns the first invisible character that no address needs, at the byte `from` or after it. Such a character
/// is an error: a rule with it would never match.
pub fn first_hidden(text: &str, from: usize) -> Option<(usize, char)> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    text.char_indices().find(|(at, c)| {
        *at >= from && (is_misleading(*c) || is_wide_space(*c)) && !joiner_belongs(text, *at)
    })
}

/// Returns true for white space outside of ASCII, which does not separate words.
pub fn is_wide_space(c: char) -> bool {
    c.is_whitespace() && !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::diagnostic::SourceText;

    fn lex(text: &str) -> (Vec<Vec<String>>, Vec<String>) {
        let sources = vec![SourceText::new("t", text.as_bytes().to_vec())];
        let mut findings = Findings::new(&sources);
        let mut lines = Vec::new();
        read(0, text.as_bytes(), &mut findings, |line, _| match line {
            Line::Alone(..) => false,
            Line::Logical(line) if line.is_odd => true,
            Line::Logical(line) => {
                lines.push(line.tokens.iter().map(|t| t.text.to_owned()).collect());
                true
            }
        });
        let found = findings
            .into_diagnostics()
            .iter()
            .map(|d| format!("{}:{}:{}", d.excerpt.line, d.excerpt.column, d.code))
            .collect();
        (lines, found)
    }

    #[test]
    fn lines_comments_and_continuations() {
        let (lines, found) =
            lex("\u{feff}# c\r\na  b, c # d\r\n\te#f\n  # c\n\n g\n#c\nx \"y # z\" w\n");
        assert_eq!(
            lines,
            [
                vec!["a", "b", ",", "c", "e#f", "g"],
                vec!["x", "\"y # z\"", "w"]
            ]
        );
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn regex_is_one_token() {
        let (lines, _) = lex("/a #, b\\/c/ x\n/y z\n");
        assert_eq!(lines, [vec!["/a #, b\\/c/", "x"]]);
        assert_eq!(lex("/y z\n").1, ["1:1:unclosed-regex"]);
        assert_eq!(lex("/y/z a\n").1, ["1:1:regex-end"]);
        assert_eq!(lex("/y/i a\n").1, ["1:4:regex-end"]);
    }

    #[test]
    fn an_error_costs_its_own_line_only() {
        let (lines, found) = lex(" x\na \"b\n c\nd e\n\u{a0}f g\nh i\n");
        assert_eq!(lines, [vec!["x"], vec!["d", "e"], vec!["h", "i"]]);
        assert_eq!(found, ["1:2:continuation", "2:3:unclosed-quote"]);
    }

    #[test]
    fn bytes_that_are_not_utf8_have_a_column() {
        let bytes = b"a b\nc \xff d\ne f\n".to_vec();
        let sources = vec![SourceText::new("t", bytes.clone())];
        let mut findings = Findings::new(&sources);
        let mut count = 0;
        read(0, &bytes, &mut findings, |line, _| {
            let logical = matches!(line, Line::Logical(_));
            count += usize::from(logical);
            logical
        });
        let found = findings.into_diagnostics();
        assert_eq!(
            (
                count,
                found.len(),
                found[0].excerpt.line,
                found[0].excerpt.column
            ),
            (2, 1, 2, 3)
        );
    }
}
