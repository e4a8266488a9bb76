//! Finds the one rule that decides about an address.
//!
//! In: an address that is prepared for lookups ([`Address`]). Out: the rule ([`Found`]), whether it matches
//! without the detail, and what its regex captured. The result is not looked up again here: the next storey
//! (`rewrite`) does that.

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
    /// Returns the rule for an address, in the order of precedence that the head of [`super`] lists.
    pub fn find(&self, address: &Address) -> Found {
        self.find_with(address, |class| self.find_regex(address, class))
    }

    /// The rule for an address as if the table had no regex. The second value is true if the regexes would
    /// have been asked before that rule.
    pub fn find_without_regexes(&self, address: &Address) -> (Found, bool) {
        let mut asked = false;
        let found = self.find_with(address, |class| {
            asked = class != DomainClass::External;
            None
        });
        (found, asked && !self.regexes.is_empty())
    }

    fn find_with(
        &self,
        address: &Address,
        regex: impl FnOnce(DomainClass) -> Option<Match>,
    ) -> Found {
        let domain = &address.mailbox.domain;
        // One look at the index of domains serves all steps below.
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
        let found = found.or_else(|| regex(class));
        let found = found.or_else(|| self.find_domain(address));
        found.map_or(Found::Unknown(unknown), Found::Rule)
    }

    /// Steps 1 to 3. `domain` is the number of the address's domain. A local-part that routes matches only a
    /// rule that spells it out.
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

    /// Returns the index without letter case if this address is compared so and the table is not.
    fn other_case(&self, address: &Address) -> Option<&AnyCase> {
        let index = self.any_case.as_ref();
        index.filter(|_| address.case != self.settings.local_case)
    }

    /// Step 2: `user+*@domain`.
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

    /// Step 4: `local@*`. It matches only addresses in secondary domains.
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

    /// Step 5: `/regex/`. A regex matches only addresses in primary and secondary domains.
    fn find_regex(&self, address: &Address, class: DomainClass) -> Option<Match> {
        if self.regexes.is_empty() || class == DomainClass::External {
            return None;
        }
        if address.key.len() > self.settings.address_length_limit {
            return None;
        }
        self.regexes.find(address)
    }

    /// Steps 6 to 8: `+*@domain`, `@domain`, `@*.domain`.
    fn find_domain(&self, address: &Address) -> Option<Match> {
        let domain = &address.mailbox.domain;
        let detailed = self.detailed.get(domain).filter(|_| address.has_detail());
        let rule = detailed.or_else(|| self.domains.get(domain)).copied();
        let rule = rule.or_else(|| self.wildcard(domain).filter(|_| self.is_covered(address)));
        rule.map(Match::plain)
    }

    /// Returns true if an `@*.domain` rule above the address's domain may match it. Such a rule does not match
    /// a domain that is primary or external.
    fn is_covered(&self, address: &Address) -> bool {
        self.known
            .get(&address.mailbox.domain)
            .is_none_or(|entry| entry.class == DomainClass::Secondary)
    }
}
