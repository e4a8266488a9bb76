//! What Postfix would answer from the lines that are written, compared with the table.

use std::collections::{BTreeSet, HashMap};

use crate::{
    engine::{
        address::{Domain, LocalCase, LocalPart, Mailbox, Subaddress},
        reply::SmtpReply,
        rewrite::Outcome,
        rule::{DomainClass, Unknown},
    },
    export::{
        entries::{EntryTarget, TargetForm},
        queries::TableQueries,
    },
};

/// How deep a chain is followed when two answers are compared.
const DEPTH: usize = 100;

/// The lines that are written, as Postfix looks them up.
pub(super) struct Lines<'s, 't> {
    queries: &'s TableQueries<'t>,
    by_key: HashMap<String, Vec<EntryTarget>>,
}

/// Returns what two addresses have in common if Postfix takes them for one.
pub(super) fn key(mailbox: &Mailbox) -> String {
    mailbox.key(LocalCase::Ignore)
}

impl<'s, 't> Lines<'s, 't> {
    /// Returns no lines.
    pub fn new(queries: &'s TableQueries<'t>) -> Self {
        Self {
            queries,
            by_key: HashMap::new(),
        }
    }

    /// Adds a line. Returns false if the same key was there before.
    pub fn insert(&mut self, key: String, targets: Vec<EntryTarget>) -> bool {
        self.by_key.insert(key, targets).is_none()
    }

    /// Returns the targets of the line for an address.
    pub fn of(&self, mailbox: &Mailbox) -> Option<&[EntryTarget]> {
        self.by_key.get(&key(mailbox)).map(Vec::as_slice)
    }

    /// Returns true if an address of the domain that is not in the file gets this very answer. The text of
    /// Postfix is its own, whatever the settings say.
    pub fn refuses_unlisted(&self, domain: &Domain, reply: &SmtpReply) -> bool {
        let table = self.queries.table;
        let unknown = [&table.settings().unknown_reject, &SmtpReply::unknown_user()];
        table.unknown(domain) == Unknown::Reject && unknown.contains(&reply)
    }

    /// Returns true if one address that is not in the file gets this very answer. A user who exists in a
    /// primary domain exists there with any detail.
    pub fn refuses_address(&self, mailbox: &Mailbox, reply: &SmtpReply) -> bool {
        let delimiters = &self.queries.table.settings().recipient_delimiter;
        let user = Subaddress::split(mailbox.local.as_str(), delimiters)
            .and_then(|split| LocalPart::from_internal(split.user).ok());
        let exists = user.is_some_and(|local| {
            let domain = mailbox.domain.clone();
            let user = self.queries.outcome(&Mailbox { local, domain });
            !matches!(user, Outcome::Refuse(_))
        });
        let taken = exists && !self.must_be_listed(&mailbox.domain);
        !taken && self.refuses_unlisted(&mailbox.domain, reply)
    }

    /// Returns true if an address of the domain exists for Postfix only if it is in the file.
    fn must_be_listed(&self, domain: &Domain) -> bool {
        let table = self.queries.table;
        table.class(domain) == Some(DomainClass::Secondary)
            && table.unknown(domain) != Unknown::Keep
    }

    /// Returns true if the lines give an address what the table gives it.
    pub fn agree(&self, probe: &Mailbox) -> bool {
        let found = self.resolve(probe);
        match self.queries.outcome(probe) {
            Outcome::Keep => match found {
                Some(found) => found.iter().eq([&key(probe)]),
                None => !self.must_be_listed(&probe.domain),
            },
            Outcome::Replace(list) => {
                let expected: BTreeSet<_> = list.iter().map(key).collect();
                found == Some(expected)
            }
            Outcome::Refuse(reply) => found.is_none() && self.refuses_address(probe, &reply),
            _ => false,
        }
    }

    /// Returns what one lookup of Postfix gives.
    pub fn lookup(&self, mailbox: &Mailbox) -> Option<Vec<Mailbox>> {
        let delimiters = &self.queries.table.settings().recipient_delimiter;
        let local = mailbox.local.as_str();
        let split = Subaddress::split(local, delimiters);
        let exact = self.of(mailbox).map(|targets| (targets, ""));
        let user = || {
            let split = split?;
            let user = LocalPart::from_internal(split.user).ok()?;
            let domain = mailbox.domain.clone();
            let targets = self.of(&Mailbox {
                local: user,
                domain,
            })?;
            Some((targets, local.get(split.user.len()..)?))
        };
        let domain = || {
            let targets = self.by_key.get(&format!("@{}", mailbox.domain))?;
            Some((targets.as_slice(), ""))
        };
        let (targets, detail) = exact.or_else(user).or_else(domain)?;
        let one = |target: &EntryTarget| {
            let (local, domain) = match &target.form {
                TargetForm::Mailbox(to) => (format!("{}{detail}", to.local.as_str()), &to.domain),
                TargetForm::Domain(to) => (local.to_owned(), to),
                TargetForm::Template(..) => return None,
            };
            let domain = domain.clone();
            let local = LocalPart::from_internal(&local).ok()?;
            Some(Mailbox { local, domain })
        };
        Some(targets.iter().filter_map(one).collect())
    }

    /// Follows all lookups until nothing matches. Returns `None` if the first lookup gives nothing.
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
