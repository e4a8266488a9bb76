//! Follows rules from address to address, and finds cycles: ways that come back to an address, or on which the
//! addresses grow for ever. Visits each address once.
//!
//! # Limits
//!
//! If a way uses one rule [`MAX_TURNS`] times, with a longer address than the first time, its addresses are
//! assumed to grow for ever.
//!
//! Of each visited address, 64 bits of a hash are kept, so that ten million rules that lead to further rules
//! take some hundred megabytes. Two addresses with the same 64 bits (one case in billions of tables) hide a
//! loop from the check. Mail that meets this loop is deferred.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap, HashSet};

use crate::engine::{
    address::Mailbox,
    rewrite::{Rewritten, rewrite_once},
    store::RuleId,
    table::{Address, Table},
};

/// How often a way may use one rule before its addresses are assumed to grow for ever.
const MAX_TURNS: usize = 50;

/// Addresses each of which leads to the next.
#[derive(Clone, Debug)]
pub(super) struct Cycle {
    /// Each address with the rule that rewrites it. The last one leads to the first, or to `grows_to`.
    pub steps: Vec<(Mailbox, RuleId)>,
    /// The address to which the last one leads, if it is like the first one, but longer.
    pub grows_to: Option<Mailbox>,
    /// True if some rule of the cycle matches its address only without the detail.
    pub left_out_detail: bool,
}

/// An address on the way, and the targets of its rule that were not followed yet.
struct Frame {
    address: Address,
    rule: RuleId,
    pending: Vec<Mailbox>,
    left_out_detail: bool,
}

/// A walk over all rules of a table.
pub(super) struct Walk<'t> {
    table: &'t Table,
    hasher: DefaultHashBuilder,
    walked: HashSet<u64>,
    path: Vec<Frame>,
    on_path: HashMap<Arc<str>, usize>,
    /// For each rule on the path: the position of its first use, and how often it is used.
    rules: HashMap<RuleId, (usize, usize)>,
    cycles: Vec<Cycle>,
}

impl<'t> Walk<'t> {
    /// Returns a walk that has visited no address.
    pub fn new(table: &'t Table) -> Self {
        Self {
            table,
            hasher: DefaultHashBuilder::default(),
            walked: HashSet::new(),
            path: Vec::new(),
            on_path: HashMap::new(),
            rules: HashMap::new(),
            cycles: Vec::new(),
        }
    }

    /// Follows the rules from an address. Returns the cycles that earlier calls did not return.
    pub fn from(&mut self, start: Mailbox) -> Vec<Cycle> {
        self.visit(start);
        while let Some(frame) = self.path.last_mut() {
            match frame.pending.pop() {
                None => self.leave(),
                Some(next) => self.visit(next),
            }
        }
        std::mem::take(&mut self.cycles)
    }

    /// Looks one address up, unless it was visited before.
    fn visit(&mut self, mailbox: Mailbox) {
        let address = Address::new(mailbox, self.table);
        if let Some(at) = self.on_path.get(&address.key).copied() {
            // A rule that rewrites an address to itself means `keep`; that is no cycle.
            if at + 1 < self.path.len() {
                self.cycles.push(self.cycle(at, self.path.len(), None));
            }
            return;
        }
        if !self.walked.insert(self.hasher.hash_one(&*address.key)) {
            return;
        }
        if let Some(next) = rewrite_once(self.table, &address) {
            self.enter(address, next);
        }
    }

    /// Puts an address on the path, to follow its targets next. If the addresses grow for ever, reports the
    /// cycle instead and ends the walk.
    fn enter(&mut self, address: Address, next: Rewritten) {
        let (first, turns) = self
            .rules
            .entry(next.rule)
            .and_modify(|(_, turns)| *turns += 1)
            .or_insert((self.path.len(), 1));
        let (first, many) = (*first, *turns >= MAX_TURNS);
        let before = self.path.get(first).map(|frame| &frame.address.key);
        let grows = before.is_some_and(|before| before.len() < address.key.len());
        let deep = self.path.len() >= self.table.settings().recursion_limit;
        if grows && (next.too_long || deep || many) {
            let mut again = self.path.iter().skip(first + 1);
            let again = again.position(|frame| frame.rule == next.rule);
            let end = again.map_or(self.path.len(), |at| first + 1 + at);
            let longer = self.path.get(end).map(|frame| &frame.address);
            let longer = longer.unwrap_or(&address).mailbox.clone();
            self.cycles.push(self.cycle(first, end, Some(longer)));
            while !self.path.is_empty() {
                self.leave();
            }
            return;
        }
        self.on_path
            .insert(Arc::clone(&address.key), self.path.len());
        let mut pending = next.targets;
        pending.reverse();
        self.path.push(Frame {
            address,
            rule: next.rule,
            pending,
            left_out_detail: next.left_out_detail,
        });
    }

    fn leave(&mut self) {
        if let Some(frame) = self.path.pop() {
            self.on_path.remove(&frame.address.key);
            if let Some((first, turns)) = self.rules.get_mut(&frame.rule) {
                *turns -= 1;
                if *first == self.path.len() {
                    self.rules.remove(&frame.rule);
                }
            }
        }
    }

    /// Returns the part of the path from `from` to before `end` as a cycle.
    fn cycle(&self, from: usize, end: usize, grows_to: Option<Mailbox>) -> Cycle {
        let frames = self.path.get(from..end).unwrap_or_default();
        let step = |frame: &Frame| (frame.address.mailbox.clone(), frame.rule);
        // The first address may have had no detail when the way met it first, and a detail the next time.
        let next = self.path.get(end).map(|frame| frame.left_out_detail);
        Cycle {
            steps: frames.iter().map(step).collect(),
            left_out_detail: frames.iter().any(|frame| frame.left_out_detail)
                || (grows_to.is_some() && next == Some(true)),
            grows_to,
        }
    }
}
