//! Reads the tables of other programs as rules.
//!
//! In: the text of a file, decoded ([`decode`]). Out: [`Rule`](super::rule::Rule)s and domain lines, each with
//! its place, as from a `.rules` file; findings; and how many entries were skipped, by kind.
//!
//! | extension | recognised by | file |
//! |---|---|---|
//! | `.virtual` | extension | `postfix_virtual.rs` (lines), `postfix_rule.rs`, `postfix_value.rs`, `postfix_bare.rs` (keys without a domain), `regex_table.rs` |
//! | `.virtusertable` | extension | `virtusertable.rs`, `virtusertable_target.rs`, `refusal.rs` and `sendmail_words.rs` (`error:`) |
//! | `.csv` | header row | `csv.rs` (rows), `delimiter.rs`, `header.rs`, `tables.rs` (which table), then `pairs.rs`, `exchange55.rs`, `microsoft365.rs`, `google.rs`, `postfixadmin.rs` |
//! | `.ldif`, `.ldf` | extension | `ldif.rs` (records), `ldif_line.rs`, `ldif_complete.rs` (whether the file is complete), `directory.rs` (objects), `attributes.rs`, `nis_alias.rs` |
//! | none, `import` only | | `routing.rs` (Exchange 5.5), `sql.rs` (dumps of mail databases) |
//!
//! Shared by several: `proxy.rs` (`smtp:` values), `pasted.rs` (addresses in a cell), `object.rs` (the
//! addresses of one mailbox), `mail_tables.rs` and `mail_rows.rs` (databases of mail servers), `unread.rs`
//! (addresses that are not read), `rule_count.rs` (files without rules).
//!
//! # Invariants
//!
//! - No reader of a format uses the table, and the table uses no reader.
//! - A file is read once. Apart from the rules, a reader keeps one line or record in memory, except where
//!   several rows make one rule (databases of mail servers, a report with one address in each row).
//! - Nothing is guessed, and nothing is lost silently. Entries that are not addresses to rewrite are counted.
//!   Addresses that are not read are a warning with the name of their column, table or attribute. A damaged
//!   value is an error that says how to export the file again.

mod attributes;
mod context;
mod csv;
mod cursor;
pub mod decode;
mod delimiter;
mod directory;
mod exchange55;
mod field_text;
mod google;
mod header;
mod identity;
mod ldif;
mod ldif_complete;
mod ldif_line;
mod mail_rows;
mod mail_tables;
mod microsoft365;
mod nis_alias;
mod object;
mod options;
mod pairs;
mod pasted;
mod postfix_bare;
mod postfix_rule;
mod postfix_value;
mod postfix_virtual;
mod postfixadmin;
mod products;
mod proxy;
mod refusal;
mod regex_table;
mod routing;
mod rule_count;
mod sendmail_words;
mod sql;
mod sql_copy;
mod sql_dump;
mod sql_end;
mod sql_rows;
mod sql_string;
mod sql_tokens;
mod tables;
mod unread;
mod virtusertable;
mod virtusertable_target;

use super::{
    diagnostic::{Finding, Findings, ForeignFormat, SourceKind, SourceText, Span},
    store::Reuse,
    syntax::{self, Parsed, warn_if_empty},
};
use crate::engine::diagnostic::codes;
use context::{BareKey, Context};

pub use options::{ImportFormat, Options, PrimaryFrom};
pub use products::{PRODUCTS, Product};

/// Reads all texts, or copies their rules as `reuse` says. Texts that cannot be read give findings.
pub fn parse(
    sources: &[SourceText],
    options: &Options,
    reuse: &Reuse<'_>,
    findings: &mut Findings<'_>,
) -> Parsed {
    let mut parsed = Parsed::after(reuse);
    let mut bare = Vec::new();
    for (file, source) in (0..).zip(sources) {
        parsed.file(
            (file, source),
            reuse,
            findings,
            |parsed, findings| match source.kind {
                SourceKind::Foreign(foreign) => {
                    let format = match foreign {
                        ForeignFormat::Virtual => ImportFormat::Virtual,
                        ForeignFormat::Virtusertable => ImportFormat::Virtusertable,
                        ForeignFormat::Csv => ImportFormat::Csv,
                        ForeignFormat::Ldif => ImportFormat::Ldif,
                    };
                    read(file, source, format, options, parsed, &mut bare, findings);
                }
                SourceKind::Native | SourceKind::Expectations => {
                    match decode::utf16(&source.bytes) {
                        Some(_) => findings.push(not_utf16(file)),
                        None => syntax::read(file, source, parsed, findings),
                    }
                }
            },
        );
    }
    postfix_bare::settle(bare, options, &mut parsed, findings);
    parsed
}

/// Reads one file in the format that `import` was given, whatever the name of the file is.
pub fn import(
    source: &SourceText,
    format: ImportFormat,
    options: &Options,
    findings: &mut Findings<'_>,
) -> Parsed {
    let mut parsed = Parsed::default();
    let mut bare = Vec::new();
    read(0, source, format, options, &mut parsed, &mut bare, findings);
    postfix_bare::settle(bare, options, &mut parsed, findings);
    parsed
}

fn read(
    file: u32,
    source: &SourceText,
    format: ImportFormat,
    options: &Options,
    parsed: &mut Parsed,
    bare: &mut Vec<BareKey>,
    findings: &mut Findings<'_>,
) {
    let text = match std::str::from_utf8(&source.bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let span = Span::at(file, &source.bytes, at..at + error.error_len().unwrap_or(1));
            return findings.push(not_utf8(span));
        }
    };
    let before = (
        findings.count(),
        parsed.rules.len(),
        parsed.declarations.len(),
    );
    warn_if_empty(file, source, findings);
    let errors = findings.errors();
    let mut context = Context::new(file, options, parsed, bare, findings);
    match format {
        ImportFormat::Virtual => postfix_virtual::read(text, &mut context),
        ImportFormat::Virtusertable => virtusertable::read(text, &mut context),
        ImportFormat::Ldif => ldif::read(text, &mut context),
        ImportFormat::Exchange55Routing => routing::read(text, &mut context),
        ImportFormat::Postfixadmin if sql::is_dump(text) => sql::read(text, &mut context),
        _ => tables::read(text, format, &mut context),
    }
    let silent = context.findings.count() == before.0;
    let rules = context.parsed.rules.len() - before.1;
    let domains = context.parsed.declarations.len() - before.2;
    context.rule_count.whole(rules, domains);
    let sound = context.findings.errors() == errors && !context.said_no_secondaries;
    if sound && !text.trim().is_empty() {
        let warning = context.rule_count.warning(format, file, !silent);
        warning
            .into_iter()
            .for_each(|warning| context.findings.push(warning));
    }
    let skipped = context.finish(&source.name);
    parsed.skipped.extend(skipped);
}

/// Returns the finding about native rules in UTF-16. Only tables of other programs may be in UTF-16.
fn not_utf16(file: u32) -> Finding {
    let message = "the file is UTF-16, and rules are UTF-8";
    Finding::error(codes::NOT_UTF8, Span::whole_file(file), message)
        .help("save the file as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 OLD > NEW")
}

/// Returns the finding about an unknown encoding: a guess would put wrong letters into addresses.
fn not_utf8(span: Span) -> Finding {
    Finding::error(
        codes::NOT_UTF8,
        span,
        "the file is neither UTF-8 nor UTF-16, and its encoding is unknown",
    )
    .help(
        "save the file as UTF-8, or convert it and give its encoding: `readdress import --encoding windows-1252 FORMAT FILE`",
    )
}
