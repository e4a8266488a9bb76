//! What is found: addresses and patterns that reach an address.

use crate::engine::{
    address::{Mailbox, Subaddress},
    rule::{Action, Pattern},
    store::RuleId,
    table::Table,
};

/// What an address is reached by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SourceKind {
    /// One address, which has no other target.
    Address,
    /// One address with several targets.
    List,
    /// One address with a detail, or a pattern for details.
    Detail,
    /// A pattern for many addresses.
    Pattern,
}

/// One address or pattern that reaches an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailSource {
    /// The rule's pattern, if it is for many addresses.
    pub pattern: Option<Pattern>,
    /// The address, or one that the pattern matches and that reaches the address.
    pub address: Mailbox,
    /// The example says more than the pattern: other addresses of the pattern go elsewhere.
    pub particular: bool,
    /// What it is.
    pub kind: SourceKind,
    /// The addresses on the way, each with the rule that rewrites it; never empty. The last rule has the
    /// address that was asked about as a target.
    pub way: Vec<(Mailbox, RuleId)>,
}

/// Everything that reaches one address.
#[derive(Clone, Debug, Default)]
pub struct MailSources {
    /// In the order of files and lines.
    pub found: Vec<MailSource>,
    /// False if there are more of them.
    pub complete: bool,
}

/// Returns what a rule makes of an address that is found.
pub(super) fn kind(table: &Table, pattern: &Pattern, action: &Action) -> SourceKind {
    let several = matches!(action, Action::Rewrite(targets) if targets.len() > 1);
    match pattern {
        Pattern::Mailbox(mailbox) => {
            let delimiters = &table.settings().recipient_delimiter;
            let split = Subaddress::split(mailbox.local.as_str(), delimiters);
            match split {
                Some(_) => SourceKind::Detail,
                None if several => SourceKind::List,
                None => SourceKind::Address,
            }
        }
        Pattern::AnyDetail { .. } | Pattern::Detailed(_) => SourceKind::Detail,
        Pattern::LocalPart(_) | Pattern::Regex(_) | Pattern::Domain(_) | Pattern::Subdomains(_) => {
            SourceKind::Pattern
        }
    }
}
