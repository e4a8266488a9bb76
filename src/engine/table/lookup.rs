//! One address to the one rule that is for it.
//!
//! In: an address prepared once ([`Address`]). Out: what was found, with what the match left out
//! or captured. No expansion here: that is the next storey's.

use super::{
    address::Address,
    any_case::AnyCase,
    compiled::Table,
    found::{Found, Match},
    key::key,
};
use crate::engine::{
    address::{LocalCase, Mailbox, fold},
    rule::{DomainClass, Unknown},
    store::RuleId,
};

impl Address {
    /// Prepares an address for lookups in `table`.
    pub fn new(mailbox: Mailbox, table: &Table) -> Self {
        Self::compared(mailbox, table.settings(), table.settings.local_case)
    }

    /// Prepares an address for lookups in which letter case does not count, whatever the table says.
    pub fn in_any_case(mailbox: Mailbox, table: &Table) -> Self {
        Self::compared(mailbox, table.settings(), LocalCase::Ignore)
    }
}

impl Table {
    /// The rule for an address, by the precedence that the head of [`super`] states.
    pub fn find(&self, address: &Address) -> Found {
        let domain = &address.mailbox.domain;
        // All that is known of the domain is asked for once.
        let entry = self.known.get(domain);
        let Some(class) = self.class_by(entry, domain) else {
            return Found::Elsewhere;
        };
        let unknown = entry.map_or(Unknown::Reject, |entry| entry.unknown);
        let number = entry.map_or_else(|| self.store.domain(domain), |entry| entry.number);
        if let Some(found) = number.and_then(|number| self.find_mailbox(address, number)) {
            return Found::Rule(found);
        }
        if address.mailbox.local.routes() {
            return match class {
                DomainClass::External => Found::Unknown(unknown),
                DomainClass::Primary | DomainClass::Secondary => Found::RoutingSpelling,
            };
        }
        let found = self.find_local_part(address, class);
        let found = found.or_else(|| self.find_regex(address, class));
        let found = found.or_else(|| self.find_domain(address));
        found.map_or(Found::Unknown(unknown), Found::Rule)
    }

    /// Steps 1 to 3, in the domain of this number. A local-part that routes is matched only where the
    /// rule spells it out.
    fn find_mailbox(&self, address: &Address, domain: u32) -> Option<Match> {
        let index = match self.other_case(address) {
            Some(index) => &index.mailboxes,
            None => &self.mailboxes,
        };
        let find = |local: &str| index.find(&self.store, local, domain, address.case);
        if let Some(rule) = find(address.mailbox.local.as_str()) {
            return Some(Match::plain(rule));
        }
        let user = address.user()?;
        if let Some(rule) = self.find_any_detail(address, user) {
            return Some(Match::plain(rule));
        }
        let detail_routes = address
            .detail()
            .is_some_and(|detail| detail.contains(['%', '!', '@']));
        let rule = find(user).filter(|_| !detail_routes)?;
        Some(Match::without_detail(rule))
    }

    /// Returns the second index, if the address is compared otherwise than the table compares.
    fn other_case(&self, address: &Address) -> Option<&AnyCase> {
        let index = self.any_case.as_ref();
        index.filter(|_| address.case != self.settings.local_case)
    }

    /// Step 2.
    fn find_any_detail(&self, address: &Address, user: &str) -> Option<RuleId> {
        let Mailbox { local, domain } = &address.mailbox;
        let index = match self.other_case(address) {
            Some(index) => &index.any_detail,
            None => &self.any_detail,
        };
        if self.any_detail.is_empty() || local.routes() || !address.has_detail() {
            return None;
        }
        let key = key(user, domain.as_str(), address.case);
        index.get(key.as_str()).copied()
    }

    /// Step 4.
    fn find_local_part(&self, address: &Address, class: DomainClass) -> Option<Match> {
        let index = match self.other_case(address) {
            Some(index) => &index.local_parts,
            None => &self.local_parts,
        };
        let case = address.case;
        if self.local_parts.is_empty() || class != DomainClass::Secondary {
            return None;
        }
        let local = fold(address.mailbox.local.as_str(), case);
        if let Some(rule) = index.get(local.as_str()) {
            return Some(Match::plain(*rule));
        }
        let user = fold(address.user()?, case);
        index
            .get(user.as_str())
            .map(|rule| Match::without_detail(*rule))
    }

    /// Step 5. Never outside of the primary and secondary domains.
    fn find_regex(&self, address: &Address, class: DomainClass) -> Option<Match> {
        if self.regexes.is_empty() || class == DomainClass::External {
            return None;
        }
        if address.key.len() > self.settings.address_length_limit {
            return None;
        }
        self.regexes.find(address)
    }

    /// Steps 6 to 8.
    fn find_domain(&self, address: &Address) -> Option<Match> {
        let domain = &address.mailbox.domain;
        let detailed = self.detailed.get(domain).filter(|_| address.has_detail());
        let rule = detailed.or_else(|| self.domains.get(domain)).copied();
        let rule = rule.or_else(|| self.wildcard(domain).filter(|_| self.is_covered(address)));
        rule.map(Match::plain)
    }

    /// Returns true if a wildcard above a domain is for the domain: not where the domain is declared to be
    /// something else than secondary.
    fn is_covered(&self, address: &Address) -> bool {
        self.known
            .get(&address.mailbox.domain)
            .is_none_or(|entry| entry.class == DomainClass::Secondary)
    }
}
