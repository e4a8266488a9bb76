//! One lookup of an expansion, for checks that follow rules before mail does.
//!
//! In: an address and a table. Out: what its rule makes of it, if the rule rewrites. Nothing is judged
//! and nothing is bounded here, but the length of an address.

use super::fill::{FillError, fill};
use crate::engine::{
    address::Mailbox,
    rule::Action,
    store::RuleId,
    table::{Address, Found, Table},
};

/// What a rule makes of an address.
#[derive(Clone, Debug)]
pub struct Onward {
    /// The rule.
    pub rule: RuleId,
    /// What takes the address's place, in the order of the targets.
    pub targets: Vec<Mailbox>,
    /// One of the targets came out longer than an address may be.
    pub too_long: bool,
    /// The match left the address's detail out, so that it may be put behind the target.
    pub left_out_detail: bool,
}

/// Returns what the rule for `address` makes of it; `None` if no rule rewrites it.
pub fn onward(table: &Table, address: &Address) -> Option<Onward> {
    let Found::Rule(found) = table.find(address) else {
        return None;
    };
    let rule = table.view(found.rule)?;
    let Action::Rewrite(targets) = &rule.action else {
        return None;
    };
    let limit = table.settings().address_length_limit;
    let mut onward = Onward {
        rule: found.rule,
        targets: Vec::with_capacity(targets.len()),
        too_long: false,
        left_out_detail: found.left_out_detail,
    };
    for target in targets {
        match fill(&rule, target, &found, address, limit) {
            Ok(mailbox) => onward.targets.push(mailbox),
            Err(FillError::TooLong) => onward.too_long = true,
            Err(FillError::NoAddress | FillError::Routes) => {}
        }
    }
    Some(onward)
}
