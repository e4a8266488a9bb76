//! The rows of a statement, `(…), (…)` or `a = b, …`, and their columns.

use super::{
    context::Context,
    field_text::FieldText,
    mail_rows::Fields,
    mail_tables::{Columns, is_named_alias},
    sql_dump::Dump,
    sql_tokens::{SqlTokenKind, Token, Tokens},
    unread::{self, Holder},
};
use crate::engine::diagnostic::{Span, codes};

/// What to do about computed values.
const EXPORT: &str =
    "export the table from the database: the dump then holds the values themselves";

/// One value of a row.
#[derive(Clone, Debug)]
pub struct Cell<'t> {
    /// A string, a number or a word; empty for NULL.
    pub value: FieldText<'t>,
    /// True if the value is written in the dump, false if it is computed.
    pub literal: bool,
}

/// How the rows of a statement are read.
#[derive(Debug)]
pub enum Reading {
    /// A known table with addresses.
    Known(Columns, Vec<String>),
    /// Another table.
    Other(usize),
    /// A table whose columns have no names.
    UnqualifiedAliases,
}

impl Reading {
    /// Decides by the names of the columns in the statement, or otherwise in the definition.
    pub fn of(dump: &Dump<'_>, table: &str, names: Option<Vec<String>>) -> Self {
        let names = names.or_else(|| dump.layouts.get(table).cloned().flatten());
        match names {
            None => Self::UnqualifiedAliases,
            Some(names) => match Columns::find(Some(table), &names) {
                Some(columns) => Self::Known(columns, names),
                None => Self::Other(names.len()),
            },
        }
    }
}

/// Reads the names up to a closing parenthesis.
pub fn names(tokens: &mut Tokens<'_>) -> Vec<String> {
    let inner = tokens.take_while(|token| !token.is(")"));
    inner
        .filter(|token| !token.is(","))
        .map(|token| token.name())
        .collect()
}

/// Reads the names of the columns that a `CREATE TABLE` defines.
pub fn definitions(tokens: &mut Tokens<'_>) -> Vec<String> {
    const OTHERS: [&str; 12] = [
        "primary",
        "key",
        "unique",
        "constraint",
        "index",
        "foreign",
        "check",
        "fulltext",
        "spatial",
        "exclude",
        "like",
        "period",
    ];
    let mut columns = Vec::new();
    let (mut depth, mut first) = (0_usize, true);
    for token in tokens.by_ref() {
        if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            if depth == 0 {
                break;
            }
            depth -= 1;
        } else if token.is(",") && depth == 0 {
            first = true;
            continue;
        } else if first && !OTHERS.iter().any(|word| token.is(word)) {
            columns.push(token.name());
        }
        first = false;
    }
    columns
}

/// Reads the rows behind `VALUES`.
pub fn read<'t>(
    dump: &mut Dump<'t>,
    first: &Token<'t>,
    table: &str,
    names: Option<Vec<String>>,
    context: &mut Context<'_, '_>,
) {
    let reading = Reading::of(dump, table, names);
    while let Some(token) = dump.more(first) {
        if token.is(",") {
            continue;
        }
        if !token.is("(") {
            // `ON DUPLICATE KEY UPDATE …`, `ON CONFLICT …`: the values that it changes are not known.
            return dump.skip(first.clone());
        }
        let Some(cells) = cells(dump) else {
            dump.unfinished = Some(first.value.span);
            return;
        };
        add(dump, &reading, table, &cells, token.value.span, context);
    }
}

/// Reads `INSERT … SET name = value, …`.
pub fn assignments<'t>(
    dump: &mut Dump<'t>,
    first: &Token<'t>,
    table: &str,
    context: &mut Context<'_, '_>,
) {
    let (mut names, mut cells) = (Vec::new(), Vec::new());
    let mut name: Option<String> = None;
    let mut current: Vec<Token<'t>> = Vec::new();
    let mut depth = 0_usize;
    while let Some(token) = dump.more(first) {
        match &name {
            None if token.is("on") => {
                dump.skip(first.clone());
                break;
            }
            None if token.is(",") => {}
            None => name = Some(token.name()),
            Some(_) if current.is_empty() && (token.is("=") || token.is(":=")) => {}
            Some(own) if depth == 0 && (token.is(",") || token.is("on")) => {
                names.push(own.clone());
                cells.push(cell(&current, token.value.span));
                (name, current) = (None, Vec::new());
                if token.is("on") {
                    dump.skip(first.clone());
                    break;
                }
            }
            Some(_) => {
                depth += usize::from(token.is("("));
                depth = depth.saturating_sub(usize::from(token.is(")")));
                current.push(token);
            }
        }
    }
    if let Some(own) = name {
        names.push(own);
        cells.push(cell(&current, first.value.span));
    }
    if dump.unfinished.is_none() && dump.tokens.open.is_none() {
        let reading = Reading::of(dump, table, Some(names));
        add(dump, &reading, table, &cells, first.value.span, context);
    }
}

/// Reads the cells of one row, up to its closing parenthesis; `None` if the dump ends before.
fn cells<'t>(dump: &mut Dump<'t>) -> Option<Vec<Cell<'t>>> {
    let mut cells = Vec::new();
    let mut current: Vec<Token<'t>> = Vec::new();
    let mut depth = 0_usize;
    loop {
        let token = dump.tokens.next()?;
        if depth == 0 && (token.is(",") || token.is(")")) {
            let ended = token.is(")");
            cells.push(cell(&current, token.value.span));
            current.clear();
            if ended {
                return Some(cells);
            }
            continue;
        }
        depth += usize::from(token.is("("));
        depth = depth.saturating_sub(usize::from(token.is(")")));
        current.push(token);
    }
}

