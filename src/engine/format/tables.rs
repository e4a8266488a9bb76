//! Recognises the table in a `.csv` file by its header row.
//!
//! Names of columns are compared without letter case, blanks, hyphens and underscores. If the first
//! row is two addresses instead of a header, the file is the recipient address map of Google Workspace.

use super::{
    ImportFormat, context::Context, csv::Rows, exchange55, google, header::Header,
    mail_tables::Columns, microsoft365, pairs, postfixadmin, sql,
};
use crate::engine::diagnostic::{Span, codes};

/// The help for an unknown header.
const KNOWN: &str = "known header rows: `from,to`; Exchange 5.5 (`Obj-Class,…`); Exchange and Microsoft 365 (`PrimarySmtpAddress,EmailAddresses` or `PrimarySmtpAddress,Address`); GAM (`Alias,Target,TargetType`, `Target,TargetType,Aliases`, `primaryEmail,aliases.0`, `primaryEmail,emails.0.address`, `Type,Email,Target`), or a sheet `Primary Email,Email Alias`; tables of PostfixAdmin, iRedMail, mailcow, Mailu, ISPmail and hMailServer (`address,goto`, `address,forwarding`, `source,destination`, `email,destination`, `aliasname,aliasvalue`, `alias_domain,target_domain`, `name,domain_name`)";

/// A known table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum KnownTable {
    Pairs,
    Exchange55,
    Microsoft365,
    Google,
    AddressMap,
    Postfixadmin,
}

impl KnownTable {
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
        } else if Columns::find(None, &header.names).is_some() {
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

/// Reads a file. `wanted` is the format that `import` was given, or any table.
pub fn read(text: &str, wanted: ImportFormat, context: &mut Context<'_, '_>) {
    if sql::is_dump(text) {
        return dump(text, context);
    }
    if is_drawn(text) {
        return drawn(text, context);
    }
    let mut rows = Rows::new(text, context);
    let Some(first) = rows.next(context) else {
        return;
    };
    let header = Header::of(&first);
    let table = KnownTable::of(&header);
    let fits = table.is_some_and(|table| {
        wanted == ImportFormat::Csv
            || wanted == table.format()
            || (wanted == ImportFormat::Pairs && table == KnownTable::AddressMap)
    });
    let Some(table) = table.filter(|_| fits) else {
        return misfit(table, wanted, &header, &rows, context);
    };
    match table {
        KnownTable::Pairs => pairs::read(&header, &mut rows, context),
        KnownTable::Exchange55 => exchange55::read(&header, &mut rows, context),
        KnownTable::Microsoft365 => microsoft365::read(&header, &mut rows, context),
        KnownTable::Google => google::read(&header, &mut rows, context),
        KnownTable::AddressMap => google::address_map(first, &mut rows, context),
        KnownTable::Postfixadmin => postfixadmin::read(&header, &mut rows, context),
    }
    rows.finish(context);
}

fn dump(text: &str, context: &mut Context<'_, '_>) {
    let source = context.findings.sources().get(context.file as usize);
    let name = source.map_or("FILE", |source| source.name.as_str());
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let message = "this is a dump of a database, not a table with a header row";
    let help = format!(
        "move it out of the rules directory and convert it: `readdress import postfixadmin {name} --output {stem}.rules`"
    );
    context.error(
        codes::OTHER_FORMAT,
        first_line(text, context),
        message,
        help,
    );
}

/// Returns true if a table is drawn for a screen, with lines of `+`, `-` and `|`, as mysql without -B,
/// psql and sqlcmd print it.
fn is_drawn(text: &str) -> bool {
    let is_rule = |line: &str| {
        let line = line.trim();
        line.contains("--")
            && line
                .chars()
                .all(|c| matches!(c, '+' | '-' | '|' | ' ' | '\t' | ';' | ','))
            || line.starts_with(['┌', '├', '╭', '╞'])
            || line.starts_with("****") && line.ends_with("****")
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.take(2).any(is_rule)
}

fn drawn(text: &str, context: &mut Context<'_, '_>) {
    let message = "this table is laid out for a screen, as `mysql` prints it without `-B`";
    let help = "export the table for programs: `mysql -B -e 'SELECT …' > FILE.csv`; PostgreSQL: `psql --csv -c 'SELECT …' > FILE.csv`; SQLite: `sqlite3 -header -csv`";
    context.error(codes::DRAWN_TABLE, first_line(text, context), message, help);
}

/// Returns the place of the first line of a text.
fn first_line(text: &str, context: &Context<'_, '_>) -> Span {
    let length = text.lines().next().map_or(0, str::len);
    Span::at(context.file, text.as_bytes(), 0..length)
}

fn misfit(
    table: Option<KnownTable>,
    wanted: ImportFormat,
    header: &Header,
    rows: &Rows<'_>,
    context: &mut Context<'_, '_>,
) {
    let span = header.span;
    match table {
        Some(table) => context.error(
            codes::OTHER_FORMAT,
            span,
            "this header row belongs to another format",
            format!("use `readdress import {}`", table.format().name()),
        ),
        None if wanted == ImportFormat::Exchange55 || header.find(&["objclass"]).is_some() => {
            context.error(
                codes::UNKNOWN_HEADER,
                span,
                "the first column is not `Obj-Class`",
                format!(
                    "check the column delimiter, {:?}; set another one with `--column-sep`",
                    rows.delimiter()
                ),
            )
        }
        None => context.error(codes::UNKNOWN_HEADER, span, "unknown header row", KNOWN),
    }
}
