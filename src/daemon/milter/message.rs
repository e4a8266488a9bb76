//! A message under way: what is kept of it, what it is answered as a whole, and its log lines.

use std::sync::Arc;

use crate::{
    config::{Config, Mode},
    daemon::{
        live::Generation,
        record::{self, Outcome},
    },
    engine::{
        Table,
        address::Mailbox,
        reply::{ReplyClass, SmtpReply},
        rewrite::{Outcome as RewriteOutcome, decide},
        transaction::{Received, Recipient, Transaction},
    },
    headers::{self, Edit, Field},
};

/// Bytes of the header fields that are kept of one message.
const MAX_HEADERS: usize = 256 << 10;

/// A transaction under way.
#[derive(Debug)]
pub(super) struct Message {
    pub generation: Arc<Generation>,
    pub config: Arc<Config>,
    /// None where there is no table yet.
    pub transaction: Option<Transaction>,
    /// Header fields that matter; `None` where there were too many.
    pub fields: Option<Vec<Field>>,
    /// What recipients were to be told where there is no reply at RCPT.
    pub unsaid: Vec<SmtpReply>,
    /// How many recipients came.
    pub received: usize,
}

impl Message {
    /// The reply to the whole message where a recipient had to be refused and could not be.
    pub fn refusal(&self) -> Option<SmtpReply> {
        let first = self.unsaid.first()?;
        let class = SmtpReply::class;
        let for_good = |reply: &SmtpReply| class(reply) == ReplyClass::Reject;
        if self.unsaid.len() == self.received && self.unsaid.iter().all(for_good) {
            return Some(first.clone());
        }
        let deferred = self.unsaid.iter().find(|reply| !for_good(reply));
        Some(
            deferred
                .cloned()
                .unwrap_or_else(|| ReplyClass::Defer.default_reply()),
        )
    }

    /// Keeps a header field, as long as there are not too many.
    pub fn keep(&mut self, field: Field) {
        let length = |field: &Field| field.name.len() + field.value.len();
        let kept = self.fields.iter().flatten().map(length).sum::<usize>();
        if kept + length(&field) > MAX_HEADERS {
            self.fields = None;
        } else if let Some(fields) = &mut self.fields {
            fields.push(field);
        }
    }

    /// The edits of its header.
    pub fn header_edits(&self, transaction: &Transaction) -> Vec<Edit> {
        let Some(fields) = &self.fields else {
            return Vec::new();
        };
        let accepted = |recipient: &&Recipient| recipient.answer().is_none();
        let mut present = transaction.recipients().iter().filter(accepted);
        let single = present.next().filter(|_| present.next().is_none());
        let single = single.map(Recipient::path);
        headers::edits(fields, self.config.headers, single.as_deref(), |address| {
            one_for_one(transaction.table(), address)
        })
    }

    /// A recipient that no table decides: it is deferred, or kept where no client sent it or nothing
    /// is to be changed.
    pub fn undecided(
        &self,
        received: Received<'_>,
        id: Option<&[u8]>,
        names: &record::Names,
        reply: SmtpReply,
        limit: Option<&'static str>,
    ) -> Option<SmtpReply> {
        let spared = received.comes_from_no_client();
        let observes = self.config.mode == Mode::Observe;
        record::recipient(&Outcome {
            id,
            orig_to: received.path,
            to: &[],
            rule: None,
            action: if spared { "keep" } else { "defer" },
            reply: Some(&reply),
            generation: self.generation.number,
            dry_run: observes,
            limit,
            names,
            addresses: self.config.addresses,
        });
        (!spared && !observes).then_some(reply)
    }
}

/// The one address that takes another's place in a header: where there is one, and it is ASCII, as a
/// header has to be in a message that does not say otherwise.
fn one_for_one(table: &Table, address: &str) -> Option<String> {
    let mailbox = Mailbox::parse(address).ok()?;
    match decide(table, &mailbox).outcome {
        RewriteOutcome::Replace(targets) => match targets.as_slice() {
            [one] if !one.needs_smtputf8() => Some(one.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// One line for a recipient that a table decided.
pub(super) fn log(
    generation: &Generation,
    config: &Config,
    recipient: &Recipient,
    id: Option<&[u8]>,
    names: &record::Names,
) {
    if !record::shows_recipients() {
        return;
    }
    let table = generation.table.as_deref();
    let decision = recipient.decision.as_ref();
    let decisive = decision.and_then(|decision| decision.decisive());
    let rule = decisive
        .zip(table)
        .and_then(|(step, table)| step.place(table));
    record::recipient(&Outcome {
        id,
        orig_to: &recipient.path(),
        to: recipient.targets(),
        rule: rule.map(|place| place.to_string()),
        action: recipient.action(),
        reply: recipient.refusal.as_ref(),
        generation: generation.number,
        dry_run: config.mode == Mode::Observe,
        limit: recipient.limit(),
        names,
        addresses: config.addresses,
    });
}
