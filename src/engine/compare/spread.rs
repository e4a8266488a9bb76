//! Follows what changed backwards, from rule to rule, and keeps what fares differently by both tables.

use std::cell::OnceCell;

use hashbrown::HashSet;

use super::{
    decided::{differ_everywhere, place, right_side, same, subject_key, targets_in},
    examples::{NOBODY, Tables, empty_detail, longer, nobody, with_detail},
    fate::{Difference, Fate, Subject},
    sources::Sources,
};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    rewrite::{Decision, decide},
    rule::{Action, DomainClass, Pattern, Rule, TargetKind},
    table::Table,
};

/// Something that may fare differently, so that rules which lead to it may as well.
#[derive(Clone, Debug)]
enum Cause {
    /// An address.
    Address(Mailbox),
    /// All addresses of a domain that no rule names.
    Domain(Domain),
}

/// A comparison under way.
pub(super) struct Spread<'t> {
    tables: Tables<'t>,
    sources: OnceCell<Sources<'t>>,
    /// Subjects that were decided, by their text.
    met: HashSet<String>,
    queue: Vec<Cause>,
    differences: Vec<Difference>,
    /// Enough differences: with so many, the comparison ends.
    most: usize,
}

impl<'t> Spread<'t> {
    pub fn new(before: &'t Table, after: &'t Table, most: usize) -> Self {
        Self {
            tables: Tables { before, after },
            sources: OnceCell::new(),
            met: HashSet::new(),
            queue: Vec::new(),
            differences: Vec::new(),
            most,
        }
    }

    /// Returns true if enough differences are found.
    pub fn is_full(&self) -> bool {
        self.differences.len() >= self.most
    }

    /// A rule that only one of the tables has, or that they do not have alike.
    pub fn rule(&mut self, pattern: &Pattern, old: Option<&Rule>, new: Option<&Rule>) {
        match pattern {
            Pattern::Mailbox(mailbox) => self.address(mailbox.clone()),
            Pattern::LocalPart(local) if !differ_everywhere(self.tables, local) => {}
            _ => {
                let before = right_side(self.tables, self.tables.before, pattern, old);
                let after = right_side(self.tables, self.tables.after, pattern, new);
                self.changed(pattern, before, after);
            }
        }
    }

    /// A domain that the tables do not treat alike.
    pub fn domain(&mut self, domain: &Domain) {
        let fate = |table: &Table| match table.class(domain) {
            Some(class) => Fate::Declared(class, table.unknown(domain)),
            None => Fate::Absent,
        };
        let line = |table: &Table| {
            table
                .domain_line(domain)
                .map(|(place, _)| place.to_string())
        };
        self.differences.push(Difference {
            subject: Subject::Domain(domain.clone()),
            before: fate(self.tables.before),
            after: fate(self.tables.after),
            rule_before: line(self.tables.before),
            rule_after: line(self.tables.after),
        });
        self.queue.push(Cause::Domain(domain.clone()));
    }

    /// Follows everything to where it comes from; returns what fares differently.
    pub fn run(mut self) -> Vec<Difference> {
        while let Some(cause) = self.queue.pop().filter(|_| !self.is_full()) {
            match cause {
                Cause::Address(mailbox) => self.before_address(&mailbox),
                Cause::Domain(domain) => self.before_domain(&domain),
            }
        }
        self.differences
    }

    /// Decides an address by both tables, and its user with some detail.
    fn address(&mut self, mailbox: Mailbox) {
        if let Some((user, _)) = self
            .tables
            .split(&mailbox)
            .filter(|(_, rest)| rest.ends_with(NOBODY))
        {
            let pattern = Pattern::AnyDetail {
                user: user.local,
                domain: user.domain,
            };
            return self.pattern(&pattern, &mailbox);
        }
        let bare = self.tables.split(&mailbox).is_none();
        let differs = self.compare(Subject::Address(mailbox.clone()), &mailbox);
        let mut named = differs;
        // An empty detail is none to `user+*@domain`, and one to `user@domain`.
        let spelt_out = self.sources().details();
        let spelt_out = spelt_out.filter_map(|rest| longer(&mailbox, rest));
        let details: Vec<_> = with_detail(self.tables.after, &mailbox)
            .into_iter()
            .chain(empty_detail(self.tables.after, &mailbox))
            .chain(spelt_out)
            .collect();
        for detailed in details.into_iter().filter(|_| bare) {
            let found = self.differences.len();
            self.address(detailed);
            // The address stands for its details, and any detail for an empty one.
            if named {
                self.differences.truncate(found);
            }
            named |= self.differences.len() > found;
        }
        if differs {
            self.queue.push(Cause::Address(mailbox));
        }
    }

