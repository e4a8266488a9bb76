//! What a file gave: one that gives nothing, or mailboxes without a secondary address, is a warning. The
//! usual cause is an export without the attributes or the lines that matter.

use super::ImportFormat;
use crate::engine::rule::{Action, Finding, Span};

/// What was made of a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Yielded {
    /// Mailboxes.
    mailboxes: usize,
    /// All other rules, domains, and keys that are looked at later.
    others: usize,
}

impl Yielded {
    /// Counts a rule.
    pub fn rule(&mut self, action: &Action) {
        match action {
            Action::Mailbox => self.mailboxes += 1,
            _ => self.others += 1,
        }
    }

    /// Counts a domain, or a key that is looked at later.
    pub fn other(&mut self) {
        self.others += 1;
    }

    /// The warning about a file that gave too little. Where the file has errors, these say why.
    pub fn warning(self, format: ImportFormat, file: u32) -> Option<Finding> {
        let Self { mailboxes, others } = self;
        let span = Span::whole_file(file);
        match (format, mailboxes, others) {
            (ImportFormat::Ldif, 0, 0) => {
                let message = "no entry of the file has an address that is read";
                let help = "export the attributes that hold addresses, such as `mail` and `proxyAddresses`: readdress-formats(7)";
                Some(Finding::warning("nothing-read", span, message).help(help))
            }
            (ImportFormat::Ldif, _, 0) => {
                let message = match mailboxes {
                    1 => "1 mailbox and no secondary address".to_owned(),
                    _ => format!("{mailboxes} mailboxes and no secondary address"),
                };
                let help = "if there are any, export the attribute that holds them as well (`proxyAddresses` in Active Directory): readdress-formats(7)";
                Some(Finding::warning("no-secondary", span, message).help(help))
            }
            (ImportFormat::Virtual | ImportFormat::Virtusertable, 0, 0) => {
                let message = "no line of the file is a rule";
                let help = "a line is `user@domain2.com user@company.com`; delete the file if it is not used";
                Some(Finding::warning("nothing-read", span, message).help(help))
            }
            _ => None,
        }
    }
}
