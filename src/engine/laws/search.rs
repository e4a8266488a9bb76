//! What the addresses of a law lead to: sets of addresses as nodes, rules as ways between them.
//!
//! Each set is looked at once, however many rules lead to it. A rule whose targets lie in a domain in which the law
//! holds for every address makes no node: ten million such rules cost one look at each.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};

use super::{
    claim::{Ending, Judge},
    graph::{Broken, Reached, Way},
    index::Index,
    set::{AddressSet, Place},
};
use crate::engine::{address::Domain, store::RuleId, syntax::Claim, table::Table};

/// A search for all that the addresses of a law lead to.
pub(super) struct Search<'a> {
    pub table: &'a Table,
    pub index: &'a Index,
    pub judge: Judge<'a>,
    pub reached: Vec<Reached>,
    numbers: HashMap<String, usize>,
    pub broken: Vec<Broken>,
    /// Rules that were applied, apart from those for one mailbox that needed one look.
    pub rules: HashSet<RuleId>,
    /// Domains of which every rule for one mailbox was looked at.
    pub whole: HashSet<Domain>,
    /// Domains in which branches end.
    pub ends: BTreeSet<String>,
    /// Whether the law holds for every address of a domain, as far as that is known.
    pub(super) settled: HashMap<Domain, bool>,
    /// Whether it holds there at first sight.
    pub(super) quiet: HashMap<Domain, bool>,
    /// Searches within this one.
    pub(super) inner: usize,
}

impl<'a> Search<'a> {
    pub fn new(table: &'a Table, index: &'a Index, judge: Judge<'a>) -> Self {
        Self {
            table,
            index,
            judge,
            reached: Vec::new(),
            numbers: HashMap::new(),
            broken: Vec::new(),
            rules: HashSet::new(),
            whole: HashSet::new(),
            ends: BTreeSet::new(),
            settled: HashMap::new(),
            quiet: HashMap::new(),
            inner: 0,
        }
    }

    /// Returns the number of a set, which is new or not.
    pub(super) fn number(&mut self, set: AddressSet) -> usize {
        let key = set.key(self.judge.case);
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.reached.len();
        self.numbers.insert(key, number);
        self.reached.push(Reached {
            set,
            first: false,
            ways: Vec::new(),
            onward: Vec::new(),
        });
        number
    }

    /// Adds a way to a set.
    pub fn reach(&mut self, way: Way, to: AddressSet) {
        let from = way.from;
        let number = self.number(to);
        if let Some(reached) = self.reached.get_mut(from) {
            reached.onward.push(number);
        }
        if let Some(reached) = self.reached.get_mut(number) {
            reached.ways.push(way);
        }
    }

    /// A branch ends at some addresses of a set, or they are refused or discarded.
    pub fn end(&mut self, way: Way, ending: Ending, rule: Option<RuleId>) {
        let Some(reached) = self.reached.get(way.from) else {
            return;
        };
        let first = reached.first;
        let part = AddressSet {
            locals: way.part,
            place: reached.set.place.clone(),
        };
        if ending == Ending::Out {
            self.ends_in(&part.place);
        }
        let parts = match (self.judge.claim, ending) {
            (Claim::Delivered, Ending::Out) => Vec::new(),
            (Claim::Delivered, Ending::Routing) if first => Vec::new(),
            (Claim::Delivered, _) => vec![part],
            (_, Ending::Out) => self.judge.against(&part),
            _ => Vec::new(),
        };
        let examples = way.examples;
        self.broken.extend(parts.into_iter().map(|part| Broken {
            at: way.from,
            part,
            rule,
            examples: examples.clone(),
        }));
    }

    /// Mail ends at addresses of these domains.
    pub fn ends_in(&mut self, place: &Place) {
        match place {
            Place::In(domain) if self.ends.contains(domain.as_str()) => {}
            Place::In(domain) => {
                self.ends.insert(domain.to_string());
            }
            Place::Below(domain) => {
                self.ends.insert(format!("*.{domain}"));
            }
        }
    }
}
