//! The questions that several exports ask the table.

use std::collections::HashSet;

use super::output::SourceRule;
use crate::engine::{
    Table,
    address::{Domain, LocalPart, Mailbox, Subaddress},
    diagnostic::Span,
    rewrite::{Outcome, decide},
    rule::{DomainClass, Pattern, Rule},
    table::{Address, Found},
};

/// A table, with what its rules name collected once.
pub struct TableQueries<'t> {
    /// The table.
    pub table: &'t Table,
    /// Every local-part that a rule names, once.
    pub locals: Vec<LocalPart>,
    /// Every detail that a rule names, with its separator, once.
    pub details: Vec<String>,
    mailboxes: HashSet<String>,
}

impl<'t> TableQueries<'t> {
    /// Collects what the rules of a table name.
    pub fn new(table: &'t Table) -> Self {
        let case = table.settings().local_case;
        let mut queries = Self {
            table,
            locals: Vec::new(),
            details: Vec::new(),
            mailboxes: HashSet::new(),
        };
        let mut once = HashSet::new();
        for rule in table.rules() {
            let local = match &rule.pattern {
                Pattern::Mailbox(mailbox) => {
                    queries.mailboxes.insert(mailbox.key(case));
                    &mailbox.local
                }
                Pattern::AnyDetail { user, .. } => user,
                Pattern::LocalPart(local) => local,
                _ => continue,
            };
            if !once.insert(local.folded(case)) {
                continue;
            }
            let text = local.as_str();
            let split = Subaddress::split(text, &table.settings().recipient_delimiter);
            let detail = split.and_then(|split| text.get(split.user.len()..));
            // The separator keeps a detail apart from local-parts, none of which begins with it.
            if let Some(detail) = detail.filter(|detail| once.insert((*detail).to_owned())) {
                queries.details.push(detail.to_owned());
            }
            queries.locals.push(local.clone());
        }
        queries
    }

    /// Returns true if a rule names exactly this address.
    pub fn is_named(&self, mailbox: &Mailbox) -> bool {
        self.mailboxes
            .contains(&mailbox.key(self.table.settings().local_case))
    }

    /// Returns what happens to an address in the end.
    pub fn outcome(&self, mailbox: &Mailbox) -> Outcome {
        decide(self.table, mailbox).outcome
    }

    /// Returns the rule that matches an address.
    pub fn rule(&self, mailbox: &Mailbox) -> Option<Rule> {
        match self.table.find(&Address::new(mailbox.clone(), self.table)) {
            Found::Rule(found) => self.table.rule(found.rule),
            _ => None,
        }
    }

    /// Returns a user with a detail that nobody has; `None` if the user cannot have a detail.
    pub fn detailed(&self, user: &str, domain: &Domain) -> Option<Mailbox> {
        let delimiters = &self.table.settings().recipient_delimiter;
        let text = format!("{user}{}{}", delimiters.chars().next()?, LocalPart::NOBODY);
        let split = Subaddress::split(&text, delimiters)?;
        (split.user == user).then(|| mailbox(&text, domain))?
    }

    /// Returns a user with each detail that some rule names, but for addresses that a rule names as a whole.
    pub fn named_details(&self, user: &str, domain: &Domain) -> Vec<Mailbox> {
        let named = self.details.iter();
        let named = named.filter_map(|detail| mailbox(&format!("{user}{detail}"), domain));
        named.filter(|mailbox| !self.is_named(mailbox)).collect()
    }

    /// Returns a user with each of these details, and with a detail that nobody has.
    pub fn with_details(&self, user: &str, domain: &Domain) -> Vec<Mailbox> {
        let mut all = self.named_details(user, domain);
        all.extend(self.detailed(user, domain));
        all
    }

    /// Returns true if a detail can be added to an address.
    pub fn takes_detail(&self, mailbox: &Mailbox) -> bool {
        self.detailed(mailbox.local.as_str(), &mailbox.domain)
            .is_some()
    }

    /// Returns an address of a domain that nobody has.
    pub fn nobody(&self, domain: &Domain) -> Option<Mailbox> {
        mailbox(LocalPart::NOBODY, domain)
    }

    /// Returns the secondary domains, sorted.
    pub fn secondary(&self) -> Vec<&'t Domain> {
        let inbound = self.table.inbound_domains();
        inbound
            .into_iter()
            .filter(|(_, class)| *class == DomainClass::Secondary)
            .map(|(domain, _)| domain)
            .collect()
    }

    /// Returns the line that declares a domain.
    pub fn declaration(&self, domain: &Domain) -> SourceRule {
        let span = self.table.declaration(domain);
        let text = self.table.domain_line(domain);
        SourceRule {
            span: span.unwrap_or(Span::whole_file(u32::MAX)),
            text: text.map_or_else(|| domain.to_string(), |(_, text)| text),
        }
    }
}

fn mailbox(local: &str, domain: &Domain) -> Option<Mailbox> {
    Some(Mailbox {
        local: LocalPart::from_internal(local).ok()?,
        domain: domain.clone(),
    })
}
