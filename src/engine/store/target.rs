//! Targets in a record: a head (kind, 2 bits; length follows, 1; on another line, 1), line and start relative
//! to those of its rule, and the address.

use super::{
    address::{mailbox_width, read_domain, read_mailbox, write_local},
    bytes::{Reader, Writer},
    names::NameTable,
};
use crate::engine::{
    diagnostic::Span,
    rule::{Piece, Target, TargetKind},
};

fn target_width(kind: &TargetKind) -> u32 {
    match kind {
        TargetKind::Mailbox(mailbox) => mailbox_width(mailbox),
        TargetKind::Domain(domain) => domain.as_str().len() as u32 + 1,
        TargetKind::Subdomains(domain) => domain.as_str().len() as u32 + 3,
        TargetKind::Template { .. } => u32::MAX,
    }
}

pub(super) fn write_target(target: &Target, rule: Span, names: &mut NameTable, out: &mut Writer) {
    let kind = match &target.kind {
        TargetKind::Mailbox(_) => 0,
        TargetKind::Domain(_) => 1,
        TargetKind::Template { .. } => 2,
        TargetKind::Subdomains(_) => 3,
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
        TargetKind::Domain(domain) | TargetKind::Subdomains(domain) => {
            out.number(names.target_domain(domain));
        }
        TargetKind::Template { pieces, domain } => {
            out.number(names.target_domain(domain));
            out.number(pieces.len() as u32);
            pieces.iter().for_each(|piece| write_piece(piece, out));
        }
    }
}

pub(super) fn read_target(rule: Span, names: &NameTable, from: &mut Reader<'_>) -> Option<Target> {
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
        3 => TargetKind::Subdomains(read_domain(names, from)?),
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
