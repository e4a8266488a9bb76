//! Writes the addresses that exist, as a source for `relay_recipient_maps`.
//!
//! The list is for an MTA that cannot ask the socketmap `recipients`. `@domain` is a domain that accepts
//! every address. An address that is rejected is left out. An address that is deferred or discarded is
//! listed, since Postfix would refuse it for good otherwise: the milter decides about it.

use std::collections::HashSet;

use super::{
    output::{Output, SourceRule, address, external},
    queries::TableQueries,
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
Postfix finds an address with a detail by its user.";

/// Writes the addresses that exist.
pub fn write(table: &Table, output: &mut Output<'_>) {
    let queries = TableQueries::new(table);
    output.head(HEAD);
    let mut list = List {
        queries: &queries,
        output,
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
                let message = "a list of addresses has no equivalent of `@*.`";
                list.output
                    .not_exported(&SourceRule::of(rule), message, help);
            }
            _ => {}
        }
    }
}

struct List<'s, 't, 'a> {
    queries: &'s TableQueries<'t>,
    output: &'s mut Output<'a>,
    /// Domains that accept every address.
    whole: HashSet<Domain>,
    listed: HashSet<String>,
}

impl List<'_, '_, '_> {
    fn accepts(&self, mailbox: &Mailbox) -> bool {
        match self.queries.outcome(mailbox) {
            Outcome::Refuse(reply) => reply.class() == ReplyClass::Defer,
            _ => true,
        }
    }

    /// Writes a domain as a whole, or its addresses.
    fn domain(&mut self, domain: &Domain) {
        let Some(nobody) = self.queries.nobody(domain) else {
            return;
        };
        let declared = self.queries.declaration(domain);
        if self.accepts(&nobody) {
            for spelling in domain.spellings() {
                self.output
                    .pair(declared.span, &format!("@{spelling}"), "OK");
            }
            self.whole.insert(domain.clone());
            return;
        }
        for local in &self.queries.locals {
            let mailbox = Mailbox {
                local: local.clone(),
                domain: domain.clone(),
            };
            self.one(&mailbox, &declared);
        }
    }

    fn one(&mut self, mailbox: &Mailbox, source: &SourceRule) {
        if mailbox.local.routes() || !self.accepts(mailbox) {
            return;
        }
        let place = self
            .queries
            .rule(mailbox)
            .map_or(source.span, |rule| rule.span);
        let local = external(&mailbox.local);
        for domain in mailbox.domain.spellings() {
            self.output.pair(place, &format!("{local}@{domain}"), "OK");
        }
        self.listed
            .insert(mailbox.key(self.queries.table.settings().local_case));
    }

    /// Reports each user, without and with a detail, for whom the list differs from the rules.
    fn differences(&mut self, domain: &Domain) {
        let nobody = LocalPart::from_internal(LocalPart::NOBODY).ok();
        for local in self.queries.locals.iter().chain(&nobody) {
            let (local, domain) = (local.clone(), domain.clone());
            let mut probes = self.queries.with_details(local.as_str(), &domain);
            probes.push(Mailbox { local, domain });
            for probe in probes {
                if let Some(rule) = self.queries.rule(&probe) {
                    self.compare(&probe, &rule);
                }
            }
        }
    }

    fn regex(&mut self, rule: &Rule) {
        let inbound = self.queries.table.inbound_domains();
        if inbound
            .iter()
            .any(|(domain, _)| !self.whole.contains(*domain))
        {
            let help = "write a rule for each address that the regex is meant for";
            let message = "a list of addresses has no equivalent of a regex";
            self.output
                .not_exported(&SourceRule::of(rule), message, help);
        }
    }

    fn compare(&mut self, probe: &Mailbox, rule: &Rule) {
        let case = self.queries.table.settings().local_case;
        let delimiters = &self.queries.table.settings().recipient_delimiter;
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
                    "let the milter refuse the address, or put `{}` into a map for check_recipient_access",
                    address(probe)
                );
                let help = help.replace(LocalPart::NOBODY, "DETAIL");
                self.output.not_exported(
                    &SourceRule::of(rule),
                    "a broader line of this list accepts an address that this rule refuses",
                    &help,
                );
            }
            (false, true) => {
                let help = "write a rule for each address that the rule is meant for";
                self.output.not_exported(
                    &SourceRule::of(rule),
                    "this rule accepts addresses that cannot be listed one by one",
                    help,
                );
            }
            (true, true) | (false, false) => {}
        }
    }
}
