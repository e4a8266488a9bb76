//! The table to the addresses that exist, as a source for `relay_recipient_maps`.
//!
//! For an MTA that cannot ask the socketmap `recipients`. `@domain` stands where a whole domain
//! accepts everything. An address that is rejected is left out; one that is deferred or discarded is
//! listed, since Postfix would refuse it for good: what comes of it is the milter's business.

use std::collections::HashSet;

use super::{
    flat::{PROBE, Survey, written},
    sheet::{Sheet, Written, address, external, spellings},
};
use crate::engine::{
    Table,
    address::{Domain, LocalPart, Mailbox, Subaddress},
    reply::ReplyClass,
    rewrite::Outcome,
    rule::{DomainClass, Pattern, Rule},
};

const HEAD: &str = "\
For Postfix: postmap FILE, then `relay_recipient_maps = hash:FILE` (or lmdb:).
An address with a detail is found by its user.";

/// Writes the list.
pub fn write(table: &Table, sheet: &mut Sheet<'_>) {
    let survey = Survey::new(table);
    sheet.head(HEAD);
    let mut list = List {
        survey: &survey,
        sheet,
        whole: HashSet::new(),
        listed: HashSet::new(),
    };
    let inbound = table.inbound_domains();
    for (domain, _) in &inbound {
        list.domain(domain);
    }
    for rule in table.rules() {
        match rule.pattern.domain() {
            Some(domain) if !matches!(rule.pattern, Pattern::Subdomains(_)) => {
                list.rule(rule, domain);
            }
            _ => list.everywhere(rule, &inbound),
        }
    }
}

struct List<'s, 't, 'a> {
    survey: &'s Survey<'t>,
    sheet: &'s mut Sheet<'a>,
    /// Domains that accept everything.
    whole: HashSet<Domain>,
    listed: HashSet<String>,
}

impl List<'_, '_, '_> {
    fn accepts(&self, mailbox: &Mailbox) -> bool {
        match self.survey.outcome(mailbox) {
            Outcome::Refuse(reply) => reply.class() == ReplyClass::Defer,
            Outcome::Keep | Outcome::Replace(_) | Outcome::Discard => true,
        }
    }

    /// A domain as a whole, or its addresses.
    fn domain(&mut self, domain: &Domain) {
        let Some(nobody) = self.survey.nobody(domain) else {
            return;
        };
        let declared = self.survey.declaration(domain);
        if self.accepts(&nobody) {
            for spelling in spellings(domain) {
                self.sheet
                    .pair(declared.span, &format!("@{spelling}"), "OK");
            }
            self.whole.insert(domain.clone());
            return;
        }
        for local in &self.survey.locals {
            let mailbox = Mailbox {
                local: local.clone(),
                domain: domain.clone(),
            };
            self.one(&mailbox, &declared);
        }
    }

    fn one(&mut self, mailbox: &Mailbox, written: &Written) {
        if mailbox.local.routes() || !self.accepts(mailbox) {
            return;
        }
        let place = self
            .survey
            .rule(mailbox)
            .map_or(written.span, |rule| rule.span);
        let local = external(&mailbox.local);
        for domain in spellings(&mailbox.domain) {
            self.sheet.pair(place, &format!("{local}@{domain}"), "OK");
        }
        self.listed
            .insert(mailbox.key(self.survey.table.settings().local_case));
    }

    /// What the list says differently from a rule with a domain.
    fn rule(&mut self, rule: &Rule, domain: &Domain) {
        let probe = match &rule.pattern {
            Pattern::Mailbox(mailbox) => Some(mailbox.clone()),
            Pattern::AnyDetail { user, .. } => self.survey.detailed(user.as_str(), domain),
            Pattern::Detailed(_) => self.survey.detailed(PROBE, domain),
            // The domain itself was asked.
            _ => None,
        };
        if let Some(probe) = probe.filter(|_| self.is_ours(domain)) {
            self.compare(&probe, rule);
        }
    }

    fn is_ours(&self, domain: &Domain) -> bool {
        let class = self.survey.table.class(domain);
        class.is_some_and(|class| class != DomainClass::External)
    }

    /// Rules without a domain of their own.
    fn everywhere(&mut self, rule: &Rule, inbound: &[(&Domain, DomainClass)]) {
        match &rule.pattern {
            Pattern::LocalPart(local) => {
                for (domain, _) in inbound
                    .iter()
                    .filter(|(_, class)| *class == DomainClass::Secondary)
                {
                    let local = local.clone();
                    let domain = (*domain).clone();
                    self.compare(&Mailbox { local, domain }, rule);
                }
            }
            Pattern::Regex(_)
                if inbound
                    .iter()
                    .all(|(domain, _)| self.whole.contains(*domain)) => {}
            Pattern::Regex(_) => {
                let help = "list the addresses that it is meant for, each as a rule of its own";
                self.sheet.unsaid(
                    &written(rule),
                    "the addresses that a regex is for cannot be listed",
                    help,
                );
            }
            _ => {
                let help = "declare each subdomain as a secondary domain, and export again";
                self.sheet.unsaid(
                    &written(rule),
                    "the addresses of all subdomains cannot be listed",
                    help,
                );
            }
        }
    }

    fn compare(&mut self, probe: &Mailbox, rule: &Rule) {
        let case = self.survey.table.settings().local_case;
        let delimiters = &self.survey.table.settings().recipient_delimiter;
        let user = Subaddress::split(probe.local.as_str(), delimiters)
            .and_then(|split| LocalPart::from_internal(split.user).ok());
        let domain = probe.domain.clone();
        let user = user.map(|local| Mailbox { local, domain }.key(case));
        let listed = self.whole.contains(&probe.domain)
            || self.listed.contains(&probe.key(case))
            || user.is_some_and(|user| self.listed.contains(&user));
        match (listed, self.accepts(probe)) {
            (true, false) => {
                let help = format!(
                    "let the milter refuse it, or name `{}` in a map for check_recipient_access",
                    address(probe)
                );
                let help = help.replace(PROBE, "DETAIL");
                self.sheet.unsaid(
                    &written(rule),
                    "a broader line of this list accepts what this rule refuses",
                    &help,
                );
            }
            (false, true) => {
                let help = "write a rule for each address that is meant";
                self.sheet.unsaid(
                    &written(rule),
                    "the addresses that this rule accepts cannot be listed",
                    help,
                );
            }
            (true, true) | (false, false) => {}
        }
    }
}
