//! What is sent to the MTA for one message: a set difference.
//!
//! Deletions = received − wanted, additions = wanted − received, compared as mailboxes, so that no
//! mailbox gets two copies and nothing is both added and deleted. Deletions name a recipient byte
//! for byte as it was received; who sends them knows which form of it the MTA needs.
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

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashSet, HashTable, hash_table::Entry};

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
    /// Paths as they were received, source routes included.
    pub deletions: Vec<Vec<u8>>,
    /// New recipients.
    pub additions: Vec<Addition>,
    /// What is said last.
    pub verdict: Verdict,
}

/// The wanted recipients of a message, as far as they are known.
struct Wanted<'r> {
    case: LocalCase,
    /// Keys of the mailboxes that were received.
    received: HashSet<&'r str>,
    /// Keys of those among them that stay.
    kept: HashSet<String>,
    additions: Vec<Addition>,
    /// Hashes of the keys of the additions, and where each stands among them: the keys themselves
    /// would take more memory than the additions.
    places: HashTable<(u64, usize)>,
    hasher: DefaultHashBuilder,
}

impl Wanted<'_> {
    /// A target: it stays, is merged with one that is added already, or is added.
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

/// A plan under way, made recipient by recipient, so that whoever makes it can stop in between.
pub struct Planner<'r> {
    present: Vec<&'r Recipient>,
    wanted: Wanted<'r>,
    /// How many of those that are present were looked at.
    done: usize,
}

impl<'r> Planner<'r> {
    /// Begins the plan of all recipients that were received; those that were refused are not in the
    /// envelope any more.
    pub(super) fn of(recipients: &'r [Recipient], case: LocalCase) -> Self {
        let in_envelope = |recipient: &&Recipient| recipient.answer().is_none();
        let present: Vec<&Recipient> = recipients.iter().filter(in_envelope).collect();
        let wanted = Wanted {
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

    /// Returns the plan; takes the rest of the recipients into it, if there is one.
    pub fn finish(mut self) -> Plan {
        while self.advance() {}
        let Wanted {
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

/// Discard, where nobody is left and somebody's rule said so.
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

/// Whether a recipient is left where it is; one without a mailbox always is.
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
            .or_else(|| DsnParameters::orcpt_of(&recipient.path()))
            .or_else(|| {
                let mailbox = recipient.mailbox.as_ref()?.to_string();
                DsnParameters::orcpt_of(mailbox.as_bytes())
            }),
    }
}
