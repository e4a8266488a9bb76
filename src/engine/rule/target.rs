//! The targets of a rule, and what becomes of a detail.

use crate::engine::{
    address::{Domain, Mailbox},
    diagnostic::Span,
};

/// One address that takes the place of the one that matched.
#[derive(Clone, Debug)]
pub struct Target {
    /// What is put there.
    pub kind: TargetKind,
    /// Where it is written.
    pub span: Span,
}

/// The form of a target.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TargetKind {
    /// A mailbox as it stands.
    Mailbox(Mailbox),
    /// `@domain`: the local-part is kept.
    Domain(Domain),
    /// `@*.domain` beside a pattern `@*.other`: the local-part and the labels below are kept.
    Subdomains(Domain),
    /// A mailbox whose local-part is filled in from the match.
    Template {
        /// The local-part, piece by piece.
        pieces: Vec<Piece>,
        /// The domain, always as it stands.
        domain: Domain,
    },
}

/// A piece of a local-part that is filled in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// Text as it stands, in internal form.
    Text(Box<str>),
    /// `*`: the detail of the address that matched.
    Detail,
    /// `$1`: what this group of the regex matched.
    Capture(usize),
}

impl PartialEq for Target {
    /// Compares targets without their places.
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for Target {}

/// What becomes of a detail that the match left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Detail {
    /// It is put back behind the target's local-part.
    Keep,
    /// It is lost.
    Drop,
}
