//! What is sent to the MTA for one message: a set difference.
//!
//! Deletions = received − wanted, additions = wanted − received, compared as mailboxes, so that no
//! mailbox gets two copies and nothing is both added and deleted. Deletions name a recipient byte
//! for byte as it was received: Postfix compares them so.
//!
//! # Delivery status (RFC 3461 section 5.2.7)
//!
//! One-to-one: ORCPT and NOTIFY are kept. One-to-many: NOTIFY loses SUCCESS, since nobody can tell
//! the sender of all. Where the client sent no ORCPT, the received address becomes it. Of
//! recipients that merge into one target: the first ORCPT, and the union of NOTIFY. One target has
//! one ORCPT, or Postfix would take it for two recipients.
//!
//! # Recipients that are one to the MTA
//!
//! Sendmail with both domains in class w holds `mail@domain2.com` and `mail@company.com` to be one
//! recipient, of which it marks the second as a duplicate. To delete the first would lose the mail,
//! so a deletion is left out where a recipient that stays is the same to the MTA: it delivers one
//! copy by itself.

use std::collections::{HashMap, HashSet};

use super::Recipient;
use crate::engine::{
    address::{DsnParameters, LocalCase, Mailbox, Notify},
    rewrite::Outcome,
};

/// What the MTA is told at the end of the message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Nobody is left, and somebody's rule said discard.
    Discard,
}

/// A recipient to add.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addition {
    /// The mailbox; its domain is sent as A-labels.
    pub mailbox: Mailbox,
    /// ORCPT and NOTIFY, where the MTA takes them.
    pub dsn: DsnParameters,
}

/// All changes of one message. They are sent in this order: deletions, additions, verdict.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// Paths as they were received, source routes left out.
    pub deletions: Vec<Vec<u8>>,
    /// New recipients.
    pub additions: Vec<Addition>,
    /// What is said last.
    pub verdict: Verdict,
}

/// A target on its way into the plan.
struct Wanted {
    mailbox: Mailbox,
    dsn: DsnParameters,
}

impl Plan {
    /// Makes the plan of all recipients that were received; those that were refused are not in the
    /// envelope any more.
    pub(super) fn of(recipients: &[Recipient], case: LocalCase) -> Self {
        let present: Vec<&Recipient> = recipients
            .iter()
            .filter(|recipient| recipient.answer().is_none())
            .collect();
        let received: HashSet<&str> = present
            .iter()
            .filter_map(|recipient| recipient.key.as_deref())
            .collect();
        let mut wanted: Vec<Wanted> = Vec::new();
        let mut place: HashMap<String, usize> = HashMap::new();
        let mut kept: HashSet<String> = HashSet::new();
        for recipient in &present {
            let Some(targets) = replacement(recipient) else {
                kept.extend(recipient.key.clone());
                continue;
            };
            let dsn = dsn_of(recipient, targets.len());
            for target in targets {
                let key = target.key(case);
                if received.contains(key.as_str()) {
                    kept.insert(key);
                } else if let Some(known) = place.get(&key).and_then(|at| wanted.get_mut(*at)) {
                    known.dsn.notify = Notify::union(known.dsn.notify, dsn.notify);
                } else {
                    place.insert(key, wanted.len());
                    wanted.push(Wanted {
                        mailbox: target.clone(),
                        dsn: dsn.clone(),
                    });
                }
            }
        }
        let deletions = deletions(&present, &kept);
        let additions: Vec<_> = wanted
            .into_iter()
            .map(|wanted| Addition {
                mailbox: wanted.mailbox,
                dsn: wanted.dsn,
            })
            .collect();
        let stays = |recipient: &&Recipient| stays(recipient, &kept);
        let nobody = additions.is_empty() && !present.iter().any(stays);
        let discards = |recipient: &&Recipient| {
            matches!(
                recipient.decision.as_ref().map(|d| &d.outcome),
                Some(Outcome::Discard)
            )
        };
        let verdict = if nobody && present.iter().any(discards) {
            Verdict::Discard
        } else {
            Verdict::Continue
        };
        Self {
            deletions,
            additions,
            verdict,
        }
    }

    /// Whether the MTA is told nothing but to go on.
    pub fn is_empty(&self) -> bool {
        self.deletions.is_empty() && self.additions.is_empty() && self.verdict == Verdict::Continue
    }
}

/// What takes a recipient's place; `None` where it stays.
fn replacement(recipient: &Recipient) -> Option<&[Mailbox]> {
    match recipient
        .decision
        .as_ref()
        .map(|decision| &decision.outcome)
    {
        // A refusal that is spared leaves the recipient as it is.
        _ if recipient.refusal.is_some() => None,
        Some(Outcome::Replace(targets)) => Some(targets),
        Some(Outcome::Discard) => Some(&[]),
        Some(Outcome::Keep | Outcome::Refuse(_)) | None => None,
    }
}

fn stays(recipient: &Recipient, kept: &HashSet<String>) -> bool {
    recipient
        .key
        .as_deref()
        .is_none_or(|key| kept.contains(key))
}

fn deletions(present: &[&Recipient], kept: &HashSet<String>) -> Vec<Vec<u8>> {
    let staying: HashSet<_> = present
        .iter()
        .filter(|recipient| stays(recipient, kept))
        .filter_map(|recipient| recipient.mta_identity.as_ref())
        .collect();
    let mut named = HashSet::new();
    present
        .iter()
        .filter(|recipient| !stays(recipient, kept))
        .filter(|recipient| {
            recipient
                .mta_identity
                .as_ref()
                .is_none_or(|identity| !staying.contains(identity))
        })
        .filter(|recipient| named.insert(recipient.as_received.as_slice()))
        .map(|recipient| recipient.as_received.clone())
        .collect()
}

/// What a recipient hands on to `targets` new ones.
fn dsn_of(recipient: &Recipient, targets: usize) -> DsnParameters {
    let notify = recipient.dsn.notify;
    DsnParameters {
        notify: if targets > 1 {
            notify.map(Notify::without_success)
        } else {
            notify
        },
        orcpt: recipient
            .dsn
            .orcpt
            .clone()
            .or_else(|| DsnParameters::orcpt_of(&recipient.as_received)),
    }
}
