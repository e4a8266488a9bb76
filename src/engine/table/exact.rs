//! The index of rules for one mailbox: of ten million, the one that is for an address.
//!
//! Only the number of each rule is kept. What it is for stands in the [`Packed`], so a lookup reads two
//! places of memory: the index, and the record that it names.

use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};

use crate::engine::{
    address::{LocalCase, fold},
    rule::{Packed, RuleId, same_local},
};

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

    /// Adds a rule for a mailbox; gives the one that was there before.
    pub fn insert(&mut self, store: &Packed, id: RuleId, case: LocalCase) -> Option<RuleId> {
        let (local, domain) = store.mailbox(id)?;
        let hash = self.hash(local, domain, case);
        let hasher = &self.hasher;
        let again = |id: &RuleId| {
            let (local, domain) = store.mailbox(*id).unwrap_or_default();
            hash_of(hasher, local, domain, case)
        };
        let is_it = |id: &RuleId| is_for(store, *id, local, domain, case);
        match self.table.entry(hash, is_it, again) {
            Entry::Occupied(was) => Some(*was.get()),
            Entry::Vacant(free) => {
                free.insert(id);
                None
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
