//! All rules of a directory in one run of octets, in the order of files and lines.
//!
//! A rule as a value takes some hundred octets in half a dozen pieces of memory. Ten million of them
//! would neither fit nor be freed in time, so each is packed as soon as it is read, as a record of
//! about forty octets ([`record`]), and made a value anew for whoever asks.
//!
//! # Places
//!
//! A record tells its line and start as steps from the one before. Where a walk would become long, a
//! [`Block`] begins, which has them in full: a place costs about four octets a rule, and is found by
//! a walk of at most [`BLOCK`] records.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | octets of all records | 4 GiB, some ninety million rules | [`Packed::push`] takes none any more, and says which was the first |

mod address;
mod bytes;
mod copy;
mod entry;
mod names;
mod plain;
mod record;
mod reuse;
mod target;

pub use self::{
    entry::Entry,
    plain::PlainAddress,
    reuse::{ContentHash, Fetch, FileRead, Reuse},
};

use self::{
    bytes::{Reader, Writer},
    names::Names,
    record::{Base, Head},
};

pub use record::RuleView;

use crate::engine::{
    address::{Domain, LocalCase, fold},
    diagnostic::{Span, saturate},
    rule::Rule,
};

/// Number of a rule; the numbers grow in the order of files and lines, with gaps.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RuleId(u32);

