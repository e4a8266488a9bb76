//! Finds the errors for which a table is refused, as readdress-rules(5) describes them, in the simplest code.
//!
//! The tests compare only whether a table is refused, not every finding: the engine leaves out errors that follow
//! from another error.

use super::model::{Act, Addr, Class, Pat, Target, pattern_domain, target_domain};
use super::naive::{Naive, Rule};

/// A local-part that no rule names. It stands for all other local-parts in a pattern for many addresses.
const NOBODY: &str = "zz";

impl Naive<'_> {
    /// Returns a word for each error of a world; none if the table may go live.
    pub fn load_errors(&self) -> Vec<&'static str> {
        let mut errors = Vec::new();
        let mut tell = |wrong: bool, word| {
            if wrong {
                errors.push(word);
            }
        };
        tell(self.conflicts(), "conflict");
        for rule in &self.rules {
            tell(self.undeclared(rule), "undeclared-domain");
            tell(self.misplaced_mailbox(rule), "mailbox-class");
            tell(carries_route(rule), "routing-spelling");
        }
        if errors.is_empty() {
            let unknown = |rule: &Rule| self.leads_nowhere(rule);
            if self.rules.iter().any(unknown) {
                errors.push("unknown-address");
            }
            if self.starts().iter().any(|start| self.loops(start)) {
                errors.push("loop");
            }
        }
        errors
    }

    /// Returns true if two rules have the same pattern and different actions. A repeated regex is a warning.
    fn conflicts(&self) -> bool {
        let same = |one: &Rule, other: &Rule| match (&one.pat, &other.pat) {
            (Pat::Mailbox(one), Pat::Mailbox(other))
            | (Pat::AnyDetail(one), Pat::AnyDetail(other)) => self.key(one) == self.key(other),
            (Pat::Everywhere(one), Pat::Everywhere(other)) => self.fold(one) == self.fold(other),
            (Pat::Regex(_), Pat::Regex(_)) => false,
            (one, other) => one == other,
        };
        self.rules.iter().enumerate().any(|(at, rule)| {
            self.rules[..at].iter().any(|was| {
                same(rule, was) && (rule.act != was.act || rule.keeps_detail != was.keeps_detail)
            })
        })
    }

    fn undeclared(&self, rule: &Rule) -> bool {
        if self.world.decls.is_empty() {
            return false;
        }
        let of_pattern = match &rule.pat {
            Pat::Subdomains(domain) => Some(domain.as_str()),
            pat => pattern_domain(pat),
        };
        of_pattern.is_some_and(|domain| self.class(domain).is_none())
            || self
                .targets(rule)
                .any(|target| self.class(target_domain(target)).is_none())
    }

    fn misplaced_mailbox(&self, rule: &Rule) -> bool {
        match (&rule.act, &rule.pat) {
            (Act::Mailbox(_), Pat::Mailbox(addr)) => {
                !matches!(self.class(&addr.domain), Some(Class::Primary))
            }
            _ => false,
        }
    }

    /// Returns true if the load can see that a branch ends at an unknown address.
    fn leads_nowhere(&self, rule: &Rule) -> bool {
        let certain = self.certain(rule);
        certain.iter().any(|addr| self.ends_unknown(addr))
    }

    /// Returns the addresses that a rule gives, whichever address it matches.
    fn certain(&self, rule: &Rule) -> Vec<Addr> {
        let Act::Rewrite(targets) = &rule.act else {
            return Vec::new();
        };
        let user = |local: &str| match rule.keeps_detail {
            Some(false) => self.split(local).map_or(local, |(user, _)| user).to_owned(),
            _ => local.to_owned(),
        };
        let certain = |target: &Target| match (target, &rule.pat) {
            (Target::Full(addr), _) => Some(addr.clone()),
            (Target::Domain(domain), Pat::Mailbox(addr)) => {
                Some(Addr::new(&user(&addr.local), domain))
            }
            (Target::Domain(domain), Pat::Everywhere(local)) => {
                Some(Addr::new(&user(local), domain))
            }
            _ => None,
        };
        targets.iter().filter_map(certain).collect()
    }

    /// Returns addresses from which a loop can be found: those that the rules name, and one that stands for all others.
    fn starts(&self) -> Vec<Addr> {
        let mut starts = Vec::new();
        for rule in &self.rules {
            let detail = self.world.delimiters.chars().next();
            let detailed = |local: &str| detail.map(|c| format!("{local}{c}{NOBODY}"));
            // A detail may lead to another rule than the address without it.
            let mut both = |local: &str, domain: &str| {
                starts.push(Addr::new(local, domain));
                if self.split(local).is_none() {
                    starts.extend(detailed(local).map(|local| Addr::new(&local, domain)));
                }
            };
            match &rule.pat {
                Pat::Mailbox(addr) => both(&addr.local, &addr.domain),
                Pat::AnyDetail(addr) => {
                    let local = detailed(&addr.local);
                    starts.extend(local.map(|local| Addr::new(&local, &addr.domain)));
                }
                Pat::Detailed(domain) => {
                    starts.extend(detailed(NOBODY).map(|local| Addr::new(&local, domain)));
                }
                Pat::Domain(domain) => both(NOBODY, domain),
                Pat::Subdomains(domain) => both(NOBODY, &format!("{NOBODY}.{domain}")),
                // These rules lead to the same addresses, whichever address they match.
                Pat::Everywhere(_) | Pat::Regex(_) => {
                    for certain in self.certain(rule) {
                        both(&certain.local, &certain.domain);
                    }
                }
            }
        }
        starts
    }
}

/// Returns true if a pattern spells out a route, and a target would carry the route on.
fn carries_route(rule: &Rule) -> bool {
    let routes = |addr: &Addr| addr.local.contains(['%', '!', '@']);
    let Act::Rewrite(targets) = &rule.act else {
        return false;
    };
    targets.iter().any(|target| match (target, &rule.pat) {
        (Target::Full(addr), _) => routes(addr),
        (Target::Domain(_), Pat::Mailbox(pat)) => routes(pat),
        _ => false,
    })
}
