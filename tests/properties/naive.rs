//! The rules as readdress-rules(5) describes them, in the simplest code: a list that is searched from its top for
//! every address. It shares no code with the engine.
//!
//! # Limits
//!
//! - Local-parts and domains are those of [`super::worlds`]: folding is `to_lowercase`, a domain is
//!   compared as text.
//! - `expansion_limit` and `address_length_limit` are not checked: no world reaches them.

use std::collections::{BTreeSet, HashSet};

use super::model::{
    Act, Addr, Class, Pat, RECURSION_LIMIT, Target, Unknown, World, pattern_domain, target_domain,
};

/// What happens to one recipient.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    Keep,
    Discard,
    /// One of these codes: the manual does not say which code is sent if two branches defer.
    Refuse(BTreeSet<String>),
    Replace(BTreeSet<String>),
}

/// One rule: a line, or one secondary address of a `mailbox`.
#[derive(Clone, Debug)]
pub struct Rule {
    pub pat: Pat,
    pub act: Act,
    pub keeps_detail: Option<bool>,
}

/// The result of a lookup.
pub enum Found<'w> {
    Rule(&'w Rule, Matched),
    Unknown(Unknown),
    Routes,
    Elsewhere,
}

/// The parts of the address that a match left out or captured.
#[derive(Clone, Debug, Default)]
pub struct Matched {
    pub left_out: bool,
    pub groups: Vec<String>,
}

/// The outcome of all branches.
#[derive(Default)]
struct Ends {
    finals: Vec<Addr>,
    discarded: bool,
    deferred: BTreeSet<String>,
    rejected: BTreeSet<String>,
    /// A loop, or too many lookups in a row.
    failed: bool,
    looped: bool,
    /// A branch ended at an address that does not exist.
    unknown: bool,
    done: HashSet<String>,
}

/// A world that was read.
pub struct Naive<'w> {
    pub world: &'w World,
    pub rules: Vec<Rule>,
}

impl<'w> Naive<'w> {
    pub fn new(world: &'w World) -> Self {
        let mut rules = Vec::new();
        for line in &world.lines {
            if let (Act::Mailbox(list), Pat::Mailbox(primary)) = (&line.act, &line.pat) {
                for secondary in list.iter().filter(|secondary| *secondary != primary) {
                    rules.push(Rule {
                        pat: Pat::Mailbox(secondary.clone()),
                        act: Act::Rewrite(vec![Target::Full(primary.clone())]),
                        keeps_detail: line.keeps_detail,
                    });
                }
            }
            // A second rule with the same regex can never match, so the line has no effect.
            let again = |rule: &Rule| rule.pat == line.pat;
            if matches!(line.pat, Pat::Regex(_)) && rules.iter().any(again) {
                continue;
            }
            let is_mailbox = matches!(line.act, Act::Mailbox(_));
            rules.push(Rule {
                pat: line.pat.clone(),
                act: if is_mailbox {
                    Act::Mailbox(Vec::new())
                } else {
                    line.act.clone()
                },
                keeps_detail: line.keeps_detail.filter(|_| !is_mailbox),
            });
        }
        Self { world, rules }
    }

    pub fn fold(&self, local: &str) -> String {
        if self.world.strict_case {
            local.to_owned()
        } else {
            local.to_lowercase()
        }
    }

    pub fn key(&self, addr: &Addr) -> String {
        format!("{}@{}", self.fold(&addr.local), addr.domain)
    }

    fn same(&self, one: &str, other: &str) -> bool {
        self.fold(one) == self.fold(other)
    }

