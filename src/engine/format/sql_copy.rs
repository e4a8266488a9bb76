//! `COPY … FROM stdin;` of pg_dump: rows between TABs, up to a line that is `\.`.
//!
//! `\N` is NULL; `\t`, `\n`, `\\` and the like are escapes.

use super::{
    context::Context,
    field_text::FieldText,
    postfixadmin::without_escapes,
    sql_dump::Dump,
    sql_rows::{self, Cell, Reading},
    sql_tokens::Token,
};
use crate::engine::diagnostic::codes;

/// Reads the statement and its rows.
pub fn read<'t>(dump: &mut Dump<'t>, first: Token<'t>, context: &mut Context<'_, '_>) {
    let (mut table, mut names) = (String::new(), None);
    let (mut stdin, mut from, mut options) = (false, false, false);
    while let Some(token) = dump.more(&first) {
        if token.is("(") && !from {
            names = Some(sql_rows::names(&mut dump.tokens));
        } else if token.is("from") {
            from = true;
        } else if from && token.is("stdin") {
            stdin = true;
        } else if from {
            options |= !token.is("with");
        } else if names.is_none() && !token.is(".") {
            table = token.name();
        }
    }
    if !stdin || dump.unfinished.is_some() {
        return;
    }
    if options {
        let message = "`COPY` with options is not supported";
        let help = "export with `pg_dump`, which writes `COPY … FROM stdin;` without options";
        context.error(codes::COPY_OPTIONS, first.value.span, message, help);
    }
    let reading = Reading::of(dump, &table, names);
    // What follows the `;` on its line.
    dump.tokens.next_line();
    while let Some(line) = dump.tokens.next_line() {
        if line.text == "\\." {
            return;
        }
        if !options {
            let cells: Vec<_> = cells(&line);
            sql_rows::add(dump, &reading, &table, &cells, line.span, context);
        }
    }
    dump.unfinished = Some(first.value.span);
}

/// Returns the cells of one line. An empty line is a row with one empty cell.
fn cells<'t>(line: &FieldText<'t>) -> Vec<Cell<'t>> {
    let mut start = 0;
    let cells = line.text.split('\t').map(|raw| {
        let mut value = line.part(start..start + raw.len());
        start += raw.len() + 1;
        if value.text == "\\N" {
            value.text = "".into();
        } else if value.text.contains('\\') {
            value.text = without_escapes(&value.text).into();
        }
        Cell {
            value,
            literal: true,
        }
    });
    cells.collect()
}
