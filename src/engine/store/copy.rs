//! Copies the records of an unchanged file from one store to another.
//!
//! Records name their domains by number, and give their places relative to the block they are in. So
//! they mean the same in another store that has the names of the first one.

use super::{
    block::Block,
    bytes::Reader,
    record,
    rule_store::{MOST, RuleStore},
};
use crate::engine::diagnostic::Span;

impl RuleStore {
    /// An empty store with the names of another one, so that records of that one can be copied.
    pub(super) fn after(earlier: &RuleStore) -> Self {
        Self {
            names: earlier.names.unused_copy(),
            ..Self::default()
        }
    }

    /// Returns true if most of its names are in use. If not, it is better to begin anew: names of rules
    /// that are gone go as well.
    pub(super) fn is_compact(&self) -> bool {
        self.names.is_compact(self.refusing)
    }

    /// Ends a file. Returns the domains that its rules name, and whether targets are in them.
    pub(super) fn end_file(&mut self) -> Vec<(u32, bool)> {
        self.names.end_file()
    }

    /// Copies the records of file `number` of an earlier store as those of `file` here. If there is no
    /// room for them, [`RuleStore::overflow`] says so.
    pub(super) fn copy_file(
        &mut self,
        earlier: &RuleStore,
        number: u32,
        file: u32,
        domains: &[(u32, bool)],
    ) {
        let first = earlier.blocks.partition_point(|block| block.file < number);
        let behind = earlier.blocks.partition_point(|block| block.file <= number);
        let end = earlier.blocks.get(behind).map(|block| block.at as usize);
        let start = earlier.blocks.get(first).map(|block| block.at as usize);
        let range = start.unwrap_or_default()..end.unwrap_or(earlier.bytes.len());
        let Some(records) = earlier.bytes.get(range).filter(|_| first < behind) else {
            // A file of comments alone.
            return;
        };
        let begin = self.bytes.len();
        if begin + records.len() >= MOST as usize {
            self.overflow.get_or_insert(Span::whole_file(file));
            return;
        }
        self.bytes.extend_from_slice(records);
        let shift = |at: u32| at - start.unwrap_or_default() as u32 + begin as u32;
        let blocks = earlier.blocks.get(first..behind).unwrap_or_default();
        self.blocks.extend(blocks.iter().map(|block| Block {
            at: shift(block.at),
            file,
            ..*block
        }));
        self.last = None;
        self.restore(begin);
        self.names.add_uses(domains);
    }

    /// Removes the marks of replaced rules from `begin` on, since other rules may decide now, and counts the rules.
    fn restore(&mut self, begin: usize) {
        let mut at = begin;
        loop {
            let mut reader = Reader(self.bytes.get(at..).unwrap_or_default());
            let Some(length) = reader.number() else {
                return;
            };
            let start = self.bytes.len() - reader.0.len();
            let record = self.bytes.get_mut(start..).unwrap_or_default();
            record::restore(record);
            self.live += 1;
            self.refusing += usize::from(record::refuses(record));
            at = start + length as usize;
        }
    }
}
