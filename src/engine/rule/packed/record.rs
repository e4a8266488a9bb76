//! One rule to octets and back.
//!
//! ```text
//! head   kind of pattern (3 bits), kind of action (3), detail (2)
//! marks  origin (3), replaced (1), length written out (1), several targets (1)
//! line   step from the record before it in its block
//! start  likewise
//! length of the pattern as it is written, where that is not its canonical form's
//! pattern, action
//! ```
//!
//! A target is a head (its kind, 2 bits; length written out, 1; on another line, 1), the steps from its
//! rule's line and start, and what it names. Domains and replies are numbers of [`Names`].

use super::{
    bytes::{Reader, Writer},
    names::Names,
};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    rule::{Action, Detail, Origin, Pattern, Piece, Rule, Span, Target, TargetKind},
};

const REPLACED: u8 = 1 << 3;
const LENGTH: u8 = 1 << 4;
const SEVERAL: u8 = 1 << 5;

const MAILBOX: u8 = 0;
const LOCAL_PART: u8 = 2;
const REGEX: u8 = 3;
const REWRITE: u8 = 4;

/// Where a record begins to tell its place from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    pub line: u32,
    pub start: u32,
}

/// Writes a rule.
pub(super) fn encode(rule: &Rule, base: Base, names: &mut Names) -> Writer {
    let mut out = Writer::default();
    let (pattern, action) = (pattern_kind(&rule.pattern), action_kind(&rule.action));
    let detail = match rule.detail {
        None => 0,
        Some(Detail::Keep) => 1,
        Some(Detail::Drop) => 2,
    };
    let written = rule.span.length != width(&rule.pattern);
    let several = matches!(&rule.action, Action::Rewrite(targets) if targets.len() != 1);
    out.byte(pattern | action << 3 | detail << 6);
    let marks = if written { LENGTH } else { 0 } | if several { SEVERAL } else { 0 };
    out.byte(origin_number(rule.origin) | marks);
    out.step(base.line, rule.span.line);
    out.step(base.start, rule.span.start);
    if written {
        out.number(rule.span.length);
    }
    write_pattern(&rule.pattern, names, &mut out);
    match &rule.action {
        Action::Keep | Action::Mailbox | Action::Discard => {}
        Action::Refuse(reply) => out.number(names.reply(reply)),
        Action::Rewrite(targets) => {
            if several {
                out.number(targets.len() as u32);
            }
            for target in targets {
                write_target(target, rule.span, names, &mut out);
            }
        }
    }
    out
}

/// A record that is read as far as its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    head: u8,
    marks: u8,
    /// Its place, but for the file and the length.
    pub base: Base,
    rest: Reader<'a>,
}

impl<'a> Head<'a> {
    pub fn read(record: &'a [u8], base: Base) -> Option<Self> {
        let mut reader = Reader(record);
        Some(Self {
            head: reader.byte()?,
            marks: reader.byte()?,
            base: Base {
                line: reader.step(base.line)?,
                start: reader.step(base.start)?,
            },
            rest: reader,
        })
    }

    /// Whether another rule with the same pattern took its place.
    pub fn is_replaced(&self) -> bool {
        self.marks & REPLACED != 0
    }

    pub fn is_for_mailbox(&self) -> bool {
        self.head & 7 == MAILBOX
    }

    pub fn rewrites(&self) -> bool {
        self.head >> 3 & 7 == REWRITE
    }

    pub fn origin(&self) -> Origin {
        let number = usize::from(self.marks & 7);
        ORIGINS.get(number).copied().unwrap_or(Origin::Line)
    }

    /// The domain that the pattern names.
    pub fn domain(mut self, names: &Names) -> Option<&Domain> {
        if matches!(self.head & 7, LOCAL_PART | REGEX) {
            return None;
        }
        self.written_length()?;
        names.domain_at(self.rest.number()?)
    }

