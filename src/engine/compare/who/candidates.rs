//! Addresses that may reach the address that is asked about: what a pattern matches.

use super::super::{
    examples::{NOBODY, Tables, longer, with_detail},
    sources::Sources,
};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    rule::{DomainClass, Pattern},
    table::{Table, samples},
};

/// Domains in which one local-part or one text of a regex is tried.
const MAX_DOMAINS: usize = 100;

/// Local-parts that stand for all of a domain. A regex may take the first ones away.
pub(super) const ANYBODY: [&str; 4] = [NOBODY, "x.y", "x-1", "1"];

/// Addresses to decide.
pub(super) enum Attempt {
    /// Until the first one that reaches the address: the others are its equals.
    First(Vec<Mailbox>),
    /// All of them.
    Each(Vec<Mailbox>),
    /// Each of them. One that does not reach the address may do so with some detail.
    Detailed(Vec<Mailbox>),
    /// All that this pattern matches.
    Pattern(Pattern),
}

/// What is known of the table.
pub(super) struct Candidates<'t> {
    pub table: &'t Table,
    /// The table, twice.
    pub tables: Tables<'t>,
    pub sources: Sources<'t>,
}

impl Candidates<'_> {
    /// Returns separators with details that no pattern spells out: some text, and none.
    pub fn details(&self) -> Vec<String> {
        let delimiter = self.table.settings().recipient_delimiter.chars().next();
        let usual = delimiter.map(|one| [format!("{one}{NOBODY}"), one.to_string()]);
        usual.into_iter().flatten().collect()
    }

    /// Returns addresses that a pattern matches. `rest` is a detail that they get, with its separator.
    pub fn of_pattern(&self, pattern: &Pattern, rest: Option<&str>) -> Attempt {
        let with = |mailbox: &Mailbox| match rest {
            Some(rest) => longer(mailbox, rest),
            None => Some(mailbox.clone()),
        };
        let detailed = |user: &Mailbox| match rest {
            Some(rest) => longer(user, rest),
            None => with_detail(self.table, user),
        };
        Attempt::First(match pattern {
            Pattern::Mailbox(mailbox) if self.tables.split(mailbox).is_some() => {
                vec![mailbox.clone()]
            }
            Pattern::Mailbox(mailbox) => with(mailbox).into_iter().collect(),
            Pattern::AnyDetail { user, domain } => {
                let (local, domain) = (user.clone(), domain.clone());
                let example = detailed(&Mailbox { local, domain });
                example.into_iter().collect()
            }
            Pattern::LocalPart(local) => {
                let all = self.secondary_domains().into_iter();
                let at = |domain| Mailbox {
                    local: local.clone(),
                    domain,
                };
                return Attempt::Each(all.filter_map(|domain| with(&at(domain))).collect());
            }
            Pattern::Regex(text) => self.of_regex(text, &[], rest),
            Pattern::Detailed(domain) => anybody(domain).iter().filter_map(detailed).collect(),
            Pattern::Domain(domain) => anybody(domain).iter().filter_map(with).collect(),
            Pattern::Subdomains(above) => {
                let mut domains = self.below(above);
                domains.truncate(MAX_DOMAINS);
                domains.extend(some_subdomain(above));
                let all = domains.iter().flat_map(anybody);
                // Targets may be in any of them.
                return Attempt::Each(all.filter_map(|one| with(&one)).collect());
            }
        })
    }

    /// Returns addresses that a regex probably matches, with these groups.
    pub fn of_regex(
        &self,
        text: &str,
        groups: &[Option<String>],
        rest: Option<&str>,
    ) -> Vec<Mailbox> {
        let mut found = Vec::new();
        for sample in samples(text, groups) {
            let Some((local, domain)) = sample.rsplit_once('@') else {
                continue;
            };
            let local = format!("{local}{}", rest.unwrap_or_default());
            let Ok(local) = LocalPart::from_internal(&local) else {
                continue;
            };
            let own = Domain::parse(domain).ok();
            let own = own.filter(|domain| self.table.has_regex_for(domain));
            let domains = match own {
                Some(domain) => vec![domain],
                None => self.regex_domains(),
            };
            found.extend(domains.into_iter().map(|domain| Mailbox {
                local: local.clone(),
                domain,
            }));
        }
        found
    }

    /// Returns domains for whose addresses a regex may be: those of targets, and some others.
    pub fn regex_domains(&self) -> Vec<Domain> {
        let inbound = self.table.inbound_domains().into_iter();
        let inbound = inbound.map(|(domain, _)| domain);
        self.with_targets(inbound, |domain| self.table.has_regex_for(domain))
    }

    /// Returns secondary domains: those of targets, and some others.
    pub fn secondary_domains(&self) -> Vec<Domain> {
        let inbound = self.table.inbound_domains().into_iter();
        let inbound = inbound.map(|(domain, _)| domain);
        let is_secondary =
            |domain: &Domain| self.table.class(domain) == Some(DomainClass::Secondary);
        self.with_targets(inbound, is_secondary)
    }

    fn with_targets<'d>(
        &self,
        others: impl Iterator<Item = &'d Domain>,
        wanted: impl Fn(&Domain) -> bool,
    ) -> Vec<Domain> {
        let others = others.filter(|domain| wanted(domain)).take(MAX_DOMAINS);
        let mut domains: Vec<_> = others.cloned().collect();
        let targets = self.sources.domains();
        domains.extend(targets.filter(|domain| wanted(domain)).cloned());
        domains.sort();
        domains.dedup();
        domains
    }

    /// Returns the domains of targets below a domain.
    pub fn below(&self, above: &Domain) -> Vec<Domain> {
        let below = |domain: &&Domain| domain.parents().any(|it| it == above.as_str());
        self.sources.domains().filter(below).cloned().collect()
    }
}

/// Returns a subdomain that no rule names.
pub(super) fn some_subdomain(above: &Domain) -> Option<Domain> {
    Domain::parse(&format!("{NOBODY}.{above}")).ok()
}

/// Returns addresses that stand for all of a domain.
fn anybody(domain: &Domain) -> Vec<Mailbox> {
    let locals = ANYBODY
        .iter()
        .filter_map(|one| LocalPart::from_internal(one).ok());
    let addresses = locals.map(|local| Mailbox {
        local,
        domain: domain.clone(),
    });
    addresses.collect()
}
