//! Addresses that stand for many: an example of all that a pattern matches, a user with some detail.

use crate::engine::{
    address::{Domain, LocalPart, Mailbox, Subaddress},
    rule::{DomainClass, Pattern},
    table::Table,
};

/// The local-part, the detail or the label that stands for all that no rule names.
pub(super) const NOBODY: &str = LocalPart::NOBODY;

/// The two tables that are compared.
#[derive(Clone, Copy)]
pub(super) struct Tables<'t> {
    /// The older one.
    pub before: &'t Table,
    /// The newer one, whose settings count.
    pub after: &'t Table,
}

impl Tables<'_> {
    /// Returns an address that only this pattern matches; none for a regex.
    pub fn example(&self, pattern: &Pattern) -> Option<Mailbox> {
        match pattern {
            Pattern::Mailbox(mailbox) => Some(mailbox.clone()),
            Pattern::AnyDetail { user, domain } => {
                let local = user.clone();
                let domain = domain.clone();
                with_detail(self.after, &Mailbox { local, domain })
            }
            Pattern::LocalPart(local) => {
                let all = self.everywhere(local);
                let free = all.iter().find(|mailbox| !self.is_named(mailbox));
                free.or(all.first()).cloned()
            }
            Pattern::Regex(_) => None,
            Pattern::Detailed(domain) => with_detail(self.after, &nobody(domain)?),
            Pattern::Domain(domain) => nobody(domain),
            Pattern::Subdomains(above) => {
                nobody(&Domain::parse(&format!("{NOBODY}.{above}")).ok()?)
            }
        }
    }

    /// Returns the addresses of `local@*`: one in each secondary domain, and one below each `@*.domain` that stands
    /// for its subdomains.
    pub fn everywhere(&self, local: &LocalPart) -> Vec<Mailbox> {
        let tables = [self.before, self.after].into_iter();
        let below = tables
            .flat_map(Table::wildcard_domains)
            .filter_map(|above| Domain::parse(&format!("{NOBODY}.{above}")).ok());
        let mut domains = self.inbound(DomainClass::Secondary);
        domains.extend(below);
        let at = |domain| Mailbox {
            local: local.clone(),
            domain,
        };
        domains.into_iter().map(at).collect()
    }

    /// Returns true if one of the tables has a rule for this very address.
    pub fn is_named(&self, mailbox: &Mailbox) -> bool {
        let pattern = Pattern::Mailbox(mailbox.clone());
        [self.before, self.after]
            .iter()
            .any(|table| table.id_of(&pattern).is_some())
    }

    /// Returns the domains that one of the tables has in this class.
    pub fn inbound(&self, class: DomainClass) -> Vec<Domain> {
        let both = [self.before, self.after].into_iter();
        let all = both.flat_map(Table::inbound_domains);
        let mut all: Vec<_> = all
            .filter(|(_, its)| *its == class)
            .map(|(domain, _)| domain.clone())
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// Returns the user alone, and the separator with the detail.
    pub fn split(&self, mailbox: &Mailbox) -> Option<(Mailbox, String)> {
        let local = mailbox.local.as_str();
        let split = Subaddress::split(local, &self.after.settings().recipient_delimiter)?;
        let user = Mailbox {
            local: LocalPart::from_internal(split.user).ok()?,
            domain: mailbox.domain.clone(),
        };
        Some((user, local.get(split.user.len()..)?.to_owned()))
    }
}

pub(super) fn nobody(domain: &Domain) -> Option<Mailbox> {
    Some(Mailbox {
        local: LocalPart::from_internal(NOBODY).ok()?,
        domain: domain.clone(),
    })
}

/// Returns a user with a detail that nobody uses.
pub(super) fn with_detail(table: &Table, user: &Mailbox) -> Option<Mailbox> {
    let delimiter = table.settings().recipient_delimiter.chars().next()?;
    longer(user, &format!("{delimiter}{NOBODY}"))
}

/// Returns a user with a separator and nothing behind it.
pub(super) fn empty_detail(table: &Table, user: &Mailbox) -> Option<Mailbox> {
    let delimiter = table.settings().recipient_delimiter.chars().next()?;
    longer(user, &delimiter.to_string())
}

pub(super) fn longer(user: &Mailbox, rest: &str) -> Option<Mailbox> {
    let local = format!("{}{rest}", user.local.as_str());
    Some(Mailbox {
        local: LocalPart::from_internal(&local).ok()?,
        domain: user.domain.clone(),
    })
}
