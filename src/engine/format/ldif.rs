//! LDIF (RFC 2849), as ldifde and ldapsearch write it: joins lines to records.
//!
//! # Traps
//!
//! - A line that begins with a space continues the line before. Only that one space is removed. A line may
//!   be split inside an address, inside base64, or in a comment.
//! - `attr:: …` is base64 and decodes to UTF-8; `attr:< …` names a file or URL, which is never read.
//! - Options (`mail;lang-de`) and letter case of a name mean nothing; but `;range=0-1499` is an
//!   error: Active Directory gave only a part of the values.
//! - Results, counts and referrals show whether the file is complete: `ldif_complete.rs`.
//!
//! # Limits
//!
//! One record is in memory at a time. `directory.rs` decides what a record means.

use std::borrow::Cow;

use super::{
    attributes,
    context::Context,
    directory::{self, Directory, RecordKind},
    field_text::{FieldText, lines},
    ldif_complete::Completeness,
    ldif_line::{Encoding, Line},
};
use crate::engine::diagnostic::{Span, codes};

/// Reads a file.
pub fn read(text: &str, context: &mut Context<'_, '_>) {
    let mut file = File::default();
    let mut open: Option<FieldText<'_>> = None;
    for line in lines(context.file, text) {
        if let Some(rest) = line.text.strip_prefix(' ') {
            match &mut open {
                Some(open) => unfold(open, rest),
                None => {
                    let message = "this line begins with a space, and there is no line above that it can continue";
                    context.error(
                        codes::CONTINUATION,
                        line.trimmed().span,
                        message,
                        "delete the space, or the blank line above it",
                    );
                }
            }
            continue;
        }
        if let Some(open) = open.take() {
            file.line(&open, context);
        }
        if line.text.trim().is_empty() {
            file.record(context);
        } else {
            open = Some(line);
        }
    }
    if let Some(open) = open.take() {
        file.line(&open, context);
    }
    file.record(context);
    file.end(text, context);
}

/// A file while it is read.
#[derive(Debug, Default)]
struct File<'t> {
    /// The lines of the record that is not complete yet.
    record: Vec<Line<'t>>,
    directory: Directory,
    completeness: Completeness,
}

impl<'t> File<'t> {
    /// Reads a line with its continuations joined.
    fn line(&mut self, line: &FieldText<'t>, context: &mut Context<'_, '_>) {
        if line.text.starts_with('#') {
            self.completeness.comment(line, context);
        } else {
            self.record.extend(attribute(line, context));
        }
    }

    /// Reads the record that ends here.
    fn record(&mut self, context: &mut Context<'_, '_>) {
        match self.directory.record(&self.record, context) {
            RecordKind::Entry => self.completeness.entry(),
            RecordKind::Trailer => self.completeness.record(&self.record, context),
            RecordKind::Nothing => {}
        }
        self.record.clear();
    }

    fn end(self, text: &str, context: &mut Context<'_, '_>) {
        let count = self.directory.entries;
        if count == directory::PAGE {
            let message = format!(
                "the file has exactly {count} entries: the server may have cut the answer off"
            );
            context.warn(
                codes::PAGE_LIMIT,
                Span::whole_file(context.file),
                message,
                "export in pages: `ldapsearch -E pr=500/noprompt`; ldifde does so by itself",
            );
        }
        self.completeness.end(text, context);
        self.directory.report(context);
    }
}

/// Appends a continuation to a line. The place stays that of the first line.
fn unfold(open: &mut FieldText<'_>, rest: &str) {
    open.text.to_mut().push_str(rest);
}

/// Splits a logical line into its attribute and value.
fn attribute<'t>(line: &FieldText<'t>, context: &mut Context<'_, '_>) -> Option<Line<'t>> {
    if line.text.trim_end() == "-" {
        return Some(Line {
            name: "-".into(),
            label: "-".into(),
            raw: line.clone(),
            encoding: Encoding::Plain,
        });
    }
    let Some((name, rest)) = line.text.split_once(':') else {
        let message = "this is neither `attribute: value` nor the continuation of a line";
        context.error(
            codes::SYNTAX,
            line.span,
            message,
            "a folded line continues with one space",
        );
        return None;
    };
    let (encoding, rest) = match rest.as_bytes().first() {
        Some(b':') => (Encoding::Base64, rest.get(1..)),
        Some(b'<') => (Encoding::Url, rest.get(1..)),
        _ => (Encoding::Plain, Some(rest)),
    };
    let body = rest.unwrap_or("").trim_start_matches(' ');
    let from = line.text.len() - body.len();
    let raw = value_of(line, from);
    let (name, options) = name.split_once(';').unwrap_or((name, ""));
    let label = name.trim();
    let name = label.to_ascii_lowercase();
    if attributes::holds_addresses(&name) && is_part(options) {
        let message = "the server gave only a part of the values (`;range=`)";
        let help = "export the object with a program that asks for the rest, as ldifde does";
        context.error(codes::CUT_OFF, line.span, message, help);
    }
    let label = match &line.text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..label.len()).unwrap_or("")),
        Cow::Owned(_) => Cow::Owned(label.to_owned()),
    };
    Some(Line {
        name,
        label,
        raw,
        encoding,
    })
}

/// Returns true if more values follow (`range=0-1499`). The last part is `range=1500-*`, a single part
/// `range=0-*`.
fn is_part(options: &str) -> bool {
    options.split(';').any(|option| {
        let option = option.trim().to_ascii_lowercase();
        option.starts_with("range=") && option != "range=0-*"
    })
}

/// Returns what follows the colon. Of a folded line, the span covers the first part.
fn value_of<'t>(line: &FieldText<'t>, from: usize) -> FieldText<'t> {
    match &line.text {
        Cow::Borrowed(_) => line.part(from..line.text.len()),
        Cow::Owned(text) => {
            let length = (line.span.length as usize).saturating_sub(from);
            FieldText {
                text: Cow::Owned(text.get(from..).unwrap_or("").to_owned()),
                span: line.span.part(from.min(line.span.length as usize), length),
            }
        }
    }
}
