//! Expansion of one recipient through the table, until nothing matches any more.
//!
//! In: a mailbox and a table. Out: a decision and the steps that led to it. Aliases are followed
//! as in RFC 5321 section 3.9.1: the return path stays as it is.
//!
//! # Limits
//!
//! | limit | default | unit | when reached |
//! |---|---|---|---|
//! | `recursion_limit` | 1000 | lookups in a row | 451 4.6.0, nothing is rewritten |
//! | `expansion_limit` | 1000 | final addresses of one recipient | 451 4.6.0, nothing is rewritten |
//! | `address_length_limit` | 1000 | bytes of an address | 451 4.6.0, nothing is rewritten |
//! | `message_limit` | 30000 | lookups for all recipients of one message | 452 4.5.3, the client sends it in another message |
//!
//! # Invariants
//!
//! - A rule whose result is the address itself keeps it. If an address comes back through another address, it is
//!   a loop.
//! - An address that two branches reach is expanded once. The result has no duplicates, and is in the order of
//!   the rules.
//! - The code does not recurse: the limit bounds the depth, not the stack.

use smallvec::SmallVec;

use super::{
    Decision, Limit, Outcome, Reason, Step,
    fill::{FillError, fill},
    seen::SeenAddresses,
};
use crate::engine::{
    address::Mailbox,
    reply::{ReplyClass, SmtpReply},
    rule::{Action, Unknown},
    table::{Address, Found, Match, Table},
};

/// Decides what happens to one recipient.
pub fn decide(table: &Table, mailbox: &Mailbox) -> Decision {
    decide_within(table, mailbox, usize::MAX)
}

/// Decides with at most this number of lookups.
pub fn decide_within(table: &Table, mailbox: &Mailbox, lookups: usize) -> Decision {
    decide_by(table, mailbox, Address::new, lookups)
}

/// Decides without regard to letter case, whatever the table's setting is. An address that exists in some letter
/// case counts as one that exists.
pub fn decide_in_any_case(table: &Table, mailbox: &Mailbox) -> Decision {
    decide_by(table, mailbox, Address::in_any_case, usize::MAX)
}

fn decide_by(table: &Table, mailbox: &Mailbox, prepare: Prepare, lookups: usize) -> Decision {
    let mut expansion = Expansion::new(table, mailbox, prepare, lookups);
    expansion.run();
    expansion.finish()
}

/// Prepares an address for lookups.
type Prepare = fn(Mailbox, &Table) -> Address;

/// An address on the way from the recipient to the address that is being expanded.
struct Frame {
    address: Address,
    /// The addresses that replace it and are still to be visited, in reverse order.
    pending: SmallVec<[Mailbox; 1]>,
}

struct Expansion<'t> {
    table: &'t Table,
    prepare: Prepare,
    received: Address,
    /// How many lookups are still allowed.
    lookups: usize,
    path: SmallVec<[Frame; 1]>,
    seen: SeenAddresses,
    ends: usize,
    finals: SmallVec<[Address; 1]>,
    discarded: bool,
    deferred: Option<(SmtpReply, usize)>,
    rejected: Option<(SmtpReply, usize)>,
    steps: Vec<Step>,
}

impl<'t> Expansion<'t> {
    fn new(table: &'t Table, mailbox: &Mailbox, prepare: Prepare, lookups: usize) -> Self {
        Self {
            table,
            prepare,
            received: prepare(mailbox.clone(), table),
            lookups,
            path: SmallVec::new(),
            seen: SeenAddresses::default(),
            ends: 0,
            finals: SmallVec::new(),
            discarded: false,
            deferred: None,
            rejected: None,
            steps: Vec::new(),
        }
    }

    /// Expands depth first, with the targets of a rule in order. A failure ends the expansion.
    fn run(&mut self) {
        let mut sound = self.visit(self.received.clone());
        while let (true, Some(frame)) = (sound, self.path.last_mut()) {
            let Some(next) = frame.pending.pop() else {
                self.path.pop();
                continue;
            };
            let next = (self.prepare)(next, self.table);
            let own = next.key == frame.address.key;
            if own {
                let kept = frame.address.clone();
                sound = self.end(Some(kept));
            } else if self.is_on_path(&next.key) {
                sound = self.fail(next.mailbox, Reason::Loop);
            } else {
                sound = self.visit(next);
            }
        }
    }

    /// Returns true if an address is on the way to the current one.
    fn is_on_path(&self, key: &str) -> bool {
        // Most addresses were not seen before, and need no search.
        self.seen.contains(key) && self.path.iter().any(|frame| *frame.address.key == *key)
    }

