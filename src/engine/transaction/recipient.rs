//! A recipient: as the MTA passes it on, and with the decision about it.

use std::borrow::Cow;

use crate::engine::{
    address::{DsnParameters, Mailbox, without_route},
    reply::SmtpReply,
    rewrite::{Decision, Outcome, Reason},
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
    /// True if the recipient is kept in spite of `refusal`, because no SMTP client sent it.
    pub spared: bool,
    pub(super) dsn: DsnParameters,
    /// The address and mailer in the MTA. If they are equal for two recipients, the MTA takes both for one.
    pub(super) mta_identity: Option<(Vec<u8>, Vec<u8>)>,
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
    pub(super) fn key(&self) -> Option<&str> {
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
