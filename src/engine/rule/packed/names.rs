//! What many rules have in common and is kept once: domains and replies.

use hashbrown::HashMap;

use crate::engine::{address::Domain, reply::SmtpReply};

/// Domains and replies by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    domains: Vec<Domain>,
    /// Whether targets are in the domain of this number.
    targets: Vec<bool>,
    numbers: HashMap<Domain, u32>,
    replies: Vec<SmtpReply>,
    reply_numbers: HashMap<SmtpReply, u32>,
}

impl Names {
    /// The number of a domain, a new one if need be.
    pub fn domain(&mut self, domain: &Domain) -> u32 {
        if let Some(number) = self.numbers.get(domain) {
            return *number;
        }
        let number = self.domains.len() as u32;
        self.domains.push(domain.clone());
        self.targets.push(false);
        self.numbers.insert(domain.clone(), number);
        number
    }

    /// The number of a domain that a target is in.
    pub fn target_domain(&mut self, domain: &Domain) -> u32 {
        let number = self.domain(domain);
        self.target_number(domain.as_str());
        number
    }

    /// The domains that targets are in.
    pub fn target_domains(&self) -> impl Iterator<Item = &Domain> {
        let domains = self.domains.iter().zip(&self.targets);
        domains
            .filter(|(_, target)| **target)
            .map(|(domain, _)| domain)
    }

    /// All domains.
    pub fn domains(&self) -> impl Iterator<Item = &Domain> {
        self.domains.iter()
    }

    /// The number of a domain that some rule names.
    pub fn number(&self, domain: &str) -> Option<u32> {
        self.numbers.get(domain).copied()
    }

    /// The same, of a target.
    pub fn target_number(&mut self, domain: &str) -> Option<u32> {
        let number = self.number(domain)?;
        *self.targets.get_mut(number as usize)? = true;
        Some(number)
    }

    /// The domain with this number.
    pub fn domain_at(&self, number: u32) -> Option<&Domain> {
        self.domains.get(number as usize)
    }

    /// The number of a reply, a new one if need be.
    pub fn reply(&mut self, reply: &SmtpReply) -> u32 {
        if let Some(number) = self.reply_numbers.get(reply) {
            return *number;
        }
        let number = self.replies.len() as u32;
        self.replies.push(reply.clone());
        self.reply_numbers.insert(reply.clone(), number);
        number
    }

    /// The reply with this number.
    pub fn reply_at(&self, number: u32) -> Option<&SmtpReply> {
        self.replies.get(number as usize)
    }
}
