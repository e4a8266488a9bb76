//! Counts the rules and mailboxes of a file. A file without rules, or with mailboxes and no secondary
//! address, is a warning: usually the export lacks the attributes or lines with the addresses.

use super::ImportFormat;
use crate::engine::{
    diagnostic::{Finding, Span, codes},
    rule::Action,
};

/// The counts of one file.
#[derive(Clone, Copy, Debug, Default)]
pub struct RuleCount {
    /// Mailboxes.
    mailboxes: usize,
    /// All other rules, domains, and keys that are decided later.
    others: usize,
}

impl RuleCount {
    /// Counts a rule.
    pub fn rule(&mut self, action: &Action) {
        match action {
            Action::Mailbox => self.mailboxes += 1,
            _ => self.others += 1,
        }
    }

    /// Counts a domain, or a key that is decided later.
    pub fn other(&mut self) {
        self.others += 1;
    }

    /// Counts the rules and domains that were added without a count of their own.
    pub fn whole(&mut self, rules: usize, domains: usize) {
        self.others += rules.saturating_sub(self.mailboxes + self.others) + domains;
    }

    /// Returns the warning about a file without rules or without secondary addresses, if the file has no
    /// errors. If the file has other findings (`told`), these already say why a table of rows gave no rule.
    pub fn warning(self, format: ImportFormat, file: u32, told: bool) -> Option<Finding> {
        let Self { mailboxes, others } = self;
        let span = Span::whole_file(file);
        match (format, mailboxes, others) {
            (ImportFormat::Ldif, 0, 0) => {
                let message = "no entry of the file has an address that is read";
                let help = "export the attributes that hold addresses, such as `mail` and `proxyAddresses`: readdress-formats(7)";
                Some(Finding::warning(codes::NOTHING_READ, span, message).help(help))
            }
            (ImportFormat::Ldif, _, 0) => {
                let help = "if there are secondary addresses, also export the attribute that holds them (`proxyAddresses` in Active Directory): readdress-formats(7)";
                Some(no_secondaries(span, mailboxes, help))
            }
            (ImportFormat::Virtual | ImportFormat::Virtusertable, 0, 0) => {
                let message = "no line of the file is a rule";
                let help = "a line is `user@domain2.com user@company.com`; delete the file if it is not used";
                Some(Finding::warning(codes::NOTHING_READ, span, message).help(help))
            }
            (ImportFormat::Virtual | ImportFormat::Virtusertable, ..) => None,
            (_, 0, 0) if told => None,
            (_, 0, 0) => {
                let help = "check what was exported; readdress-formats(7) has the commands";
                Some(
                    Finding::warning(codes::NOTHING_READ, span, "the file gives no rule")
                        .help(help),
                )
            }
            (_, _, 0) => {
                let help = "if there are secondary addresses, also export them: readdress-formats(7) has the commands";
                Some(no_secondaries(span, mailboxes, help))
            }
            _ => None,
        }
    }
}

fn no_secondaries(span: Span, count: usize, help: &str) -> Finding {
    let mailboxes = if count == 1 { "mailbox" } else { "mailboxes" };
    let message = format!("the file holds {count} {mailboxes} and no secondary address");
    Finding::warning(codes::NO_SECONDARIES, span, message).help(help)
}
