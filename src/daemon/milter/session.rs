//! One connection of an MTA: which transaction is under way, and what is logged of it.
//!
//! A transaction pins the table that is live when it begins, and the mode and the form of addresses
//! in the log with it.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | recipients of one message | 10000 | 452 4.5.3; the client sends the rest in another transaction |

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::{
    config::{Config, Mode},
    daemon::{
        live::{Generation, LiveTable},
        record::{self, Outcome},
    },
    engine::{
        reply::SmtpReply,
        transaction::{Plan, Received, Recipient, Transaction},
    },
};

/// Recipients of one message, so that no peer fills the memory.
const MAX_RECIPIENTS: usize = 10_000;

/// What all connections share.
#[derive(Debug)]
pub struct Shared {
    /// The table that serves.
    pub live: Arc<LiveTable>,
    /// The configuration that is in force.
    pub config: ArcSwap<Config>,
    /// Hides addresses in the log where the configuration wants it.
    pub names: record::Names,
}

impl Shared {
    /// Whether nothing is changed.
    pub fn observes(&self) -> bool {
        self.config.load().mode == Mode::Observe
    }
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    /// The MTA takes ORCPT and NOTIFY with a recipient.
    pub extended: bool,
    /// The MTA waits for no reply to MAIL.
    pub silent_mail: bool,
    message: Option<Message>,
}

/// A transaction under way.
#[derive(Debug)]
struct Message {
    generation: Arc<Generation>,
    config: Arc<Config>,
    /// None where there is no table yet.
    transaction: Option<Transaction>,
}

impl Session {
    /// A connection that has been negotiated.
    pub fn new(shared: Arc<Shared>, extended: bool, silent_mail: bool) -> Self {
        Self {
            shared,
            extended,
            silent_mail,
            message: None,
        }
    }

    /// MAIL: whatever was under way is forgotten.
    pub fn begin(&mut self, smtputf8: bool) {
        let generation = self.shared.live.pin();
        let transaction = generation
            .table
            .clone()
            .map(|table| Transaction::new(table, smtputf8));
        self.message = Some(Message {
            generation,
            config: self.shared.config.load_full(),
            transaction,
        });
    }

    /// RCPT: the reply that refuses the recipient, or `None` to go on.
    pub fn recipient(&mut self, received: Received<'_>, id: Option<&[u8]>) -> Option<SmtpReply> {
        if self.message.is_none() {
            self.begin(false);
        }
        let names = &self.shared.names;
        let message = self.message.as_mut()?;
        let observes = message.config.mode == Mode::Observe;
        let Some(transaction) = &mut message.transaction else {
            return message.without_table(received, id, names);
        };
        if transaction.recipients().len() >= MAX_RECIPIENTS {
            return Some(SmtpReply::too_many_recipients());
        }
        let recipient = transaction.recipient(received).clone();
        recipient.refusal.as_ref()?;
        message.log(&recipient, id, names);
        if observes {
            None
        } else {
            recipient.answer().cloned()
        }
    }

    /// End of message: the plan, or `None` where there is nothing to do. What happened is logged.
    pub fn finish(&mut self, id: Option<&[u8]>) -> Option<Plan> {
        let message = self.message.as_ref()?;
        let transaction = message.transaction.as_ref()?;
        for recipient in transaction
            .recipients()
            .iter()
            .filter(|recipient| recipient.refusal.is_none())
        {
            if recipient.action() != "keep" {
                message.log(recipient, id, &self.shared.names);
            }
        }
        let plan = transaction.finish();
        let idle = plan.is_empty() || message.config.mode == Mode::Observe;
        if idle {
            self.message = None;
            return None;
        }
        Some(plan)
    }

    /// The transaction is over.
    pub fn end(&mut self) {
        self.message = None;
    }

    /// The plan could not be carried out: the message is deferred.
    pub fn failed(&mut self, id: Option<&[u8]>, error: &dyn std::error::Error) {
        record::plan_failed(id, error);
        self.message = None;
    }
}

impl Message {
    /// Every recipient waits for the first table; one that no client sent cannot.
    fn without_table(
        &self,
        received: Received<'_>,
        id: Option<&[u8]>,
        names: &record::Names,
    ) -> Option<SmtpReply> {
        let reply = SmtpReply::not_ready();
        let spared = received.comes_from_no_client();
        let observes = self.config.mode == Mode::Observe;
        record::recipient(&Outcome {
            id,
            orig_to: received.path,
            to: &[],
            rule: None,
            action: if spared { "keep" } else { "defer" },
            reply: Some(&reply),
            generation: 0,
            dry_run: observes,
            names,
            addresses: self.config.addresses,
        });
        (!spared && !observes).then_some(reply)
    }

    fn log(&self, recipient: &Recipient, id: Option<&[u8]>, names: &record::Names) {
        let table = self.generation.table.as_deref();
        let decisive = recipient
            .decision
            .as_ref()
            .and_then(|decision| decision.decisive());
        let rule = decisive
            .zip(table)
            .and_then(|(step, table)| step.written(table));
        record::recipient(&Outcome {
            id,
            orig_to: &recipient.as_received,
            to: recipient.targets(),
            rule: rule.map(|(place, _)| place.to_string()),
            action: recipient.action(),
            reply: recipient.refusal.as_ref(),
            generation: self.generation.number,
            dry_run: self.config.mode == Mode::Observe,
            names,
            addresses: self.config.addresses,
        });
    }
}
