//! A table, and the questions that every export asks of it.

use std::collections::HashSet;

use super::sheet::Written;
use crate::engine::{
    Table,
    address::{Domain, LocalPart, Mailbox, Subaddress},
    diagnostic::Span,
    rewrite::{Outcome, decide},
    rule::{DomainClass, Pattern, Rule},
    table::{Address, Found},
};

/// A local-part that nobody has.
pub const PROBE: &str = "readdress0probe";

/// A table, and what is asked of it again and again.
pub struct Survey<'t> {
    /// The table.
    pub table: &'t Table,
    /// Every local-part that a rule names, once.
    pub locals: Vec<LocalPart>,
    /// Every detail that a rule names, with its separator, once.
    pub details: Vec<String>,
    mailboxes: HashSet<String>,
}

impl<'t> Survey<'t> {
    /// Looks all rules through.
    pub fn new(table: &'t Table) -> Self {
        let case = table.settings().local_case;
        let mut survey = Self {
            table,
            locals: Vec::new(),
            details: Vec::new(),
            mailboxes: HashSet::new(),
        };
        let mut once = HashSet::new();
        for rule in table.rules() {
            let local = match &rule.pattern {
                Pattern::Mailbox(mailbox) => {
                    survey.mailboxes.insert(mailbox.key(case));
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
            // No local-part of an entry begins with its separator.
            if let Some(detail) = detail.filter(|detail| once.insert((*detail).to_owned())) {
                survey.details.push(detail.to_owned());
            }
            survey.locals.push(local.clone());
        }
        survey
    }

    /// Whether a rule names this very address.
    pub fn is_named(&self, mailbox: &Mailbox) -> bool {
        self.mailboxes
            .contains(&mailbox.key(self.table.settings().local_case))
    }

    /// What happens to an address in the end.
    pub fn outcome(&self, mailbox: &Mailbox) -> Outcome {
        decide(self.table, mailbox).outcome
    }

    /// The rule that is for an address.
    pub fn rule(&self, mailbox: &Mailbox) -> Option<Rule> {
        match self.table.find(&Address::new(mailbox.clone(), self.table)) {
            Found::Rule(found) => self.table.rule(found.rule),
            _ => None,
        }
    }

    /// A user with a detail that nobody has; `None` where addresses have no details.
    pub fn detailed(&self, user: &str, domain: &Domain) -> Option<Mailbox> {
        let delimiters = &self.table.settings().recipient_delimiter;
        let text = format!("{user}{}{PROBE}", delimiters.chars().next()?);
        let split = Subaddress::split(&text, delimiters)?;
        (split.user == user).then(|| mailbox(&text, domain))?
    }

    /// A user with each detail that a rule names somewhere, where no rule names the two together.
    pub fn named_details(&self, user: &str, domain: &Domain) -> Vec<Mailbox> {
        let named = self.details.iter();
        let named = named.filter_map(|detail| mailbox(&format!("{user}{detail}"), domain));
        named.filter(|mailbox| !self.is_named(mailbox)).collect()
    }

    /// The same, and with a detail that nobody has.
    pub fn with_details(&self, user: &str, domain: &Domain) -> Vec<Mailbox> {
        let mut all = self.named_details(user, domain);
        all.extend(self.detailed(user, domain));
        all
    }

    /// Whether an address can be followed by a detail.
    pub fn takes_detail(&self, mailbox: &Mailbox) -> bool {
        self.detailed(mailbox.local.as_str(), &mailbox.domain)
            .is_some()
    }

    /// An address of a domain that nobody has.
    pub fn nobody(&self, domain: &Domain) -> Option<Mailbox> {
        mailbox(PROBE, domain)
    }

    /// Secondary domains, sorted.
    pub fn secondary(&self) -> Vec<&'t Domain> {
        let inbound = self.table.inbound_domains();
        inbound
            .into_iter()
            .filter(|(_, class)| *class == DomainClass::Secondary)
            .map(|(domain, _)| domain)
            .collect()
    }

    /// The line that declares a domain.
    pub fn declaration(&self, domain: &Domain) -> Written {
        let span = self.table.declaration(domain);
        let text = self.table.domain_line(domain);
        Written {
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
