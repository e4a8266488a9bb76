//! Native text to its canonical layout, as `readdress fmt` writes it; the meaning stays the same.
//!
//! In: the bytes of a `.rules` or `.expect` file without an error. Out: the same words and comments
//! in the same order of lines, with columns, LF, no BOM and no white space at the ends of lines.
//! Formatting twice is formatting once.
//!
//! # The layout
//!
//! | column | begins |
//! |---|---|
//! | pattern | 1 |
//! | action | 33, or two behind the longest pattern of its block |
//! | options | two behind the longest action of the block |
//! | trailing comment | two behind the longest line of the block that has one |
//!
//! A block is a run of rules without a blank line between them. A cell that is longer than its
//! limit ([`Limits`]) pushes only its own line on. One comma and a space stand between targets, and
//! options are parted by one space. Where a rule was broken into several lines it stays so: the
//! further lines begin in the action's column, those of a `mailbox` behind that word.
//!
//! Spelling is the writer's own: letter case and the two forms of a domain are not touched.

use std::ops::Range;

use super::{
    Parsed, action,
    lexer::{self, LogicalLine, Token, TokenKind},
    parse::read,
};
use crate::engine::{
    diagnostic::{Diagnostic, Findings, SourceKind, SourceText},
    rule::{ActionWord, Arguments, DomainClass},
};

/// Where the action begins, in characters, while the patterns of a block are short.
const ACTION: usize = 32;

/// Cells that are longer do not move the columns of their neighbours.
struct Limits {
    pattern: usize,
    action: usize,
    line: usize,
}

const LIMITS: Limits = Limits {
    pattern: 48,
    action: 48,
    line: 100,
};

/// White space between two columns.
const GAP: usize = 2;

/// Lays a file out; an error in it is given back instead, and nothing is changed.
pub fn format(source: &SourceText) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let sources = std::slice::from_ref(source);
    let mut findings = Findings::new(sources);
    read(0, source, &mut Parsed::default(), &mut findings);
    if findings.has_errors() {
        return Err(findings.into_diagnostics());
    }
    let lines = physical_lines(&source.bytes);
    let expectations = source.kind == SourceKind::Expectations;
    let mut rules = Vec::new();
    // What it finds was found above.
    let mut again = Findings::new(sources);
    lexer::read(0, &source.bytes, &mut again, |line, _| match line {
        lexer::Line::Alone(..) => false,
        lexer::Line::Logical(line) => {
            rules.extend(rule(line, &lines, expectations));
            true
        }
    });
    Ok(lay_out(&lines, &rules))
}

/// One line of the file, without its end.
struct Physical<'a> {
    bytes: &'a [u8],
    /// Where it begins in the file.
    start: usize,
}

impl Physical<'_> {
    fn is_blank(&self) -> bool {
        self.bytes.iter().all(|b| matches!(b, b' ' | b'\t'))
    }

    fn is_indented(&self) -> bool {
        matches!(self.bytes.first(), Some(b' ' | b'\t'))
    }
}

/// The lines as the lexer sees them.
fn physical_lines(bytes: &[u8]) -> Vec<Physical<'_>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (number, raw) in bytes.split(|b| *b == b'\n').enumerate() {
        let line = raw.strip_suffix(b"\r").unwrap_or(raw);
        let content = match line.strip_prefix(b"\xef\xbb\xbf") {
            Some(content) if number == 0 => content,
            _ => line,
        };
        let offset = line.len() - content.len();
        lines.push(Physical {
            bytes: content,
            start: start + offset,
        });
        start += raw.len() + 1;
    }
    lines
}

/// What stands on one line of a rule.
#[derive(Debug, Default)]
struct Row {
    /// Number of the line in the file, from 0.
    line: usize,
    pattern: String,
    action: String,
    options: String,
    comment: String,
}

/// A rule and the lines that it takes.
struct Shape {
    rows: Vec<Row>,
    /// Its further lines stand behind the word `mailbox`.
    is_mailbox: bool,
}

