//! The pieces of a search: sets that were reached, ways between them, and places where a law seems to be broken.

use super::set::{AddressSet, Locals};
use crate::engine::{
    address::{Domain, LocalPart},
    rule::Piece,
    store::RuleId,
};

/// What becomes of a local-part on a way.
#[derive(Clone, Debug)]
pub(super) enum How {
    /// It stays.
    Same,
    /// Its detail is lost.
    WithoutDetail,
    /// The target is the same for all that the way is for.
    Constant,
    /// The target is this local-part, and the detail is added.
    Attached(LocalPart),
    /// The target is filled in.
    Filled {
        /// From these pieces.
        pieces: Vec<Piece>,
        /// What is filled in may have a detail of its own.
        detailed: bool,
    },
}

/// A rule that leads from some addresses of a set to another set.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The number of the set that it leads from.
    pub from: usize,
    /// Which addresses of that set it is for.
    pub part: Locals,
    pub rule: RuleId,
    pub how: How,
    /// The domain below which the labels of a subdomain are carried, if they are.
    pub carried: Option<Domain>,
    /// For a regex: local-parts that it probably matches. For other rules empty.
    pub examples: Vec<LocalPart>,
}

impl Way {
    /// Returns a way for which only its start is known. What does not follow a rule of the table needs no more.
    pub fn of(from: usize, part: Locals, rule: RuleId) -> Self {
        Self {
            from,
            part,
            rule,
            how: How::Constant,
            carried: None,
            examples: Vec::new(),
        }
    }
}

/// A set of addresses that was reached.
#[derive(Debug)]
pub(super) struct Reached {
    pub set: AddressSet,
    /// The law itself is about these addresses.
    pub first: bool,
    /// Ways that lead to it.
    pub ways: Vec<Way>,
    /// Sets to which ways lead.
    pub onward: Vec<usize>,
}

/// A place where a law seems to be broken.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    /// The number of the set.
    pub at: usize,
    /// Which addresses of it.
    pub part: AddressSet,
    /// The rule that ends there, if one does.
    pub rule: Option<RuleId>,
    /// For a regex: local-parts that it probably matches.
    pub examples: Vec<LocalPart>,
}