    /// Returns the user, and the separator with the detail. The local-part is split as Postfix does.
    pub fn split<'a>(&self, local: &'a str) -> Option<(&'a str, &'a str)> {
        let at = local.find(|c| self.world.delimiters.contains(c))?;
        let reserved = ["postmaster", "mailer-daemon", "double-bounce"];
        let is_reserved = reserved.iter().any(|name| name.eq_ignore_ascii_case(local));
        (at > 0 && !is_reserved).then(|| local.split_at(at))
    }

    /// Returns the class of a domain: as it is declared, or as the places in which it occurs show.
    pub fn class(&self, domain: &str) -> Option<Class> {
        if let Some(decl) = self.decl(domain) {
            return Some(decl.class);
        }
        self.inferred(domain)
            .or_else(|| self.below_wildcard(domain).then_some(Class::Secondary))
    }

    fn decl(&self, domain: &str) -> Option<&super::model::Decl> {
        self.world.decls.iter().find(|decl| decl.domain == domain)
    }

    fn below_wildcard(&self, domain: &str) -> bool {
        let above = |pat: &Pat| matches!(pat, Pat::Subdomains(top) if is_below(domain, top));
        self.rules.iter().any(|rule| above(&rule.pat))
    }

    fn inferred(&self, domain: &str) -> Option<Class> {
        if !self.world.decls.is_empty() {
            return None;
        }
        let holds_mailbox = |rule: &Rule| matches!((&rule.act, &rule.pat), (Act::Mailbox(_), Pat::Mailbox(a)) if a.domain == domain);
        let is_target = |rule: &Rule| {
            self.targets(rule)
                .any(|target| target_domain(target) == domain)
        };
        let in_pattern = |rule: &Rule| pattern_domain(&rule.pat) == Some(domain);
        let found = |wanted: &dyn Fn(&Rule) -> bool| self.rules.iter().any(wanted);
        if found(&holds_mailbox) {
            return Some(Class::Primary);
        }
        // A subdomain that is not declared, but that a wildcard matches, is secondary in every respect.
        if self.below_wildcard(domain) {
            return None;
        }
        match (found(&in_pattern), found(&is_target)) {
            (true, false) => Some(Class::Secondary),
            (false, true) => Some(Class::External),
            // The domain occurs in patterns and as a target.
            (true, true) => Some(Class::Primary),
            (false, false) => None,
        }
    }

    /// Returns the targets of a rule, without a target that is equal to the pattern: that target means *keep*.
    pub fn targets<'r>(&self, rule: &'r Rule) -> impl Iterator<Item = &'r Target> {
        let list = match &rule.act {
            Act::Rewrite(list) => list.as_slice(),
            _ => &[],
        };
        let own = |target: &Target| match (target, &rule.pat) {
            (Target::Full(target), Pat::Mailbox(pat)) => self.key(target) == self.key(pat),
            (Target::Domain(target), Pat::Domain(pat)) => target == pat,
            _ => false,
        };
        let foreign: Vec<_> = list.iter().filter(|target| !own(target)).collect();
        foreign.into_iter()
    }

    fn unknown(&self, domain: &str) -> Unknown {
        let written = self.decl(domain).and_then(|decl| decl.unknown);
        written.unwrap_or(match self.class(domain) {
            Some(Class::Secondary) => Unknown::Reject,
            _ => Unknown::Keep,
        })
    }

    /// Returns the first rule for an address: from the top of the list of precedence in readdress-rules(5).
    pub fn find(&self, addr: &Addr) -> Found<'_> {
        let Some(class) = self.class(&addr.domain) else {
            return Found::Elsewhere;
        };
        let routes = addr.local.contains(['%', '!', '@']);
        let steps = if routes { 0..3 } else { 0..8 };
        for step in steps {
            for rule in self.in_order() {
                if let Some(matched) = self.matches(step, rule, addr, class) {
                    return Found::Rule(rule, matched);
                }
            }
        }
        if routes && class != Class::External {
            return Found::Routes;
        }
        Found::Unknown(self.unknown(&addr.domain))
    }

    /// Returns the rules as they are written, but the longest wildcard first.
    fn in_order(&self) -> Vec<&Rule> {
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by_key(|rule| match &rule.pat {
            Pat::Subdomains(domain) => usize::MAX - domain.len(),
            _ => 0,
        });
        rules
    }

    /// Returns how a rule matches an address at this step of the list; `None` if it does not match.
    fn matches(&self, step: usize, rule: &Rule, addr: &Addr, class: Class) -> Option<Matched> {
        let split = self.split(&addr.local);
        let detail = split.map(|(_, rest)| &rest[1..]).filter(|d| !d.is_empty());
        let routes = |text: &str| text.contains(['%', '!', '@']);
        let plain = |yes: bool| yes.then(Matched::default);
        let user_is = |local: &str| split.is_some_and(|(user, _)| self.same(user, local));
        let left_out = Matched {
            left_out: true,
            ..Matched::default()
        };
        match (step, &rule.pat) {
            (0, Pat::Mailbox(pat)) => {
                plain(pat.domain == addr.domain && self.same(&pat.local, &addr.local))
            }
            (1, Pat::AnyDetail(pat)) => plain(
                pat.domain == addr.domain
                    && detail.is_some()
                    && user_is(&pat.local)
                    && !routes(&addr.local),
            ),
            (2, Pat::Mailbox(pat)) => {
                (pat.domain == addr.domain && user_is(&pat.local) && !detail.is_some_and(routes))
                    .then_some(left_out)
            }
            (3, Pat::Everywhere(local)) if class == Class::Secondary => {
                if self.same(local, &addr.local) {
                    return Some(Matched::default());
                }
                // Of two such rules, the rule for the whole local-part is the more specific one.
                let exact =
                    |r: &Rule| matches!(&r.pat, Pat::Everywhere(l) if self.same(l, &addr.local));
                (user_is(local) && !self.rules.iter().any(exact)).then_some(left_out)
            }
            (4, Pat::Regex(shape)) if class != Class::External => {
                if let Some(groups) = shape.groups(&addr.local, &addr.domain) {
                    return Some(Matched {
                        groups,
                        ..Matched::default()
                    });
                }
                let groups = shape.groups(split?.0, &addr.domain)?;
                Some(Matched {
                    left_out: true,
                    groups,
                })
            }
            (5, Pat::Detailed(domain)) => plain(*domain == addr.domain && detail.is_some()),
            (6, Pat::Domain(domain)) => plain(*domain == addr.domain),
            (7, Pat::Subdomains(top)) => {
                let known = self.decl(&addr.domain).map(|decl| decl.class);
                let known = known.or_else(|| self.inferred(&addr.domain));
                plain(is_below(&addr.domain, top) && known.is_none_or(|c| c == Class::Secondary))
            }
            _ => None,
        }
    }

    /// Returns the address that one target puts in place of the address.
    fn fill(&self, rule: &Rule, matched: &Matched, addr: &Addr, target: &Target) -> Option<Addr> {
        let (user, rest) = self.split(&addr.local).unwrap_or((&addr.local, ""));
        let attaches = match (rule.keeps_detail, &rule.pat, target) {
            (Some(false), ..) | (_, _, Target::Star(_)) => false,
            (
                Some(true),
                Pat::Domain(_) | Pat::Subdomains(_) | Pat::AnyDetail(_) | Pat::Detailed(_),
                _,
            ) => true,
            _ => matched.left_out,
        };
        let attached = if attaches { rest } else { "" };
        Some(match target {
            Target::Full(to) => Addr::new(&format!("{}{attached}", to.local), &to.domain),
            Target::Domain(domain) if rule.keeps_detail == Some(false) => Addr::new(user, domain),
            Target::Domain(domain) => Addr::new(&addr.local, domain),
            Target::Star(to) => Addr::new(&format!("{}+{}", to.local, rest.get(1..)?), &to.domain),
            Target::Swapped(domain) => {
                let [one, two] = matched.groups.as_slice() else {
                    return None;
                };
                Addr::new(&format!("{two}.{one}{attached}"), domain)
            }
        })
    }

    /// Returns what happens to an address.
    pub fn decide(&self, addr: &Addr) -> Outcome {
        let ends = self.ends(addr);
        let coded = |codes: &BTreeSet<String>| Outcome::Refuse(codes.clone());
        if ends.failed {
            return coded(&BTreeSet::from(["451 4.6.0".to_owned()]));
        }
        if !ends.deferred.is_empty() {
            return coded(&ends.deferred);
        }
        if !ends.rejected.is_empty() {
            return coded(&ends.rejected);
        }
        let set: BTreeSet<_> = ends.finals.iter().map(|addr| self.key(addr)).collect();
        match (set.is_empty(), ends.discarded) {
            (true, true) => Outcome::Discard,
            (true, false) => panic!("no branch, and none discarded"),
            (false, _) if set.iter().all(|key| *key == self.key(addr)) => Outcome::Keep,
            (false, _) => Outcome::Replace(set),
        }
    }

    /// Returns true if an address comes back through another address.
    pub fn loops(&self, addr: &Addr) -> bool {
        self.ends(addr).looped
    }

    /// Returns true if a branch of an address ends at an address that does not exist.
    pub fn ends_unknown(&self, addr: &Addr) -> bool {
        self.ends(addr).unknown
    }

    fn ends(&self, addr: &Addr) -> Ends {
        let mut ends = Ends::default();
        self.follow(addr, &mut Vec::new(), &mut ends);
        ends
    }

    fn follow(&self, addr: &Addr, path: &mut Vec<String>, ends: &mut Ends) {
        let key = self.key(addr);
        if ends.failed || !ends.done.insert(key.clone()) {
            return;
        }
        if path.len() >= RECURSION_LIMIT {
            // No world has so many rules: a rule was met twice, and the address has grown.
            (ends.failed, ends.looped) = (true, true);
            return;
        }
        let (rule, matched) = match self.find(addr) {
            Found::Rule(rule, matched) => (rule, matched),
            Found::Elsewhere | Found::Unknown(Unknown::Keep) => {
                return ends.finals.push(addr.clone());
            }
            Found::Routes => return reply(&mut ends.rejected, "550 5.1.3"),
            Found::Unknown(Unknown::Reject) => {
                ends.unknown = true;
                return reply(&mut ends.rejected, "550 5.1.1");
            }
            Found::Unknown(Unknown::Defer) => {
                ends.unknown = true;
                return reply(&mut ends.deferred, "451 4.3.0");
            }
        };
        match &rule.act {
            Act::Keep | Act::Mailbox(_) => ends.finals.push(addr.clone()),
            Act::Discard => ends.discarded = true,
            Act::Reject(code) => reply(&mut ends.rejected, &format!("{code} 5.7.1")),
            Act::Defer(code) => reply(&mut ends.deferred, &format!("{code} 4.7.1")),
            Act::Rewrite(targets) => {
                path.push(key.clone());
                for target in targets {
                    let Some(next) = self.fill(rule, &matched, addr, target) else {
                        panic!("{rule:?} cannot be filled in for {addr:?}");
                    };
                    let next_key = self.key(&next);
                    if next_key == key {
                        ends.finals.push(addr.clone());
                    } else if path.contains(&next_key) {
                        (ends.failed, ends.looped) = (true, true);
                    } else {
                        self.follow(&next, path, ends);
                    }
                    if ends.failed {
                        break;
                    }
                }
                path.pop();
            }
        }
    }
}

fn reply(to: &mut BTreeSet<String>, code: &str) {
    to.insert(code.to_owned());
}

fn is_below(domain: &str, top: &str) -> bool {
    domain
        .strip_suffix(top)
        .is_some_and(|rest| rest.ends_with('.'))
}
