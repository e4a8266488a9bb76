//! Two columns, `from` and `to`: the bulk format that is documented for people.
//!
//! ```text
//! from,to,comment
//! jd@domain2.com,jdoe@company.com,John
//! sales@domain2.com,"anna@company.com, bob@company.com",
//! @domain3.com,@company.com,whole domain
//! ```
//!
//! Both cells say what they would say in a `.rules` file; `to` may be an action as well. Other columns
//! are for people. A row whose first character is `#` is a comment. A line end within a cell, as
//! spreadsheets make it, is white space.

use super::{context::Context, csv::Rows, header::Header, value::Value};
use crate::engine::rule::read_cells;

/// Reads all rows behind the header.
pub fn read(header: &Header, rows: &mut Rows<'_>, context: &mut Context<'_, '_>) {
    let (from, to) = (header.find(&["from"]), header.find(&["to"]));
    while let Some(row) = rows.next_of(header.len(), context) {
        let (from, to) = (row.cell(from), row.cell(to));
        if from.text.starts_with('#') {
            continue;
        }
        if from.text.is_empty() || to.text.is_empty() {
            let message = "one of the two addresses is missing";
            context.error(
                "empty-cell",
                row.span,
                message,
                "write both, or delete the row",
            );
            continue;
        }
        let from = context.clean(&from);
        let to = on_one_line(context.clean(&to));
        if from.text.contains([' ', '\t']) && !from.text.contains(['"', '/']) {
            let help = "write one address, or one pattern, in the column `from`";
            context.error("bad-pattern", from.span, "this is more than one word", help);
            continue;
        }
        let cells = [(&*from.text, from.span), (&*to.text, to.span)];
        read_cells(&cells, context.parsed, context.findings);
    }
}

/// A cell without line ends; as long as before, so that places within it stay what they are.
fn on_one_line(cell: Value<'_>) -> Value<'_> {
    if cell.text.contains(['\r', '\n']) {
        Value {
            text: cell.text.replace(['\r', '\n'], " ").into(),
            span: cell.span,
        }
    } else {
        cell
    }
}
