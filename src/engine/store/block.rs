//! Blocks of records, and the way from record to record.

use super::{
    bytes::Reader,
    record::{BasePlace, Head},
    rule_id::RuleId,
};

/// How many records a block has.
pub(super) const BLOCK: u32 = 16;

/// The beginning of a run of records, with the place of the first one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Where its first record begins.
    pub at: u32,
    pub file: u32,
    pub line: u32,
    pub start: u32,
}

impl Block {
    /// Returns to what the place of its first record is relative.
    pub fn base(self) -> BasePlace {
        BasePlace {
            line: self.line,
            start: self.start,
        }
    }

    /// Returns the records from its first one on, those of later blocks included.
    pub fn records(self, bytes: &[u8]) -> Records<'_> {
        Records {
            bytes,
            at: self.at,
            base: self.base(),
        }
    }
}

/// Returns the record that begins at a byte, and where the next one begins.
pub(super) fn record_at(bytes: &[u8], at: u32) -> Option<(&[u8], u32)> {
    let mut reader = Reader(bytes.get(at as usize..)?);
    let length = reader.number()?;
    let record = reader.take(length as usize)?;
    let next = bytes.len() - reader.0.len();
    Some((record, u32::try_from(next).unwrap_or(u32::MAX)))
}

/// Records, each with its number.
pub(super) struct Records<'s> {
    bytes: &'s [u8],
    at: u32,
    base: BasePlace,
}

impl<'s> Iterator for Records<'s> {
    type Item = (RuleId, Head<'s>);

    fn next(&mut self) -> Option<Self::Item> {
        let id = RuleId(self.at);
        let (record, next) = record_at(self.bytes, self.at)?;
        let head = Head::read(record, self.base)?;
        (self.at, self.base) = (next, head.base);
        Some((id, head))
    }
}
