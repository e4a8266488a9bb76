//! A second index for tables in which letter case counts: it finds rules without letter case.
//!
//! Postfix and Sendmail write the keys of their lookups in lower case, so that a socketmap cannot know
//! how the sender wrote a local-part. An answer from this index says what holds in some letter case.
//!
//! # Limits
//!
//! Memory for it is taken only where letter case counts: some ten bytes for each rule.

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

/// Rules by the local-part that they name, letter case ignored.
#[derive(Debug, Default)]
pub(super) struct AnyCase {
    pub(super) mailboxes: MailboxIndex,
    pub(super) any_detail: HashMap<Box<str>, RuleId>,
    pub(super) local_parts: HashMap<Box<str>, RuleId>,
    /// Rules beside which there is another one that differs only in letter case.
    twins: HashSet<RuleId>,
}

impl AnyCase {
    /// Indexes the rules of a store.
    pub(super) fn new(store: &RuleStore) -> Self {
        let mut index = Self {
            mailboxes: MailboxIndex::with_capacity(store.len()),
            ..Self::default()
        };
        let mut waiting = Vec::with_capacity(BATCH);
        for entry in store.entries() {
            if !entry.is_for_mailbox() {
                index.add(&entry);
                continue;
            }
            waiting.push(entry.id);
            if waiting.len() == BATCH {
                index.add_mailboxes(store, &waiting);
                waiting.clear();
            }
        }
        index.add_mailboxes(store, &waiting);
        index
    }

    fn add_mailboxes(&mut self, store: &RuleStore, ids: &[RuleId]) {
        let twins = &mut self.twins;
        let twice = |was, id| twins.extend([was, id]);
        self.mailboxes.insert(store, ids, CASE, twice);
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
        let was = *map.entry(key.into()).or_insert(entry.id);
        if was != entry.id {
            self.twins.extend([was, entry.id]);
        }
    }

    /// Returns true if another rule differs from this one only in letter case.
    pub(super) fn has_twin(&self, id: RuleId) -> bool {
        self.twins.contains(&id)
    }
}
