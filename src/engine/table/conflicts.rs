//! Findings about two rules with the same pattern.
//!
//! Findings: `conflict`, `claimed-twice`, `repeated-rule`, `never-matches`.

use crate::engine::{
    address::LocalCase,
    diagnostic::{Finding, codes},
    rule::{Action, Origin, Pattern, Rule, Target, TargetKind},
};

/// Returns true if a rule comes from a mailbox that lists itself among its secondary addresses.
pub(super) fn is_own_secondary(rule: &Rule, case: LocalCase) -> bool {
    match (&rule.pattern, &rule.action, rule.origin.is_secondary()) {
        (Pattern::Mailbox(secondary), Action::Rewrite(targets), true) => targets
            .iter()
            .all(|target| matches!(&target.kind, TargetKind::Mailbox(own) if own.key(case) == secondary.key(case))),
        _ => false,
    }
}

/// Returns true if two rules with the same pattern do the same. Two spellings of one target are the same.
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

/// Returns the finding about two rules with the same pattern; `was` is the earlier one. `None` if a file of
/// another program only repeats itself.
pub(super) fn twice(rule: &Rule, was: &Rule, case: LocalCase) -> Option<Finding> {
    let pattern = &rule.pattern;
    let same = same_action(rule, was, case);
    let foreign = rule.origin.is_foreign() || was.origin.is_foreign();
    // An MTA's map may list an address as its own target, where a `.rules` file has a `mailbox` line: both
    // say that the address stays as it is.
    let stays = |rule: &Rule| matches!(rule.action, Action::Keep | Action::Mailbox);
    if foreign && (same || (stays(rule) && stays(was))) {
        return None;
    }
    Some(if matches!(pattern, Pattern::Regex(_)) {
        let message = "the same regex again: this rule can never match";
        Finding::warning(codes::NEVER_MATCHES, rule.span, message)
            .suggest_line_deleted("delete this rule", rule.span)
            .note(was.span, "the first one decides")
            .regardless()
    } else if same {
        let message = format!("`{pattern}` is written twice, with the same action");
        let finding = Finding::warning(codes::REPEATED_RULE, rule.span, message);
        one_of_two(finding, rule, was, "delete one of the two").note(was.span, "first written here")
    } else if rule.origin.is_secondary() && was.origin.is_secondary() {
        let owners = if foreign {
            format!(", `{}` and `{}`", was.action, rule.action)
        } else {
            String::new()
        };
        Finding::error(
            codes::CLAIMED_TWICE,
            rule.span,
            format!("`{pattern}` is claimed by two mailboxes{owners}"),
        )
        .help("delete it from one of them, or write a separate rule that names both")
        .understood()
        .note(was.span, "first claimed here")
    } else {
        let message = format!("`{pattern}` is written twice, with another action");
        let finding = Finding::error(codes::CONFLICT, rule.span, message).understood();
        one_of_two(finding, rule, was, "keep one of the two").note(was.span, "first written here")
    })
}

/// Offers to delete the second of two rules or the first, if each is a line of its own.
fn one_of_two(finding: Finding, rule: &Rule, was: &Rule, help: &str) -> Finding {
    let is_line = |rule: &Rule| rule.origin == Origin::Line && rule.action != Action::Mailbox;
    if !is_line(rule) || !is_line(was) {
        return finding.help(help);
    }
    finding
        .suggest_line_deleted("delete the second rule", rule.span)
        .suggest_line_deleted("delete the first rule", was.span)
}
