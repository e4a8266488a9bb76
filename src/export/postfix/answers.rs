//! What Postfix would answer from the lines that are written, held against the table.

use std::collections::BTreeSet;

use super::{Writer, key};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox, Subaddress},
    reply::SmtpReply,
    rewrite::Outcome,
    rule::{DomainClass, Unknown},
};
use crate::export::flat::{To, Value};

/// How deep a chain is followed when two answers are compared.
const DEPTH: usize = 100;

impl Writer<'_, '_, '_> {
    /// Whether an address of the domain that is not in the file gets this very answer; its text is
    /// Postfix's own, whatever the settings say.
    pub(super) fn refused_alike(&self, domain: &Domain, reply: &SmtpReply) -> bool {
        let table = self.survey.table;
        let unknown = [&table.settings().unknown_reject, &SmtpReply::unknown_user()];
        table.unknown(domain) == Unknown::Reject && unknown.contains(&reply)
    }

    /// The same for one address; who exists in a primary domain exists there with any detail.
    pub(super) fn refused_bare(&self, mailbox: &Mailbox, reply: &SmtpReply) -> bool {
        let delimiters = &self.survey.table.settings().recipient_delimiter;
        let user = Subaddress::split(mailbox.local.as_str(), delimiters)
            .and_then(|split| LocalPart::from_internal(split.user).ok());
        let exists = user.is_some_and(|local| {
            let domain = mailbox.domain.clone();
            let user = self.survey.outcome(&Mailbox { local, domain });
            !matches!(user, Outcome::Refuse(_))
        });
        let taken = exists && !self.must_be_known(&mailbox.domain);
        !taken && self.refused_alike(&mailbox.domain, reply)
    }

    /// Whether an address of the domain exists for Postfix only if it is in the file.
    pub(super) fn must_be_known(&self, domain: &Domain) -> bool {
        let table = self.survey.table;
        table.class(domain) == Some(DomainClass::Secondary)
            && table.unknown(domain) != Unknown::Keep
    }

    /// Whether the lines say of an address what the table says.
    pub(super) fn says(&self, probe: &Mailbox) -> bool {
        let found = self.resolve(probe);
        match self.survey.outcome(probe) {
            Outcome::Keep => match found {
                Some(found) => found.iter().eq([&key(probe)]),
                None => !self.must_be_known(&probe.domain),
            },
            Outcome::Replace(list) => {
                let wanted: BTreeSet<_> = list.iter().map(key).collect();
                found == Some(wanted)
            }
            Outcome::Refuse(reply) => found.is_none() && self.refused_bare(probe, &reply),
            Outcome::Discard => false,
        }
    }

    /// One lookup, as Postfix does it.
    pub(super) fn lookup(&self, mailbox: &Mailbox) -> Option<Vec<Mailbox>> {
        let delimiters = &self.survey.table.settings().recipient_delimiter;
        let local = mailbox.local.as_str();
        let split = Subaddress::split(local, delimiters);
        let exact = self.lines.get(&key(mailbox)).map(|values| (values, ""));
        let user = || {
            let split = split?;
            let user = LocalPart::from_internal(split.user).ok()?;
            let domain = mailbox.domain.clone();
            let values = self.lines.get(&key(&Mailbox {
                local: user,
                domain,
            }))?;
            Some((values, local.get(split.user.len()..)?))
        };
        let domain = || {
            let values = self.lines.get(&format!("@{}", mailbox.domain))?;
            Some((values, ""))
        };
        let (values, detail) = exact.or_else(user).or_else(domain)?;
        let one = |value: &Value| {
            let (local, domain) = match &value.to {
                To::Mailbox(to) => (format!("{}{detail}", to.local.as_str()), &to.domain),
                To::Domain(to) => (local.to_owned(), to),
                To::Template(..) => return None,
            };
            let domain = domain.clone();
            let local = LocalPart::from_internal(&local).ok()?;
            Some(Mailbox { local, domain })
        };
        Some(values.iter().filter_map(one).collect())
    }

    /// All lookups, until nothing matches; `None` where not even the first one did.
    fn resolve(&self, mailbox: &Mailbox) -> Option<BTreeSet<String>> {
        let mut waiting: Vec<_> = self.lookup(mailbox)?;
        let mut seen = BTreeSet::from([key(mailbox)]);
        let mut ends = BTreeSet::new();
        if waiting.iter().any(|next| key(next) == key(mailbox)) {
            ends.insert(key(mailbox));
        }
        for _ in 0..DEPTH {
            let Some(next) = waiting.pop() else { break };
            if !seen.insert(key(&next)) {
                continue;
            }
            match self.lookup(&next) {
                Some(more) => {
                    if more.iter().any(|one| key(one) == key(&next)) {
                        ends.insert(key(&next));
                    }
                    waiting.extend(more);
                }
                None => {
                    ends.insert(key(&next));
                }
            }
        }
        Some(ends)
    }
}
