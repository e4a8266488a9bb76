//! Packs one rule into bytes, and makes it a rule again.
//!
//! ```text
//! head    kind of pattern (3 bits), kind of action (3), detail (2)
//! marks   origin (3), replaced (1), length follows (1), several targets (1), annotated (1)
//! line    relative to the record before it in its block
//! start   likewise
//! length  of the written pattern, if it is not that of the canonical form
//! pattern, action
//! note, owner: texts, empty if absent; both only if annotated
//! ```
//!
//! Domains and replies are numbers of the [`NameTable`].

use super::{
    address::{mailbox_width, read_domain, read_local, write_local},
    bytes::{Reader, Writer},
    names::NameTable,
    plain::PlainAddress,
    target::{read_target, write_target},
};
use crate::engine::{
    address::{Domain, Mailbox},
    diagnostic::Span,
    rule::{Action, Annotation, Detail, Origin, Pattern, PatternKind, Rule},
};

const REPLACED: u8 = 1 << 3;
const LENGTH: u8 = 1 << 4;
const SEVERAL: u8 = 1 << 5;
const ANNOTATED: u8 = 1 << 6;

const MAILBOX: u8 = PatternKind::Mailbox.number();
/// Actions without a reply or targets have their places in [`Action::PLAIN`] as numbers.
const IS_MAILBOX: u8 = 1;
const REFUSE: u8 = 6;
const REWRITE: u8 = 7;

/// What a decision needs of a rule: no pattern, no place.
#[derive(Clone, Debug)]
pub struct RuleView {
    /// It is for all addresses of a domain, or for all addresses with a detail.
    pub wide: bool,
    /// If it is for subdomains, the domain above them.
    pub above: Option<Domain>,
    /// What happens to them.
    pub action: Action,
    /// The option `detail=`, if it is written.
    pub detail: Option<Detail>,
}

/// What the place of a record is relative to.
#[derive(Clone, Copy, Debug)]
pub(super) struct BasePlace {
    pub line: u32,
    pub start: u32,
}

/// Packs a rule.
pub(super) fn encode(rule: &Rule, base: BasePlace, names: &mut NameTable) -> Writer {
    let mut out = Writer::default();
    let (pattern, action) = (rule.pattern.kind().number(), action_kind(&rule.action));
    let detail = match rule.detail {
        None => 0,
        Some(Detail::Keep) => 1,
        Some(Detail::Drop) => 2,
    };
    let written = rule.span.length != width(&rule.pattern);
    let several = matches!(&rule.action, Action::Rewrite(targets) if targets.len() != 1);
    out.byte(pattern | action << 3 | detail << 6);
    let annotated = !rule.annotation.is_empty();
    let mark = |wanted: bool, mark: u8| if wanted { mark } else { 0 };
    let marks = mark(written, LENGTH) | mark(several, SEVERAL) | mark(annotated, ANNOTATED);
    out.byte(origin_number(rule.origin) | marks);
    out.step(base.line, rule.span.line);
    out.step(base.start, rule.span.start);
    if written {
        out.number(rule.span.length);
    }
    write_pattern(&rule.pattern, names, &mut out);
    match &rule.action {
        Action::Refuse(reply) => out.number(names.reply(reply)),
        Action::Rewrite(targets) => {
            if several {
                out.number(targets.len() as u32);
            }
            for target in targets {
                write_target(target, rule.span, names, &mut out);
            }
        }
        _ => {}
    }
    if annotated {
        write_annotation(&rule.annotation, &mut out);
    }
    out
}

/// Texts: no table of domains needs to know the domain of an owner.
fn write_annotation(annotation: &Annotation, out: &mut Writer) {
    out.text(annotation.note.as_deref().unwrap_or_default(), false);
    let owner = annotation.owner.as_ref().map(ToString::to_string);
    out.text(&owner.unwrap_or_default(), false);
}

