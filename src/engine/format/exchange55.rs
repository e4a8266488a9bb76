//! Exchange 4.0, 5.0 and 5.5 directory export (Q155594, Q190706, Q156063).
//!
//! ```text
//! Obj-Class,Mode,Alias Name,Directory Name,E-mail Addresses,Secondary-Proxy-Addresses
//! Mailbox,Modify,jdoe,JDOE,SMTP:jdoe@company.com%X400:c=US;,"smtp:jd@domain2.com%smtp:john@domain2.com"
//! ```
//!
//! # Traps
//!
//! - The letter case of `SMTP:` means nothing here. The *column* says which address is the primary one
//!   (Q155594 shows secondary addresses in upper case).
//! - `%` (or `--mv-sep`) separates values. Version 5 writes `\%` and `\\` inside of a value; version 4.0 puts
//!   each value into quotes (`"v,1"%"v,2"`).
//! - `~DEL` is an order to remove, not an address (Q152854).
//! - The default export does not contain `Secondary-Proxy-Addresses` (Q153028).
//! - `Remote` rows are contacts: their own address is elsewhere.

use super::{
    Options, PrimaryFrom,
    context::Context,
    csv::{Row, Rows},
    field_text::FieldText,
    header::Header,
    object::Object,
    proxy::{self, ProxyAddress},
};
use crate::engine::diagnostic::{Span, codes};

/// Where the columns are.
struct Columns {
    class: Option<usize>,
    mode: Option<usize>,
    alias: Option<usize>,
    primary: Option<usize>,
    secondary: Option<usize>,
}

/// Reads all rows behind the header.
pub fn read(header: &Header, rows: &mut Rows<'_>, context: &mut Context<'_, '_>) {
    let columns = Columns {
        class: header.find(&["objclass"]),
        mode: header.find(&["mode"]),
        alias: header.find(&["aliasname"]),
        primary: header.find(&["emailaddresses", "emailaddress"]),
        secondary: header.find(&["secondaryproxyaddresses"]),
    };
    if columns.primary.is_none() {
        let help = "export the column `E-mail Addresses`";
        return context.error(
            codes::NO_PRIMARY,
            header.span,
            "there is no column of primary addresses",
            help,
        );
    }
    if columns.secondary.is_none() {
        let message =
            "there is no column `Secondary-Proxy-Addresses`: the default export leaves it out";
        context.warn(
            codes::NO_SECONDARIES,
            header.span,
            message,
            "add it to the header file of the export (Q153028)",
        );
    }
    rows.pad();
    let read = [columns.primary, columns.secondary];
    header.reads(rows, read.into_iter().flatten());
    while let Some(row) = rows.next_of(header.len(), context) {
        read_row(&columns, &row, context);
    }
}

fn read_row(columns: &Columns, row: &Row<'_>, context: &mut Context<'_, '_>) {
    let class = row.cell(columns.class);
    let remote = class.text.eq_ignore_ascii_case("remote");
    if !remote
        && !["mailbox", "dl"]
            .iter()
            .any(|known| class.text.eq_ignore_ascii_case(known))
    {
        let message = format!("unknown object class `{}`", class.text);
        return context.error(
            codes::UNKNOWN_CLASS,
            row.span,
            message,
            "write Mailbox, dl or Remote; if the columns are shifted, set the column delimiter with `--column-sep`",
        );
    }
    let mode = row.cell(columns.mode);
    match mode.text.to_ascii_lowercase().as_str() {
        "" | "create" | "modify" | "update" => {}
        "delete" => return context.skip("deleted"),
        other => {
            let message = format!("`{other}` is not a mode");
            return context.error(
                codes::UNKNOWN_MODE,
                mode.span,
                message,
                "write Create, Delete, Modify or Update",
            );
        }
    }
    if let Some(cell) = row.cells.iter().find(|cell| cell.text.contains('\u{fffd}')) {
        return broken_letter(cell, context);
    }
    let mut object = Object::new(row.span);
    object.remote = remote;
    primaries(&row.cell(columns.primary), &mut object, context);
    let secondary = row.cell(columns.secondary);
    for value in values(&secondary, context.options) {
        add(&value, &mut object, context);
    }
    cut(&secondary, context);
    if object.named.is_none() {
        object.named = site_address(&row.cell(columns.alias), context.options);
    }
    if object.named.is_none() {
        let message = "the row has no SMTP address: Exchange derived the address from the site";
        let help = "give the domain of the site: `readdress import exchange55 --primary-from alias@DOMAIN`";
        return context.error(codes::NO_PRIMARY, row.span, message, help);
    }
    object.finish(context);
}

/// Reports half a character of a two-byte code page. Exchange lost a byte at every 4 KB of a file (Q152449).
fn broken_letter(cell: &FieldText<'_>, context: &mut Context<'_, '_>) {
    let message = "the row holds a letter that was lost when this file was written";
    let help = "name the code page (`readdress import --encoding NAME exchange55 FILE`); if it is right, Exchange cut a letter at a boundary of 4 KB (Q152449): export fewer columns, or as Unicode";
    context.error(codes::LOSSY_VALUE, cell.span, message, help);
}

/// Returns the address that `--primary-from alias@DOMAIN` gives.
fn site_address<'t>(alias: &FieldText<'t>, options: &Options) -> Option<FieldText<'t>> {
    match &options.primary_from {
        Some(PrimaryFrom::Alias(domain)) if !alias.text.is_empty() => Some(FieldText {
            text: format!("{}@{domain}", alias.text).into(),
            span: alias.span,
        }),
        _ => None,
    }
}

