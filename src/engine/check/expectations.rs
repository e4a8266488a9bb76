//! Compares what the rules decide with what the expectations say.

use super::unread::UnreadLines;
use crate::engine::{
    diagnostic::{Finding, Findings, codes},
    rewrite::{Decision, Outcome, Reason, Step, decide},
    syntax::{Expectation, Expected},
    table::Table,
};

/// Reports every expectation that does not hold.
pub(super) fn check(
    table: &Table,
    expected: &[Expectation],
    unread: &UnreadLines,
    findings: &mut Findings<'_>,
) {
    for expectation in expected {
        let decision = decide(table, &expectation.address);
        if holds(table, expectation, &decision) || may_be_about_unread(unread, expectation) {
            continue;
        }
        findings.push(broken(table, expectation, &decision));
    }
}

fn may_be_about_unread(unread: &UnreadLines, expectation: &Expectation) -> bool {
    let targets = match &expectation.expected {
        Expected::Replace(list) => list.as_slice(),
        _ => &[],
    };
    unread.may_name(&expectation.address) || targets.iter().any(|target| unread.may_name(target))
}

fn holds(table: &Table, expectation: &Expectation, decision: &Decision) -> bool {
    let case = table.settings().local_case;
    match (&expectation.expected, &decision.outcome) {
        (Expected::Exactly(expected), outcome) => expected == outcome,
        (
            Expected::Refuse {
                class,
                code,
                enhanced,
                text,
            },
            Outcome::Refuse(reply),
        ) => {
            *class == reply.class()
                && code.is_none_or(|code| code == reply.code())
                && enhanced.is_none_or(|enhanced| enhanced == reply.enhanced())
                && text.as_ref().is_none_or(|text| text == reply.text())
        }
        (Expected::Replace(list), outcome) => {
            let own = std::slice::from_ref(&expectation.address);
            let came = match outcome {
                Outcome::Replace(came) => came.as_slice(),
                Outcome::Keep => own,
                _ => return false,
            };
            let sorted = |list: &[_]| {
                let mut keys: Vec<_> = list
                    .iter()
                    .map(|mailbox: &crate::engine::address::Mailbox| mailbox.key(case))
                    .collect();
                keys.sort();
                keys.dedup();
                keys
            };
            sorted(list) == sorted(came)
        }
        _ => false,
    }
}

fn broken(table: &Table, expectation: &Expectation, decision: &Decision) -> Finding {
    let message = format!(
        "`{}` is expected to give `{}`, and gives `{}`",
        expectation.address,
        expectation.expected,
        decision.result()
    );
    let finding = Finding::error(codes::EXPECTATION, expectation.span, message)
        .help("fix the rule, or the expectation if it is out of date");
    let place = |step: &Step| match &step.reason {
        Reason::Rule(id) => table.rule(*id).map(|rule| rule.span),
        Reason::Unknown(domain) => table.declaration(domain),
        _ => None,
    };
    // The first line that decides about the address, and the last one.
    let first = decision.steps.first().and_then(place);
    let last = decision.decisive().and_then(place);
    let finding = first.into_iter().fold(finding, |finding, span| {
        finding.note(span, "because of this line")
    });
    last.filter(|last| Some(*last) != first)
        .into_iter()
        .fold(finding, |finding, span| {
            finding.note(span, "which led to this one")
        })
}
