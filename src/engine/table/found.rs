//! What a lookup finds.

use crate::engine::{rule::Unknown, store::RuleId};

/// Which rule is for an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Match {
    /// The rule.
    pub rule: RuleId,
    /// The match was made without the address's detail.
    pub left_out_detail: bool,
    /// What the groups of a regex matched, the whole first.
    pub captures: Vec<Option<String>>,
}

/// The outcome of a lookup.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Found {
    /// This rule.
    Rule(Match),
    /// No rule; the domain's line says what happens.
    Unknown(Unknown),
    /// No rule spells the address out, and its local-part would route it elsewhere.
    RoutingSpelling,
    /// The domain is none of the table's.
    Elsewhere,
}

impl Match {
    /// Returns a match with the whole address.
    pub(super) fn plain(rule: RuleId) -> Self {
        Self {
            rule,
            left_out_detail: false,
            captures: Vec::new(),
        }
    }

    /// Returns a match without the detail of the address.
    pub(super) fn without_detail(rule: RuleId) -> Self {
        Self {
            left_out_detail: true,
            ..Self::plain(rule)
        }
    }
}
