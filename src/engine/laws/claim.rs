//! What a law says about one decision, and about all addresses of a set that come out.

use super::set::{AddressSet, Locals, Place, Users, is_below};
use crate::engine::{
    address::{LocalCase, LocalPart, Mailbox},
    rewrite::{Decision, Outcome, Reason},
    syntax::{Claim, Region},
};

/// How a branch ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ending {
    /// At an address.
    Out,
    /// The recipient is refused.
    Refused,
    /// It is refused because its local-part would route the mail elsewhere.
    Routing,
    /// It is dropped.
    Discarded,
}

/// A claim, with how local-parts are compared.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub claim: &'a Claim,
    pub case: LocalCase,
    pub users: Users<'a>,
}

impl Judge<'_> {
    /// Returns true if a decision about an address is against the law.
    pub fn breaks(self, address: &Mailbox, decision: &Decision) -> bool {
        let own = std::slice::from_ref(address);
        let out = match &decision.outcome {
            Outcome::Keep => own,
            Outcome::Replace(list) => list.as_slice(),
            Outcome::Refuse(_) | Outcome::Discard => &[],
        };
        match self.claim {
            Claim::Only(regions) => out.iter().any(|mailbox| !self.lies_in(mailbox, regions)),
            Claim::Never(regions) => out.iter().any(|mailbox| self.lies_in(mailbox, regions)),
            Claim::Delivered => out.is_empty() && !routes_at_once(decision),
            Claim::AtLeast(_) => false,
        }
    }

    fn lies_in(self, mailbox: &Mailbox, regions: &[Region]) -> bool {
        regions.iter().any(|region| match region {
            Region::Domain(domain) => mailbox.domain == *domain,
            Region::Subdomains(above) => is_below(&mailbox.domain, above),
            Region::Mailbox(own) => {
                own.domain == mailbox.domain && self.is_user(&own.local, &mailbox.local)
            }
        })
    }

    /// Returns true if a local-part is this one, or this one with a detail.
    fn is_user(self, own: &LocalPart, local: &LocalPart) -> bool {
        let own = own.folded(self.case);
        let user = self
            .users
            .split(local)
            .map(|(user, _)| user.folded(self.case));
        own == local.folded(self.case) || user == Some(own)
    }

    /// Returns true if no address of the set may come out, or some of them: where all may, the list is empty.
    pub fn against(self, set: &AddressSet) -> Vec<AddressSet> {
        match self.claim {
            Claim::Only(regions) => {
                match regions.iter().any(|region| self.holds_all(region, set)) {
                    true => Vec::new(),
                    false => vec![set.clone()],
                }
            }
            Claim::Never(regions) => {
                let common = regions.iter().flat_map(|region| self.common(region, set));
                common.collect()
            }
            Claim::Delivered | Claim::AtLeast(_) => Vec::new(),
        }
    }

    /// Returns true if a region holds all addresses of a set.
    fn holds_all(self, region: &Region, set: &AddressSet) -> bool {
        match (region, &set.place) {
            (Region::Domain(own), Place::In(domain)) => own == domain,
            (Region::Subdomains(above), Place::In(domain)) => is_below(domain, above),
            (Region::Subdomains(above), Place::Below(domain)) => {
                above == domain || is_below(domain, above)
            }
            (Region::Mailbox(own), Place::In(domain)) => {
                own.domain == *domain
                    && match &set.locals {
                        Locals::One(local) => self.is_user(&own.local, local),
                        Locals::Details(user) => {
                            own.local.folded(self.case) == user.folded(self.case)
                        }
                        Locals::Detailed | Locals::Any => false,
                    }
            }
            _ => false,
        }
    }

    /// Returns what a region and a set have in common.
    fn common(self, region: &Region, set: &AddressSet) -> Vec<AddressSet> {
        let at = |place: Place| AddressSet {
            locals: set.locals.clone(),
            place,
        };
        match (region, &set.place) {
            (Region::Domain(own), Place::In(domain)) if own == domain => vec![set.clone()],
            (Region::Domain(own), Place::Below(domain)) if is_below(own, domain) => {
                vec![at(Place::In(own.clone()))]
            }
            (Region::Subdomains(above), Place::In(domain)) if is_below(domain, above) => {
                vec![set.clone()]
            }
            (Region::Subdomains(above), Place::Below(domain)) => {
                if above == domain || is_below(domain, above) {
                    vec![set.clone()]
                } else if is_below(above, domain) {
                    vec![at(Place::Below(above.clone()))]
                } else {
                    Vec::new()
                }
            }
            (Region::Mailbox(own), place) => {
                let here = match place {
                    Place::In(domain) => own.domain == *domain,
                    Place::Below(domain) => is_below(&own.domain, domain),
                };
                let at = |locals: Locals| AddressSet {
                    locals,
                    place: Place::In(own.domain.clone()),
                };
                let common = self.common_locals(&own.local, &set.locals);
                common.into_iter().filter(|_| here).map(at).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns which local-parts of a set are this one, or this one with a detail.
    fn common_locals(self, own: &LocalPart, locals: &Locals) -> Vec<Locals> {
        let one = || Locals::One(own.clone());
        let details = || Locals::Details(own.clone());
        let own_user = self.users.split(own).map(|(user, _)| user);
        let empty = || {
            self.users
                .with_empty_detail(own)
                .into_iter()
                .map(Locals::One)
        };
        match locals {
            Locals::One(local) if self.is_user(own, local) => vec![locals.clone()],
            Locals::Details(user) if own.folded(self.case) == user.folded(self.case) => {
                vec![locals.clone()]
            }
            Locals::Details(user)
                if own_user
                    .as_ref()
                    .is_some_and(|own| own.folded(self.case) == user.folded(self.case)) =>
            {
                vec![one()]
            }
            Locals::One(_) | Locals::Details(_) => Vec::new(),
            Locals::Detailed if own_user.is_some() => vec![one()],
            Locals::Detailed => vec![details()],
            Locals::Any if own_user.is_some() => vec![one()],
            Locals::Any => [one(), details()].into_iter().chain(empty()).collect(),
        }
    }
}

/// Returns true if an address was refused because its own local-part would route it elsewhere: patterns for many
/// addresses are not for such an address.
fn routes_at_once(decision: &Decision) -> bool {
    match decision.steps.as_slice() {
        [step] => step.reason == Reason::RoutingSpelling,
        _ => false,
    }
}
