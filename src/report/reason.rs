//! Explains why a line decides about an address, or why no line does.

use crate::{
    engine::{
        Table,
        address::{Domain, Mailbox},
        diagnostic::similar_domain,
        rewrite::{Outcome, Reason, Step},
        transaction::Recipient,
    },
    protocol::StepReason,
};

/// Returns what decided a step, for programs.
pub(super) fn reason(step: &Step) -> StepReason {
    match &step.reason {
        Reason::Rule(_) => StepReason::Rule,
        Reason::Unknown(_) => StepReason::Unknown,
        Reason::RoutingSpelling => StepReason::RoutingSpelling,
        Reason::Elsewhere => StepReason::Elsewhere,
        Reason::Loop => StepReason::Loop,
        Reason::Limit(_) => StepReason::Limit,
        Reason::NoAddress => StepReason::NoAddress,
        Reason::Fault => StepReason::Fault,
    }
}

/// Returns what decided a step, for people.
pub(super) fn why(table: &Table, step: &Step) -> String {
    let class = |domain| table.class(domain).map_or("unknown", |class| class.word());
    match &step.reason {
        Reason::Rule(_) => "this rule matches it".to_owned(),
        Reason::Unknown(domain) => format!(
            "no rule matches it; unknown addresses of this {} domain: {}",
            class(domain),
            table.unknown(domain).word()
        ),
        Reason::RoutingSpelling => {
            "its local-part would route the mail elsewhere (%, ! or @), and no rule spells it out"
                .to_owned()
        }
        Reason::Elsewhere => "its domain is not in the table".to_owned(),
        Reason::Loop => "the rules lead back to it: a loop".to_owned(),
        Reason::Limit(limit) => format!("the limit {} was reached", limit.key()),
        Reason::NoAddress => "its rule gives a target that is not an address".to_owned(),
        Reason::Fault => "its rule is missing in the table: please report this".to_owned(),
    }
}

/// Returns what the steps do not say: why no line decided, or what the message needs.
pub(super) fn note(table: &Table, recipient: &Recipient) -> Option<String> {
    let (Some(mailbox), Some(decision)) = (&recipient.mailbox, &recipient.decision) else {
        let note = match recipient.refusal {
            Some(_) => {
                "its syntax is not valid, so no rule can match it, and its domain is in the table"
            }
            None => "it has no domain, or its syntax is not valid, so no rule can match it",
        };
        return Some(note.to_owned());
    };
    let needs_smtputf8 = match &decision.outcome {
        Outcome::Replace(targets) => {
            !mailbox.needs_smtputf8() && targets.iter().any(Mailbox::needs_smtputf8)
        }
        _ => false,
    };
    if needs_smtputf8 {
        return Some("in a transaction without SMTPUTF8 it is refused: 550 5.6.7".to_owned());
    }
    // If the mail simply goes to another domain, there is nothing to explain.
    let refused = matches!(decision.outcome, Outcome::Refuse(_)) || decision.steps.len() == 1;
    let step = decision
        .decisive()
        .filter(|step| refused && step.written(table).is_none())?;
    let meant = match &step.reason {
        Reason::Elsewhere => meant(table, &step.address.domain),
        _ => None,
    };
    let meant = meant.map(|domain| format!("; did you mean `{domain}`?"));
    Some(format!(
        "{}: {}{}",
        step.address,
        why(table, step),
        meant.unwrap_or_default()
    ))
}

/// Returns the domain of the table whose spelling is nearest to a domain that is not in the table.
fn meant(table: &Table, domain: &Domain) -> Option<String> {
    let known = table.known_domains();
    let names = known.iter().map(|(domain, _)| *domain);
    similar_domain(domain, names).map(|similar| similar.meant.to_unicode())
}
