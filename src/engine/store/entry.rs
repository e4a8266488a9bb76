//! Walks over the records, each read no further than asked for.

use super::{
    Block, Packed, RuleId,
    names::Names,
    record::{Base, Head},
};
use crate::engine::{
    address::Domain,
    rule::{Origin, Rule},
};

impl Packed {
    /// All rules but those that were replaced, in the order of files and lines.
    pub fn iter(&self) -> impl Iterator<Item = Rule> {
        self.entries().filter_map(|entry| entry.rule())
    }

    /// The same, read no further than asked for.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.entries_of(|_| true)
    }

    /// Those of the files that are wanted; the others are stepped over as a whole.
    pub fn entries_of(&self, wanted: impl Fn(u32) -> bool) -> impl Iterator<Item = Entry<'_>> {
        let ends = self.blocks.iter().skip(1).map(|block| block.at);
        let ends = ends.chain(std::iter::once(u32::MAX));
        let blocks = self.blocks.iter().zip(ends);
        let blocks = blocks.filter(move |(block, _)| wanted(block.file));
        let walks = blocks.flat_map(|(block, end)| {
            let (file, walk) = (block.file, self.walk(*block));
            walk.take_while(move |(id, _)| id.0 < end)
                .map(move |(id, head)| (id, file, head))
        });
        walks
            .filter(|(_, _, head)| !head.is_replaced())
            .map(|(id, file, head)| Entry {
                id,
                file,
                head,
                names: &self.names,
            })
    }

    pub(super) fn walk(&self, block: Block) -> Walk<'_> {
        Walk {
            store: self,
            at: block.at,
            base: block.base(),
        }
    }
}

/// A rule that is not made a value yet.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'p> {
    /// Its number.
    pub id: RuleId,
    file: u32,
    head: Head<'p>,
    names: &'p Names,
}

impl<'p> Entry<'p> {
    /// Whether its pattern is one mailbox.
    pub fn is_for_mailbox(&self) -> bool {
        self.head.is_for_mailbox()
    }

    /// Whether other addresses take the place of the one that matched.
    pub fn rewrites(&self) -> bool {
        self.head.rewrites()
    }

    /// Whether it says that a mailbox exists.
    pub fn is_mailbox(&self) -> bool {
        self.head.is_mailbox()
    }

    /// Whether it rejects or defers.
    pub fn refuses(&self) -> bool {
        self.head.refuses()
    }

    /// The number of its file.
    pub fn file(&self) -> u32 {
        self.file
    }

    /// Where it came from.
    pub fn origin(&self) -> Origin {
        self.head.origin()
    }

    /// The domain that its pattern names, where it names one.
    pub fn domain(&self) -> Option<&'p Domain> {
        self.head.domain(self.names)
    }

    /// The value.
    pub fn rule(&self) -> Option<Rule> {
        self.head.rule(self.file, self.names)
    }
}

/// From record to record.
pub(super) struct Walk<'s> {
    store: &'s Packed,
    at: u32,
    base: Base,
}

impl<'s> Iterator for Walk<'s> {
    type Item = (RuleId, Head<'s>);

    fn next(&mut self) -> Option<Self::Item> {
        let id = RuleId(self.at);
        let (record, next) = self.store.record(self.at)?;
        let head = Head::read(record, self.base)?;
        (self.at, self.base) = (next, head.base);
        Some((id, head))
    }
}
