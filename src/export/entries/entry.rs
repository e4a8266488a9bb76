//! One entry, and the list of all entries.

use std::collections::HashSet;

use crate::{
    engine::{
        address::{Domain, LocalCase, Mailbox},
        rule::{Action, Meaning, Piece, Rule},
    },
    export::output::{Output, SourceRule},
};

/// Which addresses an entry is for.
#[derive(Clone, Debug)]
pub enum EntryKey {
    /// This address. If it has no detail itself, also this address with any detail.
    Mailbox(Mailbox),
    /// This user with any detail that is not empty.
    AnyDetail(Mailbox),
    /// Any address of the domain with a detail that is not empty.
    Detailed(Domain),
    /// Any address of the domain.
    Domain(Domain),
}

/// The form of what takes the place of an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TargetForm {
    /// This address.
    Mailbox(Mailbox),
    /// The same local-part in this domain.
    Domain(Domain),
    /// A local-part into which the detail is filled.
    Template(Vec<Piece>, Domain),
}

/// What takes the place of an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntryTarget {
    /// The address, or how it is made.
    pub form: TargetForm,
    /// The detail of the received address is kept. Also true if the address cannot have a detail.
    pub keeps_detail: bool,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which addresses the entry is for.
    pub key: EntryKey,
    /// What happens to these addresses.
    pub meaning: Meaning<EntryTarget>,
    /// The rule says that the address is a mailbox: it exists without an entry.
    pub is_mailbox: bool,
    /// The rule or the domain line that the entry comes from.
    pub source: SourceRule,
}

/// All entries, in the order of the rules, and the rules that have none.
#[derive(Debug, Default)]
pub struct Entries {
    /// The entries.
    pub list: Vec<Entry>,
    /// Rules with a regex.
    pub regexes: Vec<SourceRule>,
    /// Rules for all subdomains of a domain.
    pub wildcards: Vec<SourceRule>,
    /// The keys that have an entry: an address can come up at its own rule and at a broader one.
    keys: HashSet<String>,
}

impl Entries {
    /// Reports the rules that have no entry.
    pub fn report_patterns(&self, format: &str, help_for_regex: &str, output: &mut Output<'_>) {
        for rule in &self.regexes {
            let message = format!("{format} has no equivalent of a regex");
            output.not_exported(rule, &message, help_for_regex);
        }
        for rule in &self.wildcards {
            let message = format!(
                "{format} has no equivalent of `@*.`: only declared subdomains are written"
            );
            let help = "declare each subdomain as a secondary domain, and export again";
            output.not_exported(rule, &message, help);
        }
    }

    /// Adds an entry of a rule, unless its key has one.
    pub fn push(&mut self, key: EntryKey, meaning: Meaning<EntryTarget>, rule: &Rule) {
        let name = match &key {
            EntryKey::Mailbox(mailbox) => mailbox.key(LocalCase::Strict),
            EntryKey::AnyDetail(mailbox) => format!("detail of {}", mailbox.key(LocalCase::Strict)),
            EntryKey::Detailed(domain) => format!("+*@{domain}"),
            EntryKey::Domain(domain) => format!("@{domain}"),
        };
        if !self.keys.insert(name) {
            return;
        }
        self.list.push(Entry {
            key,
            is_mailbox: rule.action == Action::Mailbox && meaning == Meaning::Keep,
            meaning,
            source: SourceRule::of(rule),
        });
    }
}
