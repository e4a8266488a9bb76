//! What one table says that another does not: for the log of a reload.

use super::compiled::Table;
use crate::engine::{
    rule::{Pattern, Rule},
    store::{FileRead, RuleId, StoredRule},
};

/// A rule or domain line that is not what it was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Its canonical text.
    pub rule: String,
    /// File and line.
    pub place: String,
}

/// What changed from one table to the next.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Changes {
    /// Rules and domain lines whose pattern was not there before.
    pub added: Vec<Change>,
    /// Those whose pattern is there no more.
    pub removed: Vec<Change>,
    /// Those whose pattern stayed and whose action is another, as they are now.
    pub changed: Vec<Change>,
}

impl Changes {
    /// Returns true if there is no change.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl Table {
    /// What is different from `old`. A rule that only moved to another line is not.
    pub fn changes_since(&self, old: &Table) -> Changes {
        let mut changes = Changes::default();
        for (id, rule) in self.rules_of_files_not_in(old) {
            match old.rule_of(&rule.pattern) {
                None => changes.added.push(self.described(id)),
                Some(was) if !same(&rule, &was) => changes.changed.push(self.described(id)),
                Some(_) => {}
            }
        }
        for (id, rule) in old.rules_of_files_not_in(self) {
            if self.rule_of(&rule.pattern).is_none() {
                changes.removed.push(old.described(id));
            }
        }
        self.domain_changes(old, &mut changes);
        changes
    }

    fn domain_changes(&self, old: &Table, changes: &mut Changes) {
        let described = |table: &Table, domain| {
            table.domain_line(domain).map(|(place, rule)| Change {
                rule,
                place: place.to_string(),
            })
        };
        let text = |table: &Table, domain| table.domain_line(domain).map(|(_, text)| text);
        let mut domains: Vec<_> = self.known.keys().chain(old.known.keys()).collect();
        domains.sort();
        domains.dedup();
        for domain in domains {
            match (described(old, domain), described(self, domain)) {
                (None, Some(new)) => changes.added.push(new),
                (Some(was), None) => changes.removed.push(was),
                (Some(_), Some(new)) if text(old, domain) != text(self, domain) => {
                    changes.changed.push(new)
                }
                _ => {}
            }
        }
    }

    fn rules_of_files_not_in(&self, other: &Table) -> impl Iterator<Item = (RuleId, Rule)> {
        let entries = self.entries_not_in(other);
        entries.filter_map(|entry| Some((entry.id, entry.rule()?)))
    }

    /// Returns the rules of files that another table does not have, or not like this: the rules of files
    /// that are the same need not be looked up.
    pub fn entries_not_in(&self, other: &Table) -> impl Iterator<Item = StoredRule<'_>> {
        let is_there = |read: &FileRead| other.reads.iter().any(|its| its.is_same_as(read));
        let there: Vec<_> = self.reads.iter().map(is_there).collect();
        let new = move |file: u32| !there.get(file as usize).copied().unwrap_or_default();
        self.store.entries_of(new)
    }

    fn described(&self, id: RuleId) -> Change {
        Change {
            rule: self.text(id),
            place: self.place(id).to_string(),
        }
    }

    /// Returns the rule with this very pattern.
    pub fn rule_of(&self, pattern: &Pattern) -> Option<Rule> {
        self.rule(self.id_of(pattern)?)
    }

    /// Returns the number of the rule with this very pattern.
    pub fn id_of(&self, pattern: &Pattern) -> Option<RuleId> {
        self.index_of(pattern)
    }
}

fn same(one: &Rule, other: &Rule) -> bool {
    one.action == other.action && one.detail == other.detail
}
