//! The index of rules for one mailbox: a hash table that finds one rule among ten million.
//!
//! The index keeps only the number of each rule. The mailbox of the rule is in the [`RuleStore`], so a lookup
//! reads two places in memory: the index, and the record of the rule.
//!
//! # Why this is not the hash map of a library
//!
//! In a large table, a lookup takes as long as its reads that miss the cache of the CPU. hashbrown keeps tags
//! and values in separate places, which costs one more such read for each address that is found. Here, tags and
//! values are in one cache line: the eight bytes of a hash choose the line and the tag. When a line is full,
//! its further rules go into the next line.
//!
//! # Limits
//!
//! An index cannot grow, and no rule can be removed: a table is built once, from a known number of rules.

use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;

use hashbrown::DefaultHashBuilder;

use crate::engine::{
    address::{LocalCase, fold},
    store::{RuleId, RuleStore, same_local},
};

/// How many rules are best added at once: the lines for them fit the cache.
pub(super) const BATCH: usize = 256;

/// How many bytes of a local-part are folded and hashed at once.
const CHUNK: usize = 64;

/// How many rules one line has room for.
const SLOTS: usize = 12;

/// How many rules a line holds on average: so few that only one line in twenty is full.
const FILLED: usize = 7;

/// One cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Line {
    /// For each slot, one byte of the hash of its rule, never 0; 0 if the slot is empty.
    tags: [u8; SLOTS],
    rules: [RuleId; SLOTS],
}

/// Finds the rule for a mailbox.
#[derive(Debug, Default)]
pub(super) struct MailboxIndex {
    lines: Vec<Line>,
    hasher: DefaultHashBuilder,
}

/// Where to look for a mailbox with a given hash.
#[derive(Clone, Copy, Debug)]
struct Place {
    line: usize,
    tag: u8,
}

impl Line {
    fn is_full(&self) -> bool {
        self.tags.last().is_some_and(|tag| *tag != 0)
    }

    /// Returns the rule that has this tag and for which `is_it` returns true.
    fn find(&self, tag: u8, is_it: impl Fn(RuleId) -> bool) -> Option<RuleId> {
        let slots = self.tags.iter().zip(&self.rules);
        let mut candidates = slots.filter(|(own, _)| **own == tag);
        candidates
            .find(|(_, rule)| is_it(**rule))
            .map(|(_, rule)| *rule)
    }

    /// Puts a rule into the first empty slot. Does nothing if the line is full.
    fn add(&mut self, tag: u8, rule: RuleId) {
        let slots = self.tags.iter_mut().zip(&mut self.rules);
        for (own_tag, own_rule) in slots {
            if *own_tag == 0 {
                (*own_tag, *own_rule) = (tag, rule);
                return;
            }
        }
    }
}

impl MailboxIndex {
    /// Returns an empty index with room for `count` rules.
    pub fn with_capacity(count: usize) -> Self {
        Self {
            lines: vec![Line::default(); count / FILLED + 1],
            ..Self::default()
        }
    }

    /// Returns the rule for a mailbox: its local-part, and the number of its domain in the store.
    pub fn find(
        &self,
        store: &RuleStore,
        local: &str,
        domain: u32,
        case: LocalCase,
    ) -> Option<RuleId> {
        let place = self.place(self.hash(local, domain, case));
        let is_it = |id| is_for(store, id, local, domain, case);
        self.look(place, is_it).ok()
    }

    /// Returns the rule for which `is_it` returns true.
    ///
    /// # Errors
    ///
    /// There is no such rule: the number of the line that has room for it, or `None` if all lines are full.
    fn look(&self, place: Place, is_it: impl Fn(RuleId) -> bool) -> Result<RuleId, Option<usize>> {
        let ahead = place.line..self.lines.len();
        for at in ahead.chain(0..place.line) {
            let line = self.lines.get(at).ok_or(None)?;
            if let Some(rule) = line.find(place.tag, &is_it) {
                return Ok(rule);
            }
            if !line.is_full() {
                return Err(Some(at));
            }
        }
        Err(None)
    }

