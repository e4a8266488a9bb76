//! Storey 5: one mail transaction (RFC 5321 section 3.3) to one plan.
//!
//! A [`Transaction`] pins one table when it begins: a reload between two recipients waits for the
//! next message. Each recipient is decided when it is received; the plan is made at the end.
//!
//! Not here: who asks, and how the plan is carried out.

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

/// A recipient as the MTA hands it on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Received<'a> {
    /// The path of the RCPT command, byte for byte.
    pub path: &'a [u8],
    /// Its ESMTP parameters.
    pub parameters: &'a [&'a [u8]],
    /// What the MTA made of the path: the macro `{rcpt_addr}`.
    pub rcpt_addr: Option<&'a [u8]>,
    /// The macro `{rcpt_mailer}`.
    pub rcpt_mailer: Option<&'a [u8]>,
}

impl Received<'_> {
    /// Whether it was not received over SMTP: the MTA sent RCPT macros,
    /// `{rcpt_mailer}` is not among them, and the path has no `<>`. Refusing it would leave the
    /// message in Postfix's maildrop for ever.
    pub fn comes_from_no_client(&self) -> bool {
        self.rcpt_addr.is_some() && self.rcpt_mailer.is_none() && !self.path.starts_with(b"<")
    }
}

/// A recipient that was received, and what was decided.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The path byte for byte: what a deletion names.
    pub as_received: Vec<u8>,
    /// The mailbox, where there is one.
    pub mailbox: Option<Mailbox>,
    /// The decision; none where there is no mailbox.
    pub decision: Option<Decision>,
    /// The refusal that the decision is, or that sending it on would need; without a decision, the
    /// path fits no grammar, and its domain is ours.
    pub refusal: Option<SmtpReply>,
    /// It would be refused, and is kept, since its sender is no SMTP client.
    pub spared: bool,
    dsn: DsnParameters,
    /// What the MTA holds it to be: two recipients that are one to the MTA are alike here.
    mta_identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Recipient {
    /// Returns the path without its source route: what people see.
    pub fn path(&self) -> Cow<'_, [u8]> {
        without_route(&self.as_received)
    }

    /// What the MTA is to answer; `None` to go on.
    pub fn answer(&self) -> Option<&SmtpReply> {
        self.refusal.as_ref().filter(|_| !self.spared)
    }

    /// What makes it one mailbox with others; none where it has no mailbox.
    fn key(&self) -> Option<&str> {
        self.decision.as_ref().map(|decision| &*decision.key)
    }

    /// What takes its place; nothing where it stays, is refused or is dropped.
    pub fn targets(&self) -> &[Mailbox] {
        match self.decision.as_ref().map(|decision| &decision.outcome) {
            Some(Outcome::Replace(targets)) if self.refusal.is_none() => targets,
            _ => &[],
        }
    }

    /// Returns the limit that has refused it, by its key in the configuration.
    pub fn limit(&self) -> Option<&'static str> {
        match self.decision.as_ref()?.decisive()?.reason {
            Reason::Limit(limit) => Some(limit.key()),
            _ => None,
        }
    }

    /// The word of log lines: `keep`, `replace`, `reject`, `defer` or `discard`.
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
    /// Recipients.
    pub recipients: usize,
    /// Lookups for all recipients. Each target has taken one, so there are no more targets.
    pub lookups: usize,
    /// Bytes of all paths, with their parameters and macros.
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
    /// What it may still cost.
    left: Limits,
    keeps_steps: bool,
}

impl Transaction {
    /// Begins with a table; `smtputf8` tells whether MAIL had that parameter (RFC 6531 section 3.4).
    pub fn new(table: Arc<Table>, smtputf8: bool) -> Self {
        Self {
            table,
            smtputf8,
            recipients: Vec::new(),
            left: Limits::default(),
            keeps_steps: false,
        }
    }

    /// Sets what it may cost.
    pub fn within(mut self, limits: Limits) -> Self {
        self.left = limits;
        self
    }

    /// Keeps the steps of every decision, for people who ask how it came about.
    pub fn with_steps(mut self) -> Self {
        self.keeps_steps = true;
        self
    }

    /// Returns the limit because of which it takes no further recipient, if there is one: the client
    /// has to send the rest in another message.
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

    /// The table that decides all its recipients.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Takes a recipient and decides what happens to it.
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
        let spared = refusal.is_some() && received.comes_from_no_client();
        let identity = received
            .rcpt_addr
            .filter(|address| !address.is_empty())
            .zip(received.rcpt_mailer);
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

    /// The recipients so far, the refused ones included.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// Begins the plan of the whole message.
    pub fn planner(&self) -> Planner<'_> {
        Planner::of(&self.recipients, self.table.settings().local_case)
    }

    /// The plan of the whole message.
    pub fn finish(&self) -> Plan {
        self.planner().finish()
    }

    /// Takes off what a recipient has cost.
    fn charge(&mut self, received: &Received<'_>, decision: Option<&Decision>) {
        let texts = [
            Some(received.path),
            received.rcpt_addr,
            received.rcpt_mailer,
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

    /// The refusal that a decision is; and the one of targets that this transaction cannot carry.
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
