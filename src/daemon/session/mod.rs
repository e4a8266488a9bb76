//! One connection of an MTA: which message is under way, what is decided about it, and what is logged.
//!
//! This room knows mail and no protocol. Another room speaks a protocol with an MTA (today: `milter`), tells a
//! [`Session`] what the MTA said, and carries out what the session answers. To support another kind of MTA, add
//! a room beside `milter`.
//!
//! A message pins the table that is live when the message begins, and with it the mode and the way in which
//! addresses are logged.
//!
//! # Where the MTA waits for no reply to a recipient
//!
//! Some MTAs can send recipients without waiting for a reply. The room that speaks the protocol agrees on that
//! when the connection begins, and the agreement holds until the connection ends; the table may change in
//! between. If a recipient has to be refused then, the session refuses the message at its end. It uses the
//! recipient's own reply if all recipients have to be refused for good; otherwise 451 4.3.0, and the client
//! tries again. From then on no new connection goes without replies while this table is live, so that the next
//! attempt is answered recipient by recipient. No recipient passes unnoticed, and no mail is lost.
//!
//! # Limits
//!
//! | limit | value | when reached, the sender sees |
//! |---|---|---|
//! | recipients of one message | 10000 | 452 4.5.3; the client sends the rest in another transaction |
//! | lookups for all recipients of one message | `message_limit` | the same |
//! | bytes of all paths, with their parameters and what the MTA says about them | 8 MiB | the same |
//! | bytes of the header fields that are kept | 256 KiB | the message keeps its headers as they are |

mod message;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use message::{Message, log};

use super::{record, state::State, time_slice::TimeSlice, traffic::Recorder};
use crate::{
    config::{Mode, Refusals},
    engine::{
        address::LocalCase,
        reply::SmtpReply,
        rewrite::{Outcome, Reason},
        transaction::{Limits, Plan, Received, Recipient, Transaction},
    },
    headers::{Edit, Field},
};

/// Most refusals that are kept until the end of one message.
const MAX_KEPT_REFUSALS: usize = 10_000;

/// What all sessions share.
#[derive(Debug)]
pub struct Sessions {
    /// The live table and the configuration in force.
    pub state: Arc<State>,
    /// The generation with which a recipient had to be refused on a connection without replies; 0 for none.
    refused_without_reply: AtomicU64,
    /// Takes note of recipients that got mail.
    recorder: Recorder,
}

impl Sessions {
    /// Returns sessions that have refused nobody yet.
    pub fn new(state: Arc<State>) -> Self {
        Self {
            state,
            refused_without_reply: AtomicU64::new(0),
            recorder: Recorder::default(),
        }
    }

    /// Returns the same sessions, which let this recorder take note of recipients that got mail.
    pub fn recording(self, recorder: Recorder) -> Self {
        Self { recorder, ..self }
    }

    /// Returns true if a new connection may go without replies to recipients, because no refusal is to be
    /// expected:
    ///
    /// - no rule of the table refuses a recipient;
    /// - the MTA itself refuses recipients without a rule, by socketmap, or the table has no domain in which
    ///   a recipient could be refused;
    /// - no recipient had to be refused without a reply since the table went live.
    pub fn may_skip_recipient_replies(&self) -> bool {
        let generation = self.state.live.pin();
        let Some(table) = &generation.table else {
            return false;
        };
        // MTAs ask in lower case. If letter case counts, the MTA cannot know whom to refuse.
        let refused_by_the_mta = self.state.config.load().milter.refusals == Refusals::Socketmap
            && table.settings().local_case == LocalCase::Ignore;
        !table.has_refusing_rules()
            && (refused_by_the_mta || table.has_no_domain())
            && self.refused_without_reply.load(Relaxed) != generation.number
    }

    /// Returns true if sessions change headers.
    pub fn edit_headers(&self) -> bool {
        self.state.config.load().headers.any() && !self.state.observes()
    }
}

/// What the two ends of one connection agreed on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Agreement {
    /// The MTA passes headers on, and lets them be changed.
    pub header_edits: bool,
    /// The MTA waits for no reply to a recipient.
    pub no_recipient_replies: bool,
}

/// The changes of one message.
#[derive(Debug)]
pub struct Changes {
    /// Changes of the envelope.
    pub plan: Plan,
    /// Changes of the header.
    pub headers: Vec<Edit>,
}