/// Reads the column of primary addresses: one of each type.
fn primaries<'t>(cell: &FieldText<'t>, object: &mut Object<'t>, context: &mut Context<'_, '_>) {
    let mut types = Vec::new();
    for value in values(cell, context.options) {
        if is_removal(&value, context) {
            continue;
        }
        let (kind, address) = match proxy::read(&context.clean(&value)) {
            ProxyAddress::Smtp { address, .. } => ("smtp".to_owned(), Some(address)),
            ProxyAddress::Other(kind) => (kind, None),
            ProxyAddress::Bare(value) => {
                no_type(&value, context);
                continue;
            }
        };
        if types.contains(&kind) {
            let message = format!(
                "the column of primary addresses holds two of type {}",
                kind.to_ascii_uppercase()
            );
            let help = "move one of the two addresses to `Secondary-Proxy-Addresses`";
            context.error(codes::TWO_PRIMARIES, value.span, message, help);
            continue;
        }
        match address {
            Some(address) => object.named = Some(address),
            None => context.skip(kind.clone()),
        }
        types.push(kind);
    }
    cut(cell, context);
}

/// Adds a secondary address. The letter case of its type means nothing.
fn add<'t>(value: &FieldText<'t>, object: &mut Object<'t>, context: &mut Context<'_, '_>) {
    if is_removal(value, context) {
        return;
    }
    match proxy::read(&context.clean(value)) {
        ProxyAddress::Smtp { address, .. } => object.others.push(address),
        ProxyAddress::Other(kind) => context.skip(kind),
        ProxyAddress::Bare(value) => no_type(&value, context),
    }
}

fn no_type(value: &FieldText<'_>, context: &mut Context<'_, '_>) {
    if value.text.is_empty() {
        return;
    }
    let kind = value.text.split_once(':').map(|(kind, _)| kind);
    let message = match kind {
        Some(kind) if !kind.contains('@') => {
            format!(
                "the type `{kind}` is longer than {} characters",
                proxy::MAX_TYPE
            )
        }
        _ => format!("`{}` has no type, or was cut off", value.text),
    };
    context.error(codes::NO_TYPE, value.span, message, "write `SMTP:` before the address, or set the separator of values with `--mv-sep`; if the cell was cut off, export it again");
}

fn is_removal(value: &FieldText<'_>, context: &mut Context<'_, '_>) -> bool {
    let removal = value
        .text
        .get(..4)
        .is_some_and(|head| head.eq_ignore_ascii_case("~del"));
    if removal {
        let message = "`~DEL` is an instruction to remove an address, not an address";
        context.error(
            codes::REMOVAL_ORDER,
            value.span,
            message,
            "this file was made for an import: export the directory instead",
        );
    }
    removal
}

/// Reports a cell that old versions of Excel cut off (Q155414).
fn cut(cell: &FieldText<'_>, context: &mut Context<'_, '_>) {
    if cell.text.chars().count() == 255 {
        let message = "the cell has exactly 255 characters: old versions of Excel cut it off there";
        context.error(
            codes::CUT_OFF,
            cell.span,
            message,
            "export it again and do not save it in Excel",
        );
    }
}

/// Returns the values of one cell.
fn values<'t>(cell: &FieldText<'t>, options: &Options) -> Vec<FieldText<'t>> {
    let separator = options.mv_sep.unwrap_or('%');
    let quote = options.quote.unwrap_or('"');
    let mut values = Vec::new();
    let mut text = String::new();
    let (mut start, mut quoted, mut changed) = (0, false, false);
    let mut characters = cell.text.char_indices().peekable();
    let mut push = |start: usize, end: usize, text: &mut String, changed: bool| {
        let part = cell.part(start..end);
        let text = std::mem::take(text);
        if changed {
            let span: Span = part.span;
            values.push(FieldText {
                text: text.into(),
                span,
            });
        } else {
            values.push(part);
        }
    };
    while let Some((at, c)) = characters.next() {
        let escaped =
            characters.next_if(|(_, next)| c == '\\' && (*next == separator || *next == '\\'));
        if let Some((_, next)) = escaped {
            text.push(next);
            changed = true;
        } else if c == quote {
            quoted = !quoted;
            changed = true;
        } else if c == separator && !quoted {
            push(start, at, &mut text, changed);
            start = at + c.len_utf8();
            changed = false;
        } else {
            text.push(c);
        }
    }
    push(start, cell.text.len(), &mut text, changed);
    values.retain(|value| !value.text.trim().is_empty());
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        let cell = FieldText::new(text, Span::at(0, text.as_bytes(), 0..text.len()));
        let values = values(&cell, &Options::default());
        values.iter().map(|value| value.text.to_string()).collect()
    }

    #[test]
    fn values_of_both_ages() {
        assert_eq!(split(r"v\%1%v,2%v,3"), ["v%1", "v,2", "v,3"]);
        assert_eq!(split("\"v,1\"%\"v,2\""), ["v,1", "v,2"]);
        assert_eq!(
            split(r"CUSTOM:Doe\, J at 50\%off"),
            [r"CUSTOM:Doe\, J at 50%off"]
        );
        assert_eq!(split(r"a\\%b"), [r"a\", "b"]);
        assert_eq!(split(""), [""; 0]);
    }
}