    /// Decides an address that stands for all that a pattern matches by both tables, then the same
    /// address with a detail.
    fn pattern(&mut self, pattern: &Pattern, example: &Mailbox) {
        if self.compare(Subject::Pattern(pattern.clone()), example) {
            self.spread(pattern);
        } else if self.tables.split(example).is_none()
            && let Some(detailed) = with_detail(self.tables.after, example)
        {
            let subject = match pattern {
                Pattern::Domain(domain) => Pattern::Detailed(domain.clone()),
                other => other.clone(),
            };
            if self.compare_again(Subject::Pattern(subject), &detailed) {
                self.spread(pattern);
            }
        }
    }

    /// Decides an example of a subject by both tables; returns true if it fares differently and was not
    /// met before.
    fn compare(&mut self, subject: Subject, example: &Mailbox) -> bool {
        self.met.insert(subject_key(&subject, self.tables.after))
            && self.decide_both(subject, example)
    }

    /// The same for one more example of a subject.
    fn compare_again(&mut self, subject: Subject, example: &Mailbox) -> bool {
        let key = format!("{} {example}", subject_key(&subject, self.tables.after));
        self.met.insert(key) && self.decide_both(subject, example)
    }

    fn decide_both(&mut self, subject: Subject, example: &Mailbox) -> bool {
        let old = decide(self.tables.before, example);
        let new = decide(self.tables.after, example);
        if same(&old, &new, self.tables.after) {
            return false;
        }
        let fate = |table: &Table, decision: Decision| match table.class(&example.domain) {
            None => Fate::NotOurs,
            Some(_) => Fate::Outcome(decision.outcome),
        };
        self.differences.push(Difference {
            subject,
            rule_before: place(self.tables.before, &old),
            rule_after: place(self.tables.after, &new),
            before: fate(self.tables.before, old),
            after: fate(self.tables.after, new),
        });
        true
    }

    /// A pattern for many addresses that fares differently, whatever its examples show.
    fn changed(&mut self, pattern: &Pattern, before: Fate, after: Fate) {
        let subject = Subject::Pattern(pattern.clone());
        if !self.met.insert(subject_key(&subject, self.tables.after)) {
            return;
        }
        let line = |table: &Table| Some(table.place(table.id_of(pattern)?).to_string());
        self.differences.push(Difference {
            rule_before: line(self.tables.before),
            rule_after: line(self.tables.after),
            subject,
            before,
            after,
        });
        self.spread(pattern);
    }

