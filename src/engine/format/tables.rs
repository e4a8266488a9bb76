//! Which table a `.csv` file holds: its header row tells.
//!
//! Names of columns are compared without letter case, blanks, hyphens and underscores. A first row
//! that is no header, but two addresses, is the recipient address map of Google Workspace.

use super::{
    ImportFormat, context::Context, csv::Rows, exchange55, google, header::Header, microsoft365,
    pairs, postfixadmin,
};

/// What is known, for an unknown header.
const KNOWN: &str = "known are `from,to`; Exchange 5.5 (`Obj-Class,…`); Exchange and Microsoft 365 (`PrimarySmtpAddress,EmailAddresses` or `PrimarySmtpAddress,Address`); GAM (`Alias,Target,TargetType`, `Target,TargetType,Aliases`, `primaryEmail,aliases.0`); PostfixAdmin, mailcow and Mailu (`address,goto`, `alias_domain,target_domain`, `email,destination`, `name,domain_name`)";

/// Which table it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Table {
    Pairs,
    Exchange55,
    Microsoft365,
    Google,
    AddressMap,
    Postfixadmin,
}

impl Table {
    fn of(header: &Header) -> Option<Self> {
        let has = |names| header.has(names);
        let proxies = !microsoft365::proxies(header).is_empty();
        if has(&["from", "to"]) {
            Some(Self::Pairs)
        } else if header.find(&["objclass"]) == Some(0) {
            Some(Self::Exchange55)
        } else if has(&["alias", "target"])
            || has(&["target", "aliases"])
            || has(&["primaryemail"])
            || has(&["email", "aliases.0"])
            || has(&["emailaddress[required]"])
            || has(&["type", "email", "target"])
        {
            Some(Self::Google)
        } else if has(&["address", "goto"])
            || has(&["aliasdomain", "targetdomain"])
            || has(&["email", "destination"])
            || has(&["name", "domainname"])
            || has(&["domain", "backupmx"])
        {
            Some(Self::Postfixadmin)
        } else if proxies || (has(&["primarysmtpaddress", "address"])) {
            Some(Self::Microsoft365)
        } else if header
            .names
            .iter()
            .take(2)
            .filter(|name| name.contains('@'))
            .count()
            == 2
        {
            Some(Self::AddressMap)
        } else {
            None
        }
    }

    fn format(self) -> ImportFormat {
        match self {
            Self::Pairs => ImportFormat::Pairs,
            Self::Exchange55 => ImportFormat::Exchange55,
            Self::Microsoft365 => ImportFormat::Microsoft365,
            Self::Google | Self::AddressMap => ImportFormat::Google,
            Self::Postfixadmin => ImportFormat::Postfixadmin,
        }
    }
}

/// Reads a file; `wanted` is what `import` was told, or any table.
pub fn read(text: &str, wanted: ImportFormat, context: &mut Context<'_, '_>) {
    let mut rows = Rows::new(text, context);
    let Some(first) = rows.next(context) else {
        return;
    };
    let header = Header::of(&first);
    let table = Table::of(&header);
    let fits = table.is_some_and(|table| {
        wanted == ImportFormat::Csv
            || wanted == table.format()
            || (wanted == ImportFormat::Pairs && table == Table::AddressMap)
    });
    let Some(table) = table.filter(|_| fits) else {
        return misfit(table, wanted, &header, &rows, context);
    };
    match table {
        Table::Pairs => pairs::read(&header, &mut rows, context),
        Table::Exchange55 => exchange55::read(&header, &mut rows, context),
        Table::Microsoft365 => microsoft365::read(&header, &mut rows, context),
        Table::Google => google::read(&header, &mut rows, context),
        Table::AddressMap => google::address_map(first, &mut rows, context),
        Table::Postfixadmin => postfixadmin::read(&header, &mut rows, context),
    }
    rows.finish(context);
}

fn misfit(
    table: Option<Table>,
    wanted: ImportFormat,
    header: &Header,
    rows: &Rows<'_>,
    context: &mut Context<'_, '_>,
) {
    let span = header.span;
    match table {
        Some(table) => context.error(
            "other-format",
            span,
            "the header row is that of another format",
            format!("use `readdress import {}`", table.format().name()),
        ),
        None if wanted == ImportFormat::Exchange55 || header.find(&["objclass"]).is_some() => {
            context.error(
                "unknown-header",
                span,
                "the first column is not `Obj-Class`",
                format!(
                    "check the column delimiter, which is taken to be {:?}: `--column-sep`",
                    rows.delimiter()
                ),
            )
        }
        None => context.error(
            "unknown-header",
            span,
            "the header row is that of no table that is known",
            KNOWN,
        ),
    }
}
