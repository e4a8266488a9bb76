//! The index of rules for one mailbox: of ten million, the one that is for an address.
//!
//! Only the number of each rule is kept. What it is for stands in the [`RuleStore`], so a lookup reads two
//! places of memory: the index, and the record that it names.
//!
//! # Why it is no map of a library
//!
//! In a large table the time of a lookup is that of the reads which miss the cache. hashbrown keeps its
//! tags and its values apart, which is one such read more for each address that is found. Here both
//! stand in one line of the cache: eight bytes of a hash choose the line and the tag. A line that is
//! full goes on in the next one.
//!
//! # Limits
//!
//! There is no way to take a rule out, nor to grow: a table is made once, of rules that are counted.

use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;

use hashbrown::DefaultHashBuilder;

use crate::engine::{
    address::{LocalCase, fold},
    store::{RuleId, RuleStore, same_local},
};

/// Rules that are best added at once: their places fit the cache.
pub(super) const BATCH: usize = 256;

/// How many bytes are folded at once.
const CHUNK: usize = 64;

/// Rules that one line holds.
const SLOTS: usize = 12;

/// Rules that it holds on average: so few that one in twenty is full.
const FILLED: usize = 7;

/// One line of the cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Line {
    /// A byte of the hash of each rule, never 0; 0 where there is none.
    tags: [u8; SLOTS],
    rules: [RuleId; SLOTS],
}

/// Rules by the mailbox that they are for.
#[derive(Debug, Default)]
pub(super) struct MailboxIndex {
    lines: Vec<Line>,
    hasher: DefaultHashBuilder,
}

/// Where a hash leads.
#[derive(Clone, Copy, Debug)]
struct Place {
    line: usize,
    tag: u8,
}

impl Line {
    fn is_full(&self) -> bool {
        self.tags.last().is_some_and(|tag| *tag != 0)
    }

    /// The rule with this tag that is the one.
    fn find(&self, tag: u8, is_it: impl Fn(RuleId) -> bool) -> Option<RuleId> {
        let slots = self.tags.iter().zip(&self.rules);
        let mut candidates = slots.filter(|(own, _)| **own == tag);
        candidates
            .find(|(_, rule)| is_it(**rule))
            .map(|(_, rule)| *rule)
    }

    /// Adds a rule, where there is room.
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
    /// An index with room for `count` rules.
    pub fn with_capacity(count: usize) -> Self {
        Self {
            lines: vec![Line::default(); count / FILLED + 1],
            ..Self::default()
        }
    }

    /// The rule for the mailbox with this local-part in the domain of this number.
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

    /// The rule that is meant, or the line in which there is room for it.
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
        // The upper half of the product is as evenly spread as the hash.
        let line = (u128::from(hash) * self.lines.len() as u128) >> 64;
        Place {
            line: line as usize,
            tag: (hash as u8).max(1),
        }
    }

    /// Adds rules for mailboxes, in their order; of one whose mailbox has a rule already, `twice` is
    /// told both, the other one first.
    ///
    /// All places in the index are looked at before the first is written to. None of these reads waits
    /// for another, so that those that miss the cache overlap.
    pub fn insert(
        &mut self,
        store: &RuleStore,
        ids: &[RuleId],
        case: LocalCase,
        mut twice: impl FnMut(RuleId, RuleId),
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
                Ok(was) => twice(was, *id),
                // There is room: the lines were made for as many rules as there are.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        diagnostic::{Findings, SourceText},
        syntax::{Parsed, read},
    };

    /// Rules for `count` mailboxes, and their numbers.
    fn rules(count: usize) -> (RuleStore, Vec<RuleId>) {
        let lines = (0..count).map(|n| format!("u{n}@d.example keep\n"));
        let source = SourceText::new("a.rules", lines.collect::<String>());
        let sources = [source];
        let (mut parsed, mut findings) = (Parsed::default(), Findings::new(&sources));
        read(0, &sources[0], &mut parsed, &mut findings);
        let ids = parsed.rules.entries().map(|entry| entry.id).collect();
        (parsed.rules, ids)
    }

    /// Fills an index that was made for `room` rules with `count`, which all have to be found again.
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
