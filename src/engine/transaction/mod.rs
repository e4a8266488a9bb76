//! Storey 5: from one mail transaction (RFC 5321 section 3.3) to one plan.
//!
//! A [`Transaction`] uses one table from its beginning to its end: a table that becomes live between two recipients
//! counts for the next message. Each recipient is decided when it is received. The plan is made at the end.
//!
//! Not here: which MTA asks, and how the plan is carried out.

mod plan;
mod reading;
mod recipient;

use std::sync::Arc;

pub use plan::{Addition, Plan, Planner, Verdict};
use reading::{Reading, read};
pub use recipient::{Received, Recipient};

use super::{
    address::{DsnParameters, Mailbox},
    reply::SmtpReply,
    rewrite::{Decision, Limit, Outcome, decide_within},
    table::Table,
};

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
