//! What happens to one recipient, and how that came about.

use std::sync::Arc;

use crate::engine::{
    address::{Domain, Mailbox},
    rule::{Annotation, Meaning},
    store::RuleId,
    table::{RulePlace, Table},
};

/// What happens to one recipient.
pub type Outcome = Meaning<Mailbox>;

/// A limit of one recipient or of one message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// Lookups in a row.
    Recursion,
    /// Recipients that came from one.
    Expansion,
    /// Bytes of an address that came out of a rule.
    AddressLength,
    /// Lookups for all recipients of one message.
    Message,
}

impl Limit {
    /// Returns its key in the configuration.
    pub fn key(self) -> &'static str {
        match self {
            Self::Recursion => "recursion_limit",
            Self::Expansion => "expansion_limit",
            Self::AddressLength => "address_length_limit",
            Self::Message => "message_limit",
        }
    }
}

/// What decided a step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// A rule.
    Rule(RuleId),
    /// There is no rule; the domain says what happens to unknown addresses.
    Unknown(Domain),
    /// The local-part would route the mail elsewhere (`%`, `!`, `@`).
    RoutingSpelling,
    /// The domain is not in the table.
    Elsewhere,
    /// The address came back through another one.
    Loop,
    /// A limit was reached.
    Limit(Limit),
    /// A filled-in target is not an address.
    NoAddress,
    /// The table found a rule that it does not have. This does not happen.
    Fault,
}

/// One lookup.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// The address that was looked up.
    pub address: Mailbox,
    /// What decided it.
    pub reason: Reason,
}

/// A decision.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
    /// The table's key of the received address. Addresses with the same key are the same mailbox.
    pub key: Arc<str>,
    /// What happens.
    pub outcome: Outcome,
    /// The lookups, in order; never empty. For a message in progress only the decisive one is kept.
    pub steps: Vec<Step>,
    /// The place of the step that decided the outcome.
    pub decisive: usize,
}

impl Decision {
    /// Returns the step that decided.
    pub fn decisive(&self) -> Option<&Step> {
        self.steps.get(self.decisive)
    }

    /// Removes all steps except the one that decided.
    pub fn forget_steps(&mut self) {
        if self.decisive < self.steps.len() {
            self.steps.swap(0, self.decisive);
        }
        self.steps.truncate(1);
        self.steps.shrink_to_fit();
        self.decisive = 0;
    }

    /// Returns the word of `--json` and of log lines: `keep`, `replace`, `reject`, `defer` or `discard`.
    pub fn action(&self) -> &'static str {
        self.outcome.word()
    }
}

impl Decision {
    /// Returns the outcome as a line of an `.expect` file has it.
    pub fn result(&self) -> String {
        self.outcome.to_string()
    }
}

impl Step {
    /// Returns file and line of the rule that decided, if there is one.
    pub fn place<'t>(&self, table: &'t Table) -> Option<RulePlace<'t>> {
        match &self.reason {
            Reason::Rule(id) => Some(table.place(*id)),
            _ => self.written(table).map(|(place, _)| place),
        }
    }

    /// Returns what people wrote about the line that decided.
    pub fn annotation(&self, table: &Table) -> Annotation {
        match &self.reason {
            Reason::Rule(id) => table.annotation(*id),
            Reason::Unknown(domain) => table.annotation_of(domain),
            _ => Annotation::default(),
        }
    }

    /// Returns file and line of the rule that decided, with its text.
    pub fn written<'t>(&self, table: &'t Table) -> Option<(RulePlace<'t>, String)> {
        match &self.reason {
            Reason::Rule(id) => Some((table.place(*id), table.text(*id))),
            Reason::Unknown(domain) => {
                let (place, text) = table.domain_line(domain)?;
                Some((place, format!("{text}{}", table.annotation_of(domain))))
            }
            Reason::RoutingSpelling
            | Reason::Elsewhere
            | Reason::Loop
            | Reason::Limit(_)
            | Reason::NoAddress
            | Reason::Fault => None,
        }
    }
}