#[cfg(test)]
impl RuleId {
    /// A number for tests that have no rules.
    pub fn numbered(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// Records of one block.
const BLOCK: u32 = 16;

/// Octets of all records but the last.
const MOST: u32 = if cfg!(test) { 1 << 16 } else { u32::MAX };

/// All rules, packed.
#[derive(Debug, Default)]
pub struct Packed {
    bytes: Vec<u8>,
    /// The first rule for which there was no room.
    overflow: Option<Span>,
    blocks: Vec<Block>,
    /// Records in the last block.
    in_block: u32,
    /// Where the last record was written.
    last: Option<Span>,
    names: Names,
    live: usize,
    /// Where plain records are made, so that a million of them take memory once.
    scratch: Writer,
}

/// Where a run of records begins.
#[derive(Clone, Copy, Debug)]
struct Block {
    at: u32,
    file: u32,
    line: u32,
    start: u32,
}

impl Block {
    fn base(self) -> Base {
        Base {
            line: self.line,
            start: self.start,
        }
    }
}

impl Packed {
    /// Adds a rule; `None` where there is no room for it.
    pub fn push(&mut self, rule: &Rule) -> Option<RuleId> {
        let (at, base) = self.begin(rule.span)?;
        let record = record::encode(rule, base, &mut self.names);
        self.end(&record.0, rule.span);
        Some(RuleId(at))
    }

    /// Adds a rule that leads from one plain address to another, each with its place; whether their
    /// domains were known before, and it could.
    pub(super) fn push_plain(
        &mut self,
        from: (PlainAddress<'_>, Span),
        to: (PlainAddress<'_>, Span),
    ) -> bool {
        let (Some(domain), Some(target)) = (
            self.names.known(from.0.domain, false),
            self.names.known(to.0.domain, true),
        ) else {
            return false;
        };
        if let Some((_, base)) = self.begin(from.1) {
            let mut record = std::mem::take(&mut self.scratch);
            record.0.clear();
            record::encode_plain((domain, from), (target, to), base, &mut record);
            self.end(&record.0, from.1);
            self.scratch = record;
        }
        true
    }

    /// Where the next record begins, and what it tells its place from.
    fn begin(&mut self, span: Span) -> Option<(u32, Base)> {
        let at = u32::try_from(self.bytes.len()).ok().filter(|at| *at < MOST);
        if at.is_none() {
            self.overflow.get_or_insert(span);
        }
        at.map(|at| (at, self.base(at, span)))
    }

    fn end(&mut self, record: &[u8], span: Span) {
        bytes::number(&mut self.bytes, saturate(record.len()));
        self.bytes.extend_from_slice(record);
        self.last = Some(span);
        self.live += 1;
    }

    /// What the next record tells its place from.
    fn base(&mut self, at: u32, span: Span) -> Base {
        match self.last {
            Some(last) if last.file == span.file && self.in_block < BLOCK => {
                self.in_block += 1;
                Base {
                    line: last.line,
                    start: last.start,
                }
            }
            _ => {
                self.in_block = 1;
                let block = Block {
                    at,
                    file: span.file,
                    line: span.line,
                    start: span.start,
                };
                self.blocks.push(block);
                block.base()
            }
        }
    }

    /// The first rule for which there was no room.
    pub fn overflow(&self) -> Option<Span> {
        self.overflow
    }

    /// Gives back the memory that growing took in advance.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.blocks.shrink_to_fit();
    }

    /// How many rules there are, those that were replaced not counted.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Leaves a rule out: another one with its pattern decides.
    pub fn replace(&mut self, id: RuleId) {
        let mut reader = Reader(self.bytes.get(id.0 as usize..).unwrap_or_default());
        if reader.number().is_some() {
            let at = self.bytes.len() - reader.0.len();
            record::replace(self.bytes.get_mut(at..).unwrap_or_default());
            self.live -= 1;
        }
    }

    /// The rule with this number.
    pub fn rule(&self, id: RuleId) -> Option<Rule> {
        let (file, head) = self.placed(id)?;
        head.rule(file, &self.names)
    }

    /// The rule with this number; its places are not looked up, and mean nothing.
    pub fn unplaced(&self, id: RuleId) -> Option<Rule> {
        let (record, _) = self.record(id.0)?;
        Head::read(record, Base { line: 0, start: 0 })?.rule(0, &self.names)
    }

    /// What a rule does: whether it is for more than one local-part, its action, its detail. The
    /// pattern, which whoever found the rule knows, is not made.
    pub fn meaning(&self, id: RuleId) -> Option<RuleView> {
        let (record, _) = self.record(id.0)?;
        Head::read(record, Base { line: 0, start: 0 })?.meaning(&self.names)
    }

    /// File and line of a rule.
    pub fn place(&self, id: RuleId) -> Option<(u32, u32)> {
        let (file, head) = self.placed(id)?;
        Some((file, head.base.line))
    }

    /// The domains that some rule names, in its pattern or in a target.
    pub fn domains(&self) -> impl Iterator<Item = &Domain> {
        self.names.domains()
    }

    /// Those that a target is in.
    pub fn target_domains(&self) -> impl Iterator<Item = &Domain> {
        self.names.target_domains()
    }

    /// The number of a domain that some rule names.
    pub fn domain(&self, domain: &Domain) -> Option<u32> {
        self.names.number(domain.as_str())
    }

    /// The local-part and the domain of a rule's pattern, where that is one mailbox.
    pub fn mailbox(&self, id: RuleId) -> Option<(&str, u32)> {
        let (record, _) = self.record(id.0)?;
        Head::read(record, Base { line: 0, start: 0 })?.mailbox()
    }

    /// A record and where the next one begins.
    fn record(&self, at: u32) -> Option<(&[u8], u32)> {
        let mut reader = Reader(self.bytes.get(at as usize..)?);
        let length = reader.number()?;
        let record = reader.take(length as usize)?;
        let next = self.bytes.len() - reader.0.len();
        Some((record, u32::try_from(next).unwrap_or(u32::MAX)))
    }

    /// All that is packed, to be compared.
    #[cfg(test)]
    pub fn octets(&self) -> String {
        format!("{:?} {:?} {:?}", self.bytes, self.blocks, self.last)
    }

    /// The file and the head of a record, with its place.
    fn placed(&self, id: RuleId) -> Option<(u32, Head<'_>)> {
        let after = self.blocks.partition_point(|block| block.at <= id.0);
        let block = self.blocks.get(after.checked_sub(1)?)?;
        let (at, head) = self.walk(*block).find(|(at, _)| at.0 >= id.0)?;
        (at == id).then_some((block.file, head))
    }
}

/// Whether two local-parts are one mailbox's.
pub fn same_local(one: &str, other: &str, case: LocalCase) -> bool {
    if one == other {
        return true;
    }
    // A letter beyond ASCII may be an ASCII one once it is composed (the Kelvin sign).
    let ascii = one.is_ascii() && other.is_ascii();
    match case {
        LocalCase::Ignore if ascii => one.eq_ignore_ascii_case(other),
        LocalCase::Strict if ascii => false,
        _ => fold(one, case) == fold(other, case),
    }
}

#[cfg(test)]
mod tests;
