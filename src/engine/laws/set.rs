//! Sets of addresses: what a proof follows through the rules in place of single addresses.

use crate::engine::{
    address::{Domain, LocalCase, LocalPart, Mailbox, Subaddress, fold},
    rule::{DomainClass, Pattern},
    table::{Behind, Table},
};

/// The local-parts of a set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Locals {
    /// This one.
    One(LocalPart),
    /// This user with any detail that is not empty.
    Details(LocalPart),
    /// Any user with a detail that is not empty.
    Detailed,
    /// All.
    Any,
}

/// The domains of a set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// This one.
    In(Domain),
    /// The domains below this one that no line, rule or regex names, and for which no longer `@*.domain` is.
    Below(Domain),
}

/// Addresses that the rules treat alike, or nearly so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct AddressSet {
    pub locals: Locals,
    pub place: Place,
}

impl AddressSet {
    /// Returns the set of one address.
    pub fn one(mailbox: Mailbox) -> Self {
        Self {
            locals: Locals::One(mailbox.local),
            place: Place::In(mailbox.domain),
        }
    }

    /// Returns what two equal sets have in common: local-parts are compared as the table compares them.
    pub fn key(&self, case: LocalCase) -> String {
        let (mark, domain) = match &self.place {
            Place::In(domain) => ("", domain),
            Place::Below(domain) => ("*.", domain),
        };
        match &self.locals {
            Locals::One(local) => format!("1{}@{mark}{domain}", fold(local.as_str(), case)),
            Locals::Details(user) => format!("+{}@{mark}{domain}", fold(user.as_str(), case)),
            Locals::Detailed => format!("d@{mark}{domain}"),
            Locals::Any => format!("a@{mark}{domain}"),
        }
    }
}

impl Place {
    /// Returns one of the domains. None if every domain below would be too long.
    pub fn example(&self) -> Option<Domain> {
        match self {
            Self::In(domain) => Some(domain.clone()),
            Self::Below(above) => Domain::parse(&format!("{}.{above}", LocalPart::NOBODY)).ok(),
        }
    }

    /// Returns the domains as regexes are asked about them.
    pub fn behind(&self) -> Behind<'_> {
        match self {
            Self::In(domain) => Behind::Domain(domain),
            Self::Below(domain) => Behind::Below(domain),
        }
    }
}

/// Makes and splits local-parts as a table does.
#[derive(Clone, Copy)]
pub(super) struct Users<'t> {
    table: &'t Table,
}

impl<'t> Users<'t> {
    pub fn new(table: &'t Table) -> Self {
        Self { table }
    }

    fn delimiters(self) -> &'t str {
        &self.table.settings().recipient_delimiter
    }

    /// Returns user and detail, if the local-part has a detail.
    pub fn split(self, local: &LocalPart) -> Option<(LocalPart, &str)> {
        let split = Subaddress::split(local.as_str(), self.delimiters())?;
        Some((LocalPart::from_internal(split.user).ok()?, split.detail))
    }

    /// Returns a user with a detail. None where such a local-part would not be split so.
    pub fn with_detail(self, user: &LocalPart, detail: &str) -> Option<LocalPart> {
        self.with_each_separator(user, detail).into_iter().next()
    }

    /// Returns the user with each separator and an empty detail.
    pub fn with_empty_detail(self, user: &LocalPart) -> Vec<LocalPart> {
        self.with_each_separator(user, "")
    }

    /// Returns the user with each separator and this detail.
    pub fn with_each_separator(self, user: &LocalPart, detail: &str) -> Vec<LocalPart> {
        let delimiters = self.delimiters();
        let texts = delimiters
            .chars()
            .map(|separator| format!("{}{separator}{detail}", user.as_str()));
        let split = texts.filter(|text| {
            Subaddress::split(text, delimiters).is_some_and(|split| split.user == user.as_str())
        });
        split
            .filter_map(|text| LocalPart::from_internal(&text).ok())
            .collect()
    }

    /// Returns the local-parts that a target has to which details were added: `filled` is an example.
    pub fn behind_detail(self, filled: &LocalPart) -> Locals {
        // With `-` as a separator, local-parts that begin with `owner-` are never split.
        let owner = filled
            .as_str()
            .get(..5)
            .is_some_and(|text| text.eq_ignore_ascii_case("owner"));
        match self.split(filled) {
            Some((user, _)) if !(owner && self.delimiters().contains('-')) => Locals::Details(user),
            _ => Locals::Any,
        }
    }

    /// Returns a local-part that nobody has.
    pub fn nobody() -> Option<LocalPart> {
        LocalPart::from_internal(LocalPart::NOBODY).ok()
    }

    /// Returns local-parts that stand for all those that no rule names: without a detail, with an empty one, with
    /// one that nobody uses, empty, and one that routes.
    pub fn examples(self) -> Vec<LocalPart> {
        let Some(nobody) = Self::nobody() else {
            return Vec::new();
        };
        let mut examples = vec![nobody.clone()];
        examples.extend(self.with_detail(&nobody, LocalPart::NOBODY));
        examples.extend(self.with_empty_detail(&nobody));
        examples.extend(LocalPart::from_internal("").ok());
        examples.extend(self.routing_example());
        examples
    }

    /// Returns a local-part that nobody has and that would route mail elsewhere.
    pub fn routing_example(self) -> Option<LocalPart> {
        let nobody = LocalPart::NOBODY;
        LocalPart::from_internal(&format!("{nobody}%{nobody}")).ok()
    }

    /// Returns true if a pattern is for an address, however its local-part routes, and whatever other rules there
    /// are.
    pub fn matches(self, pattern: &Pattern, mailbox: &Mailbox) -> bool {
        let case = self.table.settings().local_case;
        let same = |one: &LocalPart, other: &LocalPart| one.folded(case) == other.folded(case);
        let detailed = |mailbox: &Mailbox| {
            let split = self.split(&mailbox.local);
            split
                .filter(|(_, detail)| !detail.is_empty())
                .map(|(user, _)| user)
        };
        let local_is = |local: &LocalPart| {
            let user = self.split(&mailbox.local).map(|(user, _)| user);
            same(local, &mailbox.local) || user.is_some_and(|user| same(local, &user))
        };
        match pattern {
            Pattern::Mailbox(own) => own.domain == mailbox.domain && local_is(&own.local),
            Pattern::AnyDetail { user, domain } => {
                *domain == mailbox.domain && detailed(mailbox).is_some_and(|own| same(user, &own))
            }
            Pattern::LocalPart(local) => {
                self.table.class(&mailbox.domain) == Some(DomainClass::Secondary) && local_is(local)
            }
            Pattern::Detailed(domain) => *domain == mailbox.domain && detailed(mailbox).is_some(),
            Pattern::Domain(domain) => *domain == mailbox.domain,
            Pattern::Subdomains(above) => is_below(&mailbox.domain, above),
            Pattern::Regex(_) => false,
        }
    }
}

/// Returns true if a domain is below another one.
pub(super) fn is_below(domain: &Domain, above: &Domain) -> bool {
    domain.parents().any(|parent| parent == above.as_str())
}
