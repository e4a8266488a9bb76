//! Storey 7: shows people and programs what the table decides about an address, and why (`explain`).
//!
//! In: a table and an address. Out: [`Explained`], which programs get as JSON; [`text()`] writes the same value
//! for people.
//!
//! Not here: the request to the daemon (`cli`), and the decision itself (`engine`).

mod line;
mod mta;
mod question;
mod reason;
mod text;
mod who;

use std::{iter, sync::Arc};

use self::{line::RcptLine, question::Question};
use crate::{
    engine::{
        Table,
        address::Domain,
        rewrite::{Outcome, Step},
        transaction::{Received, Recipient, Transaction},
    },
    protocol::{self, Action, Explained, Failure, FailureCode, Reply},
};
pub use text::{outcome, printable, text};
pub use who::{MAX_SOURCES, who, who_text};

/// A local-part that nobody has. It stands for all addresses of a domain.
const ANYBODY: &str = "readdress0anybody";

/// Explains an address, a list of addresses, a log line or a domain. Returns a value for each recipient, or a
/// failure if the text names neither an address nor a domain. For a domain, explains an address that no rule
/// names.
///
/// `generation` is the number of the live table, or `None` if the table was read from files.
///
/// The iterator computes each value when it is needed, because the values of a long line could take much
/// memory together.
pub fn explain(
    table: &Arc<Table>,
    text: &str,
    generation: Option<u64>,
) -> Box<dyn Iterator<Item = Result<Explained, Failure>> + Send> {
    match question::read(text) {
        Ok(Question::Recipients(lines)) => {
            let table = Arc::clone(table);
            let lines = lines.into_iter();
            Box::new(lines.map(move |line| Ok(recipient(&table, &line, generation))))
        }
        Ok(Question::Domain(domain)) => {
            Box::new(iter::once(Ok(whole_domain(table, &domain, generation))))
        }
        Err(reason) => Box::new(iter::once(Err(Failure {
            address: Some(text.to_owned()),
            ..Failure::new(FailureCode::NoAddress, reason)
        }))),
    }
}

/// Explains a domain: what happens to an address of it that no rule names.
fn whole_domain(table: &Arc<Table>, domain: &Domain, generation: Option<u64>) -> Explained {
    let line = RcptLine {
        path: format!("{ANYBODY}@{domain}"),
        parameters: Vec::new(),
        logged: false,
    };
    let mut explained = recipient(table, &line, generation);
    hide_anybody(&mut explained);
    explained.address = format!("@{domain}");
    explained.class = Some(table.class(domain).map(|class| class.word().to_owned()));
    explained
}

/// Replaces the local-part that nobody has by `*`.
fn hide_anybody(explained: &mut Explained) {
    let steps = explained.steps.iter_mut();
    let steps = steps.flat_map(|step| [&mut step.address, &mut step.rule, &mut step.why]);
    let reply = explained.reply.iter_mut().map(|reply| &mut reply.text);
    let texts = explained.to.iter_mut().chain(&mut explained.note);
    for text in steps.chain(reply).chain(texts) {
        *text = text.replace(ANYBODY, "*");
    }
}

fn recipient(table: &Arc<Table>, line: &RcptLine, generation: Option<u64>) -> Explained {
    let address = &*line.path;
    // Shows all targets, also those that need SMTPUTF8; `note` says so.
    let mut transaction = Transaction::new(Arc::clone(table), true).with_steps();
    let understood = mta::understood(address);
    let parameters: Vec<_> = line.parameters.iter().map(String::as_bytes).collect();
    transaction.recipient(Received {
        path: address.as_bytes(),
        parameters: &parameters,
        mta_address: understood.as_ref().map(|(address, _)| address.as_bytes()),
        mta_mailer: understood.as_ref().map(|_| &b"smtp"[..]),
        no_client: false,
    });
    let plan = transaction.finish();
    // The transaction has received exactly one recipient.
    let recipient = &transaction.recipients()[0];
    let decision = recipient.decision.as_ref();
    let steps = decision.map_or(&[][..], |decision| &decision.steps);
    let note = match understood {
        Some((address, takes)) if decision.is_some() => Some(format!("{takes} this for {address}")),
        _ => reason::note(table, recipient),
    };
    Explained {
        address: address.to_owned(),
        action: Action::from_word(recipient.action()),
        to: to(recipient, address),
        reply: recipient.refusal.as_ref().map(|reply| Reply {
            code: reply.code(),
            enhanced: reply.enhanced().to_string(),
            text: reply.text().to_owned(),
        }),
        steps: steps
            .iter()
            .filter_map(|step| step_of(table, step))
            .collect(),
        generation,
        note,
        mta: line.logged.then(|| mta::edits(table, recipient, &plan)),
        class: None,
    }
}

