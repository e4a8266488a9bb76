//! One connection of an MTA: which transaction is under way, and what is logged of it.
//!
//! A transaction pins the table that is live when it begins, and the mode and the form of addresses
//! in the log with it.
//!
//! # Where there is no reply at RCPT
//!
//! It is agreed upon when the connection begins, and stays so until it ends; the table may change in
//! between. A recipient that has to be refused then is refused with its message: with its own reply
//! where all recipients have to be, and for good; else with 451 4.3.0, and the client tries again.
//! From then on no connection is silent with this table, so that the next try is answered
//! recipient by recipient. Nothing passes in silence, and nothing is lost.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | recipients of one message | 10000 | 452 4.5.3; the client sends the rest in another transaction |
//! | lookups for all recipients of one message | `message_limit` | the same |
//! | bytes of all paths, with parameters and macros | 8 MiB | the same |
//! | bytes of the header fields that matter | 256 KiB | the message keeps its headers as they are |

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{
    message::{Message, log},
    turn::Turn,
};

use crate::{
    config::{Mode, Refusals},
    daemon::{record, state::State},
    engine::{
        address::LocalCase,
        reply::SmtpReply,
        transaction::{Limits, Plan, Received, Transaction},
    },
    headers::{Edit, Field},
};

/// Replies that are kept of one message where there is no reply at RCPT.
const MAX_UNSAID: usize = 10_000;

/// What all connections of the milter share.
#[derive(Debug)]
pub struct Shared {
    /// The live table, the configuration in force, and what else other rooms need too.
    pub state: Arc<State>,
    /// The generation in which a connection without replies at RCPT had to refuse a recipient; 0 for
    /// none.
    refused_silently: AtomicU64,
}

impl Shared {
    /// No recipient has been refused yet.
    pub fn new(state: Arc<State>) -> Self {
        Self {
            state,
            refused_silently: AtomicU64::new(0),
        }
    }

    /// Whether a connection may do without replies at RCPT: no line of the table refuses anybody;
    /// the MTA refuses by socketmap what no line is for, or there is no domain of ours in which
    /// anything could be refused; and no recipient had to be refused since the table went live.
    pub fn may_be_silent(&self) -> bool {
        let generation = self.state.live.pin();
        let Some(table) = &generation.table else {
            return false;
        };
        // An MTA asks in lower case: where letter case counts, it cannot know whom to refuse.
        let by_the_mta = self.state.config.load().milter.refusals == Refusals::Socketmap
            && table.settings().local_case == LocalCase::Ignore;
        !table.has_refusing_rules()
            && (by_the_mta || table.has_no_domain())
            && self.refused_silently.load(Relaxed) != generation.number
    }

    /// Returns true if the configuration asks for changes of headers.
    pub fn wants_headers(&self) -> bool {
        self.state.config.load().headers.any() && !self.state.observes()
    }
}

/// What was agreed upon with the MTA.
#[derive(Clone, Copy, Debug, Default)]
pub struct Agreed {
    /// It takes ORCPT and NOTIFY with a recipient.
    pub extended: bool,
    /// It hands headers on, and lets them be changed.
    pub headers: bool,
    /// A header's value has the white space before it.
    pub spaced: bool,
    /// It waits for no reply to RCPT.
    pub silent: bool,
}

/// What the MTA is told at the end of a message.
#[derive(Debug)]
pub struct Changes {
    /// Of the envelope.
    pub plan: Plan,
    /// Of the header.
    pub headers: Vec<Edit>,
}

/// How a message ends.
#[derive(Debug)]
pub enum Finish {
    /// As it came.
    Nothing,
    /// With changes.
    Change(Changes),
    /// It is refused as a whole.
    Refuse(SmtpReply),
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    /// What was agreed upon.
    pub agreed: Agreed,
    message: Option<Message>,
}

impl Session {
    /// A connection that has not been negotiated yet.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            agreed: Agreed::default(),
            message: None,
        }
    }

    /// What it shares with the others.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// MAIL: whatever was under way is forgotten.
    pub fn begin(&mut self, smtputf8: bool) {
        let generation = self.shared.state.live.pin();
        let config = self.shared.state.config.load_full();
        let limits = Limits {
            lookups: config.milter.message_limit,
            ..Limits::default()
        };
        let transaction = generation
            .table
            .clone()
            .map(|table| Transaction::new(table, smtputf8).within(limits));
        self.message = Some(Message {
            generation,
            config,
            transaction,
            fields: Some(Vec::new()),
            unsaid: Vec::new(),
            received: 0,
        });
    }

    /// RCPT: the reply that refuses the recipient, or `None` to go on. Where there is no reply at
    /// RCPT, it is kept for the end of the message.
    pub fn recipient(&mut self, received: Received<'_>, id: Option<&[u8]>) -> Option<SmtpReply> {
        let reply = self.decide(received, id);
        if let Some(message) = self.message.as_mut().filter(|_| self.agreed.silent) {
            message.received += 1;
            // Those that are never looked at again are not kept: they would fill the memory.
            if message.unsaid.len() < MAX_UNSAID {
                message.unsaid.extend(reply.clone());
            }
        }
        reply
    }

    fn decide(&mut self, received: Received<'_>, id: Option<&[u8]>) -> Option<SmtpReply> {
        if self.message.is_none() {
            self.begin(false);
        }
        let names = &self.shared.state.names;
        let message = self.message.as_mut()?;
        let Some(transaction) = &mut message.transaction else {
            return message.undecided(received, id, names, SmtpReply::not_ready(), None);
        };
        if let limit @ Some(_) = transaction.full() {
            let reply = SmtpReply::too_many_recipients();
            return message.undecided(received, id, names, reply, limit);
        }
        let recipient = transaction.recipient(received);
        recipient.refusal.as_ref()?;
        let refused = message.config.mode != Mode::Observe;
        let reply = recipient.answer().filter(|_| refused).cloned();
        log(&message.generation, &message.config, recipient, id, names);
        reply
    }

    /// A header field.
    pub fn header(&mut self, name: &[u8], value: &[u8]) {
        let Some(message) = &mut self.message else {
            return;
        };
        if message.config.headers.concerns(name) {
            message.keep(Field {
                name: name.to_vec(),
                value: value.to_vec(),
            });
        }
    }

    /// End of message: what is to be done. What happened is logged. Other connections are served in
    /// between.
    pub async fn finish(&mut self, id: Option<&[u8]>, turn: &mut Turn) -> Finish {
        let Some(message) = self.message.as_ref() else {
            return Finish::Nothing;
        };
        if let Some(reply) = message.refusal() {
            let generation = message.generation.number;
            self.shared.refused_silently.store(generation, Relaxed);
            record::refused_as_a_whole(id, &reply);
            return Finish::Refuse(reply);
        }
        let Some(transaction) = &message.transaction else {
            return Finish::Nothing;
        };
        let mut planner = transaction.planner();
        for recipient in transaction.recipients() {
            turn.give_way().await;
            planner.advance();
            if recipient.refusal.is_none() && recipient.action() != "keep" {
                let names = &self.shared.state.names;
                log(&message.generation, &message.config, recipient, id, names);
            }
        }
        let changes = Changes {
            plan: planner.finish(),
            headers: if self.agreed.headers {
                message.header_edits(transaction)
            } else {
                Vec::new()
            },
        };
        let idle = changes.plan.is_empty() && changes.headers.is_empty();
        if idle || message.config.mode == Mode::Observe {
            Finish::Nothing
        } else {
            Finish::Change(changes)
        }
    }

    /// The transaction is over.
    pub fn end(&mut self) {
        self.message = None;
    }
}
