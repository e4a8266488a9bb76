//! The addresses that a law is about, as sets.

use super::{
    index::Index,
    set::{AddressSet, Locals, Place, Users, is_below},
};
use crate::engine::{
    address::{Domain, LocalPart},
    rule::{DomainClass, Pattern},
    table::Table,
};

/// Returns sets that hold every address of the table that a pattern matches, and perhaps others. Empty if there is
/// no such address.
pub(super) fn starts(
    table: &Table,
    index: &Index,
    users: Users<'_>,
    pattern: &Pattern,
) -> Vec<AddressSet> {
    let known = |domain: &Domain| table.class(domain).is_some();
    let at = |domain: &Domain, locals: Vec<Locals>| match known(domain) {
        true => sets(&Place::In(domain.clone()), &locals),
        false => Vec::new(),
    };
    match pattern {
        Pattern::Mailbox(mailbox) => at(&mailbox.domain, with_details(users, &mailbox.local)),
        Pattern::AnyDetail { user, domain } => at(domain, vec![Locals::Details(user.clone())]),
        Pattern::Detailed(domain) => at(domain, vec![Locals::Detailed]),
        Pattern::Domain(domain) => at(domain, vec![Locals::Any]),
        Pattern::LocalPart(local) => {
            let locals = with_details(users, local);
            let secondary = |domain: &&Domain| table.class(domain) == Some(DomainClass::Secondary);
            let named = index
                .named()
                .iter()
                .filter(secondary)
                .cloned()
                .map(Place::In);
            let below = table
                .wildcard_domains()
                .into_iter()
                .cloned()
                .map(Place::Below);
            named
                .chain(below)
                .flat_map(|place| sets(&place, &locals))
                .collect()
        }
        Pattern::Subdomains(above) => {
            let named = index
                .named()
                .iter()
                .filter(|domain| is_below(domain, above));
            let named = named.cloned().map(Place::In);
            let wildcards = table.wildcard_domains().into_iter();
            let wildcards = wildcards.filter(|domain| is_below(domain, above)).cloned();
            // Covered by an `@*.` of its own, or of a domain above it.
            let own = Place::Below(above.clone());
            let covered = own.example().is_some_and(|domain| known(&domain));
            let below = wildcards.map(Place::Below).chain(covered.then_some(own));
            let places = named.chain(below);
            places
                .flat_map(|place| sets(&place, &[Locals::Any]))
                .collect()
        }
        Pattern::Regex(_) => Vec::new(),
    }
}

fn sets(place: &Place, locals: &[Locals]) -> Vec<AddressSet> {
    let set = |locals: &Locals| AddressSet {
        locals: locals.clone(),
        place: place.clone(),
    };
    locals.iter().map(set).collect()
}

/// Returns a local-part, and the same user with any detail unless a detail is written.
fn with_details(users: Users<'_>, local: &LocalPart) -> Vec<Locals> {
    let one = Locals::One(local.clone());
    if users.split(local).is_some() {
        return vec![one];
    }
    let empty = users.with_empty_detail(local).into_iter().map(Locals::One);
    let all = [one, Locals::Details(local.clone())];
    all.into_iter().chain(empty).collect()
}
