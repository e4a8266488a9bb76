//! The store itself: adds rules, and gives them back by their numbers.

use super::{
    block::{BLOCK, Block, record_at},
    bytes::{self, Reader, Writer},
    names::NameTable,
    plain::PlainAddress,
    record::{self, BasePlace, Head, RuleView},
    rule_id::RuleId,
};
use crate::engine::{
    address::Domain,
    diagnostic::{Span, saturate},
    rule::Rule,
};

/// Bytes of all records but the last.
pub(super) const MOST: u32 = if cfg!(test) { 1 << 16 } else { u32::MAX };

/// All rules of a table, each as a record of bytes.
#[derive(Debug, Default)]
pub struct RuleStore {
    pub(super) bytes: Vec<u8>,
    /// The place of the first rule for which there was no room.
    pub(super) overflow: Option<Span>,
    pub(super) blocks: Vec<Block>,
    /// Records in the last block.
    pub(super) in_block: u32,
    /// The place of the last record.
    pub(super) last: Option<Span>,
    pub(super) names: NameTable,
    pub(super) live: usize,
    /// Records that refuse, those of replaced rules included.
    pub(super) refusing: usize,
    /// A buffer for plain records, so that a million of them need one allocation.
    pub(super) scratch: Writer,
}

impl RuleStore {
    /// Adds a rule. Returns nothing if there is no room for it.
    pub fn push(&mut self, rule: &Rule) -> Option<RuleId> {
        let (at, base) = self.begin(rule.span)?;
        let record = record::encode(rule, base, &mut self.names);
        self.end(&record.0, rule.span);
        Some(RuleId(at))
    }

    /// Adds a rule that rewrites one plain address to another, each with its place. Returns false if a rule
    /// with one of their domains was never added before; then nothing is added.
    pub(crate) fn push_plain(
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

    /// Returns where the next record begins, and to what its place is relative.
    fn begin(&mut self, span: Span) -> Option<(u32, BasePlace)> {
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
        self.refusing += usize::from(record::refuses(record));
    }

    /// Returns to what the place of the next record is relative.
    fn base(&mut self, at: u32, span: Span) -> BasePlace {
        match self.last {
            Some(last) if last.file == span.file && self.in_block < BLOCK => {
                self.in_block += 1;
                BasePlace {
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

    /// Returns the place of the first rule for which there was no room.
    pub fn overflow(&self) -> Option<Span> {
        self.overflow
    }

    /// Frees memory that was reserved for further rules.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.blocks.shrink_to_fit();
    }

    /// Returns the number of rules that are not replaced.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Returns true if there is no rule.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Marks a rule as replaced, because another rule with its pattern decides.
    pub fn replace(&mut self, id: RuleId) {
        let mut reader = Reader(self.bytes.get(id.0 as usize..).unwrap_or_default());
        if reader.number().is_some() {
            let at = self.bytes.len() - reader.0.len();
            record::replace(self.bytes.get_mut(at..).unwrap_or_default());
            self.live -= 1;
        }
    }

    /// Returns the rule with this number.
    pub fn rule(&self, id: RuleId) -> Option<Rule> {
        let (file, head) = self.placed(id)?;
        head.rule(file, &self.names)
    }

    /// Returns the rule with this number, with meaningless places. This is faster than looking them up.
    pub fn unplaced(&self, id: RuleId) -> Option<Rule> {
        let (record, _) = record_at(&self.bytes, id.0)?;
        Head::read(record, BasePlace { line: 0, start: 0 })?.rule(0, &self.names)
    }

    /// Returns what a rule does. Its pattern, which whoever found the rule knows, is not read.
    pub fn meaning(&self, id: RuleId) -> Option<RuleView> {
        let (record, _) = record_at(&self.bytes, id.0)?;
        Head::read(record, BasePlace { line: 0, start: 0 })?.meaning(&self.names)
    }

    /// Returns file and line of a rule.
    pub fn place(&self, id: RuleId) -> Option<(u32, u32)> {
        let (file, head) = self.placed(id)?;
        Some((file, head.base.line))
    }

    /// Returns the domains that some rule names in its pattern or in a target.
    pub fn domains(&self) -> impl Iterator<Item = &Domain> {
        self.names.domains()
    }

    /// Returns the domains of targets.
    pub fn target_domains(&self) -> impl Iterator<Item = &Domain> {
        self.names.target_domains()
    }

    /// Returns the number of a domain that some rule names.
    pub fn domain(&self, domain: &Domain) -> Option<u32> {
        self.names.number(domain.as_str())
    }

    /// Returns the local-part and the number of the domain of a rule's pattern, if that is one mailbox.
    pub fn mailbox(&self, id: RuleId) -> Option<(&str, u32)> {
        let (record, _) = record_at(&self.bytes, id.0)?;
        Head::read(record, BasePlace { line: 0, start: 0 })?.mailbox()
    }

    /// Returns all bytes and places, for comparisons.
    #[cfg(test)]
    pub fn encoded(&self) -> String {
        format!("{:?} {:?} {:?}", self.bytes, self.blocks, self.last)
    }

    /// Returns the file and the head of a record, with its place.
    fn placed(&self, id: RuleId) -> Option<(u32, Head<'_>)> {
        let after = self.blocks.partition_point(|block| block.at <= id.0);
        let block = self.blocks.get(after.checked_sub(1)?)?;
        let (at, head) = block.records(&self.bytes).find(|(at, _)| at.0 >= id.0)?;
        (at == id).then_some((block.file, head))
    }
}
