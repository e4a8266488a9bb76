//! The differences between two tables, for the log of a reload.

use super::compiled::Table;
use crate::engine::{
    rule::{Pattern, Rule},
    store::{FileRead, RuleId, StoredRule},
};

/// A rule or domain line that was added, removed or changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Its canonical text.
    pub rule: String,
    /// File and line.
    pub place: String,
    /// If it was changed: its text and place before.
    pub was: Option<Box<Change>>,
}

impl Change {
    /// Adds what it was before.
    fn after(self, was: Option<Self>) -> Self {
        Self {
            was: was.map(Box::new),
            ..self
        }
    }

    /// Returns the rule with its place, and what it was before. Without `text` the places alone: addresses are
    /// personal data.
    pub fn line(&self, text: bool) -> String {
        let one = |change: &Self| match text {
            true => format!("{} ({})", change.rule, change.place),
            false => change.place.clone(),
        };
        match &self.was {
            Some(was) => format!("{}, was {}", one(self), one(was)),
            None => one(self),
        }
    }
}

/// What changed from one table to the next.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Changes {
    /// Rules and domain lines whose pattern only the new table has.
    pub added: Vec<Change>,
    /// Rules and domain lines whose pattern only the old table has.
    pub removed: Vec<Change>,
    /// Rules and domain lines whose pattern both tables have, with different actions; as in the new table.
    pub changed: Vec<Change>,
}

impl Changes {
    /// Returns true if there is no change.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl Table {
    /// Returns the differences from `old`. A rule that only moved to another line is no difference.
    pub fn changes_since(&self, old: &Table) -> Changes {
        let mut changes = Changes::default();
        for (id, rule) in self.rules_of_files_not_in(old) {
            match old.rule_of(&rule.pattern) {
                None => changes.added.push(self.described(id)),
                Some(was) if !same(&rule, &was) => {
                    let was = old.id_of(&rule.pattern).map(|id| old.described(id));
                    changes.changed.push(self.described(id).after(was));
                }
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
                was: None,
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
                (Some(was), Some(new)) if text(old, domain) != text(self, domain) => {
                    changes.changed.push(new.after(Some(was)))
                }
                _ => {}
            }
        }
    }

    fn rules_of_files_not_in(&self, other: &Table) -> impl Iterator<Item = (RuleId, Rule)> {
        let entries = self.entries_not_in(other);
        entries.filter_map(|entry| Some((entry.id, entry.rule()?)))
    }

    /// Returns the rules of the files that `other` does not have, or has with another content. The rules of
    /// files with the same content are the same, so nobody needs to compare them.
    pub fn entries_not_in(&self, other: &Table) -> impl Iterator<Item = StoredRule<'_>> {
        let has_same = |read: &FileRead| other.reads.iter().any(|its| its.is_same_as(read));
        let same: Vec<_> = self.reads.iter().map(has_same).collect();
        let differs = move |file: u32| !same.get(file as usize).copied().unwrap_or_default();
        self.store.entries_of(differs)
    }

    fn described(&self, id: RuleId) -> Change {
        Change {
            rule: self.rule(id).map(|rule| rule.text()).unwrap_or_default(),
            place: self.place(id).to_string(),
            was: None,
        }
    }

    /// Returns the rule with exactly this pattern.
    pub fn rule_of(&self, pattern: &Pattern) -> Option<Rule> {
        self.rule(self.id_of(pattern)?)
    }

    /// Returns the number of the rule with exactly this pattern.
    pub fn id_of(&self, pattern: &Pattern) -> Option<RuleId> {
        self.index_of(pattern)
    }
}

fn same(one: &Rule, other: &Rule) -> bool {
    one.action == other.action && one.detail == other.detail
}
