//! What proofs about many addresses ask of a table: its regexes, and the domains that it names.

use std::collections::BTreeSet;

use super::{compiled::Table, regexes};
use crate::engine::{
    address::{Domain, LocalPart},
    rule::{DomainClass, Pattern, Piece},
    store::RuleId,
};

pub use regexes::Behind;

impl Table {
    /// Returns the regexes that may match some address of a set, in the order in which they are tried, each with
    /// examples of local-parts. `start` is what the local-parts of the set begin with; it may be empty.
    pub fn regexes_reaching(&self, start: &str, behind: Behind<'_>) -> Vec<(RuleId, Vec<String>)> {
        if self.regexes.is_empty() {
            return Vec::new();
        }
        if let Behind::Domain(domain) = behind
            && !self.has_regex_for(domain)
        {
            return Vec::new();
        }
        self.regexes.reaching(start, behind)
    }

    /// Returns true if one of these groups of a regex always matches at least one character.
    pub fn regex_captures(&self, rule: RuleId, groups: &[usize]) -> bool {
        match self.rule(rule).map(|rule| rule.pattern) {
            Some(Pattern::Regex(text)) => regexes::captures_something(&text, groups),
            _ => false,
        }
    }

    /// Returns a local-part that a regex probably turns into `filled` by a target of these pieces.
    pub fn regex_source(&self, rule: RuleId, pieces: &[Piece], filled: &str) -> Option<LocalPart> {
        let Pattern::Regex(text) = self.rule(rule)?.pattern else {
            return None;
        };
        LocalPart::from_internal(&regexes::source_of(&text, pieces, filled)?).ok()
    }

    /// Returns false if none of these groups of a regex can hold one of these characters.
    pub fn regex_captures_one_of(&self, rule: RuleId, groups: &[usize], letters: &str) -> bool {
        match self.rule(rule).map(|rule| rule.pattern) {
            Some(Pattern::Regex(text)) => regexes::captures_one_of(&text, groups, letters),
            _ => true,
        }
    }

    /// Returns the domains of the table that a line, a rule or a regex names, sorted. All other domains of the
    /// table are below an `@*.domain`, and are alike.
    pub fn named_domains(&self) -> BTreeSet<Domain> {
        let lines = self.known.keys();
        let all = lines
            .chain(self.store.domains())
            .chain(self.regexes.own_domains());
        all.filter(|domain| self.class(domain).is_some())
            .cloned()
            .collect()
    }

    /// Returns the domains below which an `@*.domain` covers every domain that is not declared otherwise, sorted.
    pub fn wildcard_domains(&self) -> Vec<&Domain> {
        let mut domains: Vec<_> = self.subdomains.keys().collect();
        domains.sort();
        domains
    }

    /// Returns true if a regex of the table spells this domain out and matches every local-part in it.
    pub fn has_total_regex(&self, domain: &Domain) -> bool {
        let class = self.class(domain);
        if !matches!(class, Some(DomainClass::Primary | DomainClass::Secondary)) {
            return false;
        }
        let escaped = domain.as_str().replace('.', "\\.");
        let texts = [format!(".*@{escaped}"), format!("(.*)@{escaped}")];
        texts
            .iter()
            .any(|text| self.regex_texts.contains_key(text.as_str()))
    }
}