    fn place(&self, hash: u64) -> Place {
        // The upper half of the product chooses a line; it is spread as evenly as the hash.
        let line = (u128::from(hash) * self.lines.len() as u128) >> 64;
        Place {
            line: line as usize,
            tag: (hash as u8).max(1),
        }
    }

    /// Adds rules for mailboxes, in their order. If a mailbox has a rule already, the index keeps that rule,
    /// and `on_repeat` gets both: the earlier rule, then the later one.
    ///
    /// Reads all lines that it needs before it writes to the first one. These reads do not wait for each
    /// other, so those that miss the cache overlap.
    pub fn insert(
        &mut self,
        store: &RuleStore,
        ids: &[RuleId],
        case: LocalCase,
        mut on_repeat: impl FnMut(RuleId, RuleId),
    ) {
        let place = |id: &RuleId| {
            let (local, domain) = store.mailbox(*id).unwrap_or_default();
            self.place(self.hash(local, domain, case))
        };
        let places: Vec<_> = ids.iter().map(place).collect();
        for place in &places {
            black_box(self.lines.get(place.line).map(Line::is_full));
        }
        for (id, place) in ids.iter().zip(places) {
            let is_it = |other| {
                store
                    .mailbox(*id)
                    .is_some_and(|(local, domain)| is_for(store, other, local, domain, case))
            };
            match self.look(place, is_it) {
                Ok(was) => on_repeat(was, *id),
                // There is always room: the caller of `with_capacity` knew the number of rules.
                Err(at) => {
                    if let Some(line) = at.and_then(|at| self.lines.get_mut(at)) {
                        line.add(place.tag, *id);
                    }
                }
            }
        }
    }

    fn hash(&self, local: &str, domain: u32, case: LocalCase) -> u64 {
        hash_of(&self.hasher, local, domain, case)
    }
}

fn is_for(store: &RuleStore, id: RuleId, local: &str, domain: u32, case: LocalCase) -> bool {
    store
        .mailbox(id)
        .is_some_and(|(stored, in_domain)| in_domain == domain && same_local(stored, local, case))
}

/// Returns the hash of a mailbox. Folds the local-part first if `case` ignores letter case.
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

/// Hashes a local-part, and folds its ASCII letters piece by piece, so that a lookup allocates no memory.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        diagnostic::{Findings, SourceText},
        syntax::{Parsed, read},
    };

    /// Returns rules for `count` mailboxes, and the numbers of these rules.
    fn rules(count: usize) -> (RuleStore, Vec<RuleId>) {
        let lines = (0..count).map(|n| format!("u{n}@d.example keep\n"));
        let source = SourceText::new("a.rules", lines.collect::<String>());
        let sources = [source];
        let (mut parsed, mut findings) = (Parsed::default(), Findings::new(&sources));
        read(0, &sources[0], &mut parsed, &mut findings);
        let ids = parsed.rules.entries().map(|entry| entry.id).collect();
        (parsed.rules, ids)
    }

    /// Puts `count` rules into an index that was made for `room`, and checks that a lookup finds each.
    #[track_caller]
    fn holds(count: usize, room: usize) {
        let (store, ids) = rules(count);
        let case = LocalCase::Ignore;
        let mut exact = MailboxIndex::with_capacity(room);
        exact.insert(&store, &ids, case, |_, _| panic!("each is there once"));
        let domain = store.mailbox(ids[0]).unwrap().1;
        let find = |local: &str| exact.find(&store, local, domain, case);
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(find(&format!("U{n}")), Some(*id));
        }
        for n in count..2 * count {
            assert_eq!(find(&format!("u{n}")), None);
        }
        assert_eq!(exact.find(&store, "u0", domain + 1, case), None);
        let mut twice = Vec::new();
        exact.insert(&store, &ids, case, |was, id| twice.push((was, id)));
        assert!(twice.iter().all(|(was, id)| was == id) && twice.len() == count);
    }

    #[test]
    fn what_was_added_is_found() {
        for count in [1, SLOTS, 100, 3 * BATCH + 1] {
            holds(count, count);
        }
    }

    #[test]
    fn full_lines_go_on_in_the_next() {
        // Every slot of every line is taken.
        holds(SLOTS, 0);
        holds(10 * SLOTS, 10 * FILLED - 1);
    }
}
