//! What a lookup finds.

use crate::engine::{rule::Unknown, store::RuleId};

/// The rule that matches an address, and how it matches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Match {
    /// The rule.
    pub rule: RuleId,
    /// True if the rule matches only the address without its detail.
    pub left_out_detail: bool,
    /// What each group of a regex matched; the first is the whole match. Empty if the rule has no regex.
    pub captures: Vec<Option<String>>,
}

/// The outcome of a lookup.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Found {
    /// A rule matches.
    Rule(Match),
    /// No rule matches; the domain's line says what happens.
    Unknown(Unknown),
    /// No rule spells the address out, and some MTAs would read its local-part as a route to another host.
    RoutingSpelling,
    /// The table does not know the domain.
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
