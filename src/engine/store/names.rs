//! Keeps once what many rules have in common: domains and replies. Records contain their numbers.
//!
//! A store that copies records of an earlier store begins with all names of that one, under the same
//! numbers. Each name knows whether a rule of this store uses it.

use hashbrown::HashMap;

use crate::engine::{address::Domain, reply::SmtpReply};

/// This many replies may be out of use for each that is, and so many in any case.
const FEW: usize = 8;

/// How a domain is used.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    /// Some rule names it.
    named: bool,
    /// Some target is in it.
    target: bool,
    /// A rule, and a target, of the file that is being read names it.
    here: (bool, bool),
}

/// Domains and replies by number.
#[derive(Debug, Default)]
pub(super) struct NameTable {
    domains: Vec<Domain>,
    uses: Vec<Use>,
    /// The domains that the file being read names.
    here: Vec<u32>,
    numbers: HashMap<Domain, u32>,
    replies: Vec<SmtpReply>,
    reply_numbers: HashMap<SmtpReply, u32>,
}

impl NameTable {
    /// Returns true if most domains are in use, and most replies: `refusing` rules have one each.
    pub fn is_compact(&self, refusing: usize) -> bool {
        let named = self.uses.iter().filter(|one| one.named).count();
        2 * named >= self.uses.len() && self.replies.len() <= 2 * refusing.max(FEW)
    }

    /// Returns the same names under the same numbers, none of them in use.
    pub fn unused_copy(&self) -> Self {
        Self {
            domains: self.domains.clone(),
            uses: vec![Use::default(); self.domains.len()],
            here: Vec::new(),
            numbers: self.numbers.clone(),
            replies: self.replies.clone(),
            reply_numbers: self.reply_numbers.clone(),
        }
    }

    /// Returns the number of a domain of a pattern, a new one if it has none.
    pub fn domain(&mut self, domain: &Domain) -> u32 {
        let number = match self.numbers.get(domain) {
            Some(number) => *number,
            None => {
                let number = self.domains.len() as u32;
                self.domains.push(domain.clone());
                self.uses.push(Use::default());
                self.numbers.insert(domain.clone(), number);
                number
            }
        };
        self.note(number, false);
        number
    }

    /// Returns the number of a domain of a target, a new one if it has none.
    pub fn target_domain(&mut self, domain: &Domain) -> u32 {
        let number = self.domain(domain);
        self.note(number, true);
        number
    }

    /// Returns the number of a domain that a rule names, if it has one.
    pub fn known(&mut self, domain: &str, target: bool) -> Option<u32> {
        let number = self.number(domain)?;
        self.note(number, target);
        Some(number)
    }

    fn note(&mut self, number: u32, target: bool) {
        let Some(one) = self.uses.get_mut(number as usize) else {
            return;
        };
        if !one.here.0 {
            one.here.0 = true;
            self.here.push(number);
        }
        one.here.1 |= target;
        one.named = true;
        one.target |= target;
    }

    /// Ends a file. Returns the domains that it names, and whether targets are in them.
    pub fn end_file(&mut self) -> Vec<(u32, bool)> {
        let here = std::mem::take(&mut self.here);
        let used = here.into_iter().map(|number| {
            let one = self.uses.get_mut(number as usize);
            let (_, target) = one
                .map(|one| std::mem::take(&mut one.here))
                .unwrap_or_default();
            (number, target)
        });
        used.collect()
    }

    /// Takes note of the domains that a copied file names.
    pub fn add_uses(&mut self, domains: &[(u32, bool)]) {
        for (number, target) in domains {
            if let Some(one) = self.uses.get_mut(*number as usize) {
                one.named = true;
                one.target |= target;
            }
        }
    }

    /// Returns the domains that targets are in.
    pub fn target_domains(&self) -> impl Iterator<Item = &Domain> {
        self.used(|one| one.target)
    }

    /// Returns all domains that some rule names.
    pub fn domains(&self) -> impl Iterator<Item = &Domain> {
        self.used(|one| one.named)
    }

    fn used(&self, wanted: impl Fn(&Use) -> bool) -> impl Iterator<Item = &Domain> {
        let domains = self.domains.iter().zip(&self.uses);
        domains
            .filter(move |(_, one)| wanted(one))
            .map(|(domain, _)| domain)
    }

    /// Returns the number of a domain.
    pub fn number(&self, domain: &str) -> Option<u32> {
        self.numbers.get(domain).copied()
    }

    /// Returns the domain with this number.
    pub fn domain_at(&self, number: u32) -> Option<&Domain> {
        self.domains.get(number as usize)
    }

    /// Returns the number of a reply, a new one if it has none.
    pub fn reply(&mut self, reply: &SmtpReply) -> u32 {
        if let Some(number) = self.reply_numbers.get(reply) {
            return *number;
        }
        let number = self.replies.len() as u32;
        self.replies.push(reply.clone());
        self.reply_numbers.insert(reply.clone(), number);
        number
    }

    /// Returns how many replies are kept.
    #[cfg(test)]
    pub fn replies(&self) -> usize {
        self.replies.len()
    }

    /// Returns the reply with this number.
    pub fn reply_at(&self, number: u32) -> Option<&SmtpReply> {
        self.replies.get(number as usize)
    }
}
