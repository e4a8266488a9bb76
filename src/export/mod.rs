//! The table in the format of another program: for an MTA that is to work without readdress, and for the
//! sender addresses of replies, which readdress does not rewrite.
//!
//! In: a table and the files that it was compiled from. Out: a text and findings. Nothing is read or
//! written here.
//!
//! # What a format cannot express
//!
//! Every format but CSV expresses less than the rules do. A rule that the format cannot express is an error
//! that says what to do instead. If the format has comments, the rule also becomes a comment at its place
//! in the text. An address that can neither be expressed nor left out (a broader line would catch it) gets
//! a line that delivers its mail to nobody else.
//!
//! | file | makes |
//! |---|---|
//! | `entries` | entries from the table, as other programs have them: no regex, no wildcard |
//! | `postfix` | virtual(5) from entries |
//! | `sendmail` | the source of a virtusertable from entries |
//! | `csv` | pairs from all rules; nothing is lost |
//! | `lists` | lists of domains |
//! | `recipients` | the list of addresses that exist |
//! | `reverse` | pairs of a primary address and the address that replies show |
//! | `queries` | the answers of the table that several exports need |
//! | `output` | the text and the findings, in the order of the rules |
//!
//! Not here: reading these formats ([`engine::format`](crate::engine::format)).

mod csv;
mod entries;
mod format;
mod lists;
mod output;
mod postfix;
mod queries;
mod recipients;
mod reverse;
mod sendmail;

pub use format::ExportFormat;
pub use output::Exported;

use crate::engine::{SourceText, Table, address::Domain};

use output::Output;

/// Writes a table in a format. `domain` is the secondary domain that replies show, if one is chosen.
///
/// `sources` are the files that the table was compiled from: findings point into them.
pub fn export(
    table: &Table,
    sources: &[SourceText],
    format: ExportFormat,
    domain: Option<&Domain>,
) -> Exported {
    let mut output = Output::new(sources, format);
    match format {
        ExportFormat::Virtual => postfix::write(table, &mut output),
        ExportFormat::Csv => csv::write(table, &mut output),
        ExportFormat::Virtusertable => sendmail::write(table, &mut output),
        ExportFormat::Domains => lists::write(table, lists::DomainList::Inbound, &mut output),
        ExportFormat::Secondary => lists::write(table, lists::DomainList::Secondary, &mut output),
        ExportFormat::Recipients => recipients::write(table, &mut output),
        ExportFormat::Generic => {
            reverse::write(table, reverse::Dialect::Postfix, domain, &mut output);
        }
        ExportFormat::Genericstable => {
            reverse::write(table, reverse::Dialect::Sendmail, domain, &mut output);
        }
    }
    output.finish()
}

#[cfg(test)]
mod tests;
