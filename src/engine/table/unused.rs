//! Secondary domains that no rule names.

use hashbrown::HashSet;

use super::compiled::Table;
use crate::engine::{
    address::Domain,
    rule::{DomainClass, Unknown},
};

/// Local-parts for which nearly every directory has a rule in all secondary domains.
const ROLES: [&str; 2] = ["postmaster", "abuse"];

impl Table {
    /// Returns the declared secondary domains that refuse every address except those of roles, sorted. No
    /// rule names such a domain, and no rule without a domain matches its addresses.
    pub fn domains_without_rule(&self) -> Vec<&Domain> {
        let everywhere = self.local_parts.keys();
        if everywhere
            .into_iter()
            .any(|local| !ROLES.contains(&&**local))
        {
            return Vec::new();
        }
        let refuses = |domain: &&Domain| {
            self.known.get(*domain).is_some_and(|entry| {
                entry.class == DomainClass::Secondary
                    && entry.declared.is_some()
                    && entry.unknown != Unknown::Keep
            })
        };
        let no_wide_rule = |domain: &&Domain| {
            !self.domains.contains_key(*domain)
                && self.wildcard(domain).is_none()
                && !self.has_regex_for(domain)
        };
        let known = self.known.keys().filter(refuses).filter(no_wide_rule);
        let mut left: HashSet<&Domain> = known.collect();
        if !left.is_empty() {
            for entry in self.entries() {
                if let Some(domain) = entry.domain() {
                    left.remove(domain);
                }
                if left.is_empty() {
                    break;
                }
            }
        }
        let mut domains: Vec<_> = left.into_iter().collect();
        domains.sort();
        domains
    }
}
