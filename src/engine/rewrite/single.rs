//! A single step of an expansion, for checks that follow rules when they are loaded.
//!
//! In: an address and a table. Out: the addresses that replace it, if its rule rewrites. Only the length of an
//! address is limited here.

use super::fill::{FillError, fill};
use crate::engine::{
    address::Mailbox,
    rule::Action,
    store::RuleId,
    table::{Address, Found, Table},
};

/// The result of a rule for an address.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// The rule.
    pub rule: RuleId,
    /// The addresses that replace it, in the order of the targets.
    pub targets: Vec<Mailbox>,
    /// True if one of the resulting addresses is longer than an address may be.
    pub too_long: bool,
    /// True if the pattern matched without the address's detail, so that the detail may be added to the target.
    pub left_out_detail: bool,
}

/// Applies the rule for `address` once. Returns none if no rule rewrites it.
pub fn rewrite_once(table: &Table, address: &Address) -> Option<Rewritten> {
    let Found::Rule(found) = table.find(address) else {
        return None;
    };
    let rule = table.view(found.rule)?;
    let Action::Rewrite(targets) = &rule.action else {
        return None;
    };
    let limit = table.settings().address_length_limit;
    let mut rewrite_once = Rewritten {
        rule: found.rule,
        targets: Vec::with_capacity(targets.len()),
        too_long: false,
        left_out_detail: found.left_out_detail,
    };
    for target in targets {
        match fill(&rule, target, &found, address, limit) {
            Ok(mailbox) => rewrite_once.targets.push(mailbox),
            Err(FillError::TooLong) => rewrite_once.too_long = true,
            Err(FillError::NoAddress | FillError::Routes) => {}
        }
    }
    Some(rewrite_once)
}