impl Shape {
    fn lines(&self) -> Range<usize> {
        let line = |row: Option<&Row>| row.map_or(0, |row| row.line);
        line(self.rows.first())..line(self.rows.last()) + 1
    }
}

/// Takes a logical line apart; `None` only for one without a token, which the lexer never gives.
fn rule(line: &LogicalLine<'_>, lines: &[Physical<'_>], expectation: bool) -> Option<Shape> {
    let (pattern, rest) = line.tokens.split_first()?;
    let words: Vec<_> = rest
        .iter()
        .filter(|token| token.kind != TokenKind::Comma)
        .collect();
    let body = words
        .iter()
        .position(|token| !expectation && action::is_option(token))
        .unwrap_or(words.len());
    let head = words.first().map_or("", |token| token.text);
    let word = ActionWord::find(head).map(|entry| &entry.arguments);
    let is_mailbox = word == Some(&Arguments::Secondaries) && !expectation;
    let is_class = DomainClass::from_word(head).is_some();
    let is_list = is_mailbox || (word.is_none() && !is_class);
    let mut rows: Vec<Row> = Vec::new();
    for token in &line.tokens {
        let number = token.span.line as usize - 1;
        if rows.last().is_none_or(|row| row.line != number) {
            rows.push(Row {
                line: number,
                comment: comment(line, number, lines),
                ..Row::default()
            });
        }
    }
    rows.first_mut()?.pattern.push_str(pattern.text);
    for (at, token) in words.iter().enumerate() {
        let number = token.span.line as usize - 1;
        let row = rows.iter_mut().find(|row| row.line == number)?;
        let cell = if at < body {
            &mut row.action
        } else {
            &mut row.options
        };
        if !cell.is_empty() {
            cell.push(' ');
        }
        cell.push_str(&spelling(token));
        if is_list && at + 1 < body && !(is_mailbox && at == 0) {
            cell.push(',');
        }
    }
    Some(Shape { rows, is_mailbox })
}

/// Right behind a comma `#` begins an address; behind the space that is put there it would begin a
/// comment, unless it stands in quotes.
fn spelling(token: &Token<'_>) -> String {
    match token.text.strip_prefix('#') {
        Some(rest) => format!("\"#\"{rest}"),
        None => token.text.to_owned(),
    }
}

/// What follows the last token of a line.
fn comment(line: &LogicalLine<'_>, number: usize, lines: &[Physical<'_>]) -> String {
    let on_it = |token: &&Token<'_>| token.span.line as usize == number + 1;
    let end = line
        .tokens
        .iter()
        .rfind(on_it)
        .map_or(0, |token| (token.span.start + token.span.length) as usize);
    let rest = lines
        .get(number)
        .and_then(|line| line.bytes.get(end.saturating_sub(line.start)..));
    String::from_utf8_lossy(rest.unwrap_or_default().trim_ascii()).into_owned()
}

/// Where the columns of a block begin.
#[derive(Clone, Copy)]
struct Columns {
    action: usize,
    options: usize,
    comment: usize,
}

