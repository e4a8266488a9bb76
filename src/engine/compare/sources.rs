//! Which rules lead to an address or into a domain: the way of mail, backwards.
//!
//! Both tables are looked at; of the older one only the files that the newer one does not have alike.

use std::collections::BTreeSet;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::engine::{
    address::{Domain, LocalPart, Mailbox, Subaddress},
    rule::{Action, Pattern, Rule, TargetKind},
    store::{RuleId, StoredRule},
    table::Table,
};

/// Details with which each address is decided.
const MAX_DETAILS: usize = 100;

/// A rule of one of the tables.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Place {
    /// It is a rule of the newer table.
    newer: bool,
    rule: RuleId,
}

/// A rule for which the address that a target gives is known, whatever it is asked for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Lead {
    domain: u32,
    key: u64,
    place: Place,
}

/// The rules of two tables by what they lead to.
pub(super) struct Sources<'t> {
    before: &'t Table,
    after: &'t Table,
    hasher: DefaultHashBuilder,
    /// Numbers of the domains that targets are in.
    domains: HashMap<Domain, u32>,
    /// Targets that are one address, sorted.
    addresses: Vec<Lead>,
    /// Separators with details that patterns spell out, at most [`MAX_DETAILS`] of them.
    details: BTreeSet<String>,
    /// Other targets, by the number of their domain: `@domain`, `@*.domain`, captures, details.
    others: HashMap<u32, Vec<Place>>,
}

impl<'t> Sources<'t> {
    /// Looks at all rules that rewrite.
    pub fn new(before: &'t Table, after: &'t Table) -> Self {
        let mut sources = Self {
            before,
            after,
            hasher: DefaultHashBuilder::default(),
            domains: HashMap::new(),
            addresses: Vec::new(),
            details: BTreeSet::new(),
            others: HashMap::new(),
        };
        for entry in after.entries() {
            sources.add(&entry, true);
        }
        for entry in before.entries_not_in(after) {
            sources.add(&entry, false);
        }
        sources.addresses.sort_unstable();
        sources
    }

    fn add(&mut self, entry: &StoredRule<'_>, newer: bool) {
        let Some(rule) = entry.rule() else { return };
        if let Pattern::Mailbox(mailbox) = &rule.pattern
            && self.details.len() < MAX_DETAILS
        {
            let local = mailbox.local.as_str();
            let split = Subaddress::split(local, &self.after.settings().recipient_delimiter);
            let rest = split.and_then(|split| local.get(split.user.len()..));
            self.details.extend(rest.map(ToOwned::to_owned));
        }
        let Action::Rewrite(targets) = &rule.action else {
            return;
        };
        let place = Place {
            newer,
            rule: entry.id,
        };
        for target in targets {
            let kept = constant(&rule.pattern, &target.kind);
            if let Some(mailbox) = kept {
                self.lead(&mailbox, place);
            }
            let domain = match &target.kind {
                TargetKind::Mailbox(_) => continue,
                TargetKind::Domain(domain)
                | TargetKind::Subdomains(domain)
                | TargetKind::Template { domain, .. } => domain,
            };
            let number = self.number(domain);
            self.others.entry(number).or_default().push(place);
        }
    }

    /// Adds a target that is always the same. One with a detail leads to its user as well.
    fn lead(&mut self, target: &Mailbox, place: Place) {
        let domain = self.number(&target.domain);
        let key = self.hash(target);
        self.addresses.push(Lead { domain, key, place });
        let delimiters = &self.after.settings().recipient_delimiter;
        let split = Subaddress::split(target.local.as_str(), delimiters);
        let user = split.and_then(|split| LocalPart::from_internal(split.user).ok());
        if let Some(local) = user {
            let key = self.hash(&Mailbox {
                local,
                domain: target.domain.clone(),
            });
            self.addresses.push(Lead { domain, key, place });
        }
    }

    fn number(&mut self, domain: &Domain) -> u32 {
        if let Some(number) = self.domains.get(domain) {
            return *number;
        }
        let number = u32::try_from(self.domains.len()).unwrap_or(u32::MAX);
        self.domains.insert(domain.clone(), number);
        number
    }

    /// Two addresses may share a hash: who asks decides each by both tables anyway.
    fn hash(&self, mailbox: &Mailbox) -> u64 {
        let case = self.after.settings().local_case;
        self.hasher.hash_one(mailbox.key(case))
    }

