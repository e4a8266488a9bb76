//! Rules and domain lines that are in one table only, or not alike in both.

use super::spread::Spread;
use crate::engine::{
    rule::{Pattern, Rule},
    store::StoredRule,
    table::Table,
};

/// Hands what changed to `spread`.
pub(super) fn changed(before: &Table, after: &Table, spread: &mut Spread<'_>) {
    for rule in rules(after.entries_not_in(before)) {
        if spread.is_full() {
            return;
        }
        let old = before.rule_of(&rule.pattern);
        if !old.as_ref().is_some_and(|old| same(old, &rule)) {
            spread.rule(&rule.pattern, old.as_ref(), Some(&rule));
        }
    }
    for rule in rules(before.entries_not_in(after)) {
        if spread.is_full() {
            return;
        }
        if after.rule_of(&rule.pattern).is_none() {
            spread.rule(&rule.pattern, Some(&rule), None);
        }
    }
    order_of_regexes(before, after, spread);
    let known = |table: &Table| -> Vec<_> {
        let domains = table.known_domains().into_iter();
        domains.map(|(domain, _)| domain.clone()).collect()
    };
    let mut domains = known(before);
    domains.extend(known(after));
    domains.sort();
    domains.dedup();
    for domain in domains {
        let meaning = |table: &Table| Some((table.class(&domain)?, table.unknown(&domain)));
        if meaning(before) != meaning(after) {
            spread.domain(&domain);
        }
    }
}

fn rules<'t>(entries: impl Iterator<Item = StoredRule<'t>>) -> impl Iterator<Item = Rule> {
    entries.filter_map(|entry| entry.rule())
}

/// Of two regexes that match, the first decides: where their order changed, all of them may.
fn order_of_regexes(before: &Table, after: &Table, spread: &mut Spread<'_>) {
    let order = |table: &Table| -> Vec<_> { table.regex_patterns().map(str::to_owned).collect() };
    let (old, new) = (order(before), order(after));
    let common = |of: &[String], other: &[String]| -> Vec<String> {
        let other: hashbrown::HashSet<_> = other.iter().collect();
        of.iter()
            .filter(|text| other.contains(text))
            .cloned()
            .collect()
    };
    if common(&old, &new) != common(&new, &old) {
        for text in &new {
            let pattern = Pattern::Regex(text.as_str().into());
            let (was, is) = (before.rule_of(&pattern), after.rule_of(&pattern));
            spread.rule(&pattern, was.as_ref(), is.as_ref());
        }
    }
}

/// Returns true if two rules with one pattern do the same.
fn same(one: &Rule, other: &Rule) -> bool {
    one.action == other.action && one.detail == other.detail
}
