//! Storey 5: from one mail transaction (RFC 5321 section 3.3) to one plan.
//!
//! A [`Transaction`] uses one table from its beginning to its end: a table that becomes live between two recipients
//! counts for the next message. Each recipient is decided when it is received. The plan is made at the end.
//!
//! Not here: which MTA asks, and how the plan is carried out.

mod plan;
mod reading;

use std::{borrow::Cow, sync::Arc};

pub use plan::{Addition, Plan, Planner, Verdict};
use reading::{Reading, read};

use super::{
    address::{DsnParameters, Mailbox, without_route},
    reply::SmtpReply,
    rewrite::{Decision, Limit, Outcome, Reason, decide_within},
    table::Table,
};

/// A recipient as the MTA passes it on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Received<'a> {
    /// The path of the RCPT command, byte for byte.
    pub path: &'a [u8],
    /// The ESMTP parameters of the RCPT command.
    pub parameters: &'a [&'a [u8]],
    /// The address that the MTA understood, if the MTA says so.
    pub mta_address: Option<&'a [u8]>,
    /// The mailer or transport that the MTA chose for this address, if the MTA says so.
    pub mta_mailer: Option<&'a [u8]>,
    /// No SMTP client sent the recipient, so nobody would read a refusal.
    pub no_client: bool,
}

/// A recipient that was received, and the decision about it.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The path, byte for byte. Deletions use it.
    pub as_received: Vec<u8>,
    /// The mailbox; `None` if the path has none.
    pub mailbox: Option<Mailbox>,
    /// The decision; `None` if there is no mailbox.
    pub decision: Option<Decision>,
    /// The reply that refuses the recipient. The rules refuse it, or the MTA cannot pass its targets on; or its path
    /// fits no grammar, and its domain is in the table.
    pub refusal: Option<SmtpReply>,
    /// Whether the recipient is kept in spite of `refusal`, because no SMTP client sent it.
    pub spared: bool,
    dsn: DsnParameters,
    /// The address and mailer in the MTA. If they are equal for two recipients, the MTA takes both for one.
    mta_identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Recipient {
    /// Returns the path without its source route, as people know it.
    pub fn path(&self) -> Cow<'_, [u8]> {
        without_route(&self.as_received)
    }

    /// Returns the reply that the MTA has to give; `None` if the MTA may go on.
    pub fn answer(&self) -> Option<&SmtpReply> {
        self.refusal.as_ref().filter(|_| !self.spared)
    }

    /// Returns the key of the mailbox. Two recipients with the same key are one mailbox.
    fn key(&self) -> Option<&str> {
        self.decision.as_ref().map(|decision| &*decision.key)
    }

    /// Returns the mailboxes that replace the recipient. There are none if the recipient is kept, refused or dropped.
    pub fn targets(&self) -> &[Mailbox] {
        match self.decision.as_ref().map(|decision| &decision.outcome) {
            Some(Outcome::Replace(targets)) if self.refusal.is_none() => targets,
            _ => &[],
        }
    }

    /// Returns the limit that refused the recipient, by its key in the configuration.
    pub fn limit(&self) -> Option<&'static str> {
        match self.decision.as_ref()?.decisive()?.reason {
            Reason::Limit(limit) => Some(limit.key()),
            _ => None,
        }
    }

    /// Returns the word for log lines: `keep`, `replace`, `reject`, `defer` or `discard`.
    pub fn action(&self) -> &'static str {
        match (&self.refusal, &self.decision) {
            (Some(_), _) if self.spared => "keep",
            (Some(reply), _) => reply.class().word(),
            (None, Some(decision)) => decision.action(),
            (None, None) => "keep",
        }
    }
}

/// What one message may cost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Number of recipients.
    pub recipients: usize,
    /// Lookups for all recipients. Each target takes one lookup, so this limits the targets, too.
    pub lookups: usize,
    /// Bytes of all paths, with their parameters and what the MTA says about them.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            recipients: 10_000,
            lookups: 30_000,
            bytes: 8 << 20,
        }
    }
}

/// One mail transaction, from MAIL to the end of its message.
#[derive(Debug)]
pub struct Transaction {
    table: Arc<Table>,
    smtputf8: bool,
    recipients: Vec<Recipient>,
    /// What the transaction may still cost.
    left: Limits,
    keeps_steps: bool,
}

