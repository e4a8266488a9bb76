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
                let domain = self.inbound(DomainClass::Secondary).into_iter().next()?;
                let local = local.clone();
                Some(Mailbox { local, domain })
            }
            Pattern::Regex(_) => None,
            Pattern::Detailed(domain) => with_detail(self.after, &nobody(domain)?),
            Pattern::Domain(domain) => nobody(domain),
            Pattern::Subdomains(above) => {
                nobody(&Domain::parse(&format!("{NOBODY}.{above}")).ok()?)
            }
        }
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
