//! What is said about a law that does not hold, or that is about nothing.

use super::prove::{Proof, Shown};
use crate::engine::{
    address::{Domain, Mailbox},
    diagnostic::{Finding, codes, nearest},
    rewrite::{Decision, Outcome, Reason, Step},
    rule::Pattern,
    syntax::Law,
    table::Table,
};

/// Steps of a witness that are shown.
const MAX_STEPS: usize = 8;

/// Returns what is wrong with a law.
pub(super) fn finding(table: &Table, law: &Law, proof: &Proof) -> Option<Finding> {
    Some(match &proof.shown {
        Shown::Holds => return None,
        Shown::Broken(mailbox, decision) => broken(table, law, mailbox, decision),
        Shown::TooFew(count) => too_few(law, *count),
        Shown::Open(rule) => {
            let message = format!("it cannot be shown that `{law}` holds for every address");
            let finding = Finding::error(codes::LAW_UNPROVED, law.span, message).help(
                "make the regex that leads there narrower, write rules for single addresses in its place, \
                 or let the law be about fewer addresses",
            );
            let rule = rule.and_then(|rule| table.rule(rule));
            rule.into_iter().fold(finding, |finding, rule| {
                finding.note(rule.span, "this rule stands in the way")
            })
        }
        Shown::MatchesNothing => matches_nothing(table, law),
    })
}

fn broken(table: &Table, law: &Law, mailbox: &Mailbox, decision: &Decision) -> Finding {
    let message = format!(
        "`{law}` is broken by `{mailbox}`, which gives `{}`",
        decision.result()
    );
    let finding = Finding::error(codes::LAW, law.span, message)
        .help("fix the rule, or the law if it is out of date");
    // A refusal is the doing of one step alone.
    let refused = matches!(decision.outcome, Outcome::Refuse(_));
    let note = |step: &Step| match &step.reason {
        Reason::Rule(id) => {
            let rule = table.rule(*id)?;
            Some((rule.span, format!("this rule is for `{}`", step.address)))
        }
        Reason::Unknown(domain) if refused => {
            let declared = table.declaration(domain)?;
            Some((declared, format!("no rule is for `{}`", step.address)))
        }
        _ => None,
    };
    let steps = decision.steps.iter().enumerate();
    let wanted = steps.filter(|(at, _)| !refused || *at == 0 || *at == decision.decisive);
    let notes = wanted.filter_map(|(_, step)| note(step)).take(MAX_STEPS);
    notes.fold(finding, |finding, (span, message)| {
        finding.note(span, message)
    })
}

fn too_few(law: &Law, count: usize) -> Finding {
    let have = match count {
        0 => "no address has a rule of its own".to_owned(),
        1 => "one address has a rule of its own".to_owned(),
        _ => format!("{count} addresses have rules of their own"),
    };
    let message = format!("`{law}` is broken: {have}");
    Finding::error(codes::LAW, law.span, message)
        .help("look for rules that are missing, or write a smaller number")
}

fn matches_nothing(table: &Table, law: &Law) -> Finding {
    let message = format!("`{}` matches no address of the table", law.pattern);
    let finding = Finding::warning(codes::UNUSED_LAW, law.span, message);
    let Some(domain) = law.pattern.domain() else {
        return finding.help("declare a secondary domain, or delete the law");
    };
    if let Pattern::Subdomains(above) = &law.pattern
        && table.class(above).is_some()
    {
        let meant = format!("@{above}");
        return finding
            .suggest(format!("write `{meant}` if it is meant"), law.span, meant)
            .help(format!("the table has no domain below `{above}`"));
    }
    let known = table.known_domains();
    let names = known.iter().map(|(domain, _)| domain.as_str());
    let written = |pattern: &Pattern, meant: &str| {
        let text = pattern.to_string();
        Some(format!("{}{meant}", text.strip_suffix(domain.as_str())?))
    };
    let meant = nearest(domain.as_str(), names).filter(|meant| Domain::parse(meant).is_ok());
    match meant.and_then(|meant| written(&law.pattern, meant)) {
        Some(meant) => finding.suggest(format!("write `{meant}` if it is meant"), law.span, meant),
        None => finding.help("correct the spelling of the domain, or delete the law"),
    }
}
