//! A second index for tables in which letter case counts: it finds rules whatever their letter case.
//!
//! Postfix and Sendmail write the keys of their lookups in lower case. So a socketmap cannot know in which
//! letter case the sender wrote a local-part. This index finds a rule that is right for some letter case.
//!
//! # Limits
//!
//! The index exists only in tables where letter case counts. It takes some ten bytes for each rule.

use hashbrown::{HashMap, HashSet};

use super::{
    key::key,
    mailbox_index::{BATCH, MailboxIndex},
};
use crate::engine::{
    address::LocalCase,
    rule::Pattern,
    store::{RuleId, RuleStore, StoredRule},
};

const CASE: LocalCase = LocalCase::Ignore;

/// The rules whose pattern has a local-part, found without letter case.
#[derive(Debug, Default)]
pub(super) struct AnyCase {
    pub(super) mailboxes: MailboxIndex,
    pub(super) any_detail: HashMap<Box<str>, RuleId>,
    pub(super) local_parts: HashMap<Box<str>, RuleId>,
    /// The rules whose pattern differs from that of another rule only in letter case.
    ambiguous: HashSet<RuleId>,
}

impl AnyCase {
    /// Indexes the rules of a store.
    pub(super) fn new(store: &RuleStore) -> Self {
        let mut index = Self {
            mailboxes: MailboxIndex::with_capacity(store.len()),
            ..Self::default()
        };
        let mut batch = Vec::with_capacity(BATCH);
        for entry in store.entries() {
            if !entry.is_for_mailbox() {
                index.add(&entry);
                continue;
            }
            batch.push(entry.id);
            if batch.len() == BATCH {
                index.add_mailboxes(store, &batch);
                batch.clear();
            }
        }
        index.add_mailboxes(store, &batch);
        index
    }

    fn add_mailboxes(&mut self, store: &RuleStore, ids: &[RuleId]) {
        let ambiguous = &mut self.ambiguous;
        let on_repeat = |first, again| ambiguous.extend([first, again]);
        self.mailboxes.insert(store, ids, CASE, on_repeat);
    }

    fn add(&mut self, entry: &StoredRule<'_>) {
        let Some(rule) = entry.rule() else { return };
        let (map, key) = match &rule.pattern {
            Pattern::AnyDetail { user, domain } => (
                &mut self.any_detail,
                key(user.as_str(), domain.as_str(), CASE),
            ),
            Pattern::LocalPart(local) => (&mut self.local_parts, local.folded(CASE)),
            _ => return,
        };
        let first = *map.entry(key.into()).or_insert(entry.id);
        if first != entry.id {
            self.ambiguous.extend([first, entry.id]);
        }
    }

    /// Returns true if the pattern of another rule differs from that of this rule only in letter case.
    pub(super) fn is_ambiguous(&self, id: RuleId) -> bool {
        self.ambiguous.contains(&id)
    }
}
