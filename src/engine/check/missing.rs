//! Finds rules that lead to an address that does not exist.

use super::{dead_end::dead_end, unread::UnreadLines};
use crate::engine::{
    address::Mailbox,
    diagnostic::{Finding, Findings, Span, codes},
    rule::{Action, DomainClass, Origin, Rule},
    store::StoredRule,
    table::Table,
};

/// Reports a target that leads to an address that does not exist, directly or through other rules.
pub(super) fn target(
    table: &Table,
    (target, at): (&Mailbox, Span),
    rule: &Rule,
    unread: &UnreadLines,
    findings: &mut Findings<'_>,
) {
    let Some(way) = way_to_nobody(table, target, unread) else {
        return;
    };
    let Some(mailbox) = way.last() else { return };
    let class = table.class(&mailbox.domain).map_or("", DomainClass::word);
    let names: Vec<_> = way.iter().map(ToString::to_string).collect();
    let leads = match names.len() {
        1 => format!("`{mailbox}` does not exist"),
        _ => format!(
            "this leads to an address that does not exist, {}",
            names.join(" -> ")
        ),
    };
    let message =
        format!("{leads}: there is neither a rule nor a `mailbox` for it in the {class} domain");
    let span = if at.line > 0 { at } else { rule.span };
    let written = findings.place_of(span, |word| {
        let same = Mailbox::parse(word).is_ok_and(|named| named.to_string() == mailbox.to_string());
        same.then_some(0..word.len())
    });
    let finding = Finding::error(codes::UNKNOWN_ADDRESS, span, message);
    let finding = advised(table, finding, (mailbox, written), rule, findings);
    // A line that begins with white space may have been meant to be a rule of its own.
    let continues = at.line > rule.span.line && rule.origin == Origin::Line;
    findings.push(match continues {
        true => finding.note(
            rule.span,
            format!(
                "line {} begins with white space, so it continues this rule",
                at.line
            ),
        ),
        false => finding,
    });
}

/// Reports addresses after `moved` that do not exist. The reply tells senders to write to them.
pub(super) fn moved(table: &Table, unread: &UnreadLines, findings: &mut Findings<'_>) {
    if !table.has_refusing_rules() {
        return;
    }
    for rule in table
        .entries()
        .filter(StoredRule::refuses)
        .filter_map(|entry| entry.rule())
    {
        let Action::Refuse(reply) = &rule.action else {
            continue;
        };
        let Some(text) = reply.moved_to() else {
            continue;
        };
        let Ok(new) = Mailbox::parse(text) else {
            continue;
        };
        let Some(way) = way_to_nobody(table, &new, unread) else {
            continue;
        };
        let Some(last) = way.last() else { continue };
        let message = match way.len() {
            1 => format!("`{new}` does not exist, and senders are told to write to it"),
            _ => format!(
                "senders are told to write to `{new}`, which leads to `{last}`, and that does not exist"
            ),
        };
        let written = findings.place_behind(rule.span, text);
        let span = written.unwrap_or(rule.span);
        let finding = Finding::error(codes::UNKNOWN_ADDRESS, span, message);
        let written = written.filter(|_| way.len() == 1);
        findings.push(advised(table, finding, (last, written), &rule, findings));
    }
}

/// Returns the addresses on the way from a target to one that does not exist. `None` if there is no such way,
/// or if one of the addresses may be on a line that could not be read.
fn way_to_nobody(table: &Table, target: &Mailbox, unread: &UnreadLines) -> Option<Vec<Mailbox>> {
    let way = dead_end(table, target)?;
    let unsure = way.iter().any(|mailbox| unread.may_name(mailbox));
    (!unsure).then_some(way)
}

/// Adds to a finding what to write for an address that does not exist. `written` is the place of the address,
/// if the rule contains it word for word.
fn advised(
    table: &Table,
    finding: Finding,
    (mailbox, written): (&Mailbox, Option<Span>),
    rule: &Rule,
    findings: &Findings<'_>,
) -> Finding {
    let wanted = findings.wants_suggestions();
    let meant = wanted.then(|| table.nearest_mailbox(mailbox)).flatten();
    let finding = match (meant, written) {
        (Some(meant), Some(place)) => {
            let message = format!("write `{meant}` if it is meant");
            finding.suggest(message, place, meant.to_string())
        }
        (Some(meant), None) => finding.help(format!(
            "change the rule that leads to it if `{meant}` is meant"
        )),
        (None, _) => finding,
    };
    let is_primary = table.class(&mailbox.domain) == Some(DomainClass::Primary);
    let finding = if !is_primary {
        finding.help(format!("write a rule for `{mailbox}`"))
    } else if findings.is_native(rule.span) {
        let line = format!("{mailbox} mailbox");
        let message = format!("write a line `{line}` if it exists");
        finding.suggest_line_after(message, rule.span, line)
    } else {
        finding.help(format!("write a line `{mailbox} mailbox` if it exists"))
    };
    match table.declaration(&mailbox.domain) {
        Some(declared) => finding.note(declared, "this line refuses unknown addresses"),
        None => finding,
    }
}
