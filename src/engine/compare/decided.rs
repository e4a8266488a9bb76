//! What a comparison asks of decisions, subjects and rules.

use hashbrown::HashSet;

use super::{
    examples::{Tables, empty_detail, with_detail},
    fate::{Fate, Subject},
};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    rewrite::{Decision, Outcome, decide},
    rule::{Action, Pattern, Rule, TargetKind},
    table::Table,
};

/// Returns what makes two spellings of a subject one.
pub(super) fn subject_key(subject: &Subject, table: &Table) -> String {
    match subject {
        Subject::Address(mailbox) => mailbox.key(table.settings().local_case),
        Subject::Pattern(pattern) => format!("pattern {pattern}"),
        Subject::Domain(domain) => format!("domain {domain}"),
    }
}

/// Returns true if mail has the same end by both decisions.
pub(super) fn same(old: &Decision, new: &Decision, table: &Table) -> bool {
    let keys = |list: &[Mailbox]| -> HashSet<String> {
        let case = table.settings().local_case;
        list.iter().map(|mailbox| mailbox.key(case)).collect()
    };
    match (&old.outcome, &new.outcome) {
        (Outcome::Replace(old), Outcome::Replace(new)) => keys(old) == keys(new),
        (old, new) => old == new,
    }
}

/// Returns true if an address of `local@*` that has no rule of its own fares differently.
pub(super) fn differ_everywhere(tables: Tables<'_>, local: &LocalPart) -> bool {
    let differs = |mailbox: &Mailbox| {
        let old = decide(tables.before, mailbox);
        let new = decide(tables.after, mailbox);
        !same(&old, &new, tables.after)
    };
    let all = tables.everywhere(local).into_iter();
    all.filter(|mailbox| !tables.is_named(mailbox))
        .any(|mailbox| {
            let detailed = [
                with_detail(tables.after, &mailbox),
                empty_detail(tables.after, &mailbox),
            ];
            differs(&mailbox) || detailed.iter().flatten().any(differs)
        })
}

/// Returns the targets of a rule that are one address of this domain.
pub(super) fn targets_in(rule: &Rule, domain: &Domain) -> Vec<Mailbox> {
    let Action::Rewrite(targets) = &rule.action else {
        return Vec::new();
    };
    let mailboxes = targets.iter().filter_map(|target| match &target.kind {
        TargetKind::Mailbox(mailbox) if mailbox.domain == *domain => Some(mailbox.clone()),
        _ => None,
    });
    mailboxes.collect()
}

/// Returns the right side of a rule in one of the tables. Where there is none, what happens without it.
pub(super) fn right_side(
    tables: Tables<'_>,
    table: &Table,
    pattern: &Pattern,
    rule: Option<&Rule>,
) -> Fate {
    if let Some(rule) = rule {
        return Fate::Rule(rule.right_side());
    }
    match tables.example(pattern) {
        Some(example) if table.class(&example.domain).is_none() => Fate::NotOurs,
        Some(example) => Fate::Outcome(decide(table, &example).outcome),
        None => Fate::Absent,
    }
}

/// Returns the line that decided, as `FILE:LINE`.
pub(super) fn place(table: &Table, decision: &Decision) -> Option<String> {
    let place = decision.decisive()?.place(table)?;
    Some(place.to_string())
}
