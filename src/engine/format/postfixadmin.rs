//! Tables of mail servers' databases as CSV or as `mysql -B` writes them (TAB, `\t \n \\`, `NULL`).
//!
//! ```text
//! address,goto,active                     alias_domain,target_domain,active
//! jd@company.com,jdoe@company.com,1       domain2.com,company.com,1
//! jdoe@company.com,jdoe@company.com,1
//! ```
//!
//! Columns are found by name, because newer versions have more columns. `mail_tables.rs` lists the known
//! tables; `mail_rows.rs` makes rules from their rows.

use super::{
    context::Context,
    csv::{Row, Rows},
    field_text::FieldText,
    header::Header,
    mail_rows::{Fields, MailRows},
    mail_tables::Columns,
    sql_string::{escaped, numbered},
};

/// Reads all rows behind the header.
pub fn read<'t>(header: &Header, rows: &mut Rows<'t>, context: &mut Context<'_, '_>) {
    let Some(columns) = Columns::find(None, &header.names) else {
        return;
    };
    header.reads(rows, columns.read());
    let batch = rows.delimiter() == '\t';
    let mut mail = MailRows::default();
    while let Some(row) = rows.next_of(header.len(), context) {
        let fields = Fields::of(&columns, |column| cell(&row, column, batch), row.span);
        mail.add(&columns, fields, context);
    }
    mail.finish(context);
}

/// Returns a cell with the escapes of `mysql -B` resolved.
fn cell<'t>(row: &Row<'t>, column: Option<usize>, batch: bool) -> FieldText<'t> {
    let mut value = row.cell(column);
    if batch && value.text.contains('\\') && value.text != "\\N" {
        value.text = without_escapes(&value.text).into();
    }
    value
}

/// Returns a text with its escapes resolved: a backslash and a letter, or a number, are one character.
pub fn without_escapes(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        result.push_str(before);
        let mut characters = after.chars();
        let number = numbered(after).filter(|_| !after.starts_with(['u', 'U']));
        rest = match (number, characters.next()) {
            (Some((c, length)), _) => {
                result.push(c);
                after.get(length..).unwrap_or("")
            }
            (None, Some(c)) => {
                result.push(escaped(c));
                characters.as_str()
            }
            (None, None) => {
                result.push('\\');
                ""
            }
        };
    }
    result + rest
}
