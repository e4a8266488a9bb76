//! The index of rules for one mailbox: of ten million, the one that is for an address.
//!
//! Only the number of each rule is kept. What it is for stands in the [`Packed`], so a lookup reads two
//! places of memory: the index, and the record that it names.

use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};

use crate::engine::{
    address::{LocalCase, fold},
    rule::{Packed, RuleId, same_local},
};

/// Rules that are added at once.
pub(super) const BATCH: usize = 256;

/// Octets that are folded at once.
const CHUNK: usize = 64;

/// Rules by the mailbox that they are for.
#[derive(Debug, Default)]
pub(super) struct Exact {
    table: HashTable<RuleId>,
    hasher: DefaultHashBuilder,
}

impl Exact {
    /// An index with room for `count` rules.
    pub fn with_capacity(count: usize) -> Self {
        Self {
            table: HashTable::with_capacity(count),
            ..Self::default()
        }
    }

    /// The rule for the mailbox with this local-part in the domain of this number.
    pub fn find(
        &self,
        store: &Packed,
        local: &str,
        domain: u32,
        case: LocalCase,
    ) -> Option<RuleId> {
        self.table
            .find(self.hash(local, domain, case), |id| {
                is_for(store, *id, local, domain, case)
            })
            .copied()
    }

    /// Adds rules for mailboxes, in their order; of one whose mailbox has a rule already, `twice` is
    /// told both, the other one first.
    ///
    /// All places in the index are looked at before the first is written to. None of these reads waits
    /// for another, so that those that miss the cache overlap.
    pub fn insert(
        &mut self,
        store: &Packed,
        ids: &[RuleId],
        case: LocalCase,
        mut twice: impl FnMut(RuleId, RuleId),
    ) {
        let hasher = &self.hasher;
        let hash = |id: &RuleId| {
            let (local, domain) = store.mailbox(*id).unwrap_or_default();
            hash_of(hasher, local, domain, case)
        };
        for ids in ids.chunks(BATCH) {
            let mut hashes = [0; BATCH];
            for (to, id) in hashes.iter_mut().zip(ids) {
                *to = hash(id);
            }
            for hash in &hashes {
                black_box(self.table.find(*hash, |_| false));
            }
            for (id, at) in ids.iter().zip(hashes) {
                let is_it = |other: &RuleId| {
                    store
                        .mailbox(*id)
                        .is_some_and(|(local, domain)| is_for(store, *other, local, domain, case))
                };
                match self.table.entry(at, is_it, hash) {
                    Entry::Occupied(was) => twice(*was.get(), *id),
                    Entry::Vacant(free) => {
                        free.insert(*id);
                    }
                }
            }
        }
    }

    fn hash(&self, local: &str, domain: u32, case: LocalCase) -> u64 {
        hash_of(&self.hasher, local, domain, case)
    }
}

fn is_for(store: &Packed, id: RuleId, local: &str, domain: u32, case: LocalCase) -> bool {
    store
        .mailbox(id)
        .is_some_and(|(stored, in_domain)| in_domain == domain && same_local(stored, local, case))
}

/// Hashes a local-part as it is compared, folded or not, and a domain.
fn hash_of(builder: &DefaultHashBuilder, local: &str, domain: u32, case: LocalCase) -> u64 {
    let mut hasher = builder.build_hasher();
    if local.is_ascii() {
        write_folded(&mut hasher, local.as_bytes(), case);
    } else {
        write_folded(&mut hasher, fold(local, case).as_bytes(), case);
    }
    hasher.write_u32(domain);
    hasher.finish()
}

/// Folds ASCII letters on the way, in pieces: a lookup takes no memory for it.
fn write_folded(hasher: &mut impl Hasher, local: &[u8], case: LocalCase) {
    for chunk in local.chunks(CHUNK) {
        let mut folded = [0; CHUNK];
        for (to, from) in folded.iter_mut().zip(chunk) {
            *to = match case {
                LocalCase::Ignore => from.to_ascii_lowercase(),
                LocalCase::Strict => *from,
            };
        }
        hasher.write(folded.get(..chunk.len()).unwrap_or_default());
    }
}
