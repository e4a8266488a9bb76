//! Takes over the records of a file that is as it was, without reading it again.
//!
//! Records name their domains by number, and tell their places from the block they are in; so they
//! mean the same in another run as long as that knows the names of the first.

use super::{Block, MOST, Packed, bytes::Reader, record};

impl Packed {
    /// None yet, and room for the names that `past` has: its records mean the same here.
    pub fn after(past: &Packed) -> Self {
        Self {
            names: past.names.for_others(),
            ..Self::default()
        }
    }

    /// Whether it is worth being taken over: the names of rules that are gone for long go as well.
    pub fn is_compact(&self) -> bool {
        self.names.is_compact()
    }

    /// Ends a file: the domains that its rules name, and whether targets are in them.
    pub(super) fn end_file(&mut self) -> Vec<(u32, bool)> {
        self.names.end_file()
    }

    /// Takes over what file `was` of the past holds, as file `file` here; whether there is room.
    pub(super) fn adopt(
        &mut self,
        past: &Packed,
        was: u32,
        file: u32,
        domains: &[(u32, bool)],
    ) -> bool {
        let first = past.blocks.partition_point(|block| block.file < was);
        let behind = past.blocks.partition_point(|block| block.file <= was);
        let end = past.blocks.get(behind).map(|block| block.at as usize);
        let start = past.blocks.get(first).map(|block| block.at as usize);
        let range = start.unwrap_or_default()..end.unwrap_or(past.bytes.len());
        let Some(records) = past.bytes.get(range).filter(|_| first < behind) else {
            // A file of comments alone.
            return true;
        };
        let begin = self.bytes.len();
        if begin + records.len() >= MOST as usize {
            return false;
        }
        self.bytes.extend_from_slice(records);
        let shift = |at: u32| at - start.unwrap_or_default() as u32 + begin as u32;
        let blocks = past.blocks.get(first..behind).unwrap_or_default();
        self.blocks.extend(blocks.iter().map(|block| Block {
            at: shift(block.at),
            file,
            ..*block
        }));
        self.last = None;
        self.live += self.restore(begin);
        self.names.adopt(domains);
        true
    }

    /// Takes the marks of replaced rules away from `begin` on: others may decide now. How many rules
    /// there are.
    fn restore(&mut self, begin: usize) -> usize {
        let (mut at, mut count) = (begin, 0);
        loop {
            let mut reader = Reader(self.bytes.get(at..).unwrap_or_default());
            let Some(length) = reader.number() else {
                return count;
            };
            let record = self.bytes.len() - reader.0.len();
            record::restore(self.bytes.get_mut(record..).unwrap_or_default());
            at = record + length as usize;
            count += 1;
        }
    }
}