    fn rule(&self, place: Place) -> Option<Rule> {
        let table = if place.newer { self.after } else { self.before };
        table.rule(place.rule)
    }

    /// Returns the patterns of rules with this address as a target.
    pub fn of_address(&self, mailbox: &Mailbox) -> Vec<Pattern> {
        let Some(domain) = self.domains.get(&mailbox.domain).copied() else {
            return Vec::new();
        };
        let key = self.hash(mailbox);
        let first = self
            .addresses
            .partition_point(|lead| (lead.domain, lead.key) < (domain, key));
        let leads = self.addresses.get(first..).unwrap_or_default().iter();
        let leads = leads.take_while(|lead| (lead.domain, lead.key) == (domain, key));
        let rules = leads.filter_map(|lead| self.rule(lead.place));
        rules.map(|rule| rule.pattern).collect()
    }

    /// Returns the rules with a target that is one address of this domain.
    pub fn of_addresses_in(&self, domain: &Domain) -> Vec<Rule> {
        let Some(domain) = self.domains.get(domain).copied() else {
            return Vec::new();
        };
        let first = self.addresses.partition_point(|lead| lead.domain < domain);
        let leads = self.addresses.get(first..).unwrap_or_default().iter();
        let leads = leads.take_while(|lead| lead.domain == domain);
        leads.filter_map(|lead| self.rule(lead.place)).collect()
    }

    /// Returns the targets in this domain that are always the same, each with the pattern of its rule.
    pub fn targets_in(&self, domain: &Domain) -> Vec<(Mailbox, Pattern)> {
        let Some(number) = self.domains.get(domain).copied() else {
            return Vec::new();
        };
        let first = self.addresses.partition_point(|lead| lead.domain < number);
        let leads = self.addresses.get(first..).unwrap_or_default().iter();
        let leads = leads.take_while(|lead| lead.domain == number);
        // A list stands there once for each of its targets.
        let mut places: Vec<_> = leads.map(|lead| lead.place).collect();
        places.sort_unstable();
        places.dedup();
        let mut found = Vec::new();
        for rule in places.into_iter().filter_map(|place| self.rule(place)) {
            let Action::Rewrite(targets) = &rule.action else {
                continue;
            };
            let constants = targets.iter();
            let constants = constants.filter_map(|target| constant(&rule.pattern, &target.kind));
            let inside = constants.filter(|target| target.domain == *domain);
            found.extend(inside.map(|target| (target, rule.pattern.clone())));
        }
        found
    }

    /// Returns the rules for many addresses with a target in this domain that is not one address.
    pub fn for_many_into(&self, domain: &Domain) -> Vec<Rule> {
        let number = self.domains.get(domain.as_str());
        let places = number.and_then(|number| self.others.get(number));
        let rules = places
            .into_iter()
            .flatten()
            .filter_map(|place| self.rule(*place));
        rules
            .filter(|rule| !matches!(rule.pattern, Pattern::Mailbox(_)))
            .collect()
    }

    /// Returns the rules with a target in this domain that is not one address.
    pub fn of_domain(&self, domain: &Domain) -> Vec<Rule> {
        let number = self.domains.get(domain.as_str());
        let places = number.and_then(|number| self.others.get(number));
        let places = places.into_iter().flatten();
        places.filter_map(|place| self.rule(*place)).collect()
    }

    /// Returns the separators with details that patterns spell out.
    pub fn details(&self) -> impl Iterator<Item = &str> {
        self.details.iter().map(String::as_str)
    }

    /// Returns the domains of targets, of all rules.
    pub fn domains(&self) -> impl Iterator<Item = &Domain> {
        self.domains.keys()
    }
}

/// Returns the address that a target gives for everything that a pattern matches, if it is always the same
/// but for a detail.
fn constant(pattern: &Pattern, target: &TargetKind) -> Option<Mailbox> {
    match (pattern, target) {
        (_, TargetKind::Mailbox(mailbox)) => Some(mailbox.clone()),
        (Pattern::Mailbox(mailbox), TargetKind::Domain(domain)) => Some(Mailbox {
            local: mailbox.local.clone(),
            domain: domain.clone(),
        }),
        _ => None,
    }
}
