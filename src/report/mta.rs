//! What the MTA does with a decision, as observed with Postfix and Sendmail.
//!
//! If only one of the two MTAs does something, the text names that MTA. readdress does not read the maps and
//! routes of the MTA; `postmap -q` and `sendmail -bv` show them.

use crate::{
    engine::{
        Table,
        address::without_route,
        rewrite::{Outcome, Reason},
        rule::DomainClass,
        transaction::{Plan, Recipient, Verdict},
    },
    protocol::{Addition, MtaEdits},
};

/// Returns the address that an MTA reads in a path without `@`, and which MTAs do so.
///
/// Postfix and Sendmail read `user%domain` as `user@domain`. Only Postfix reads `domain!user` so.
pub(super) fn understood(path: &str) -> Option<(String, &'static str)> {
    let inner = path.strip_prefix('<').unwrap_or(path);
    let inner = inner.strip_suffix('>').unwrap_or(inner);
    if inner.contains(['@', '"']) {
        return None;
    }
    if let Some((user, domain)) = inner.rsplit_once('%') {
        return Some((format!("{user}@{domain}"), "Postfix and Sendmail take"));
    }
    let (domain, user) = inner.split_once('!')?;
    Some((
        format!("{user}@{domain}"),
        "Postfix takes (Sendmail does not)",
    ))
}

/// Returns the edits of the envelope, and what the MTA does then.
pub(super) fn edits(table: &Table, recipient: &Recipient, plan: &Plan) -> MtaEdits {
    let bytes = |path: &Vec<u8>| String::from_utf8_lossy(&without_route(path)).into_owned();
    let additions = plan.additions.iter().map(|addition| Addition {
        address: addition.mailbox.to_string(),
        parameters: addition.dsn.to_string(),
    });
    MtaEdits {
        delete: plan.deletions.iter().map(bytes).collect(),
        add: additions.collect(),
        does: does(table, recipient, plan),
    }
}

fn does(table: &Table, recipient: &Recipient, plan: &Plan) -> Vec<String> {
    if recipient.answer().is_some() {
        return refused(recipient);
    }
    match recipient
        .decision
        .as_ref()
        .map(|decision| &decision.outcome)
    {
        Some(Outcome::Replace(_)) => replaced(table, plan),
        Some(Outcome::Discard) => vec![discarded(plan)],
        _ => vec![kept(table, recipient)],
    }
}

/// Returns who refuses at RCPT, and with which reply.
fn refused(recipient: &Recipient) -> Vec<String> {
    let mut said =
        vec!["gives the client this reply at RCPT; Sendmail puts the address before it".to_owned()];
    let decision = recipient.decision.as_ref();
    let reason = decision
        .and_then(|decision| decision.decisive())
        .map(|step| &step.reason);
    if matches!(reason, Some(Reason::Unknown(_) | Reason::RoutingSpelling)) {
        said.push(
            "refuses it earlier, with its own reply, if it looks addresses up in the map `recipients`"
                .to_owned(),
        );
    }
    said
}

fn replaced(table: &Table, plan: &Plan) -> Vec<String> {
    let mut said = Vec::new();
    for path in &plan.deletions {
        said.push(format!(
            "deletes {}",
            String::from_utf8_lossy(&without_route(path))
        ));
    }
    let mut elsewhere = Vec::new();
    for addition in &plan.additions {
        let parameters = addition.dsn.to_string();
        let gap = if parameters.is_empty() { "" } else { " " };
        said.push(format!("adds <{}>{gap}{parameters}", addition.mailbox));
        let domain = &addition.mailbox.domain;
        if !inbound(table.class(domain)) && !elsewhere.contains(&domain) {
            elsewhere.push(domain);
        }
    }
    said.push("applies its own maps to what is added (Postfix: canonical, virtual; Sendmail: virtusertable, aliases)".to_owned());
    said.extend(
        elsewhere
            .iter()
            .map(|domain| format!("sends the mail to {domain}, which checks SPF for this host")),
    );
    said
}

fn discarded(plan: &Plan) -> String {
    let rest = "answers 250 and delivers nothing to this recipient";
    match plan.verdict {
        Verdict::Discard => format!(
            "{rest}; without another recipient, it discards the message, except for copies that it makes itself (always_bcc)"
        ),
        Verdict::Continue => rest.to_owned(),
    }
}

fn kept(table: &Table, recipient: &Recipient) -> String {
    let Some(mailbox) = &recipient.mailbox else {
        return "handles it as it would without readdress".to_owned();
    };
    match table.class(&mailbox.domain) {
        Some(DomainClass::Primary) => format!("delivers it as all mail for {}", mailbox.domain),
        Some(DomainClass::Secondary) => {
            "passes it on unchanged: the next hop must know this secondary address".to_owned()
        }
        Some(DomainClass::External) | None => {
            "delivers it if the domain is its own; otherwise relays it for clients that may relay, and refuses it for others (Postfix with 454 4.7.1 or 554 5.7.1, Sendmail with 550 5.7.1)".to_owned()
        }
    }
}

fn inbound(class: Option<DomainClass>) -> bool {
    class.is_some_and(|class| class != DomainClass::External)
}
