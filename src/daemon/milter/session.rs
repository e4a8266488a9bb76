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
        let Some(transaction) = &mut message.transaction else {
            return message.undecided(received, id, names, SmtpReply::not_ready());
        };
        if transaction.recipients().len() >= MAX_RECIPIENTS {
            return message.undecided(received, id, names, SmtpReply::too_many_recipients());
        }
        let recipient = transaction.recipient(received);
        recipient.refusal.as_ref()?;
        let refused = message.config.mode != Mode::Observe;
        let reply = recipient.answer().filter(|_| refused).cloned();
        log(&message.generation, &message.config, recipient, id, names);
        reply
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
                log(
                    &message.generation,
                    &message.config,
                    recipient,
                    id,
                    &self.shared.names,
                );
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
    /// A recipient that no table decides: it is deferred, or kept where no client sent it or nothing
    /// is to be changed.
    fn undecided(
        &self,
        received: Received<'_>,
        id: Option<&[u8]>,
        names: &record::Names,
        reply: SmtpReply,
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
            names,
            addresses: self.config.addresses,
        });
        (!spared && !observes).then_some(reply)
    }
}

/// One line for a recipient that a table decided.
fn log(
    generation: &Generation,
    config: &Config,
    recipient: &Recipient,
    id: Option<&[u8]>,
    names: &record::Names,
) {
    let table = generation.table.as_deref();
    let decision = recipient.decision.as_ref();
    let decisive = decision.and_then(|decision| decision.decisive());
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
        generation: generation.number,
        dry_run: config.mode == Mode::Observe,
        names,
        addresses: config.addresses,
    });
}