impl Transaction {
    /// Begins a transaction. `smtputf8` says whether MAIL had that parameter (RFC 6531 section 3.4).
    pub fn new(table: Arc<Table>, smtputf8: bool) -> Self {
        Self {
            table,
            smtputf8,
            recipients: Vec::new(),
            left: Limits::default(),
            keeps_steps: false,
        }
    }

    /// Sets what the transaction may cost.
    pub fn within(mut self, limits: Limits) -> Self {
        self.left = limits;
        self
    }

    /// Keeps the steps of every decision, to explain it to people.
    pub fn with_steps(mut self) -> Self {
        self.keeps_steps = true;
        self
    }

    /// Returns the limit that the transaction has reached. The client has to send further recipients in another message.
    pub fn full(&self) -> Option<&'static str> {
        let Limits {
            recipients,
            lookups,
            bytes,
        } = self.left;
        match (recipients, lookups, bytes) {
            (0, _, _) => Some("recipients"),
            (_, 0, _) => Some(Limit::Message.key()),
            (_, _, 0) => Some("bytes"),
            _ => None,
        }
    }

    /// Returns the table that decides about all recipients.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Takes a recipient, and decides what happens to it.
    pub fn recipient(&mut self, received: Received<'_>) -> &Recipient {
        let (mailbox, unreadable) = match read(&self.table, &received) {
            Reading::Mailbox(mailbox) => (Some(mailbox), None),
            Reading::NoMailbox => (None, None),
            Reading::Unreadable(reply) => (None, Some(reply)),
        };
        let lookups = self.left.lookups;
        let mut decision = mailbox
            .as_ref()
            .map(|mailbox| decide_within(&self.table, mailbox, lookups));
        self.charge(&received, decision.as_ref());
        let refusal = match &decision {
            Some(decision) => self.refusal(decision),
            None => unreadable,
        };
        if let Some(decision) = decision.as_mut().filter(|_| !self.keeps_steps) {
            decision.forget_steps();
        }
        let spared = refusal.is_some() && received.no_client;
        let identity = received
            .mta_address
            .filter(|address| !address.is_empty())
            .zip(received.mta_mailer);
        let recipient = Recipient {
            as_received: received.path.to_vec(),
            mailbox,
            decision,
            refusal,
            spared,
            dsn: DsnParameters::parse(received.parameters.iter().copied()),
            mta_identity: identity.map(|(address, mailer)| (address.to_vec(), mailer.to_vec())),
        };
        self.recipients.push(recipient);
        // Just pushed: there is a last one.
        &self.recipients[self.recipients.len() - 1]
    }

    /// Returns the recipients so far, also those that were refused.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// Begins the plan of the whole message.
    pub fn planner(&self) -> Planner<'_> {
        Planner::of(&self.recipients, self.table.settings().local_case)
    }

    /// Returns the plan of the whole message.
    pub fn finish(&self) -> Plan {
        self.planner().finish()
    }

    /// Subtracts what a recipient has cost.
    fn charge(&mut self, received: &Received<'_>, decision: Option<&Decision>) {
        let texts = [
            Some(received.path),
            received.mta_address,
            received.mta_mailer,
        ];
        let texts = texts.into_iter().flatten();
        let parameters = received.parameters.iter().copied();
        let bytes = texts.chain(parameters).map(<[u8]>::len).sum();
        let lookups = decision.map_or(0, |decision| decision.steps.len());
        let left = &mut self.left;
        left.recipients = left.recipients.saturating_sub(1);
        left.lookups = left.lookups.saturating_sub(lookups);
        left.bytes = left.bytes.saturating_sub(bytes);
    }

    /// Returns the reply if the rules refuse the recipient, or if this transaction cannot carry its targets.
    fn refusal(&self, decision: &Decision) -> Option<SmtpReply> {
        match &decision.outcome {
            Outcome::Refuse(reply) => Some(reply.clone()),
            Outcome::Replace(targets) if !self.smtputf8 => {
                let received = decision.steps.first().map(|step| &step.address);
                let carried = |target: &&Mailbox| Some(*target) != received;
                let stuck = targets.iter().filter(carried).any(Mailbox::needs_smtputf8);
                stuck.then(SmtpReply::needs_smtputf8)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
