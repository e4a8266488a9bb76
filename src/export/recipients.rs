//! The table to the addresses that exist, as a source for `relay_recipient_maps`.
//!
//! For an MTA that cannot ask the socketmap `recipients`. `@domain` stands where a whole domain
//! accepts everything. An address that is rejected is left out; one that is deferred or discarded is
//! listed, since Postfix would refuse it for good: what comes of it is the milter's business.

use std::collections::HashSet;

use super::{
    flat::written,
    sheet::{Sheet, Written, address, external, spellings},
    survey::{PROBE, Survey},
};
use crate::engine::{
    Table,
    address::{Domain, LocalPart, Mailbox, Subaddress},
    reply::ReplyClass,
    rewrite::Outcome,
    rule::{Pattern, Rule},
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
    for (domain, _) in table.inbound_domains() {
        list.domain(domain);
    }
    for (domain, _) in table.inbound_domains() {
        list.differences(domain);
    }
    for rule in table.rules() {
        let rule = &rule;
        match rule.pattern {
            Pattern::Regex(_) => list.regex(rule),
            Pattern::Subdomains(_) => {
                let help = "declare each subdomain as a secondary domain, and export again";
                let message = "the addresses of all subdomains cannot be listed";
                list.sheet.unsaid(&written(rule), message, help);
            }
            _ => {}
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
            _ => true,
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

    /// What the list says differently from the rules: each user, bare and with a detail.
    fn differences(&mut self, domain: &Domain) {
        let nobody = LocalPart::from_internal(PROBE).ok();
        for local in self.survey.locals.iter().chain(&nobody) {
            let (local, domain) = (local.clone(), domain.clone());
            let mut probes = self.survey.with_details(local.as_str(), &domain);
            probes.push(Mailbox { local, domain });
            for probe in probes {
                if let Some(rule) = self.survey.rule(&probe) {
                    self.compare(&probe, &rule);
                }
            }
        }
    }

    fn regex(&mut self, rule: &Rule) {
        let inbound = self.survey.table.inbound_domains();
        if inbound
            .iter()
            .any(|(domain, _)| !self.whole.contains(*domain))
        {
            let help = "list the addresses that it is meant for, each as a rule of its own";
            let message = "the addresses that a regex is for cannot be listed";
            self.sheet.unsaid(&written(rule), message, help);
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
