//! A message under way: what is kept of it, how it is refused as a whole, and its log lines.

use std::sync::Arc;

use crate::{
    config::{Config, Mode},
    daemon::{
        record::{self, Outcome},
        state::live::Generation,
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

/// Most bytes of header fields that are kept of one message.
const MAX_HEADERS: usize = 256 << 10;

/// A message under way.
#[derive(Debug)]
pub(super) struct Message {
    pub generation: Arc<Generation>,
    pub config: Arc<Config>,
    /// `None` if there is no table yet.
    pub transaction: Option<Transaction>,
    /// The header fields that matter; `None` if there were too many.
    pub fields: Option<Vec<Field>>,
    /// On a connection without replies to recipients: the replies that would have refused some.
    pub refusals: Vec<SmtpReply>,
    /// On such a connection: how many recipients came.
    pub received: usize,
}

impl Message {
    /// Returns the reply that refuses the whole message, if a recipient had to be refused without a reply.
    pub fn refusal(&self) -> Option<SmtpReply> {
        let first = self.refusals.first()?;
        let class = SmtpReply::class;
        let for_good = |reply: &SmtpReply| class(reply) == ReplyClass::Reject;
        if self.refusals.len() == self.received && self.refusals.iter().all(for_good) {
            return Some(first.clone());
        }
        let deferred = self.refusals.iter().find(|reply| !for_good(reply));
        Some(
            deferred
                .cloned()
                .unwrap_or_else(|| ReplyClass::Defer.default_reply()),
        )
    }

    /// Keeps a header field, if the message does not have too many.
    pub fn keep(&mut self, field: Field) {
        let length = |field: &Field| field.name.len() + field.value.len();
        let kept = self.fields.iter().flatten().map(length).sum::<usize>();
        if kept + length(&field) > MAX_HEADERS {
            self.fields = None;
        } else if let Some(fields) = &mut self.fields {
            fields.push(field);
        }
    }

    /// Returns the edits of the header.
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

    /// Logs a recipient about which no table decides. Returns the reply that refuses the recipient, or `None` if
    /// no client sent it or if the daemon only observes.
    pub fn undecided(
        &self,
        received: Received<'_>,
        id: Option<&[u8]>,
        names: &record::Names,
        reply: SmtpReply,
        limit: Option<&'static str>,
    ) -> Option<SmtpReply> {
        let spared = received.no_client;
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

/// Returns the one address that replaces another in a header. The address has to be ASCII, because a message
/// without SMTPUTF8 may have no other address in its header.
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

/// Logs a recipient about which a table decided.
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
