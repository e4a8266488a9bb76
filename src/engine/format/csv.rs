//! Rows of cells: RFC 4180, and the variants that Excel, PowerShell and mysql write.
//!
//! # Traps
//!
//! - The header line alone decides the delimiter: `,` `;` TAB or `|`. A line `sep=;` before the header wins.
//!   A header with GAM's words and blanks between them is split at blanks; the rest of a row belongs to its
//!   last cell.
//! - `#TYPE …` (Windows PowerShell) and other lines that begin with `#` may come before the header.
//! - A cell in quotes may hold line ends; a quote in it is written twice. A cell that continues after
//!   its closing quote (`"v,1"%"v,2"`, Exchange 4.0) keeps its quotes.
//! - A row with fewer cells than the header is an error: the file was damaged or cut off. In files of
//!   Exchange 5.5 it is a warning, because Excel leaves out empty cells at the end (Q188649); but a last row
//!   without a line end is an error there too. A row with more cells is an error, unless the additional cells
//!   are empty. A row with only empty cells is skipped, also before the header.
//! - Addresses in columns that are not read are counted and reported.
//!
//! # Limits
//!
//! The `csv` crate is not used, because findings need the line and the column of every cell, which that crate
//! does not give. A quote that is not closed within 64 KiB, the longest line, is an error, and nothing behind
//! it is read: otherwise one wrong quote would join all rows up to the next quote into one cell.

use super::{
    context::Context,
    cursor::Cursor,
    delimiter::{is_blank, sniff},
    field_text::FieldText,
    unread::{self, Holder, Unread},
};
use crate::engine::diagnostic::{Span, codes};

/// The longest cell, in bytes.
const MAX_CELL: usize = 64 * 1024;

/// The rows of a file, one after the other.
#[derive(Debug)]
pub struct Rows<'t> {
    cursor: Cursor<'t>,
    delimiter: char,
    quote: char,
    /// True if the last cell takes the rest of the row.
    rest_in_last: bool,
    /// How many rows have missing cells, and the first of these rows.
    short: (usize, Option<Span>),
    /// True if empty cells at the end of a row may be missing.
    pads: bool,
    /// Columns that are read.
    read: Vec<usize>,
    /// The other columns: number, name and place.
    others: Vec<(usize, String, Span)>,
    unread: Unread,
}

/// One row: its cells, and the whole of its first line.
#[derive(Debug)]
pub struct Row<'t> {
    /// The cells.
    pub cells: Vec<FieldText<'t>>,
    /// Where it begins.
    pub span: Span,
}

impl<'t> Row<'t> {
    /// Returns a cell without spaces at its ends; an empty cell if there is no such column.
    pub fn cell(&self, column: Option<usize>) -> FieldText<'t> {
        match column.and_then(|column| self.cells.get(column)) {
            Some(cell) => cell.without_blanks(),
            None => FieldText::new("", self.span.part(0, 0)),
        }
    }
}

impl<'t> Rows<'t> {
    /// Finds the header line, which decides the delimiter.
    pub fn new(text: &'t str, context: &Context<'_, '_>) -> Self {
        let mut rows = Self {
            cursor: Cursor::new(text, context.file),
            delimiter: ',',
            quote: context.options.quote.unwrap_or('"'),
            rest_in_last: false,
            short: (0, None),
            pads: false,
            read: Vec::new(),
            others: Vec::new(),
            unread: Unread::default(),
        };
        let mut named = context.options.column_sep;
        loop {
            let line = rows.cursor.rest_of_line();
            let head = line.trim_end_matches('\r').trim_matches('"');
            if let Some(separator) = head.strip_prefix("sep=") {
                named = named.or(separator.chars().next());
            } else if !(is_blank(head) || head.starts_with('#')) || rows.cursor.is_at_end() {
                rows.delimiter = named.unwrap_or_else(|| sniff(line, rows.quote));
                rows.rest_in_last = rows.delimiter == ' ';
                return rows;
            }
            rows.cursor.advance(line.len() + 1);
        }
    }

