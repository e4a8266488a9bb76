//! The changes of the envelope of one message: a set difference.
//!
//! Deletions are the received recipients that are not wanted, additions are the wanted recipients that were not
//! received. Recipients are compared as mailboxes, so that no mailbox gets two copies, and no mailbox is both added
//! and deleted. Deletions name a recipient byte for byte as it was received. The room that sends them knows
//! which form of the path the MTA needs.
//!
//! # Delivery status notifications (RFC 3461 section 5.2.7)
//!
//! - One recipient becomes one: ORCPT and NOTIFY are kept.
//! - One recipient becomes several: NOTIFY loses SUCCESS, because nobody can confirm the delivery to all of them.
//! - If the client sent no ORCPT, the received address becomes the ORCPT.
//! - Several recipients become one: it gets the first ORCPT, and the union of NOTIFY. Two ORCPTs would be two
//!   recipients to Postfix.
//!
//! # Recipients that the MTA takes for one
//!
//! If both domains are in class w, Sendmail takes `mail@domain2.com` and `mail@company.com` for one recipient, and marks
//! the second one as a duplicate. A deletion of the first one would lose the mail. So the plan has no deletion
//! if the MTA takes the recipient and another one that stays for one: the MTA delivers one copy by itself.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashSet, HashTable, hash_table::Entry};

use super::recipient::Recipient;
use crate::engine::{
    address::{DsnParameters, LocalCase, Mailbox, Notify},
    rewrite::Outcome,
};

/// What the MTA does with the message at the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The MTA goes on.
    Continue,
    /// The MTA drops the message: no recipient is left, and a rule said discard.
    Discard,
}

/// A recipient that is added.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addition {
    /// The mailbox. Its domain is sent as A-labels.
    pub mailbox: Mailbox,
    /// ORCPT and NOTIFY, for an MTA that takes them.
    pub dsn: DsnParameters,
}

/// All changes of one envelope. They are sent in this order: deletions, additions, verdict.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// The paths of recipients, as they were received, with source routes.
    pub deletions: Vec<Vec<u8>>,
    /// The new recipients.
    pub additions: Vec<Addition>,
    /// What the MTA does then.
    pub verdict: Verdict,
}

/// The wanted recipients of a message, as far as the planner knows them.
struct WantedRecipients<'r> {
    case: LocalCase,
    /// The keys of the received mailboxes.
    received: HashSet<&'r str>,
    /// The keys of the received mailboxes that stay.
    kept: HashSet<String>,
    additions: Vec<Addition>,
    /// For each addition, the hash of its key and its place among the additions. The keys themselves would take more
    /// memory than the additions.
    places: HashTable<(u64, usize)>,
    hasher: DefaultHashBuilder,
}

impl WantedRecipients<'_> {
    /// Takes a target: it stays if it was received, is merged with an equal addition, or is added.
    fn target(&mut self, target: &Mailbox, dsn: &DsnParameters) {
        let key = target.key(self.case);
        if self.received.contains(key.as_str()) {
            self.kept.insert(key);
            return;
        }
        let (additions, case) = (&mut self.additions, self.case);
        let hash = self.hasher.hash_one(&key);
        let same = |(other, at): &(u64, usize)| {
            let known = additions.get(*at).filter(|_| *other == hash);
            known.is_some_and(|known| known.mailbox.key(case) == key)
        };
        let entry = self.places.entry(hash, same, |(hash, _)| *hash);
        match entry {
            Entry::Occupied(place) => {
                if let Some(known) = additions.get_mut(place.get().1) {
                    known.dsn.notify = Notify::union(known.dsn.notify, dsn.notify);
                }
            }
            Entry::Vacant(place) => {
                place.insert((hash, additions.len()));
                additions.push(Addition {
                    mailbox: target.clone(),
                    dsn: dsn.clone(),
                });
            }
        }
    }
}

/// Makes a plan recipient by recipient, so that the caller can serve other connections in between.
pub struct Planner<'r> {
    present: Vec<&'r Recipient>,
    wanted: WantedRecipients<'r>,
    /// How many of the present recipients are in the plan.
    done: usize,
}

impl<'r> Planner<'r> {
    /// Begins the plan of all received recipients. Refused recipients are not in the envelope any more.
    pub(super) fn of(recipients: &'r [Recipient], case: LocalCase) -> Self {
        let in_envelope = |recipient: &&Recipient| recipient.answer().is_none();
        let present: Vec<&Recipient> = recipients.iter().filter(in_envelope).collect();
        let wanted = WantedRecipients {
            case,
            received: present
                .iter()
                .filter_map(|recipient| recipient.key())
                .collect(),
            kept: HashSet::new(),
            additions: Vec::new(),
            places: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        };
        Self {
            present,
            wanted,
            done: 0,
        }
    }

    /// Takes the next recipient into the plan. Returns false if there is none.
    pub fn advance(&mut self) -> bool {
        let Some(recipient) = self.present.get(self.done) else {
            return false;
        };
        self.done += 1;
        match replacement(recipient) {
            None => {
                let own = recipient.key().map(ToOwned::to_owned);
                self.wanted.kept.extend(own);
            }
            Some(targets) => {
                let dsn = dsn_of(recipient, targets.len());
                for target in targets {
                    self.wanted.target(target, &dsn);
                }
            }
        }
        true
    }

    /// Takes the rest of the recipients into the plan, and returns the plan.
    pub fn finish(mut self) -> Plan {
        while self.advance() {}
        let WantedRecipients {
            kept, additions, ..
        } = self.wanted;
        Plan {
            deletions: deletions(&self.present, &kept),
            verdict: verdict(&self.present, &kept, &additions),
            additions,
        }
    }
}

impl Plan {
    /// Returns true if the plan changes nothing.
    pub fn is_empty(&self) -> bool {
        self.deletions.is_empty() && self.additions.is_empty() && self.verdict == Verdict::Continue
    }
}

/// Returns what replaces a recipient; `None` if the recipient stays.
fn replacement(recipient: &Recipient) -> Option<&[Mailbox]> {
    match recipient
        .decision
        .as_ref()
        .map(|decision| &decision.outcome)
    {
        // A recipient that is kept in spite of a refusal stays as it is.
        _ if recipient.refusal.is_some() => None,
        Some(Outcome::Replace(targets)) => Some(targets),
        Some(Outcome::Discard) => Some(&[]),
        Some(Outcome::Keep | Outcome::Refuse(_)) | None => None,
    }
}

/// Returns Discard if no recipient is left and a rule said discard.
fn verdict(present: &[&Recipient], kept: &HashSet<String>, additions: &[Addition]) -> Verdict {
    let discarded = |recipient: &&Recipient| {
        let outcome = recipient
            .decision
            .as_ref()
            .map(|decision| &decision.outcome);
        outcome == Some(&Outcome::Discard)
    };
    let somebody = !additions.is_empty() || present.iter().any(|recipient| stays(recipient, kept));
    if !somebody && present.iter().any(discarded) {
        Verdict::Discard
    } else {
        Verdict::Continue
    }
}

/// Returns true if a recipient stays. A recipient without a mailbox always stays.
fn stays(recipient: &Recipient, kept: &HashSet<String>) -> bool {
    recipient.key().is_none_or(|key| kept.contains(key))
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

/// Returns the DSN parameters that a recipient passes on to `targets` new recipients.
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
            .or_else(|| DsnParameters::orcpt_of(&recipient.path()))
            .or_else(|| {
                let mailbox = recipient.mailbox.as_ref()?.to_string();
                DsnParameters::orcpt_of(mailbox.as_bytes())
            }),
    }
}
