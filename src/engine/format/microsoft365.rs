//! Exports of Exchange and Microsoft 365: PowerShell, and the admin centre's list of users.
//!
//! ```text
//! "PrimarySmtpAddress","EmailAddresses"
//! "jdoe@company.com","SMTP:jdoe@company.com;smtp:jd@domain2.com;X500:/o=ExchangeLabs/…"
//!
//! PrimarySmtpAddress,Address,Type
//! jdoe@company.com,smtp:jd@domain2.com,UserMailbox
//!
//! ProxyAddress,Name,UPN
//! smtp:jd@domain2.com,John Doe,jdoe@company.com
//! ```
//!
//! # Traps
//!
//! - `System.String[]`, `Microsoft.Exchange.Data.ProxyAddressCollection`, `{…, …...}` appear in
//!   place of a list that PowerShell did not write: errors that say how to export the list.
//! - Guests (`#EXT#`), soft-deleted rows, the tenant's own `*.onmicrosoft.com` addresses, and the
//!   system's mailboxes are counted and skipped.
//! - A user principal name is not always an address. It counts as an address only with `import
//!   --primary-from upn`. In a file with one address in each row it shows which rows belong to one object.
//! - The addresses may stand in several columns (`ProxyAddress_1`, `ProxyAddress_2`).
//! - An object with a value in `ExternalEmailAddress` or `targetAddress` is a contact: its mail goes
//!   elsewhere.

use std::collections::HashMap;

use super::{
    PrimaryFrom,
    context::Context,
    csv::{Row, Rows},
    field_text::FieldText,
    header::Header,
    object::Object,
    pasted,
    products::POWERSHELL,
    proxy::{self, ProxyAddress},
};
use crate::engine::diagnostic::codes;

/// Columns that hold addresses of an object, alone or numbered.
const PROXIES: [&str; 4] = [
    "emailaddresses",
    "proxyaddresses",
    "proxyaddress",
    "aliases",
];

/// Columns that hold addresses if they are numbered.
const NUMBERED: [&str; 3] = ["emailaddress", "emailalias", "alias"];

/// Columns that hold the primary address.
const PRIMARY: [&str; 6] = [
    "primarysmtpaddress",
    "windowsemailaddress",
    "mail",
    "primaryemailaddress",
    "emailaddress",
    "email",
];

/// Columns that say where else the mail of an object goes.
const REMOTE: [&str; 2] = ["externalemailaddress", "targetaddress"];

/// Columns that hold the kind of an object.
const KIND: [&str; 3] = ["recipienttypedetails", "recipienttype", "type"];

struct Columns {
    primary: Option<usize>,
    proxies: Vec<usize>,
    /// One address in each row.
    address: Option<usize>,
    principal: Option<usize>,
    kind: Option<usize>,
    deleted: Option<usize>,
    remote: Option<usize>,
}

/// Returns the columns that hold addresses.
pub fn proxies(header: &Header) -> Vec<usize> {
    let mut columns = header.family(&PROXIES);
    let numbered = header.family(&NUMBERED).into_iter();
    columns.extend(numbered.filter(|at| {
        let name = header.names.get(*at);
        name.is_some_and(|name| name.ends_with(|c: char| c.is_ascii_digit()))
    }));
    columns
}

/// Reads all rows behind the header.
pub fn read<'t>(header: &Header, rows: &mut Rows<'t>, context: &mut Context<'_, '_>) {
    let columns = Columns {
        primary: header.find(&PRIMARY),
        proxies: proxies(header),
        address: header.find(&["address"]),
        principal: header.find(&["userprincipalname", "upn"]),
        kind: header.find(&KIND),
        deleted: header.find(&["softdeletiontimestamp", "whensoftdeleted", "deletedon"]),
        remote: header.find(&REMOTE),
    };
    let named = [columns.primary, columns.remote];
    let address = columns.address.filter(|_| columns.proxies.is_empty());
    // Without a primary column the principal name says which rows belong together.
    let principal = columns.principal.filter(|_| columns.primary.is_none());
    let read = named.into_iter().chain([address, principal]).flatten();
    header.reads(rows, read.chain(columns.proxies.iter().copied()));
    let mut groups = Groups::default();
    while let Some(row) = rows.next_of(header.len(), context) {
        let Some(mut object) = read_row(&columns, &row, context) else {
            continue;
        };
        let principal = row.cell(columns.principal);
        object.principal = principal.text.contains('@');
        if columns.primary.is_some() || principal.text.is_empty() {
            object.finish(context);
        } else {
            groups.add(&principal, object);
        }
    }
    for (principal, object) in groups.objects {
        // The name may be an address that no other column has; without a primary one that is an error.
        let lost = object.has_primary() && !object.holds(&principal);
        if let Some(column) = columns.principal.filter(|_| lost) {
            rows.leave(header.title(column), &principal);
        }
        object.finish(context);
    }
}

