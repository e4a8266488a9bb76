//! Exports of Exchange and Microsoft 365: PowerShell, and the admin centre's list of users.
//!
//! ```text
//! "PrimarySmtpAddress","EmailAddresses"
//! "jdoe@company.com","SMTP:jdoe@company.com;smtp:jd@domain2.com;X500:/o=ExchangeLabs/…"
//!
//! PrimarySmtpAddress,Address,Type
//! jdoe@company.com,smtp:jd@domain2.com,UserMailbox
//! ```
//!
//! # Traps
//!
//! - `System.String[]`, `Microsoft.Exchange.Data.ProxyAddressCollection`, `{…, …...}` are what is left of
//!   a list that PowerShell did not write out: errors that tell how to export it.
//! - Guests (`#EXT#`), soft-deleted rows, the tenant's own `*.onmicrosoft.com` addresses, and the
//!   system's mailboxes are counted and left out.
//! - A user principal name need not be an address: only with `import --primary-from upn`.

use super::{
    PrimaryFrom,
    context::Context,
    csv::{Row, Rows},
    header::Header,
    object::Object,
    products::POWERSHELL,
    proxy::{self, Proxy},
    value::Value,
};

/// Columns that hold all addresses of an object.
pub const PROXIES: [&str; 4] = [
    "emailaddresses",
    "proxyaddresses",
    "proxyaddress",
    "aliases",
];

/// Columns that hold the primary one.
const PRIMARY: [&str; 4] = [
    "primarysmtpaddress",
    "windowsemailaddress",
    "mail",
    "primaryemailaddress",
];

/// Columns that hold the kind of an object.
const KIND: [&str; 3] = ["recipienttypedetails", "recipienttype", "type"];

struct Columns {
    primary: Option<usize>,
    proxies: Option<usize>,
    /// One row an address.
    address: Option<usize>,
    principal: Option<usize>,
    kind: Option<usize>,
    deleted: Option<usize>,
}

/// Reads all rows behind the header.
pub fn read(header: &Header, rows: &mut Rows<'_>, context: &mut Context<'_, '_>) {
    let columns = Columns {
        primary: header.find(&PRIMARY),
        proxies: header.find(&PROXIES),
        address: header.find(&["address"]),
        principal: header.find(&["userprincipalname"]),
        kind: header.find(&KIND),
        deleted: header.find(&["softdeletiontimestamp", "whensoftdeleted", "deletedon"]),
    };
    while let Some(row) = rows.next_of(header.len(), context) {
        read_row(&columns, &row, context);
    }
}

fn read_row(columns: &Columns, row: &Row<'_>, context: &mut Context<'_, '_>) {
    let kind = row.cell(columns.kind).text.to_ascii_lowercase();
    let principal = row.cell(columns.principal);
    let primary = row.cell(columns.primary);
    let guest = |value: &Value<'_>| value.text.to_ascii_lowercase().contains("#ext#");
    if kind.contains("guest") || guest(&principal) || guest(&primary) {
        return context.skip("guests");
    }
    if !row.cell(columns.deleted).text.is_empty() || kind.contains("softdeleted") {
        return context.skip("soft-deleted");
    }
    let mut object = Object::new(row.span);
    object.remote = kind.contains("contact") || kind == "mailuser";
    if is_whole(&primary, context) {
        object.name(&primary, context);
    }
    if columns.primary.is_none() && context.options.primary_from == Some(PrimaryFrom::PrincipalName)
    {
        object.name(&principal, context);
    }
    if let Some(column) = columns.proxies {
        let cell = row.cell(Some(column));
        if is_whole(&cell, context) {
            let part = without_braces(&cell);
            for value in proxy::split(&part) {
                object.add(&value, !part.text.contains(':'), context);
            }
        } else {
            return;
        }
    } else {
        let cell = context.clean(&row.cell(columns.address));
        // The row says which one is primary: the case of the type says it again.
        match proxy::read(&cell) {
            Proxy::Smtp { address, .. } => object.others.push(address),
            _ if is_whole(&cell, context) => object.add(&cell, true, context),
            _ => return,
        }
    }
    object.finish(context);
}

/// A list as PowerShell shows it, without the braces around it.
fn without_braces<'t>(cell: &Value<'t>) -> Value<'t> {
    if cell.text.starts_with('{') && cell.text.ends_with('}') {
        cell.part(1..cell.text.len() - 1)
    } else {
        cell.clone()
    }
}

/// Whether PowerShell wrote the value out.
fn is_whole(cell: &Value<'_>, context: &mut Context<'_, '_>) -> bool {
    let text = &*cell.text;
    // An address may begin alike: `System.Admin@company.com`.
    let typed = text.starts_with("System.") || text.starts_with("Microsoft.");
    let lost = typed && !text.contains('@');
    let cut = text.starts_with('{')
        && (!text.ends_with('}') || text.ends_with("...}") || text.ends_with("…}"));
    let excel = text.chars().count() == 255;
    let message = if lost {
        format!("`{text}` stands where the addresses should: PowerShell did not write the list out")
    } else if cut {
        "the list was cut off: PowerShell shows four values of it ($FormatEnumerationLimit)"
            .to_owned()
    } else if excel {
        "the cell has exactly 255 characters: old versions of Excel cut it off there".to_owned()
    } else {
        return true;
    };
    let code = if lost { "lossy-value" } else { "cut-off" };
    let help = format!("export one address a row: {POWERSHELL}");
    context.error(code, cell.span, message, help);
    false
}
