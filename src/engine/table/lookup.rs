//! One address to the one rule that is for it.
//!
//! In: an address prepared once ([`Address`]). Out: what was found, with what the match left out
//! or captured. No expansion here: that is the next storey's.

use std::sync::Arc;

use super::{Table, any_case::AnyCase, key::key};
use crate::engine::{
    address::{LocalCase, Mailbox, Subaddress, fold},
    rule::{DomainClass, Unknown},
    store::RuleId,
};

/// An address in the forms that a lookup compares.
#[derive(Clone, Debug)]
pub struct Address {
    /// As it was spelt.
    pub mailbox: Mailbox,
    /// Folded local-part, `@`, domain: what makes two addresses one mailbox.
    pub key: Arc<str>,
    /// The length in bytes of the user in the local-part as it was spelt; `None` if it has no detail.
    user: Option<usize>,
    /// How its local-part is compared: as the table compares, or without letter case.
    case: LocalCase,
}

/// Which rule is for an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Match {
    /// The rule.
    pub rule: RuleId,
    /// The match was made without the address's detail.
    pub left_out_detail: bool,
    /// What the groups of a regex matched, the whole first.
    pub captures: Vec<Option<String>>,
}

/// The outcome of a lookup.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Found {
    /// This rule.
    Rule(Match),
    /// No rule; the domain's line says what happens.
    Unknown(Unknown),
    /// No rule spells the address out, and its local-part would route it elsewhere.
    RoutingSpelling,
    /// The domain is none of the table's.
    Elsewhere,
}

impl Match {
    fn plain(rule: RuleId) -> Self {
        Self {
            rule,
            left_out_detail: false,
            captures: Vec::new(),
        }
    }

    fn without_detail(rule: RuleId) -> Self {
        Self {
            left_out_detail: true,
            ..Self::plain(rule)
        }
    }
}

impl Address {
    /// Prepares an address for lookups in `table`.
    pub fn new(mailbox: Mailbox, table: &Table) -> Self {
        Self::compared(mailbox, table, table.settings.local_case)
    }

    /// Prepares an address for lookups in which letter case does not count, whatever the table says.
    pub fn in_any_case(mailbox: Mailbox, table: &Table) -> Self {
        Self::compared(mailbox, table, LocalCase::Ignore)
    }

    fn compared(mailbox: Mailbox, table: &Table, case: LocalCase) -> Self {
        let key = mailbox.key(case).into();
        let split = Subaddress::split(mailbox.local.as_str(), &table.settings.recipient_delimiter);
        let user = split.map(|split| split.user.len());
        Self {
            mailbox,
            key,
            user,
            case,
        }
    }

    /// The user, where the local-part has a detail.
    pub fn user(&self) -> Option<&str> {
        self.user
            .and_then(|end| self.mailbox.local.as_str().get(..end))
    }

    /// The separator and the detail, as they were spelt.
    pub fn separator_and_detail(&self) -> Option<&str> {
        self.user
            .and_then(|end| self.mailbox.local.as_str().get(end..))
    }

    /// The detail, which may be empty.
    pub fn detail(&self) -> Option<&str> {
        let rest = self.separator_and_detail()?;
        rest.get(rest.chars().next()?.len_utf8()..)
    }

    fn has_detail(&self) -> bool {
        self.detail().is_some_and(|detail| !detail.is_empty())
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