    /// Goes on with what a pattern matches.
    fn spread(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Mailbox(mailbox) => self.queue.push(Cause::Address(mailbox.clone())),
            Pattern::AnyDetail { .. } => {
                self.queue
                    .extend(self.tables.example(pattern).map(Cause::Address));
            }
            Pattern::Detailed(domain) | Pattern::Domain(domain) => {
                self.queue.push(Cause::Domain(domain.clone()));
            }
            Pattern::Subdomains(above) => {
                let below = |domain: &&Domain| domain.parents().any(|it| it == above.as_str());
                let domains = self.sources().domains().filter(below);
                let mut causes: Vec<_> = domains.cloned().map(Cause::Domain).collect();
                // It stands for those that no rule names.
                let nobody = Domain::parse(&format!("{NOBODY}.{above}")).ok();
                causes.extend(nobody.map(Cause::Domain));
                self.queue.extend(causes);
            }
            Pattern::LocalPart(local) => {
                let all = self.tables.everywhere(local).into_iter();
                self.queue.extend(all.map(Cause::Address));
            }
            Pattern::Regex(_) => {
                let all = [DomainClass::Primary, DomainClass::Secondary];
                let mut domains: Vec<_> = all
                    .into_iter()
                    .flat_map(|class| self.tables.inbound(class))
                    .collect();
                let tables = [self.tables.before, self.tables.after];
                domains.retain(|domain| tables.iter().any(|it| it.has_regex_for(domain)));
                self.queue.extend(domains.into_iter().map(Cause::Domain));
            }
        }
    }

    fn before_address(&mut self, mailbox: &Mailbox) {
        for pattern in self.sources().of_address(mailbox) {
            self.leads_to(&pattern, mailbox);
        }
        if let Some((user, rest)) = self.tables.split(mailbox) {
            for pattern in self.sources().of_address(&user) {
                if let Pattern::LocalPart(local) = &pattern {
                    self.in_secondary_domains(local, &rest);
                }
                let Pattern::Mailbox(source) = &pattern else {
                    self.leads_to(&pattern, mailbox);
                    continue;
                };
                // A pattern with a detail is for that detail alone.
                if self.tables.split(source).is_none()
                    && let Some(source) = longer(source, &rest)
                {
                    self.address(source);
                }
            }
        }
        for rule in self.sources().of_domain(&mailbox.domain) {
            self.keeps_local_part(&rule, mailbox);
        }
        let parents: Vec<_> = mailbox.domain.parents().map(Domain::parse).collect();
        for above in parents.into_iter().flatten() {
            for rule in self.sources().of_domain(&above) {
                self.carries_subdomain(&rule, &above, mailbox);
            }
        }
    }

    /// `local@*` leads to a user of whom one detail fares differently.
    fn in_secondary_domains(&mut self, local: &LocalPart, rest: &str) {
        let domains = self.tables.inbound(DomainClass::Secondary).into_iter();
        let sources = domains.filter_map(|domain| {
            let local = local.clone();
            longer(&Mailbox { local, domain }, rest)
        });
        let subject = Subject::Pattern(Pattern::LocalPart(local.clone()));
        let mut differ: Vec<_> = sources.collect();
        differ.retain(|source| self.compare_again(subject.clone(), source));
        self.queue.extend(differ.into_iter().map(Cause::Address));
    }

    /// A rule whose target is this very address, or may be.
    fn leads_to(&mut self, pattern: &Pattern, target: &Mailbox) {
        match (pattern, self.tables.example(pattern)) {
            (Pattern::Mailbox(mailbox), _) => self.address(mailbox.clone()),
            (_, Some(example)) => self.pattern(pattern, &example),
            (_, None) => {
                let fate = |table: &Table| Fate::Outcome(decide(table, target).outcome);
                let (before, after) = (fate(self.tables.before), fate(self.tables.after));
                if before != after {
                    self.changed(pattern, before, after);
                }
            }
        }
    }

    /// A rule that keeps the local-part, or the detail, of what it matches.
    fn keeps_local_part(&mut self, rule: &Rule, target: &Mailbox) {
        let at = |domain: &Domain| Mailbox {
            local: target.local.clone(),
            domain: domain.clone(),
        };
        let whole = |kind: &TargetKind| matches!(kind, TargetKind::Domain(_));
        let Action::Rewrite(targets) = &rule.action else {
            return;
        };
        let keeps = targets.iter().any(|target| whole(&target.kind));
        match &rule.pattern {
            Pattern::Mailbox(mailbox) => self.address(mailbox.clone()),
            Pattern::Domain(domain) | Pattern::Detailed(domain) if keeps => {
                self.address(at(domain));
            }
            Pattern::Subdomains(above) if keeps => {
                if let Ok(below) = Domain::parse(&format!("{NOBODY}.{above}")) {
                    self.pattern(&rule.pattern, &at(&below));
                }
            }
            Pattern::AnyDetail { user, domain } => {
                if let Some((_, rest)) = self.tables.split(target) {
                    let user = Mailbox {
                        local: user.clone(),
                        domain: domain.clone(),
                    };
                    if let Some(source) = longer(&user, &rest) {
                        self.address(source);
                    }
                }
            }
            Pattern::LocalPart(_) => {
                if let Some(example) = self.tables.example(&rule.pattern) {
                    self.pattern(&rule.pattern, &example);
                }
            }
            Pattern::Regex(_) if keeps => self.leads_to(&rule.pattern, target),
            Pattern::Domain(_)
            | Pattern::Detailed(_)
            | Pattern::Subdomains(_)
            | Pattern::Regex(_) => {}
        }
    }

    /// `@*.old  @*.new`: an address below the one comes from below the other.
    fn carries_subdomain(&mut self, rule: &Rule, new: &Domain, target: &Mailbox) {
        if let Pattern::Subdomains(old) = &rule.pattern
            && let Ok(domain) = target.domain.carried(new, old)
        {
            self.address(Mailbox {
                local: target.local.clone(),
                domain,
            });
        }
    }

    fn before_domain(&mut self, domain: &Domain) {
        for rule in self.sources().of_addresses_in(domain) {
            for target in targets_in(&rule, domain) {
                self.leads_to(&rule.pattern, &target);
            }
        }
        for rule in self.sources().of_domain(domain) {
            if let Some(example) = nobody(domain) {
                self.leads_to(&rule.pattern, &example);
            }
        }
        let parents: Vec<_> = domain.parents().map(Domain::parse).collect();
        for above in parents.into_iter().flatten() {
            for rule in self.sources().of_domain(&above) {
                if let Pattern::Subdomains(old) = &rule.pattern
                    && let Ok(source) = domain.carried(&above, old)
                    && let Some(example) = nobody(&source)
                {
                    let below_all = source.as_str().starts_with(NOBODY);
                    let pattern = match below_all {
                        true => rule.pattern.clone(),
                        false => Pattern::Domain(source),
                    };
                    self.pattern(&pattern, &example);
                }
            }
        }
    }

    fn sources(&self) -> &Sources<'t> {
        self.sources
            .get_or_init(|| Sources::new(self.tables.before, self.tables.after))
    }
}