    /// The local-part and the number of the domain, where the pattern is one mailbox.
    pub fn mailbox(mut self) -> Option<(&'a str, u32)> {
        if !self.is_for_mailbox() {
            return None;
        }
        self.written_length()?;
        let domain = self.rest.number()?;
        Some((self.rest.text()?.0, domain))
    }

    fn written_length(&mut self) -> Option<Option<u32>> {
        if self.marks & LENGTH == 0 {
            return Some(None);
        }
        self.rest.number().map(Some)
    }

    /// The whole rule.
    pub fn rule(mut self, file: u32, names: &Names) -> Option<Rule> {
        let written = self.written_length()?;
        let pattern = read_pattern(self.head & 7, names, &mut self.rest)?;
        let span = Span {
            file,
            line: self.base.line,
            start: self.base.start,
            length: written.unwrap_or_else(|| width(&pattern)),
        };
        let action = match self.head >> 3 & 7 {
            0 => Action::Keep,
            1 => Action::Mailbox,
            2 => Action::Discard,
            3 => Action::Refuse(names.reply_at(self.rest.number()?)?.clone()),
            _ => {
                let several = self.marks & SEVERAL != 0;
                let count = if several { self.rest.number()? } else { 1 };
                let targets = (0..count).map(|_| read_target(span, names, &mut self.rest));
                Action::Rewrite(targets.collect::<Option<_>>()?)
            }
        };
        let detail = match self.head >> 6 {
            0 => None,
            1 => Some(Detail::Keep),
            _ => Some(Detail::Drop),
        };
        Some(Rule {
            pattern,
            action,
            detail,
            span,
            origin: self.origin(),
        })
    }
}

