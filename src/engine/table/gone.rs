//! What an older table had that a newer one has not: addresses, and domains with many of them.

use hashbrown::HashMap;

use super::compiled::Table;
use crate::engine::address::Domain;

/// Addresses of an older table.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GoneAddresses {
    /// How many had a rule of their own.
    pub were: usize,
    /// How many of them have none any more.
    pub gone: usize,
    /// Domains that no rule names any more, each with the number of its addresses, sorted.
    pub domains: Vec<(Domain, usize)>,
}

impl Table {
    /// Returns the addresses of `old` that have no rule of their own any more, and the domains that had `many`
    /// addresses at least and that no pattern is for. Walks over both tables once.
    pub fn addresses_gone_since(&self, old: &Table, many: usize) -> GoneAddresses {
        let mut of_domain: HashMap<&Domain, usize> = HashMap::new();
        let mut gone = 0;
        let lost = old.entries_not_in(self);
        for entry in lost.filter(|entry| entry.is_for_mailbox()) {
            let rule = entry.rule();
            if rule.is_none_or(|rule| self.id_of(&rule.pattern).is_some()) {
                continue;
            }
            gone += 1;
            if let Some(domain) = entry.domain() {
                *of_domain.entry(domain).or_default() += 1;
            }
        }
        let covered = |domain: &Domain| {
            self.domains.contains_key(domain)
                || self.wildcard(domain).is_some()
                || self.has_regex_for(domain)
        };
        of_domain.retain(|domain, addresses| *addresses >= many && !covered(domain));
        if !of_domain.is_empty() {
            for entry in self.entries() {
                if let Some(domain) = entry.domain() {
                    of_domain.remove(domain);
                }
                if of_domain.is_empty() {
                    break;
                }
            }
        }
        let domains = of_domain.into_iter();
        let mut domains: Vec<_> = domains
            .map(|(domain, addresses)| (domain.clone(), addresses))
            .collect();
        domains.sort();
        let were = old.entries().filter(|entry| entry.is_for_mailbox()).count();
        GoneAddresses {
            were,
            gone,
            domains,
        }
    }
}
