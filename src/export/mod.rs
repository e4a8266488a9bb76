//! The table in the words of other programs: for an MTA that is to work without readdress, and for
//! what readdress does not do itself (sender addresses of replies).
//!
//! In: a table and the files that it was compiled from. Out: a text and findings. Nothing is read or
//! written here.
//!
//! # What cannot be said
//!
//! Every format but CSV says less than the rules do. What it cannot say is an error at its rule that names
//! what to do instead, and, where the format has comments, stands as one in the text at the place
//! where the rule would. An address that can neither be said nor left out (a broader line would
//! catch it) gets a line that delivers it to nobody else.
//!
//! | file | what it turns into what |
//! |---|---|
//! | `flat` | the table to entries as other programs have them: no regex, no wildcard |
//! | `postfix` | entries to virtual(5) |
//! | `csv` | all rules to pairs, nothing lost |
//! | `sendmail` | entries to a virtusertable source |
//! | `lists` | the table to lists of domains |
//! | `recipients` | the table to the addresses that exist |
//! | `reverse` | the table to primary addresses and what replies show |
//! | `survey` | the table, as every export asks it |
//! | `sheet` | lines and findings, put into the order of the rules |
//!
//! Not here: reading these formats. That is the engine's business.

mod csv;
mod flat;
mod lists;
mod postfix;
mod recipients;
mod reverse;
mod sendmail;
mod sheet;
mod survey;

use crate::engine::{Diagnostic, SourceText, Table, address::Domain};

use sheet::Sheet;

/// What is to be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// Postfix virtual(5), to be compiled by postmap.
    Virtual,
    /// The source of Sendmail's virtusertable, to be compiled by makemap.
    Virtusertable,
    /// All domains and rules as pairs `from,to` (RFC 4180, LF).
    Csv,
    /// Primary and secondary domains, one a line.
    Domains,
    /// Secondary domains, one a line.
    Secondary,
    /// Addresses that are accepted, for `relay_recipient_maps`.
    Recipients,
    /// Postfix generic(5): what replies show instead of a primary address.
    Generic,
    /// The same for Sendmail's `genericstable`.
    Genericstable,
}

impl Format {
    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Virtual => "virtual",
            Self::Virtusertable => "virtusertable",
            Self::Csv => "csv",
            Self::Domains => "domains",
            Self::Secondary => "secondary",
            Self::Recipients => "recipients",
            Self::Generic => "generic",
            Self::Genericstable => "genericstable",
        }
    }
}

/// A text, and what it does not say.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The file's content, with a newline at its end.
    pub text: String,
    /// What could not be said, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
}

/// Writes a table in a format; `domain` is the secondary domain that replies show, if one is chosen.
///
/// `sources` are those that the table was compiled from: findings point into them.
pub fn export(
    table: &Table,
    sources: &[SourceText],
    format: Format,
    domain: Option<&Domain>,
) -> Exported {
    let mut sheet = Sheet::new(sources, format);
    match format {
        Format::Virtual => postfix::write(table, &mut sheet),
        Format::Csv => csv::write(table, &mut sheet),
        Format::Virtusertable => sendmail::write(table, &mut sheet),
        Format::Domains => lists::write(table, lists::Which::Inbound, &mut sheet),
        Format::Secondary => lists::write(table, lists::Which::Secondary, &mut sheet),
        Format::Recipients => recipients::write(table, &mut sheet),
        Format::Generic => reverse::write(table, reverse::Dialect::Postfix, domain, &mut sheet),
        Format::Genericstable => {
            reverse::write(table, reverse::Dialect::Sendmail, domain, &mut sheet);
        }
    }
    sheet.finish()
}