/// Objects whose addresses stand in several rows, by their user principal names.
#[derive(Default)]
struct Groups<'t> {
    objects: Vec<(FieldText<'t>, Object<'t>)>,
    at: HashMap<String, usize>,
}

impl<'t> Groups<'t> {
    fn add(&mut self, principal: &FieldText<'t>, object: Object<'t>) {
        let at = *self
            .at
            .entry(principal.text.to_lowercase())
            .or_insert(self.objects.len());
        match self.objects.get_mut(at) {
            Some((_, known)) => known.join(object),
            None => self.objects.push((principal.clone(), object)),
        }
    }
}

fn read_row<'t>(
    columns: &Columns,
    row: &Row<'t>,
    context: &mut Context<'_, '_>,
) -> Option<Object<'t>> {
    let kind = row.cell(columns.kind).text.to_ascii_lowercase();
    let principal = row.cell(columns.principal);
    let primary = row.cell(columns.primary);
    let guest = |value: &FieldText<'_>| value.text.to_ascii_lowercase().contains("#ext#");
    if kind.contains("guest") || guest(&principal) || guest(&primary) {
        context.skip("guests");
        return None;
    }
    if !row.cell(columns.deleted).text.is_empty() || kind.contains("softdeleted") {
        context.skip("soft-deleted");
        return None;
    }
    let mut object = Object::new(row.span);
    object.remote = kind.contains("contact") || kind == "mailuser";
    if !row.cell(columns.remote).text.is_empty() {
        object.remote = true;
        context.skip("target-address");
    }
    if is_whole(&primary, context) {
        object.name(&primary, context);
    }
    if columns.primary.is_none() && context.options.primary_from == Some(PrimaryFrom::PrincipalName)
    {
        object.name(&principal, context);
    }
    for column in &columns.proxies {
        let cell = row.cell(Some(*column));
        if !is_whole(&cell, context) {
            return None;
        }
        let part = without_braces(&cell);
        let typed = proxy::is_typed(&part.text);
        for value in proxy::split(&part) {
            object.add(&value, !typed, context);
        }
    }
    if columns.proxies.is_empty() {
        let cell = context.clean(&row.cell(columns.address));
        // The row names the primary address; the letter case of the type says the same.
        match proxy::read(&cell) {
            ProxyAddress::Smtp { address, .. } => object.others.push(address),
            _ if is_whole(&cell, context) => object.add(&pasted::one(&cell), true, context),
            _ => return None,
        }
    }
    Some(object)
}

/// Returns a list of PowerShell without the braces around it.
fn without_braces<'t>(cell: &FieldText<'t>) -> FieldText<'t> {
    if cell.text.starts_with('{') && cell.text.ends_with('}') {
        cell.part(1..cell.text.len() - 1)
    } else {
        cell.clone()
    }
}

/// Returns true if PowerShell wrote the whole value; reports a value that it shortened.
fn is_whole(cell: &FieldText<'_>, context: &mut Context<'_, '_>) -> bool {
    let text = &*cell.text;
    // An address may begin with the same word: `System.Admin@company.com`.
    let typed = text.starts_with("System.") || text.starts_with("Microsoft.");
    let lost = typed && !text.contains('@');
    let cut = text.starts_with('{')
        && (!text.ends_with('}') || text.ends_with("...}") || text.ends_with("…}"));
    let excel = text.chars().count() == 255;
    let message = if lost {
        format!("`{text}` is in the place of the addresses: PowerShell did not write the list")
    } else if cut {
        "the list was cut off: PowerShell shows four values of it ($FormatEnumerationLimit)"
            .to_owned()
    } else if excel {
        "the cell has exactly 255 characters: old versions of Excel cut it off there".to_owned()
    } else {
        return true;
    };
    let code = if lost {
        codes::LOSSY_VALUE
    } else {
        codes::CUT_OFF
    };
    let help = format!("export one address a row: {POWERSHELL}");
    context.error(code, cell.span, message, help);
    false
}