/// Returns who gets the mail: nobody, the address itself, or the addresses that replace it.
fn to(recipient: &Recipient, address: &str) -> Vec<String> {
    match recipient
        .decision
        .as_ref()
        .map(|decision| &decision.outcome)
    {
        Some(Outcome::Replace(targets)) => targets.iter().map(ToString::to_string).collect(),
        Some(Outcome::Keep) => recipient.mailbox.iter().map(ToString::to_string).collect(),
        Some(_) => Vec::new(),
        None if recipient.refusal.is_some() => Vec::new(),
        None => vec![address.to_owned()],
    }
}

/// Returns a step for the output. `None` if no line decided it; `note` explains such a step.
fn step_of(table: &Table, step: &Step) -> Option<protocol::Step> {
    let (place, rule) = step.written(table)?;
    let annotation = step.annotation(table);
    Some(protocol::Step {
        address: step.address.to_string(),
        file: place.file.to_owned(),
        line: place.line,
        rule,
        why: reason::why(table, step),
        reason: Some(reason::reason(step)),
        note: annotation.note.map(String::from),
        owner: annotation.owner.map(|owner| owner.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Settings, SourceText, compile};
    use crate::protocol::StepReason;

    fn table() -> Arc<Table> {
        let text = "company.com primary unknown=reject\ndomain2.com secondary\n@domain2.com @company.com\njd@domain2.com jdoe@company.com\njdoe@company.com mailbox\n";
        let sources = [SourceText::new("a.rules", text)];
        Arc::new(compile(&sources, &Settings::default()).table.unwrap())
    }

    fn one(table: &Arc<Table>, text: &str, generation: Option<u64>) -> Explained {
        let mut explained: Vec<_> = explain(table, text, generation).collect();
        assert_eq!(explained.len(), 1, "{text}");
        explained.remove(0).unwrap()
    }

    #[test]
    fn the_steps_and_the_outcome() {
        let explained = one(&table(), "jd+x@domain2.com", Some(7));
        assert_eq!(explained.action, Action::Replace);
        assert_eq!(explained.to, ["jdoe+x@company.com"]);
        assert_eq!(explained.generation, Some(7));
        assert_eq!(
            (explained.steps[0].line, &*explained.steps[1].rule),
            (4, "jdoe@company.com mailbox")
        );
        assert_eq!(explained.reply, None);
    }

    #[test]
    fn a_refusal_names_the_line_of_the_domain() {
        let explained = one(&table(), "nosuch@domain2.com", None);
        assert_eq!(explained.action, Action::Reject);
        assert!(explained.to.is_empty());
        assert_eq!(explained.reply.as_ref().unwrap().enhanced, "5.1.1");
        assert_eq!(
            explained.steps[1].rule,
            "company.com primary unknown=reject"
        );
        assert_eq!(explained.steps[1].reason, Some(StepReason::Unknown));
        assert!(text(&explained).ends_with("=> reject 550 5.1.1 User unknown"));
    }

    #[test]
    fn an_address_of_another_domain_is_kept() {
        assert_eq!(
            one(&table(), "x@elsewhere.example", None).action,
            Action::Keep
        );
        assert_eq!(one(&table(), "<postmaster>", None).to, ["<postmaster>"]);
    }

    #[test]
    fn a_domain_is_explained_without_an_address() {
        let explained = one(&table(), "domain2.com", None);
        assert_eq!(explained.address, "@domain2.com");
        assert_eq!(explained.steps[0].address, "*@domain2.com");
        assert!(!format!("{explained:?}").contains(ANYBODY));
    }
}
