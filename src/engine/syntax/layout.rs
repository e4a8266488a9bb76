//! Lays out `.rules` and `.expect` files, as `readdress fmt` writes them. The meaning stays the same.
//!
//! In: the bytes of a file without an error. Out: the same words and comments in the same order of lines, with
//! columns, LF, no BOM and no white space at the ends of lines. To format a file again changes nothing.
//!
//! # The layout
//!
//! | column | begins at |
//! |---|---|
//! | pattern | 1 |
//! | action | 33, or two spaces after the longest pattern of the block |
//! | options | two spaces after the longest action of the block |
//! | comment at the end of a line | two spaces after the longest line of the block that has a comment |
//!
//! A block is a group of rules without a blank line between them. A cell that is longer than its limit
//! ([`Limits`]) moves only its own line. A comma and a space separate targets, one space separates options. A
//! rule on several lines stays on several lines: the further lines begin in the column of the action, or after
//! the word `mailbox`.
//!
//! Letter case and the form of a domain (U-labels or A-labels) stay as they are written.

use std::ops::Range;

use super::{
    Parsed, action,
    law::LAW_WORDS,
    lexer::{self, LogicalLine, Token, TokenKind},
    parse::read,
};
use crate::engine::{
    diagnostic::{Diagnostic, Findings, SourceKind, SourceText},
    rule::{ActionWord, Arguments, DomainClass},
};

/// Where the action begins if the patterns of a block are short: this many characters after the margin.
const ACTION: usize = 32;

/// The widths, in characters, up to which a cell may move the columns of its block.
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

/// The least number of spaces between two columns.
const GAP: usize = 2;

/// Returns the file in its canonical layout.
///
/// # Errors
///
/// The file has an error: all findings about it.
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
    // The lexer finds the same as above.
    let mut ignored = Findings::new(sources);
    lexer::read(0, &source.bytes, &mut ignored, |line, _| match line {
        lexer::Line::Alone(..) => false,
        lexer::Line::Logical(line) => {
            rules.extend(rule(line, &lines, expectations));
            true
        }
    });
    Ok(lay_out(&lines, &rules))
}

/// One line of the file, without its line end.
struct Physical<'a> {
    bytes: &'a [u8],
    /// The byte of the file at which the line begins.
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

/// Returns the lines of a file as the lexer sees them.
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

/// The cells on one line of a rule.
#[derive(Debug, Default)]
struct Row {
    /// Number of the line in the file, from 0.
    line: usize,
    pattern: String,
    action: String,
    options: String,
    comment: String,
}

/// A rule as rows of cells.
struct RuleRows {
    rows: Vec<Row>,
    /// True if the further rows begin after the word `mailbox`.
    is_mailbox: bool,
}

impl RuleRows {
    fn lines(&self) -> Range<usize> {
        let line = |row: Option<&Row>| row.map_or(0, |row| row.line);
        line(self.rows.first())..line(self.rows.last()) + 1
    }
}

/// Splits a logical line into cells. Returns `None` only for a line without a token, which the lexer never
/// returns.
fn rule(line: &LogicalLine<'_>, lines: &[Physical<'_>], expectation: bool) -> Option<RuleRows> {
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
        let is_word = at == 0 && (is_mailbox || (expectation && LAW_WORDS.contains(&token.text)));
        if is_list && at + 1 < body && !is_word {
            cell.push(',');
        }
    }
    Some(RuleRows { rows, is_mailbox })
}

/// Returns a token as the layout writes it. Directly after a comma, `#` is a part of an address. The layout puts
/// a space after the comma, and then `#` would begin a comment, so this puts the `#` in quotes.
fn spelling(token: &Token<'_>) -> String {
    match token.text.strip_prefix('#') {
        Some(rest) => format!("\"#\"{rest}"),
        None => token.text.to_owned(),
    }
}

/// Returns what follows the last token of a line.
fn comment(line: &LogicalLine<'_>, number: usize, lines: &[Physical<'_>]) -> String {
    let on_line = |token: &&Token<'_>| token.span.line as usize == number + 1;
    let end = line
        .tokens
        .iter()
        .rfind(on_line)
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

/// Returns the largest of the widths that do not exceed the limit; 0 if there is none.
fn longest(widths: impl Iterator<Item = usize>, limit: usize) -> usize {
    widths.filter(|width| *width <= limit).max().unwrap_or(0)
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn columns(block: &[RuleRows]) -> Columns {
    let rows = || {
        block.iter().flat_map(|rule| {
            let after_word = if rule.is_mailbox { "mailbox ".len() } else { 0 };
            let indents = std::iter::once(0).chain(std::iter::repeat(after_word));
            rule.rows.iter().zip(indents)
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
    for rule in block {
        for (at, row) in rule.rows.iter().enumerate() {
            if !row.comment.is_empty() {
                ends.push(width(&content(rule, at, row, columns)));
            }
        }
    }
    columns.comment = longest(ends.into_iter(), LIMITS.line) + GAP;
    columns
}

/// Fills a line with spaces up to a column, with at least [`GAP`] spaces unless the line is empty.
fn advance(line: &mut String, column: usize) {
    let gap = if line.is_empty() { 0 } else { GAP };
    let target = column.max(width(line) + gap);
    line.push_str(&" ".repeat(target - width(line)));
}

/// Returns a line of a rule without its comment. `at` is the number of the row, from 0.
fn content(rule: &RuleRows, at: usize, row: &Row, columns: Columns) -> String {
    let mut line = row.pattern.clone();
    if !row.action.is_empty() {
        let after_word = if rule.is_mailbox && at > 0 && !row.action.starts_with("mailbox") {
            "mailbox ".len()
        } else {
            0
        };
        advance(&mut line, columns.action + after_word);
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

/// Returns the bytes of the file in its new layout.
fn lay_out(lines: &[Physical<'_>], rules: &[RuleRows]) -> Vec<u8> {
    let mut out: Vec<Vec<u8>> = Vec::with_capacity(lines.len());
    let mut next = 0;
    let mut rest = rules;
    while !rest.is_empty() {
        let (block, later) = rest.split_at(block_length(lines, rest));
        let columns = columns(block);
        for rule in block {
            let taken = rule.lines();
            out.extend(between(lines, next..taken.start, None));
            write(lines, rule, columns, &mut out);
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

/// Returns the number of rules in the first block; at least one.
fn block_length(lines: &[Physical<'_>], rules: &[RuleRows]) -> usize {
    let separate = |pair: &[RuleRows]| match pair {
        [one, other] => lines
            .get(one.lines().end..other.lines().start)
            .is_some_and(|between| between.iter().any(Physical::is_blank)),
        _ => false,
    };
    rules
        .windows(2)
        .position(separate)
        .map_or(rules.len(), |at| at + 1)
}

/// Returns blank lines and comment lines. A comment that was indented inside a rule begins at `column`.
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

fn write(lines: &[Physical<'_>], rule: &RuleRows, columns: Columns, out: &mut Vec<Vec<u8>>) {
    let mut next = rule.lines().start;
    for (at, row) in rule.rows.iter().enumerate() {
        out.extend(between(lines, next..row.line, Some(columns.action)));
        next = row.line + 1;
        let mut line = content(rule, at, row, columns);
        if line.is_empty() {
            // This line had only a comma, which is at the end of the line above now.
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
