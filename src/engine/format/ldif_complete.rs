//! Checks whether an LDIF file is the complete answer of a directory.
//!
//! # Signs that a part is missing
//!
//! - `result: 4 Size limit exceeded`, or any other result except 0, in a record or in a comment;
//! - `pagedresults: cookie=…` that is not empty: there is another page, which was not requested;
//! - `# numEntries: 500`, if the file has another number of entries;
//! - `# LDAPv3` (the first line of ldapsearch without `-LL`), if neither a result nor `# numEntries`
//!   follows;
//! - a referral (`ref:`, `# refldap://…`): a part of the directory is on another server. Those to
//!   partitions of Active Directory that hold no mailboxes are only counted;
//! - a last line without an end.
//!
//! Each of them is an error.
//!
//! # Limits
//!
//! With `-LL` and `-LLL`, ldapsearch reports a reached limit only on the terminal. The file does not show
//! it.

use super::{context::Context, field_text::FieldText, ldif_line::Line};
use crate::engine::diagnostic::{Span, codes};

/// Partitions without mailboxes, to which each domain of Active Directory refers.
const PARTITIONS: [&str; 3] = [
    "dc=forestdnszones,",
    "dc=domaindnszones,",
    "cn=configuration,",
];

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Completeness {
    /// Entries since the last count.
    entries: usize,
    /// The first line of ldapsearch, until its result is found.
    awaited: Option<Span>,
    /// The last page says that another one follows.
    page: Option<Span>,
    /// Referrals, and the first of them.
    referrals: usize,
    referral: Option<Span>,
}

impl Completeness {
    /// Counts an entry.
    pub fn entry(&mut self) {
        self.entries += 1;
    }

    /// Reads a comment.
    pub fn comment(&mut self, line: &FieldText<'_>, context: &mut Context<'_, '_>) {
        let text = line.text.trim_start_matches('#').trim();
        if text == "LDAPv3" {
            self.awaited = Some(line.span);
        } else if text.starts_with("refldap://") || text.starts_with("refldaps://") {
            self.refer(text, line.span, context);
        } else if let Some((name, value)) = text.split_once(':') {
            self.trailer(name, value.trim(), line.span, context);
        }
    }

    /// Reads a record that is no entry: a result or a referral.
    pub fn record(&mut self, lines: &[Line<'_>], context: &mut Context<'_, '_>) {
        for line in lines {
            let value = line.raw.text.trim();
            match line.name.as_str() {
                "ref" => self.refer(value, line.raw.span, context),
                name => self.trailer(name, value, line.raw.span, context),
            }
        }
    }

    fn trailer(&mut self, name: &str, value: &str, span: Span, context: &mut Context<'_, '_>) {
        match name {
            "result" => {
                let (code, words) = value.split_once(' ').unwrap_or((value, ""));
                if let Ok(code) = code.parse::<u32>() {
                    self.awaited = None;
                    result(code, words.trim(), span, context);
                }
            }
            "pagedresults" => {
                let cookie = value.split_once("cookie=").map_or("", |(_, cookie)| cookie);
                self.page = Some(span).filter(|_| !cookie.trim().is_empty());
            }
            "numEntries" => {
                if let Ok(said) = value.parse::<usize>() {
                    counted(said, self.entries, span, context);
                    self.entries = 0;
                    self.awaited = None;
                }
            }
            _ => {}
        }
    }

    fn refer(&mut self, to: &str, span: Span, context: &mut Context<'_, '_>) {
        let to = to.to_ascii_lowercase();
        if PARTITIONS.iter().any(|partition| to.contains(partition)) {
            return context.skip("referral");
        }
        self.referrals += 1;
        self.referral.get_or_insert(span);
    }

    /// Reports the signs that are known only at the end of the file.
    pub fn end(self, text: &str, context: &mut Context<'_, '_>) {
        if let Some(span) = self.referral {
            let message = format!(
                "{}: a part of the directory is on another server, and not in this file",
                match self.referrals {
                    1 => "1 referral".to_owned(),
                    many => format!("{many} referrals"),
                }
            );
            let help = "export from a server that has the whole directory (Active Directory: a global catalog, `-H ldap://dc.company.com:3268`), or export that part as well and delete these lines";
            context.error(codes::REFERRAL, span, message, help);
        }
        if let Some(span) = self.page {
            let message = "the server says that more pages follow, and they are not in this file";
            context.error(codes::CUT_OFF, span, message, PAGES);
        }
        if !text.is_empty() && !text.ends_with('\n') {
            let start = text.rfind('\n').map_or(0, |at| at + 1);
            let span = Span::at(context.file, text.as_bytes(), start..text.len());
            let message = "the last line has no line end: the file may be cut off";
            let help = "export the file again; if nothing is missing, add a line end";
            context.error(codes::CUT_OFF, span, message, help);
        } else if let Some(span) = self.awaited {
            let message =
                "ldapsearch began this file and wrote no result at its end: it was cut off";
            context.error(codes::CUT_OFF, span, message, "export it again");
        }
    }
}

/// The command that requests all pages.
const PAGES: &str = "export all pages: `ldapsearch -E pr=500/noprompt`";

/// Reports a result that is not success.
fn result(code: u32, words: &str, span: Span, context: &mut Context<'_, '_>) {
    let help = match code {
        0 => return,
        3 => "give the server more time: `ldapsearch -l 0`, or a smaller base",
        4 | 11 => PAGES,
        10 => "ask the server that the result names",
        32 => "the base of the search (`-b`) does not exist: correct it",
        49 => "the name or the password (`-D`, `-W`) is wrong",
        _ => "export it again",
    };
    let message = format!(
        "the server says that this is not the whole answer: {code}{}{words}",
        if words.is_empty() { "" } else { " " }
    );
    context.error(codes::CUT_OFF, span, message, help);
}

/// Reports that the file does not have the number of entries that it names.
fn counted(said: usize, read: usize, span: Span, context: &mut Context<'_, '_>) {
    if said == read {
        return;
    }
    let message = format!("ldapsearch counted {said} entries, and this file has {read}");
    let help = "export the file again; if you added or removed entries yourself, delete this line";
    context.error(codes::CUT_OFF, span, message, help);
}
