//! Domains in which a law holds for every address, so that nothing that leads there needs a closer look.
//!
//! # Limits
//!
//! For at most [`MAX_INNER`] domains of one law that is found out by a search of its own. In other domains each
//! address is followed by itself, which takes longer and gives the same answer.

use super::{
    graph::Way,
    search::Search,
    set::{AddressSet, Locals, Place, Users},
};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    rule::{Action, DomainClass, Unknown},
    syntax::Claim,
    table::{Address, Found},
};

/// Domains for which one law searches whether it holds for all their addresses.
const MAX_INNER: usize = 64;

impl Search<'_> {
    /// Adds a way to a set, unless all its addresses end there at once and the law does not mind.
    pub(super) fn link(&mut self, way: Way, to: AddressSet) {
        if let Place::In(domain) = &to.place
            && (self.is_quiet(domain) || self.ends_well(&to))
        {
            let domain = domain.clone();
            return self.ends_in(&Place::In(domain));
        }
        self.reach(way, to);
    }

    /// Returns true if the law holds for every address of a domain because no rule changes or refuses any.
    pub(super) fn is_quiet(&mut self, domain: &Domain) -> bool {
        if let Some(quiet) = self.quiet.get(domain) {
            return *quiet;
        }
        let quiet = self.looks_quiet(domain);
        self.quiet.insert(domain.clone(), quiet);
        quiet
    }

    fn looks_quiet(&self, domain: &Domain) -> bool {
        self.changes_nothing(domain)
            && self.rest_stays(domain)
            && self.judge.against(&everyone(domain)).is_empty()
    }

    /// Returns true if every rule that spells out an address of a domain keeps the address, and no regex is for it.
    fn changes_nothing(&self, domain: &Domain) -> bool {
        let secondary = self.table.class(domain) == Some(DomainClass::Secondary);
        !self.index.is_busy(domain)
            && !self.table.has_regex_for(domain)
            && (!secondary || self.index.local_parts().is_empty())
    }

    /// Returns true if no rule is for the addresses of a domain that no rule names, and the law does not mind what
    /// becomes of them.
    fn rest_stays(&self, domain: &Domain) -> bool {
        let Some(nobody) = Users::nobody() else {
            return false;
        };
        let detailed = self.judge.users.with_detail(&nobody, LocalPart::NOBODY);
        let mut locals = std::iter::once(nobody).chain(detailed);
        locals.all(|local| match self.found(domain, local) {
            Found::Elsewhere | Found::Unknown(Unknown::Keep) => true,
            Found::Unknown(_) => *self.judge.claim != Claim::Delivered,
            Found::RoutingSpelling | Found::Rule(_) => false,
        })
    }

    fn found(&self, domain: &Domain, local: LocalPart) -> Found {
        let domain = domain.clone();
        let address = Address::new(Mailbox { local, domain }, self.table);
        self.table.find(&address)
    }

    fn is_kept(&self, domain: &Domain, local: LocalPart) -> bool {
        let Found::Rule(found) = self.found(domain, local) else {
            return false;
        };
        let view = self.table.view(found.rule);
        view.is_some_and(|view| matches!(view.action, Action::Keep | Action::Mailbox))
    }

    /// Returns true if a mailbox and its details are kept.
    pub(super) fn is_kept_user(&self, mailbox: &Mailbox) -> bool {
        self.judge.users.split(&mailbox.local).is_none()
            && self.changes_nothing(&mailbox.domain)
            && self.is_kept(&mailbox.domain, mailbox.local.clone())
    }

    /// Returns true if every address of a set is kept at once, and the law does not mind.
    pub(super) fn ends_well(&self, set: &AddressSet) -> bool {
        let Place::In(domain) = &set.place else {
            return false;
        };
        let kept = match &set.locals {
            Locals::One(local) => match self.found(domain, local.clone()) {
                Found::Elsewhere | Found::Unknown(Unknown::Keep) => true,
                _ => self.is_kept(domain, local.clone()),
            },
            Locals::Details(user) => self.is_kept_user(&Mailbox {
                local: user.clone(),
                domain: domain.clone(),
            }),
            Locals::Detailed | Locals::Any => false,
        };
        kept && self.judge.against(set).is_empty()
    }

    /// Returns true if the law holds for every address of a domain, as far as that can be found out with one more
    /// search.
    pub(super) fn is_settled(&mut self, domain: &Domain) -> bool {
        if let Some(settled) = self.settled.get(domain) {
            return *settled;
        }
        let settled = self.is_quiet(domain) || self.settles(domain);
        self.settled.insert(domain.clone(), settled);
        settled
    }

    fn settles(&mut self, domain: &Domain) -> bool {
        if self.inner >= MAX_INNER {
            return false;
        }
        self.inner += 1;
        let mut search = Self::new(self.table, self.index, self.judge);
        // One search within another, and no more.
        search.inner = MAX_INNER;
        search.number(everyone(domain));
        search.run([]);
        let holds = search.broken.is_empty();
        if holds {
            self.rules.extend(search.rules);
            self.whole.extend(search.whole);
            self.ends.extend(search.ends);
        }
        holds
    }
}

/// Returns the set of all addresses of a domain.
fn everyone(domain: &Domain) -> AddressSet {
    AddressSet {
        locals: Locals::Any,
        place: Place::In(domain.clone()),
    }
}