    /// Looks one address up. Returns true if the expansion goes on.
    fn visit(&mut self, address: Address) -> bool {
        if !self.seen.insert(&address.key) {
            return true;
        }
        let limits = self.table.settings();
        if self.path.len() >= limits.recursion_limit {
            return self.fail(address.mailbox, Reason::Limit(Limit::Recursion));
        }
        let Some(rest) = self.lookups.checked_sub(1) else {
            return self.fail(address.mailbox, Reason::Limit(Limit::Message));
        };
        self.lookups = rest;
        match self.table.find(&address) {
            Found::Elsewhere => {
                self.step(&address, Reason::Elsewhere);
                self.end(Some(address))
            }
            Found::RoutingSpelling => {
                self.step(&address, Reason::RoutingSpelling);
                self.refuse(SmtpReply::routing_spelling())
            }
            Found::Unknown(unknown) => {
                self.step(&address, Reason::Unknown(address.mailbox.domain.clone()));
                match unknown {
                    Unknown::Keep => self.end(Some(address)),
                    Unknown::Reject => self.refuse(limits.unknown_reject.clone()),
                    Unknown::Defer => self.refuse(limits.unknown_defer.clone()),
                }
            }
            Found::Rule(found) => self.follow(address, &found),
        }
    }

    /// Applies a rule. Returns true if the expansion goes on.
    fn follow(&mut self, address: Address, found: &Match) -> bool {
        let Some(rule) = self.table.view(found.rule) else {
            return self.fail(address.mailbox, Reason::Fault);
        };
        self.step(&address, Reason::Rule(found.rule));
        let targets = match &rule.action {
            Action::Keep | Action::Mailbox => return self.end(Some(address)),
            Action::Refuse(reply) => return self.refuse(reply.clone()),
            Action::Discard => {
                self.discarded = true;
                return self.end(None);
            }
            Action::Rewrite(targets) => targets,
        };
        let limit = self.table.settings().address_length_limit;
        let filled: Result<SmallVec<_>, _> = targets
            .iter()
            .rev()
            .map(|target| fill(&rule, target, found, &address, limit))
            .collect();
        match filled {
            Ok(pending) => {
                self.path.push(Frame { address, pending });
                true
            }
            Err(FillError::Routes) => {
                self.step(&address, Reason::RoutingSpelling);
                self.refuse(SmtpReply::routing_spelling())
            }
            Err(FillError::NoAddress) => self.fail(address.mailbox, Reason::NoAddress),
            Err(FillError::TooLong) => {
                self.fail(address.mailbox, Reason::Limit(Limit::AddressLength))
            }
        }
    }

    fn step(&mut self, address: &Address, reason: Reason) {
        self.steps.push(Step {
            address: address.mailbox.clone(),
            reason,
        });
    }

    /// Ends a branch, with an address or without. Returns true if the expansion goes on.
    fn end(&mut self, address: Option<Address>) -> bool {
        self.ends += 1;
        self.finals.extend(address);
        if self.ends > self.table.settings().expansion_limit {
            let received = self.received.mailbox.clone();
            return self.fail(received, Reason::Limit(Limit::Expansion));
        }
        true
    }

    /// Ends a branch with a refusal. The first refusal of its class becomes the answer.
    fn refuse(&mut self, reply: SmtpReply) -> bool {
        let decisive = self.steps.len().saturating_sub(1);
        let slot = match reply.class() {
            ReplyClass::Defer => &mut self.deferred,
            ReplyClass::Reject => &mut self.rejected,
        };
        slot.get_or_insert((reply, decisive));
        self.end(None)
    }

    /// Ends the whole expansion with a failure.
    fn fail(&mut self, address: Mailbox, reason: Reason) -> bool {
        let reply = match reason {
            Reason::Limit(Limit::Message) => SmtpReply::too_many_recipients(),
            _ => SmtpReply::expansion_failed(),
        };
        self.steps.push(Step { address, reason });
        self.deferred = Some((reply, self.steps.len() - 1));
        false
    }

    /// Makes the decision: defer, if any branch defers, then reject, then everything else.
    fn finish(self) -> Decision {
        let (outcome, decisive) = match self.deferred.or(self.rejected) {
            Some((reply, decisive)) => (Outcome::Refuse(reply), decisive),
            None if self.finals.is_empty() && self.discarded => {
                (Outcome::Discard, self.steps.len().saturating_sub(1))
            }
            None => {
                let mut finals = self.finals;
                if finals.len() > 1 {
                    let mut once = SeenAddresses::default();
                    finals.retain(|address| once.insert(&address.key));
                }
                if finals.iter().all(|end| end.key == self.received.key) {
                    (Outcome::Keep, 0)
                } else {
                    let targets = finals.into_iter().map(|address| address.mailbox);
                    (Outcome::Replace(targets.collect()), 0)
                }
            }
        };
        Decision {
            key: self.received.key,
            outcome,
            steps: self.steps,
            decisive,
        }
    }
}
