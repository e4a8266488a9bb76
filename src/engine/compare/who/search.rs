//! The search backwards: from an address to the rules that lead to it, and on from what these match.

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use hashbrown::{HashMap, HashSet};

use super::{
    super::{
        examples::{NOBODY, Tables, longer},
        sources::Sources,
    },
    candidates::{Attempt, Candidates},
    found::{MailSource, MailSources, kind},
    wide,
};
use crate::engine::{
    address::{Domain, Mailbox},
    rewrite::{Outcome, decide, rewrite_once},
    rule::{Action, Pattern, Rule, TargetKind},
    store::RuleId,
    table::{Address, Table},
};

/// Something that reaches the address, so that rules that lead to it do as well.
enum Cause {
    Address(Mailbox),
    /// Addresses of a domain that a pattern takes.
    Domain(Domain),
}

/// A search under way.
pub(super) struct Search<'t> {
    table: &'t Table,
    known: Candidates<'t>,
    asked: Mailbox,
    asked_key: String,
    most: usize,
    /// Addresses that were decided, by key, and whether they reach the address.
    met: HashMap<String, bool>,
    /// Domains whose targets were looked at.
    opened: HashSet<Domain>,
    /// Rules for many addresses, by the domain that they lead to.
    wide: HashMap<Domain, Rc<[Rule]>>,
    queue: VecDeque<Cause>,
    found: BTreeMap<(RuleId, String), MailSource>,
}

impl<'t> Search<'t> {
    pub fn new(table: &'t Table, asked: &Mailbox, most: usize) -> Self {
        let tables = Tables {
            before: table,
            after: table,
        };
        Self {
            table,
            known: Candidates {
                table,
                tables,
                sources: Sources::new(table, table),
            },
            asked_key: asked.key(table.settings().local_case),
            asked: asked.clone(),
            most,
            met: HashMap::new(),
            opened: HashSet::new(),
            wide: HashMap::new(),
            queue: VecDeque::new(),
            found: BTreeMap::new(),
        }
    }

    pub fn run(mut self) -> MailSources {
        self.met.insert(self.asked_key.clone(), false);
        self.queue.push_back(Cause::Address(self.asked.clone()));
        while let Some(cause) = self.queue.pop_front()
            && self.found.len() <= self.most
        {
            match cause {
                Cause::Address(mailbox) => self.before_address(&mailbox),
                Cause::Domain(domain) => self.before_domain(&domain),
            }
        }
        let complete = self.found.len() <= self.most;
        let found = self.found.into_values().take(self.most);
        MailSources {
            found: found.collect(),
            complete,
        }
    }

    /// Returns true if an address is the one that is asked about, with a detail or without.
    fn is_asked(&self, mailbox: &Mailbox) -> bool {
        let case = self.table.settings().local_case;
        mailbox.key(case) == self.asked_key
            || (mailbox.domain == self.asked.domain
                && self
                    .known
                    .tables
                    .split(mailbox)
                    .is_some_and(|(user, _)| user.key(case) == self.asked_key))
    }

    /// Returns how mail comes from an address to the one that is asked about; nothing if it does not.
    fn way(&self, from: &Mailbox) -> Option<Vec<(Mailbox, RuleId)>> {
        let decision = decide(self.table, from);
        let arrives = matches!(decision.outcome, Outcome::Keep | Outcome::Replace(_));
        let mut others = decision.steps.iter().skip(1);
        if !arrives || !others.any(|step| self.is_asked(&step.address)) {
            return None;
        }
        // The decision shows that there is an end: each address is followed once.
        let mut nodes: Vec<(Mailbox, RuleId, Option<usize>)> = Vec::new();
        let mut seen = HashSet::new();
        let mut next = VecDeque::from([(from.clone(), None)]);
        while let Some((mailbox, before)) = next.pop_front() {
            let address = Address::new(mailbox, self.table);
            let Some(rewritten) = rewrite_once(self.table, &address) else {
                continue;
            };
            seen.insert(address.key.to_string());
            nodes.push((address.mailbox, rewritten.rule, before));
            let here = nodes.len() - 1;
            for target in rewritten.targets {
                let key = target.key(self.table.settings().local_case);
                if !seen.insert(key) {
                    continue;
                }
                if self.is_asked(&target) {
                    return Some(back(&nodes, here));
                }
                next.push_back((target, Some(here)));
            }
        }
        None
    }

    /// Decides an address. Returns true if it reaches the one that is asked about.
    fn address(&mut self, from: Mailbox) -> bool {
        let key = from.key(self.table.settings().local_case);
        if let Some(reaches) = self.met.get(&key) {
            return *reaches;
        }
        let way = self.way(&from);
        self.met.insert(key, way.is_some());
        let Some(way) = way else { return false };
        self.queue.push_back(Cause::Address(from.clone()));
        if let Some((_, id)) = way.first()
            && let Some(rule) = self.table.rule(*id)
        {
            self.record(*id, &rule, from, way);
        }
        true
    }

