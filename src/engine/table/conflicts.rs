//! What two rules with one pattern say against each other.
//!
//! Findings: `conflict`, `claimed-twice`, `repeated-rule`, `never-matches`.

use crate::engine::{
    address::LocalCase,
    rule::{Action, Finding, Origin, Pattern, Rule, Target, TargetKind},
};

/// Whether a mailbox lists itself among its secondary addresses, in whatever spelling.
pub(super) fn is_own_secondary(rule: &Rule, case: LocalCase) -> bool {
    match (&rule.pattern, &rule.action, rule.origin) {
        (Pattern::Mailbox(secondary), Action::Rewrite(targets), Origin::Secondary) => targets
            .iter()
            .all(|target| matches!(&target.kind, TargetKind::Mailbox(own) if own.key(case) == secondary.key(case))),
        _ => false,
    }
}

/// Whether two rules with one pattern do the same; targets are compared as mailboxes.
fn same_action(rule: &Rule, was: &Rule, case: LocalCase) -> bool {
    let same_target = |(one, other): (&Target, &Target)| match (&one.kind, &other.kind) {
        (TargetKind::Mailbox(one), TargetKind::Mailbox(other)) => one.key(case) == other.key(case),
        (one, other) => one == other,
    };
    let same = match (&rule.action, &was.action) {
        (Action::Rewrite(targets), Action::Rewrite(others)) => {
            targets.len() == others.len() && targets.iter().zip(others).all(same_target)
        }
        (action, other) => action == other,
    };
    same && rule.detail == was.detail
}

/// Two rules with one pattern.
pub(super) fn twice(rule: &Rule, was: &Rule, case: LocalCase) -> Finding {
    let pattern = &rule.pattern;
    if matches!(pattern, Pattern::Regex(_)) {
        return Finding::warning(
            "never-matches",
            rule.span,
            "the same regex again: this rule can never match",
        )
        .help("delete it")
        .note(was.span, "the first one decides");
    }
    if same_action(rule, was, case) {
        return Finding::warning(
            "repeated-rule",
            rule.span,
            format!("`{pattern}` is written twice, with the same action"),
        )
        .help("delete one of the two")
        .note(was.span, "first written here");
    }
    if rule.origin == Origin::Secondary && was.origin == Origin::Secondary {
        return Finding::error(
            "claimed-twice",
            rule.span,
            format!("`{pattern}` is claimed by two mailboxes"),
        )
        .help("leave it with one of them, or write a rule of its own that names both")
        .note(was.span, "first claimed here");
    }
    Finding::error(
        "conflict",
        rule.span,
        format!("`{pattern}` is written twice, with another action"),
    )
    .help("keep one of the two")
    .note(was.span, "first written here")
}
