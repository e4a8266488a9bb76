//! Two columns, `from` and `to`: a format for spreadsheets.
//!
//! ```text
//! from,to,comment
//! jd@domain2.com,jdoe@company.com,John
//! sales@domain2.com,"anna@company.com, bob@company.com",
//! @domain3.com,@company.com,whole domain
//! ```
//!
//! Both cells are written as in a `.rules` file; `to` may also be an action. Addresses may be written as
//! Outlook and spreadsheets write them (`a@x; b@x`, `John Doe <jdoe@x>`, `mailto:`). A row
//! whose first character is `#` is a comment. A line end within a cell, as spreadsheets make it, is white
//! space.
//!
//! Other columns are not read. Addresses in them are reported, unless the column is called a comment or a
//! note.

use super::{context::Context, csv::Rows, field_text::FieldText, header::Header, pasted};
use crate::engine::{
    diagnostic::{Span, codes, nearest},
    rule::{ActionWord, Arguments, DomainClass},
    syntax::read_cells,
};

/// Names of columns that hold comments.
const NOTES: [&str; 7] = [
    "comment",
    "comments",
    "note",
    "notes",
    "description",
    "remark",
    "remarks",
];

/// Reads all rows behind the header.
pub fn read(header: &Header, rows: &mut Rows<'_>, context: &mut Context<'_, '_>) {
    let (from, to) = (header.find(&["from"]), header.find(&["to"]));
    let notes = header.family(&NOTES).into_iter();
    header.reads(rows, notes.chain(from).chain(to));
    while let Some(row) = rows.next_of(header.len(), context) {
        let (from, to) = (row.cell(from), row.cell(to));
        if from.text.starts_with('#') {
            continue;
        }
        if from.text.is_empty() || to.text.is_empty() {
            let message = "one of the two addresses is missing";
            context.error(
                codes::EMPTY_CELL,
                row.span,
                message,
                "write both addresses, or delete the row",
            );
            continue;
        }
        let from = context.clean(&from);
        let from = if is_pasted(&from) {
            pasted::one(&from)
        } else {
            from
        };
        if from.text.contains([' ', '\t']) && !from.text.contains(['"', '/']) {
            let help = "write one address, or one pattern, in the column `from`";
            context.error(
                codes::BAD_PATTERN,
                from.span,
                "the cell has more than one word",
                help,
            );
            continue;
        }
        let to = context.clean(&to);
        if let Some(to) = action(&to, context) {
            let to: Vec<_> = to.iter().map(|(text, span)| (&**text, *span)).collect();
            let cells = [&[(&*from.text, from.span)], to.as_slice()].concat();
            read_cells(&cells, context.parsed, context.findings);
        }
    }
}

/// Returns true if a cell holds pasted addresses, and neither an action nor a regex.
fn is_pasted(cell: &FieldText<'_>) -> bool {
    let first = cell.text.split_whitespace().next().unwrap_or("");
    !words_without_addresses().any(|word| first.eq_ignore_ascii_case(word))
        && !cell.text.starts_with('/')
        && pasted::is_pasted(&cell.text)
}

/// Returns the words that begin something other than a list of addresses.
fn words_without_addresses() -> impl Iterator<Item = &'static str> {
    let actions = ActionWord::ALL.iter();
    let actions = actions.filter(|entry| entry.arguments != Arguments::Secondaries);
    let classes = DomainClass::ALL.iter().map(|class| class.word());
    actions.map(|entry| entry.word).chain(classes)
}

/// Returns the words of the column `to`; `None` if one of them is not an address.
fn action(cell: &FieldText<'_>, context: &mut Context<'_, '_>) -> Option<Vec<(String, Span)>> {
    let head = cell
        .text
        .get(..8)
        .is_some_and(|head| head.eq_ignore_ascii_case("mailbox "));
    let rest = cell.part(if head { 8 } else { 0 }..cell.text.len());
    if !is_pasted(&rest) {
        is_no_name(&rest, context).then_some(())?;
        let cell = on_one_line(cell.clone());
        return Some(vec![(cell.text.into_owned(), cell.span)]);
    }
    let mut words = Vec::new();
    if head {
        words.push(("mailbox".to_owned(), cell.part(0..7).span));
    }
    for (at, value) in pasted::list(&rest).into_iter().enumerate() {
        if at > 0 {
            words.push((",".to_owned(), value.span));
        }
        let address = value.text.contains('@');
        if !address || (value.text.contains(char::is_whitespace) && !value.text.contains('"')) {
            let message = format!("`{}` is not an address", value.text);
            let help = "write addresses, with `;` or a comma between them";
            context.error(codes::BAD_TARGET, value.span, message, help);
            return None;
        }
        words.push((value.text.into_owned(), value.span));
    }
    Some(words)
}

/// Reports words that cannot be addresses, such as the name of a person. Returns true for other words, such
/// as a misspelt action.
fn is_no_name(cell: &FieldText<'_>, context: &mut Context<'_, '_>) -> bool {
    let words: Vec<_> = cell.text.split_whitespace().collect();
    let first = words.first().copied().unwrap_or("");
    let classes = DomainClass::ALL.map(DomainClass::word);
    let action =
        ActionWord::nearest(first).is_some() || nearest(&first.to_lowercase(), classes).is_some();
    if words.is_empty() || action || cell.text.contains(['@', '/', '=']) {
        return true;
    }
    let message = format!("`{}` is not an address", cell.text);
    let help = "write the address of the mailbox; a name alone does not say where mail goes";
    context.error(codes::BAD_TARGET, cell.span, message, help);
    false
}

/// Returns a cell with spaces instead of line ends. The length stays the same, so that places stay correct.
fn on_one_line(cell: FieldText<'_>) -> FieldText<'_> {
    if cell.text.contains(['\r', '\n']) {
        FieldText {
            text: cell.text.replace(['\r', '\n'], " ").into(),
            span: cell.span,
        }
    } else {
        cell
    }
}