    fn record(&mut self, id: RuleId, rule: &Rule, address: Mailbox, way: Vec<(Mailbox, RuleId)>) {
        let pattern = match &rule.pattern {
            Pattern::Mailbox(_) => None,
            pattern => Some(pattern.clone()),
        };
        let varies = |kind: &TargetKind| !matches!(kind, TargetKind::Mailbox(_));
        let varies = matches!(&rule.action, Action::Rewrite(targets) if targets.iter().any(|t| varies(&t.kind)));
        let local = address.local.as_str();
        let anybody = match &rule.pattern {
            Pattern::Mailbox(_) => false,
            Pattern::LocalPart(_) => true,
            Pattern::AnyDetail { .. } => local.ends_with(NOBODY),
            _ => local.starts_with(NOBODY),
        };
        let particular = pattern.is_some() && varies && !anybody;
        let shown = match (&pattern, particular) {
            // One example is enough.
            (Some(_), false) => String::new(),
            _ => address.local.folded(self.table.settings().local_case),
        };
        if let Some(pattern) = &pattern {
            self.open(pattern, &address.domain);
        }
        self.found.entry((id, shown)).or_insert(MailSource {
            kind: kind(self.table, &rule.pattern, &rule.action),
            pattern,
            address,
            particular,
            way,
        });
    }

    /// Looks at the targets in the domains of a pattern: it may be for some of them.
    fn open(&mut self, pattern: &Pattern, example: &Domain) {
        let inside: Vec<Domain> = match pattern {
            Pattern::Subdomains(above) => self.known.below(above),
            Pattern::Regex(_) => self.known.regex_domains(),
            _ => Vec::new(),
        };
        for domain in inside.into_iter().chain([example.clone()]) {
            if self.opened.insert(domain.clone()) {
                self.queue.push_back(Cause::Domain(domain));
            }
        }
    }

    fn before_address(&mut self, mailbox: &Mailbox) {
        for pattern in self.known.sources.of_address(mailbox) {
            self.source(&pattern);
        }
        if let Some((user, rest)) = self.known.tables.split(mailbox) {
            for pattern in self.known.sources.of_address(&user) {
                self.pattern(&pattern, Some(&rest));
            }
        }
        let parents = mailbox.domain.parents().map(Domain::parse);
        let domains: Vec<_> = parents.flatten().chain([mailbox.domain.clone()]).collect();
        for domain in domains {
            for rule in self.wide_into(&domain).iter() {
                for attempt in wide::before(&self.known, rule, mailbox) {
                    self.attempt(attempt);
                }
            }
        }
    }

    fn before_domain(&mut self, domain: &Domain) {
        for (target, pattern) in self.known.sources.targets_in(domain) {
            if self.is_asked(&target) || self.address(target.clone()) {
                self.source(&pattern);
                continue;
            }
            for rest in self.known.details() {
                if longer(&target, &rest).is_some_and(|target| self.address(target)) {
                    self.pattern(&pattern, Some(&rest));
                }
            }
        }
        for rule in self.wide_into(domain).iter() {
            self.source(&rule.pattern);
        }
    }

    /// A rule with a target that reaches the address. If it does not by itself, it may with a detail that goes
    /// another way.
    fn source(&mut self, pattern: &Pattern) -> bool {
        if self.pattern(pattern, None) {
            return true;
        }
        let mut reaches = false;
        for rest in self.known.details() {
            reaches |= self.pattern(pattern, Some(&rest));
        }
        reaches
    }

    /// Looks for an address that a pattern matches and that reaches the address. `rest` is a detail that the
    /// target gets, with its separator.
    fn pattern(&mut self, pattern: &Pattern, rest: Option<&str>) -> bool {
        let attempt = self.known.of_pattern(pattern, rest);
        self.attempt(attempt)
    }

    /// Decides addresses. Returns true if one of them reaches the address.
    fn attempt(&mut self, attempt: Attempt) -> bool {
        match attempt {
            Attempt::First(all) => all.into_iter().any(|one| self.address(one)),
            Attempt::Each(all) => {
                let reach = all.into_iter().filter(|one| self.address(one.clone()));
                reach.count() > 0
            }
            Attempt::Detailed(all) => {
                let reach = all.into_iter().filter(|one| self.with_any_detail(one));
                reach.count() > 0
            }
            Attempt::Pattern(pattern) => self.source(&pattern),
        }
    }

    fn with_any_detail(&mut self, one: &Mailbox) -> bool {
        if self.address(one.clone()) {
            return true;
        }
        let mut reaches = false;
        if self.known.tables.split(one).is_none() {
            for rest in self.known.details() {
                reaches |= longer(one, &rest).is_some_and(|one| self.address(one));
            }
        }
        reaches
    }

    /// Returns the rules for many addresses whose targets are in a domain and are not always the same.
    fn wide_into(&mut self, domain: &Domain) -> Rc<[Rule]> {
        if let Some(rules) = self.wide.get(domain) {
            return Rc::clone(rules);
        }
        let rules: Rc<[Rule]> = self.known.sources.for_many_into(domain).into();
        self.wide.insert(domain.clone(), Rc::clone(&rules));
        rules
    }
}

/// Returns the addresses from the first one to this one.
fn back(nodes: &[(Mailbox, RuleId, Option<usize>)], last: usize) -> Vec<(Mailbox, RuleId)> {
    let mut way = Vec::new();
    let mut at = Some(last);
    while let Some((mailbox, rule, before)) = at.and_then(|at| nodes.get(at)) {
        way.push((mailbox.clone(), *rule));
        at = *before;
    }
    way.reverse();
    way
}
