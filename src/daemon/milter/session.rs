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
//! | octets of the header fields that matter | 256 KiB | the message keeps its headers as they are |

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::{
    config::{Config, Mode},
    daemon::{
        live::{Generation, LiveTable},
        record::{self, Outcome},
    },
    engine::{
        Table,
        address::Mailbox,
        reply::SmtpReply,
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
}

impl Shared {
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
    /// It waits for no reply to MAIL.
    pub silent_mail: bool,
    /// Nor to a header.
    pub silent_header: bool,
}

/// What the MTA is told at the end of a message.
#[derive(Debug)]
pub struct Changes {
    /// Of the envelope.
    pub plan: Plan,
    /// Of the header.
    pub headers: Vec<Edit>,
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
}

impl Session {
    /// A connection that has been negotiated.
    pub fn new(shared: Arc<Shared>, agreed: Agreed) -> Self {
        Self {
            shared,
            agreed,
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
            fields: Some(Vec::new()),
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

    /// End of message: what is to be changed, or `None` where nothing is. What happened is logged.
    pub fn finish(&mut self, id: Option<&[u8]>) -> Option<Changes> {
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
            self.message = None;
            return None;
        }
        Some(changes)
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
