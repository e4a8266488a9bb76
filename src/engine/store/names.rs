//! What many rules have in common and is kept once: domains and replies.
//!
//! A table that takes over records from the one before it knows all names that the other one had, by
//! the same numbers; which of them its own rules name is told apart.

use hashbrown::HashMap;

use crate::engine::{address::Domain, reply::SmtpReply};

/// How a domain is named.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    /// By some rule.
    named: bool,
    /// By some target.
    target: bool,
    /// By a rule, and by a target, of the file that is being read.
    here: (bool, bool),
}

/// Domains and replies by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    domains: Vec<Domain>,
    uses: Vec<Use>,
    /// Those that the file being read names.
    here: Vec<u32>,
    numbers: HashMap<Domain, u32>,
    replies: Vec<SmtpReply>,
    reply_numbers: HashMap<SmtpReply, u32>,
}

impl Names {
    /// Whether most names are in use: if not, it is better to begin anew.
    pub fn is_compact(&self) -> bool {
        2 * self.uses.iter().filter(|one| one.named).count() >= self.uses.len()
    }

    /// The same names by the same numbers, none of them in use.
    pub fn for_others(&self) -> Self {
        Self {
            domains: self.domains.clone(),
            uses: vec![Use::default(); self.domains.len()],
            here: Vec::new(),
            numbers: self.numbers.clone(),
            replies: self.replies.clone(),
            reply_numbers: self.reply_numbers.clone(),
        }
    }

    /// The number of a domain, a new one if need be.
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

    /// The number of a domain that a target is in.
    pub fn target_domain(&mut self, domain: &Domain) -> u32 {
        let number = self.domain(domain);
        self.note(number, true);
        number
    }

    /// The number of a domain that a rule names, if it has one.
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

    /// Ends a file: the domains that it names, and whether targets are in them.
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

    /// A file names these.
    pub fn adopt(&mut self, domains: &[(u32, bool)]) {
        for (number, target) in domains {
            if let Some(one) = self.uses.get_mut(*number as usize) {
                one.named = true;
                one.target |= target;
            }
        }
    }

    /// The domains that targets are in.
    pub fn target_domains(&self) -> impl Iterator<Item = &Domain> {
        self.used(|one| one.target)
    }

    /// All domains that some rule names.
    pub fn domains(&self) -> impl Iterator<Item = &Domain> {
        self.used(|one| one.named)
    }

    fn used(&self, wanted: impl Fn(&Use) -> bool) -> impl Iterator<Item = &Domain> {
        let domains = self.domains.iter().zip(&self.uses);
        domains
            .filter(move |(_, one)| wanted(one))
            .map(|(domain, _)| domain)
    }

    /// The number of a domain.
    pub fn number(&self, domain: &str) -> Option<u32> {
        self.numbers.get(domain).copied()
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