/// What happens to a message at its end.
#[derive(Debug)]
pub enum Finish {
    /// The message stays as it came.
    Unchanged,
    /// The MTA has to change the message.
    Change(Changes),
    /// The MTA has to refuse the message.
    Refuse(SmtpReply),
}

/// One connection of an MTA.
#[derive(Debug)]
pub struct Session {
    sessions: Arc<Sessions>,
    agreement: Agreement,
    message: Option<Message>,
}

impl Session {
    /// Returns a session for a new connection.
    pub fn new(sessions: Arc<Sessions>) -> Self {
        Self {
            sessions,
            agreement: Agreement::default(),
            message: None,
        }
    }

    /// Returns what this session shares with the others.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Sets what the two ends of the connection agreed on.
    pub fn agree(&mut self, agreement: Agreement) {
        self.agreement = agreement;
    }

    /// Begins a message (MAIL). A message that was under way is dropped.
    pub fn begin(&mut self, smtputf8: bool) {
        let state = &self.sessions.state;
        let generation = state.live.pin();
        let config = state.config.load_full();
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
            refusals: Vec::new(),
            received: 0,
        });
    }

    /// Decides about a recipient (RCPT). Returns the reply that refuses the recipient, or `None` if the MTA may
    /// go on. `id` is the queue id of the message, if the MTA has one already.
    pub fn recipient(&mut self, received: Received<'_>, id: Option<&[u8]>) -> Option<SmtpReply> {
        let reply = self.decide(received, id);
        let without_replies = self.agreement.no_recipient_replies;
        if let Some(message) = self.message.as_mut().filter(|_| without_replies) {
            message.received += 1;
            // Further refusals would fill the memory, and nobody looks at them.
            if message.refusals.len() < MAX_KEPT_REFUSALS {
                message.refusals.extend(reply.clone());
            }
        }
        reply
    }

    fn decide(&mut self, received: Received<'_>, id: Option<&[u8]>) -> Option<SmtpReply> {
        if self.message.is_none() {
            self.begin(false);
        }
        let names = &self.sessions.state.names;
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

    /// Takes a header field.
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

    /// Returns what the MTA has to do at the end of the message, and logs it. Other connections of the thread are
    /// served in between.
    pub async fn finish(&mut self, id: Option<&[u8]>, slice: &mut TimeSlice) -> Finish {
        let Some(message) = self.message.as_ref() else {
            return Finish::Unchanged;
        };
        if let Some(reply) = message.refusal() {
            let generation = message.generation.number;
            self.sessions
                .refused_without_reply
                .store(generation, Relaxed);
            record::refused_as_a_whole(id, &reply);
            return Finish::Refuse(reply);
        }
        let Some(transaction) = &message.transaction else {
            return Finish::Unchanged;
        };
        let mut planner = transaction.planner();
        for recipient in transaction.recipients() {
            slice.yield_if_used_up().await;
            planner.advance();
            if let Some(key) = delivered(recipient) {
                self.sessions.recorder.record(key);
            }
            if recipient.refusal.is_none() && recipient.action() != "keep" {
                let names = &self.sessions.state.names;
                log(&message.generation, &message.config, recipient, id, names);
            }
        }
        let changes = Changes {
            plan: planner.finish(),
            headers: match self.agreement.header_edits {
                true => message.header_edits(transaction),
                false => Vec::new(),
            },
        };
        let nothing = changes.plan.is_empty() && changes.headers.is_empty();
        match nothing || message.config.mode == Mode::Observe {
            true => Finish::Unchanged,
            false => Finish::Change(changes),
        }
    }

    /// Drops the message, because it is finished or because the MTA gave it up.
    pub fn end(&mut self) {
        self.message = None;
    }
}

/// Returns the key of a recipient in a domain of the table that gets the message, itself or by its targets.
fn delivered(recipient: &Recipient) -> Option<&Arc<str>> {
    let decision = recipient.decision.as_ref()?;
    let gets_mail = matches!(decision.outcome, Outcome::Keep | Outcome::Replace(_));
    // An address that the table does not know is kept in one step.
    let elsewhere = decision.decisive()?.reason == Reason::Elsewhere;
    (recipient.refusal.is_none() && gets_mail && !elsewhere).then_some(&decision.key)
}

#[cfg(test)]
mod tests;