/// The longest of some widths that are within a limit.
fn longest(widths: impl Iterator<Item = usize>, limit: usize) -> usize {
    widths.filter(|width| *width <= limit).max().unwrap_or(0)
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn columns(block: &[Shape]) -> Columns {
    let rows = || {
        block.iter().flat_map(|shape| {
            let behind = if shape.is_mailbox {
                "mailbox ".len()
            } else {
                0
            };
            let indents = std::iter::once(0).chain(std::iter::repeat(behind));
            shape.rows.iter().zip(indents)
        })
    };
    let patterns = rows().map(|(row, _)| width(&row.pattern));
    let action = ACTION.max(longest(patterns, LIMITS.pattern) + GAP);
    let actions = rows().map(|(row, indent)| width(&row.action) + indent);
    let options = action + longest(actions, LIMITS.action) + GAP;
    let mut columns = Columns {
        action,
        options,
        comment: 0,
    };
    let mut ends = Vec::new();
    for shape in block {
        for (at, row) in shape.rows.iter().enumerate() {
            if !row.comment.is_empty() {
                ends.push(width(&content(shape, at, row, columns)));
            }
        }
    }
    columns.comment = longest(ends.into_iter(), LIMITS.line) + GAP;
    columns
}

/// Fills a line up to a column, with a gap at least.
fn advance(line: &mut String, column: usize) {
    let gap = if line.is_empty() { 0 } else { GAP };
    let target = column.max(width(line) + gap);
    line.push_str(&" ".repeat(target - width(line)));
}

/// A line of a rule, without its comment.
fn content(shape: &Shape, at: usize, row: &Row, columns: Columns) -> String {
    let mut line = row.pattern.clone();
    if !row.action.is_empty() {
        let behind = if shape.is_mailbox && at > 0 && !row.action.starts_with("mailbox") {
            "mailbox ".len()
        } else {
            0
        };
        advance(&mut line, columns.action + behind);
        line.push_str(&row.action);
    }
    if !row.options.is_empty() {
        let column = if row.pattern.is_empty() && row.action.is_empty() {
            columns.action
        } else {
            columns.options
        };
        advance(&mut line, column);
        line.push_str(&row.options);
    }
    line
}

/// Puts the file together again.
fn lay_out(lines: &[Physical<'_>], rules: &[Shape]) -> Vec<u8> {
    let mut out: Vec<Vec<u8>> = Vec::with_capacity(lines.len());
    let mut next = 0;
    let mut rest = rules;
    while !rest.is_empty() {
        let (block, later) = rest.split_at(block_length(lines, rest));
        let columns = columns(block);
        for shape in block {
            let taken = shape.lines();
            out.extend(between(lines, next..taken.start, None));
            write(lines, shape, columns, &mut out);
            next = taken.end;
        }
        rest = later;
    }
    out.extend(between(lines, next..lines.len(), None));
    while out.last().is_some_and(Vec::is_empty) {
        out.pop();
    }
    let mut bytes = out.join(&b'\n');
    if !bytes.is_empty() {
        bytes.push(b'\n');
    }
    bytes
}

/// How many rules stand together without a blank line between two of them; at least one.
fn block_length(lines: &[Physical<'_>], rules: &[Shape]) -> usize {
    let apart = |pair: &[Shape]| match pair {
        [one, other] => lines
            .get(one.lines().end..other.lines().start)
            .is_some_and(|between| between.iter().any(Physical::is_blank)),
        _ => false,
    };
    rules
        .windows(2)
        .position(apart)
        .map_or(rules.len(), |at| at + 1)
}

/// Blank lines and comments; one that was indented inside of a rule is put into `column`.
fn between(lines: &[Physical<'_>], range: Range<usize>, column: Option<usize>) -> Vec<Vec<u8>> {
    let lines = lines.get(range).unwrap_or_default();
    let line = |line: &Physical<'_>| {
        let indent = match column {
            Some(column) if line.is_indented() && !line.is_blank() => column,
            _ => 0,
        };
        let mut text = vec![b' '; indent];
        text.extend_from_slice(line.bytes.trim_ascii());
        text
    };
    lines.iter().map(line).collect()
}

fn write(lines: &[Physical<'_>], shape: &Shape, columns: Columns, out: &mut Vec<Vec<u8>>) {
    let mut next = shape.lines().start;
    for (at, row) in shape.rows.iter().enumerate() {
        out.extend(between(lines, next..row.line, Some(columns.action)));
        next = row.line + 1;
        let mut line = content(shape, at, row, columns);
        if line.is_empty() {
            // Only a comma stood here; it is at the end of the line above now.
            if row.comment.is_empty() {
                continue;
            }
            advance(&mut line, columns.action);
        } else if !row.comment.is_empty() {
            advance(&mut line, columns.comment);
        }
        line.push_str(&row.comment);
        out.push(line.into_bytes());
    }
}

#[cfg(test)]
mod tests;