    /// Returns the delimiter between cells.
    pub fn delimiter(&self) -> char {
        self.delimiter
    }

    /// Allows rows without the empty cells at their ends.
    pub fn pad(&mut self) {
        self.pads = true;
    }

    /// Sets which columns are read. Addresses in the `others`, which have names and places, will be
    /// reported.
    pub fn watch(&mut self, read: Vec<usize>, others: Vec<(usize, String, Span)>) {
        (self.read, self.others) = (read, others);
    }

    /// Counts the addresses of one cell of a column as not read.
    pub fn leave(&mut self, (title, span): (&str, Span), cell: &FieldText<'_>) {
        let count = unread::addresses(&cell.text).count();
        let what = || format!("the column `{title}`");
        self.unread.count(Holder::Column, span, count, what);
    }

    /// Returns the next row, and skips empty lines.
    pub fn next(&mut self, context: &mut Context<'_, '_>) -> Option<Row<'t>> {
        loop {
            let line = self.cursor.rest_of_line();
            if self.cursor.is_at_end() {
                return None;
            }
            if !line.trim().is_empty() {
                break;
            }
            self.cursor.advance(line.len() + 1);
        }
        let first = self.cursor.rest_of_line().trim_end();
        let span = self.cursor.span(0, first.len());
        let mut cells = Vec::new();
        loop {
            let (cell, length, ended) = self.cell(context)?;
            cells.push(cell);
            self.cursor.advance(length);
            if ended {
                return Some(Row { cells, span });
            }
        }
    }

    /// Returns the next row that fits the number of columns of the header, and reports rows that do not
    /// fit.
    pub fn next_of(&mut self, columns: usize, context: &mut Context<'_, '_>) -> Option<Row<'t>> {
        loop {
            let mut row = self.next(context)?;
            if self.rest_in_last {
                self.join_rest(columns, &mut row);
            }
            if row.cells.iter().all(|cell| cell.text.trim().is_empty()) {
                continue;
            }
            let surplus = row.cells.get(columns..).unwrap_or(&[]);
            if let Some(cell) = surplus.iter().find(|cell| !cell.text.trim().is_empty()) {
                let message = format!(
                    "the row has {} cells, and the header {columns}",
                    row.cells.len()
                );
                let help = format!(
                    "write quotes around a value that contains `{}`",
                    self.delimiter
                );
                context.error(codes::LONG_ROW, cell.span, message, help);
                continue;
            }
            if row.cells.len() < columns && !self.short_row(columns, &row, context) {
                continue;
            }
            self.look_through(&row);
            return Some(row);
        }
    }

    /// Reports a row with missing cells. Returns true if the missing cells count as empty.
    fn short_row(&mut self, columns: usize, row: &Row<'t>, context: &mut Context<'_, '_>) -> bool {
        let ends_line = !self.cursor.is_at_end() || self.cursor.text().ends_with('\n');
        if self.pads && ends_line {
            self.short.0 += 1;
            self.short.1.get_or_insert(row.span);
            return true;
        }
        let message = format!(
            "the row has {} of the header's {columns} cells: the file was cut off or damaged",
            row.cells.len()
        );
        let help = format!(
            "export the file again; an empty cell at the end of a row needs a `{}` too",
            self.delimiter
        );
        context.error(codes::SHORT_ROW, row.span, message, help);
        false
    }

    /// Counts addresses in cells that are not read.
    fn look_through(&mut self, row: &Row<'t>) {
        if self.others.is_empty() {
            return;
        }
        let read: Vec<_> = self.read.iter().map(|at| row.cell(Some(*at))).collect();
        for (column, title, span) in &self.others {
            let count = unread::lost(&row.cell(Some(*column)), &read);
            let what = || format!("the column `{title}`");
            self.unread.count(Holder::Column, *span, count, what);
        }
    }

    /// Joins the cell of the last column and all cells behind it.
    fn join_rest(&self, columns: usize, row: &mut Row<'t>) {
        let (Some(first), Some(last)) = (
            row.cells
                .get(columns.saturating_sub(1))
                .map(|cell| cell.span),
            row.cells.last().map(|cell| cell.span),
        ) else {
            return;
        };
        if row.cells.len() <= columns || columns == 0 {
            return;
        }
        let (start, end) = (first.start as usize, (last.start + last.length) as usize);
        let text = self.cursor.text().get(start..end).unwrap_or("");
        row.cells.truncate(columns - 1);
        row.cells
            .push(FieldText::new(text, first.part(0, text.len())));
    }

    /// Reports rows with missing cells and columns that were not read.
    pub fn finish(self, context: &mut Context<'_, '_>) {
        if let (count, Some(span)) = self.short {
            let more = match count {
                1 => String::new(),
                _ => format!(" and of {} more rows", count - 1),
            };
            let message =
                format!("cells are missing at the end of this row{more}; they count as empty");
            context.warn(
                codes::SHORT_ROW,
                span,
                message,
                "Excel leaves empty cells at the end out; export it again if they were not empty",
            );
        }
        self.unread.report(context);
    }

    /// Returns how far the cell reaches that begins here; `None` if a quote is not closed.
    fn extent(&self, rest: &str) -> Option<Extent> {
        let begins = rest.starts_with(self.quote);
        let (mut quoted, mut doubled, mut closed) = (begins, false, None);
        let mut characters = rest.char_indices().peekable();
        if quoted {
            characters.next();
        }
        let mut end = (rest.len(), 0, true);
        while let Some((at, c)) = characters.next() {
            if begins && at > MAX_CELL {
                return None;
            }
            if quoted && c == self.quote {
                if characters
                    .next_if(|(_, next)| *next == self.quote)
                    .is_some()
                {
                    doubled = true;
                } else {
                    quoted = false;
                    closed.get_or_insert(at);
                }
            } else if !quoted && (c == self.delimiter || c == '\n') {
                end = (at, c.len_utf8(), c == '\n');
                break;
            } else if !quoted && begins && c == self.quote {
                quoted = true;
            }
        }
        let (length, behind, ended) = end;
        (!quoted).then_some(Extent {
            length,
            behind,
            ended,
            closed,
            doubled,
        })
    }

    /// Reads one cell: its value, its bytes with the delimiter behind it, and true if the row ends there.
    fn cell(&self, context: &mut Context<'_, '_>) -> Option<(FieldText<'t>, usize, bool)> {
        let rest = self.cursor.rest();
        let Some(extent) = self.extent(rest) else {
            let help = "close the quote; write a quote inside of quotes twice";
            context.error(
                codes::UNCLOSED_QUOTE,
                self.cursor.span(0, self.quote.len_utf8()),
                "a quote is not closed",
                help,
            );
            return None;
        };
        let Extent {
            length,
            behind,
            ended,
            ..
        } = extent;
        let raw = rest.get(..length).unwrap_or(rest);
        let raw = if ended {
            raw.strip_suffix('\r').unwrap_or(raw)
        } else {
            raw
        };
        let value = match extent.closed {
            Some(at) if at + self.quote.len_utf8() == raw.trim_end().len() => {
                let from = self.quote.len_utf8();
                let inner = rest.get(from..at).unwrap_or("");
                let mut value = FieldText::new(inner, self.cursor.span(from, inner.len()));
                if extent.doubled {
                    let quote = self.quote.to_string();
                    value.text = inner.replace(&quote.repeat(2), &quote).into();
                }
                value
            }
            _ => FieldText::new(raw, self.cursor.span(0, raw.len())),
        };
        // A delimiter at the very end of the file would give one more, empty cell, which is left out.
        let over = ended || length + behind >= rest.len();
        Some((value, length + behind, over))
    }
}

/// How far a cell reaches.
struct Extent {
    /// The length of the cell in bytes.
    length: usize,
    /// The length in bytes of what ends the cell.
    behind: usize,
    /// True if the row ends there.
    ended: bool,
    /// Where the quote is first closed.
    closed: Option<usize>,
    /// True if the cell contains a doubled quote.
    doubled: bool,
}
