//! One law: proved, or refuted by a witness, or neither.

use std::collections::BTreeSet;

use super::{
    claim::Judge,
    count,
    index::Index,
    search::Search,
    set::Users,
    starts::starts,
    trace::{Tracer, Verdict},
};
use crate::engine::{
    address::Mailbox,
    rewrite::Decision,
    rule::Pattern,
    store::RuleId,
    syntax::{Claim, Law},
    table::Table,
};

/// What was shown about a law.
#[derive(Debug)]
pub(super) enum Shown {
    /// It holds for every address.
    Holds,
    /// This address of it breaks it.
    Broken(Mailbox, Decision),
    /// Only this many addresses have a rule of their own.
    TooFew(usize),
    /// Nothing. This rule stands in the way, if one does.
    Open(Option<RuleId>),
    /// The table has no address that the law is about.
    MatchesNothing,
}

/// What was shown about a law, and what that rests upon.
#[derive(Debug)]
pub(super) struct Proof {
    pub shown: Shown,
    /// The rules for many addresses that were applied, sorted.
    pub wide: Vec<RuleId>,
    /// How many rules were looked at.
    pub rules: usize,
    /// The domains in which mail ends.
    pub ends: BTreeSet<String>,
}

impl Proof {
    fn of(shown: Shown) -> Self {
        Self {
            shown,
            wide: Vec::new(),
            rules: 0,
            ends: BTreeSet::new(),
        }
    }
}

/// Proves a law.
pub(super) fn prove(table: &Table, index: &Index, law: &Law) -> Proof {
    let users = Users::new(table);
    let starts = starts(table, index, users, &law.pattern);
    if let Claim::AtLeast(wanted) = law.claim {
        let count = count::count(table, index, users, &law.pattern);
        let shown = match count >= wanted {
            true => Shown::Holds,
            false => Shown::TooFew(count),
        };
        return Proof {
            rules: count,
            ..Proof::of(shown)
        };
    }
    if starts.is_empty() {
        return Proof::of(Shown::MatchesNothing);
    }
    let judge = Judge {
        claim: &law.claim,
        case: table.settings().local_case,
        users,
    };
    let mut search = Search::new(table, index, judge);
    search.run(starts);
    let shown = match Tracer::new(&law.pattern).judge(&search) {
        Verdict::Nobody => Shown::Holds,
        Verdict::Witness(mailbox, decision) => Shown::Broken(mailbox, decision),
        Verdict::Open(rule) => Shown::Open(rule),
    };
    let (wide, rules) = looked_at(&search);
    Proof {
        shown,
        wide,
        rules,
        ends: search.ends,
    }
}

/// Returns the rules for many addresses that were applied, and how many rules were looked at in all.
fn looked_at(search: &Search<'_>) -> (Vec<RuleId>, usize) {
    let whole = search.whole.iter();
    let mut count = whole
        .map(|domain| search.index.mailboxes(domain).len())
        .sum();
    let mut wide = Vec::new();
    for id in &search.rules {
        match search.table.rule(*id).map(|rule| rule.pattern) {
            Some(Pattern::Mailbox(mailbox)) if search.whole.contains(&mailbox.domain) => {}
            Some(Pattern::Mailbox(_)) => count += 1,
            _ => wide.push(*id),
        }
    }
    count += wide.len();
    wide.sort_unstable();
    (wide, count)
}