/// Packs a rule that rewrites one mailbox to another, both on one line, as [`encode`] would. Each address has
/// the number of its domain, and its place.
pub(super) fn encode_plain(
    (domain, (from, span)): (u32, (PlainAddress<'_>, Span)),
    (target, (to, to_span)): (u32, (PlainAddress<'_>, Span)),
    base: BasePlace,
    out: &mut Writer,
) {
    out.byte(MAILBOX | REWRITE << 3);
    out.byte(origin_number(Origin::Line));
    out.step(base.line, span.line);
    out.step(base.start, span.start);
    out.number(domain);
    out.text(from.local, true);
    out.byte(0);
    out.step(span.start, to_span.start);
    out.number(target);
    out.text(to.local, true);
}

/// A record, read as far as its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    head: u8,
    marks: u8,
    /// Its place, without the file and the length.
    pub base: BasePlace,
    rest: Reader<'a>,
}

impl<'a> Head<'a> {
    pub fn read(record: &'a [u8], base: BasePlace) -> Option<Self> {
        let mut reader = Reader(record);
        Some(Self {
            head: reader.byte()?,
            marks: reader.byte()?,
            base: BasePlace {
                line: reader.step(base.line)?,
                start: reader.step(base.start)?,
            },
            rest: reader,
        })
    }

    /// Returns true if another rule with the same pattern decides instead.
    pub fn is_replaced(&self) -> bool {
        self.marks & REPLACED != 0
    }

    pub fn is_for_mailbox(&self) -> bool {
        self.head & 7 == MAILBOX
    }

    pub fn rewrites(&self) -> bool {
        self.head >> 3 & 7 == REWRITE
    }

    pub fn is_mailbox(&self) -> bool {
        self.head >> 3 & 7 == IS_MAILBOX
    }

    pub fn refuses(&self) -> bool {
        self.head >> 3 & 7 == REFUSE
    }

    /// Returns true if the address that matched stays as it is: `keep` or `mailbox`.
    pub fn stays(&self) -> bool {
        self.head >> 3 & 7 <= IS_MAILBOX
    }

    pub fn origin(&self) -> Origin {
        let number = usize::from(self.marks & 7);
        ORIGINS.get(number).copied().unwrap_or(Origin::Line)
    }

    /// Returns the domain that the pattern names.
    pub fn domain(mut self, names: &NameTable) -> Option<&Domain> {
        if !self.kind()?.has_domain() {
            return None;
        }
        self.written_length()?;
        names.domain_at(self.rest.number()?)
    }

    /// Returns the local-part and the number of the domain, if the pattern is one mailbox.
    pub fn mailbox(mut self) -> Option<(&'a str, u32)> {
        if !self.is_for_mailbox() {
            return None;
        }
        self.written_length()?;
        let domain = self.rest.number()?;
        Some((self.rest.text()?.0, domain))
    }

    fn kind(&self) -> Option<PatternKind> {
        PatternKind::from_number(self.head & 7)
    }

    fn written_length(&mut self) -> Option<Option<u32>> {
        if self.marks & LENGTH == 0 {
            return Some(None);
        }
        self.rest.number().map(Some)
    }

    /// Returns the whole rule.
    pub fn rule(mut self, file: u32, names: &NameTable) -> Option<Rule> {
        let written = self.written_length()?;
        let pattern = read_pattern(self.kind()?, names, &mut self.rest)?;
        let span = Span {
            file,
            line: self.base.line,
            start: self.base.start,
            length: written.unwrap_or_else(|| width(&pattern)),
        };
        Some(Rule {
            pattern,
            action: self.action(span, names)?,
            detail: self.detail(),
            annotation: self.annotation()?,
            span,
            origin: self.origin(),
        })
    }

    /// Returns what the rule does.
    pub fn meaning(mut self, names: &NameTable) -> Option<RuleView> {
        self.written_length()?;
        let kind = self.kind()?;
        let above = match kind {
            PatternKind::Subdomains => Some(read_domain(names, &mut self.rest)?),
            _ => {
                skip_pattern(kind, &mut self.rest)?;
                None
            }
        };
        let nowhere = Span::default();
        Some(RuleView {
            wide: kind.is_wide(),
            above,
            action: self.action(nowhere, names)?,
            detail: self.detail(),
        })
    }

    fn action(&mut self, span: Span, names: &NameTable) -> Option<Action> {
        Some(match self.head >> 3 & 7 {
            REFUSE => Action::Refuse(names.reply_at(self.rest.number()?)?.clone()),
            REWRITE => {
                let several = self.marks & SEVERAL != 0;
                let count = if several { self.rest.number()? } else { 1 };
                let targets = (0..count).map(|_| read_target(span, names, &mut self.rest));
                Action::Rewrite(targets.collect::<Option<_>>()?)
            }
            plain => Action::PLAIN.get(usize::from(plain))?.clone(),
        })
    }

    /// Reads what stands behind the action.
    fn annotation(&mut self) -> Option<Annotation> {
        if self.marks & ANNOTATED == 0 {
            return Some(Annotation::default());
        }
        let (note, owner) = (self.rest.text()?.0, self.rest.text()?.0);
        Some(Annotation {
            note: (!note.is_empty()).then(|| note.into()),
            owner: Mailbox::parse(owner).ok(),
        })
    }

    fn detail(&self) -> Option<Detail> {
        match self.head >> 6 {
            0 => None,
            1 => Some(Detail::Keep),
            _ => Some(Detail::Drop),
        }
    }
}

/// Returns true if a record is that of a rule that rejects or defers.
pub(super) fn refuses(record: &[u8]) -> bool {
    record.first().is_some_and(|head| head >> 3 & 7 == REFUSE)
}

/// Marks a record as replaced: another rule with its pattern decides.
pub(super) fn replace(record: &mut [u8]) {
    if let Some(marks) = record.get_mut(1) {
        *marks |= REPLACED;
    }
}

/// Removes that mark.
pub(super) fn restore(record: &mut [u8]) {
    if let Some(marks) = record.get_mut(1) {
        *marks &= !REPLACED;
    }
}

const ORIGINS: [Origin; 5] = [
    Origin::Line,
    Origin::Secondary,
    Origin::Map,
    Origin::Row,
    Origin::Proxy,
];

fn origin_number(origin: Origin) -> u8 {
    ORIGINS.iter().position(|one| *one == origin).unwrap_or(0) as u8
}

fn action_kind(action: &Action) -> u8 {
    match action {
        Action::Refuse(_) => REFUSE,
        Action::Rewrite(_) => REWRITE,
        plain => Action::PLAIN
            .iter()
            .position(|one| one == plain)
            .map_or(IS_MAILBOX, |at| at as u8),
    }
}

/// Returns the bytes of a pattern in canonical form. Most patterns are written so.
fn width(pattern: &Pattern) -> u32 {
    match pattern {
        Pattern::Mailbox(mailbox) => mailbox_width(mailbox),
        other => other.to_string().len() as u32,
    }
}

/// Writes the parts that the pattern has. [`read_pattern`] and [`skip_pattern`] go through the same parts.
fn write_pattern(pattern: &Pattern, names: &mut NameTable, out: &mut Writer) {
    if let Some(domain) = pattern.domain() {
        out.number(names.domain(domain));
    }
    if let Some(local) = pattern.local_part() {
        write_local(local, out);
    }
    if let Some(regex) = pattern.regex() {
        out.text(regex, false);
    }
}

fn read_pattern(kind: PatternKind, names: &NameTable, from: &mut Reader<'_>) -> Option<Pattern> {
    let domain = match kind.has_domain() {
        true => Some(read_domain(names, from)?),
        false => None,
    };
    let local = match kind.has_local_part() {
        true => Some(read_local(from)?),
        false => None,
    };
    let regex = match kind.has_regex() {
        true => Some(from.text()?.0.into()),
        false => None,
    };
    Pattern::from_parts(kind, domain, local, regex)
}

fn skip_pattern(kind: PatternKind, from: &mut Reader<'_>) -> Option<()> {
    if kind.has_domain() {
        from.number()?;
    }
    if kind.has_local_part() || kind.has_regex() {
        from.text()?;
    }
    Some(())
}
