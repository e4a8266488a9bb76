//! Goes through the records of a store. Each is read only as far as needed.

use super::{names::NameTable, record::Head, rule_id::RuleId, rule_store::RuleStore};
use crate::engine::{
    address::Domain,
    rule::{Origin, Rule},
};

impl RuleStore {
    /// Returns all rules that are not replaced, in the order of files and lines.
    pub fn iter(&self) -> impl Iterator<Item = Rule> {
        self.entries().filter_map(|entry| entry.rule())
    }

    /// Returns the same rules, not made values yet.
    pub fn entries(&self) -> impl Iterator<Item = StoredRule<'_>> {
        self.entries_of(|_| true)
    }

    /// Returns the rules of wanted files. Other files are skipped as a whole.
    pub fn entries_of(&self, wanted: impl Fn(u32) -> bool) -> impl Iterator<Item = StoredRule<'_>> {
        let ends = self.blocks.iter().skip(1).map(|block| block.at);
        let ends = ends.chain(std::iter::once(u32::MAX));
        let blocks = self.blocks.iter().zip(ends);
        let blocks = blocks.filter(move |(block, _)| wanted(block.file));
        let walks = blocks.flat_map(|(block, end)| {
            let (file, walk) = (block.file, block.records(&self.bytes));
            walk.take_while(move |(id, _)| id.0 < end)
                .map(move |(id, head)| (id, file, head))
        });
        walks
            .filter(|(_, _, head)| !head.is_replaced())
            .map(|(id, file, head)| StoredRule {
                id,
                file,
                head,
                names: &self.names,
            })
    }
}

/// A rule in the store, which is not made a value yet.
#[derive(Clone, Copy, Debug)]
pub struct StoredRule<'p> {
    /// Its number.
    pub id: RuleId,
    file: u32,
    head: Head<'p>,
    names: &'p NameTable,
}

impl<'p> StoredRule<'p> {
    /// Returns true if its pattern is one mailbox.
    pub fn is_for_mailbox(&self) -> bool {
        self.head.is_for_mailbox()
    }

    /// Returns true if it rewrites the address that matched.
    pub fn rewrites(&self) -> bool {
        self.head.rewrites()
    }

    /// Returns true if it says that a mailbox exists.
    pub fn is_mailbox(&self) -> bool {
        self.head.is_mailbox()
    }

    /// Returns true if it rejects or defers.
    pub fn refuses(&self) -> bool {
        self.head.refuses()
    }

    /// Returns true if the address that matched stays as it is.
    pub fn stays(&self) -> bool {
        self.head.stays()
    }

    /// Returns the local-part of its pattern in internal form, if the pattern is one mailbox.
    pub fn local_part(&self) -> Option<&'p str> {
        self.head.mailbox().map(|(local, _)| local)
    }

    /// Returns the number of its file.
    pub fn file(&self) -> u32 {
        self.file
    }

    /// Returns what it was made from.
    pub fn origin(&self) -> Origin {
        self.head.origin()
    }

    /// Returns the domain that its pattern names, if it names one.
    pub fn domain(&self) -> Option<&'p Domain> {
        self.head.domain(self.names)
    }

    /// Returns the value.
    pub fn rule(&self) -> Option<Rule> {
        self.head.rule(self.file, self.names)
    }
}
