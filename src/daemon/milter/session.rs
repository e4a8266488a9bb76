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
//! | octets of the header fields that matter | 256 KiB | the message keeps its headers as they are |

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use arc_swap::ArcSwap;

use crate::{
    config::{Config, Mode, Refusals},
    daemon::{
        live::{Generation, LiveTable},
        record::{self, Outcome},
    },
    engine::{
        Table,
        address::{LocalCase, Mailbox},
        reply::{ReplyClass, SmtpReply},
        rewrite::{Outcome as RewriteOutcome, decide},
        transaction::{Plan, Received, Recipient, Transaction},
    },
    headers::{self, Edit, Field},
};

/// Recipients of one message, so that no peer fills the memory.
const MAX_RECIPIENTS: usize = 10_000;

/// Octets of the header fields that are kept of one message.
const MAX_HEADERS: usize = 256 << 10;

/// What all connections share.
#[derive(Debug)]
pub struct Shared {
    /// The table that serves.
    pub live: Arc<LiveTable>,
    /// The configuration that is in force.
    pub config: ArcSwap<Config>,
    /// Hides addresses in the log where the configuration wants it.
    pub names: record::Names,
    /// The generation in which a connection without replies at RCPT had to refuse a recipient; 0 for
    /// none.
    refused_silently: AtomicU64,
}

impl Shared {
    /// Nothing has happened yet.
    pub fn new(live: Arc<LiveTable>, config: Config) -> Self {
        Self {
            live,
            config: ArcSwap::from_pointee(config),
            names: record::Names::default(),
            refused_silently: AtomicU64::new(0),
        }
    }

    /// Whether a connection may do without replies at RCPT: no line of the table refuses anybody;
    /// the MTA refuses by socketmap what no line is for, or there is no domain of ours in which
    /// anything could be refused; and no recipient had to be refused since the table went live.
    pub fn may_be_silent(&self) -> bool {
        let generation = self.live.pin();
        let Some(table) = &generation.table else {
            return false;
        };
        // An MTA asks in lower case: where letter case counts, it cannot know whom to refuse.
        let by_the_mta = self.config.load().milter.refusals == Refusals::Socketmap
            && table.settings().local_case == LocalCase::Ignore;
        !table.has_refusing_rules()
            && (by_the_mta || table.has_no_domain())
            && self.refused_silently.load(Relaxed) != generation.number
    }

    /// Whether nothing is changed.
    pub fn observes(&self) -> bool {
        self.config.load().mode == Mode::Observe
    }

    /// Whether headers have to be seen.
    pub fn wants_headers(&self) -> bool {
        self.config.load().headers.any() && !self.observes()
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

/// A transaction under way.
#[derive(Debug)]
struct Message {
    generation: Arc<Generation>,
    config: Arc<Config>,
    /// None where there is no table yet.
    transaction: Option<Transaction>,
    /// Header fields that matter; `None` where there were too many.
    fields: Option<Vec<Field>>,
    /// What recipients were to be told where there is no reply at RCPT.
    unsaid: Vec<SmtpReply>,
    /// How many recipients came.
    received: usize,
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
        let generation = self.shared.live.pin();
        let transaction = generation
            .table
            .clone()
            .map(|table| Transaction::new(table, smtputf8));
        self.message = Some(Message {
            generation,
            config: self.shared.config.load_full(),
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
            if message.unsaid.len() < MAX_RECIPIENTS {
                message.unsaid.extend(reply.clone());
            }
        }
        reply
    }

    fn decide(&mut self, received: Received<'_>, id: Option<&[u8]>) -> Option<SmtpReply> {
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

    /// End of message: what is to be done. What happened is logged.
    pub fn finish(&mut self, id: Option<&[u8]>) -> Finish {
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
        let taken = |recipient: &&Recipient| recipient.refusal.is_none();
        let changed = |recipient: &&Recipient| recipient.action() != "keep";
        for recipient in transaction
            .recipients()
            .iter()
            .filter(taken)
            .filter(changed)
        {
            let names = &self.shared.names;
            log(&message.generation, &message.config, recipient, id, names);
        }
        let changes = Changes {
            plan: transaction.finish(),
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

impl Message {
    /// The reply to the whole message where a recipient had to be refused and could not be.
    fn refusal(&self) -> Option<SmtpReply> {
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
    fn keep(&mut self, field: Field) {
        let length = |field: &Field| field.name.len() + field.value.len();
        let kept = self.fields.iter().flatten().map(length).sum::<usize>();
        if kept + length(&field) > MAX_HEADERS {
            self.fields = None;
        } else if let Some(fields) = &mut self.fields {
            fields.push(field);
        }
    }

    /// The edits of its header.
    fn header_edits(&self, transaction: &Transaction) -> Vec<Edit> {
        let Some(fields) = &self.fields else {
            return Vec::new();
        };
        let accepted = |recipient: &&Recipient| recipient.answer().is_none();
        let mut present = transaction.recipients().iter().filter(accepted);
        let single = present.next().filter(|_| present.next().is_none());
        let single = single.map(|recipient| recipient.as_received.as_slice());
        headers::edits(fields, self.config.headers, single, |address| {
            one_for_one(transaction.table(), address)
        })
    }

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
fn log(
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
        orig_to: &recipient.as_received,
        to: recipient.targets(),
        rule: rule.map(|place| place.to_string()),
        action: recipient.action(),
        reply: recipient.refusal.as_ref(),
        generation: generation.number,
        dry_run: config.mode == Mode::Observe,
        names,
        addresses: config.addresses,
    });
}