/// Marks a record: another rule with its pattern decides.
pub(super) fn replace(record: &mut [u8]) {
    if let Some(marks) = record.get_mut(1) {
        *marks |= REPLACED;
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

fn pattern_kind(pattern: &Pattern) -> u8 {
    match pattern {
        Pattern::Mailbox(_) => MAILBOX,
        Pattern::AnyDetail { .. } => 1,
        Pattern::LocalPart(_) => LOCAL_PART,
        Pattern::Regex(_) => REGEX,
        Pattern::Detailed(_) => 4,
        Pattern::Domain(_) => 5,
        Pattern::Subdomains(_) => 6,
    }
}

fn action_kind(action: &Action) -> u8 {
    match action {
        Action::Keep => 0,
        Action::Mailbox => 1,
        Action::Discard => 2,
        Action::Refuse(_) => 3,
        Action::Rewrite(_) => REWRITE,
    }
}

/// Octets of a pattern in canonical form; most are written so.
fn width(pattern: &Pattern) -> u32 {
    match pattern {
        Pattern::Mailbox(mailbox) => mailbox_width(mailbox),
        other => other.to_string().len() as u32,
    }
}

fn mailbox_width(mailbox: &Mailbox) -> u32 {
    let local = &mailbox.local;
    let plain = if local.is_bare() {
        local.as_str().len()
    } else {
        local.to_string().len()
    };
    (plain + 1 + mailbox.domain.as_str().len()) as u32
}

fn write_pattern(pattern: &Pattern, names: &mut Names, out: &mut Writer) {
    match pattern {
        Pattern::Mailbox(Mailbox { local, domain })
        | Pattern::AnyDetail {
            user: local,
            domain,
        } => {
            out.number(names.domain(domain));
            write_local(local, out);
        }
        Pattern::LocalPart(local) => write_local(local, out),
        Pattern::Regex(text) => out.text(text, false),
        Pattern::Detailed(domain) | Pattern::Domain(domain) | Pattern::Subdomains(domain) => {
            out.number(names.domain(domain));
        }
    }
}

fn read_pattern(kind: u8, names: &Names, from: &mut Reader<'_>) -> Option<Pattern> {
    Some(match kind {
        MAILBOX => Pattern::Mailbox(read_mailbox(names, from)?),
        1 => {
            let Mailbox { local, domain } = read_mailbox(names, from)?;
            Pattern::AnyDetail {
                user: local,
                domain,
            }
        }
        LOCAL_PART => Pattern::LocalPart(read_local(from)?),
        REGEX => Pattern::Regex(from.text()?.0.into()),
        4 => Pattern::Detailed(read_domain(names, from)?),
        5 => Pattern::Domain(read_domain(names, from)?),
        _ => Pattern::Subdomains(read_domain(names, from)?),
    })
}

fn write_local(local: &LocalPart, out: &mut Writer) {
    out.text(local.as_str(), local.is_bare());
}

fn read_local(from: &mut Reader<'_>) -> Option<LocalPart> {
    let (text, bare) = from.text()?;
    Some(LocalPart::stored(text, bare))
}

fn read_domain(names: &Names, from: &mut Reader<'_>) -> Option<Domain> {
    names.domain_at(from.number()?).cloned()
}

fn read_mailbox(names: &Names, from: &mut Reader<'_>) -> Option<Mailbox> {
    let domain = read_domain(names, from)?;
    Some(Mailbox {
        local: read_local(from)?,
        domain,
    })
}

fn target_width(kind: &TargetKind) -> u32 {
    match kind {
        TargetKind::Mailbox(mailbox) => mailbox_width(mailbox),
        TargetKind::Domain(domain) => domain.as_str().len() as u32 + 1,
        TargetKind::Template { .. } => u32::MAX,
    }
}

fn write_target(target: &Target, rule: Span, names: &mut Names, out: &mut Writer) {
    let kind = match &target.kind {
        TargetKind::Mailbox(_) => 0,
        TargetKind::Domain(_) => 1,
        TargetKind::Template { .. } => 2,
    };
    let written = target.span.length != target_width(&target.kind);
    let other_line = target.span.line != rule.line;
    out.byte(kind | u8::from(written) << 2 | u8::from(other_line) << 3);
    if other_line {
        out.step(rule.line, target.span.line);
    }
    out.step(rule.start, target.span.start);
    if written {
        out.number(target.span.length);
    }
    match &target.kind {
        TargetKind::Mailbox(mailbox) => {
            out.number(names.target_domain(&mailbox.domain));
            write_local(&mailbox.local, out);
        }
        TargetKind::Domain(domain) => out.number(names.target_domain(domain)),
        TargetKind::Template { pieces, domain } => {
            out.number(names.target_domain(domain));
            out.number(pieces.len() as u32);
            pieces.iter().for_each(|piece| write_piece(piece, out));
        }
    }
}

fn read_target(rule: Span, names: &Names, from: &mut Reader<'_>) -> Option<Target> {
    let head = from.byte()?;
    let line = if head & 8 == 0 {
        rule.line
    } else {
        from.step(rule.line)?
    };
    let start = from.step(rule.start)?;
    let written = if head & 4 == 0 {
        None
    } else {
        Some(from.number()?)
    };
    let kind = match head & 3 {
        0 => TargetKind::Mailbox(read_mailbox(names, from)?),
        1 => TargetKind::Domain(read_domain(names, from)?),
        _ => {
            let domain = read_domain(names, from)?;
            let count = from.number()?;
            let pieces = (0..count).map(|_| read_piece(from));
            TargetKind::Template {
                pieces: pieces.collect::<Option<_>>()?,
                domain,
            }
        }
    };
    let span = Span {
        file: rule.file,
        line,
        start,
        length: written.unwrap_or_else(|| target_width(&kind)),
    };
    Some(Target { kind, span })
}

fn write_piece(piece: &Piece, out: &mut Writer) {
    match piece {
        Piece::Detail => out.number(0),
        Piece::Text(text) => {
            out.number(1);
            out.text(text, false);
        }
        Piece::Capture(number) => out.number(2 + u32::try_from(*number).unwrap_or(u32::MAX - 2)),
    }
}

fn read_piece(from: &mut Reader<'_>) -> Option<Piece> {
    Some(match from.number()? {
        0 => Piece::Detail,
        1 => Piece::Text(from.text()?.0.into()),
        number => Piece::Capture(number as usize - 2),
    })
}