/// Returns one value from its tokens. `_utf8'…'` is a string; `'…' || '…'` and `f(…)` are computed.
fn cell<'t>(tokens: &[Token<'t>], end: Span) -> Cell<'t> {
    let tokens = match tokens {
        [set, rest @ ..] if set.value.text.starts_with('_') && !rest.is_empty() => rest,
        all => all,
    };
    match tokens {
        [] => Cell {
            value: FieldText::new("", end),
            literal: true,
        },
        [token] => {
            let mut value = token.value.clone();
            if token.is("null") || token.is("default") {
                value.text = "".into();
            }
            let literal = true;
            Cell { value, literal }
        }
        all if replaced(all).is_some() => Cell {
            value: replaced(all).unwrap_or_else(|| FieldText::new("", end)),
            literal: true,
        },
        [token, ..] => {
            // Addresses in the arguments of a call are kept, to be reported.
            let texts = tokens
                .iter()
                .filter(|token| token.kind != SqlTokenKind::Word);
            let texts: Vec<_> = texts.map(|token| &*token.value.text).collect();
            let mut value = token.value.clone();
            value.text = texts.join(" ").into();
            let literal = false;
            Cell { value, literal }
        }
    }
}

/// Returns the text of `replace('a\nb','\n',char(10))`, which SQLite writes for a text of several lines.
fn replaced<'t>(tokens: &[Token<'t>]) -> Option<FieldText<'t>> {
    let [call, open, text, _, from, _, function, _, code, _, close] = tokens else {
        return None;
    };
    let shape = call.is("replace") && open.is("(") && function.is("char") && close.is(")");
    if !shape || text.kind != SqlTokenKind::Text || from.kind != SqlTokenKind::Text {
        return None;
    }
    let to = char::from_u32(code.value.text.parse().ok()?)?;
    let mut value = text.value.clone();
    value.text = text
        .value
        .text
        .replace(&*from.value.text, &to.to_string())
        .into();
    Some(value)
}

/// Reports rows of a known table that another statement computes.
pub fn computed(
    dump: &Dump<'_>,
    first: &Token<'_>,
    table: &str,
    names: Option<Vec<String>>,
    context: &mut Context<'_, '_>,
) {
    if matches!(Reading::of(dump, table, names), Reading::Known(..)) {
        let message = format!("the rows of `{table}` are computed, and cannot be read");
        context.error(codes::COMPUTED, first.value.span, message, EXPORT);
    }
}

/// Adds one row.
pub fn add<'t>(
    dump: &mut Dump<'t>,
    reading: &Reading,
    table: &str,
    cells: &[Cell<'t>],
    row: Span,
    context: &mut Context<'_, '_>,
) {
    let columns = match reading {
        Reading::Known(_, names) => Some(names.len()),
        Reading::Other(count) => Some(*count),
        Reading::UnqualifiedAliases => None,
    };
    if let Some(columns) = columns.filter(|columns| *columns != cells.len()) {
        let message = format!(
            "the row has {} values, and the table `{table}` {columns} columns",
            cells.len()
        );
        let help = "the dump was cut off, damaged, or changed by hand: export it again";
        return context.error(codes::ROW_LENGTH, row, message, help);
    }
    let held = |cell: &Cell<'_>| unread::addresses(&cell.value.text).count();
    let place = cells.iter().find(|cell| held(cell) > 0);
    let place = place.map_or(row, |cell| cell.value.span);
    match reading {
        Reading::Known(columns, names) => known(dump, columns, (table, names), cells, row, context),
        Reading::Other(_) => {
            let count = cells.iter().map(held).sum();
            let (holder, count) = match count {
                0 if is_named_alias(table) => (Holder::Rows, 1),
                _ => (Holder::Table, count),
            };
            let what = || format!("the table `{table}`");
            dump.unread.count(holder, place, count, what);
        }
        Reading::UnqualifiedAliases => {
            let count: usize = cells.iter().map(held).sum();
            let found = match dump.nameless.get_mut(table) {
                Some(found) => found,
                None => dump
                    .nameless
                    .entry(table.to_owned())
                    .or_insert((0, 0, place)),
            };
            if found.1 == 0 && count > 0 {
                found.2 = place;
            }
            found.0 += 1;
            found.1 += count;
        }
    }
}

fn known<'t>(
    dump: &mut Dump<'t>,
    columns: &Columns,
    (table, names): (&str, &[String]),
    cells: &[Cell<'t>],
    row: Span,
    context: &mut Context<'_, '_>,
) {
    let read: Vec<usize> = columns.read().collect();
    let computed = read
        .iter()
        .find(|at| cells.get(**at).is_some_and(|cell| !cell.literal));
    if let Some(at) = computed {
        let name = names.get(*at).map_or("", String::as_str);
        let message = format!("the value of `{name}` is computed, and cannot be read");
        return context.error(codes::COMPUTED, row, message, EXPORT);
    }
    let value = |at: Option<usize>| match at.and_then(|at| cells.get(at)) {
        Some(cell) => cell.value.without_blanks(),
        None => FieldText::new("", row),
    };
    let values: Vec<_> = read.iter().map(|at| value(Some(*at))).collect();
    for (at, cell) in cells
        .iter()
        .enumerate()
        .filter(|(at, _)| !read.contains(at))
    {
        let count = unread::lost(&cell.value, &values);
        let what = || {
            let name = names.get(at).map_or("", String::as_str);
            format!("the column `{name}` of the table `{table}`")
        };
        dump.unread
            .count(Holder::Column, cell.value.span, count, what);
    }
    dump.rows
        .add(columns, Fields::of(columns, value, row), context);
}
