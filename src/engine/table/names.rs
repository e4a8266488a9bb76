//! Answers to the questions that findings about single lines ask about the table: which domains and mailboxes
//! it has.
//!
//! # Limits
//!
//! For a misspelt mailbox, the first [`MAX_CANDIDATES`] mailboxes of its domain are compared.

use super::{address::Address, compiled::Table, found::Found};
use crate::engine::{
    address::{Domain, Mailbox},
    diagnostic::{Names, nearest},
    rule::{DomainClass, Pattern, Unknown},
    store::StoredRule,
};

/// How many mailboxes of a domain are compared with a misspelt one.
const MAX_CANDIDATES: usize = 10_000;

impl Table {
    fn domains_of(&self, class: DomainClass) -> Vec<String> {
        let known = self.known_domains().into_iter();
        let domains = known.filter(|(_, its)| *its == class);
        domains.map(|(domain, _)| domain.to_string()).collect()
    }

    /// Returns false if mail for a mailbox is refused because no rule matches it.
    pub fn takes(&self, mailbox: &Mailbox) -> bool {
        let address = Address::new(mailbox.clone(), self);
        !matches!(
            self.find(&address),
            Found::Unknown(Unknown::Reject | Unknown::Defer)
        )
    }

    /// Returns a mailbox of the same domain whose local-part is spelt nearly like that of `mailbox`.
    pub fn nearest_mailbox(&self, mailbox: &Mailbox) -> Option<Mailbox> {
        let here = |domain: &Domain| *domain == mailbox.domain;
        let entries = self.entries().filter(StoredRule::is_mailbox);
        let rules = entries
            .filter(|entry| entry.domain().is_some_and(here))
            .filter_map(|entry| entry.rule());
        let locals: Vec<_> = rules
            .filter_map(|rule| match rule.pattern {
                Pattern::Mailbox(known) => Some(known.local),
                _ => None,
            })
            .take(MAX_CANDIDATES)
            .collect();
        let wanted = mailbox.local.to_string().to_lowercase();
        let names: Vec<_> = locals
            .iter()
            .map(|local| local.to_string().to_lowercase())
            .collect();
        let meant = nearest(&wanted, names.iter().map(String::as_str))?;
        let at = names.iter().position(|name| name == meant)?;
        Some(Mailbox {
            local: locals.get(at)?.clone(),
            domain: mailbox.domain.clone(),
        })
    }
}

impl Names for Table {
    fn primary_domains(&self) -> Vec<String> {
        self.domains_of(DomainClass::Primary)
    }

    fn secondary_domains(&self) -> Vec<String> {
        self.domains_of(DomainClass::Secondary)
    }

    fn knows_domain(&self, domain: &str) -> bool {
        Domain::parse(domain).is_ok_and(|domain| self.class(&domain).is_some())
    }

    fn takes(&self, address: &str) -> bool {
        Mailbox::parse(address).is_ok_and(|mailbox| self.takes(&mailbox))
    }

    fn nearest_mailbox(&self, address: &str) -> Option<String> {
        let mailbox = Mailbox::parse(address).ok()?;
        let meant = self.nearest_mailbox(&mailbox)?;
        Some(meant.to_string())
    }
}
