//! The table as other programs have theirs: exact addresses, details, whole domains.
//!
//! - `local@*` becomes an entry in every secondary domain.
//! - `@*.domain` becomes an entry for every declared domain that it is for; the others are unsaid.
//! - A whole-domain rule whose unknown addresses are refused in the end (`@domain2.com
//!   @company.com`, `company.com primary unknown=reject`) becomes one entry for each address that
//!   exists, and one that refuses the rest: left as it is it would accept everything.
//! - A rule of which a branch is refused is refused; a branch that is discarded is left out.
//! - A regex is unsaid, but addresses that are listed anyway get what it says.
//!
//! Entries are one step of the way: the programs that read them follow chains as readdress does.

use std::collections::HashSet;

use super::sheet::Written;
use crate::engine::{
    Table,
    address::{Domain, LocalPart, Mailbox, Subaddress},
    reply::{ReplyClass, SmtpReply},
    rewrite::{Outcome, decide},
    rule::{Action, Detail, DomainClass, Pattern, Piece, Rule, Span, TargetKind, Unknown},
    table::{Address, Found},
};

/// A local-part that nobody has.
pub const PROBE: &str = "readdress0probe";

/// Which addresses an entry is for.
#[derive(Clone, Debug)]
pub enum Key {
    /// This one, with any detail if it has none itself.
    Mailbox(Mailbox),
    /// This user with any detail that is not empty.
    AnyDetail(Mailbox),
    /// Any address of the domain with a detail that is not empty.
    Detailed(Domain),
    /// Any address of the domain.
    Domain(Domain),
}

/// What takes an address's place.
#[derive(Clone, Debug)]
pub enum To {
    /// This address.
    Mailbox(Mailbox),
    /// The same local-part in this domain.
    Domain(Domain),
    /// A local-part into which the detail is filled.
    Template(Vec<Piece>, Domain),
}

/// One target.
#[derive(Clone, Debug)]
pub struct Value {
    /// What it is.
    pub to: To,
    /// The detail of the address is carried on; true as well where it cannot have any.
    pub detail: bool,
}

/// What happens to an address.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// These take its place.
    To(Vec<Value>),
    /// A rule keeps it.
    Keep,
    /// It is a mailbox.
    Mailbox,
    /// It is refused.
    Refuse(SmtpReply),
    /// It is dropped in silence.
    Discard,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which addresses it is for.
    pub key: Key,
    /// What happens to them.
    pub meaning: Meaning,
    /// The rule or the declaration behind it.
    pub written: Written,
}

/// All of them, in the order of the rules, and what has none.
#[derive(Debug, Default)]
pub struct Flat {
    /// What can be said.
    pub entries: Vec<Entry>,
    /// Rules with a regex.
    pub regexes: Vec<Written>,
    /// Rules for all subdomains of a domain.
    pub wildcards: Vec<Written>,
}

/// A table, and what is asked of it again and again.
pub struct Survey<'t> {
    /// The table.
    pub table: &'t Table,
    /// Every local-part that a rule names, once.
    pub locals: Vec<LocalPart>,
    mailboxes: HashSet<String>,
}

/// A rule as it is told.
pub fn written(rule: &Rule) -> Written {
    Written {
        span: rule.span,
        text: rule.to_string(),
    }
}

/// A rule that is for a whole domain.
fn is_wide(rule: &Rule) -> bool {
    matches!(rule.pattern, Pattern::Domain(_) | Pattern::Subdomains(_))
}

impl<'t> Survey<'t> {
    /// Looks all rules through.
    pub fn new(table: &'t Table) -> Self {
        let case = table.settings().local_case;
        let mut survey = Self {
            table,
            locals: Vec::new(),
            mailboxes: HashSet::new(),
        };
        let mut once = HashSet::new();
        for rule in table.rules() {
            let local = match &rule.pattern {
                Pattern::Mailbox(mailbox) => {
                    survey.mailboxes.insert(mailbox.key(case));
                    &mailbox.local
                }
                Pattern::AnyDetail { user, .. } => user,
                Pattern::LocalPart(local) => local,
                _ => continue,
            };
            if once.insert(local.folded(case)) {
                survey.locals.push(local.clone());
            }
        }
        survey
    }

    /// Whether a rule names this very address.
    pub fn is_named(&self, mailbox: &Mailbox) -> bool {
        self.mailboxes
            .contains(&mailbox.key(self.table.settings().local_case))
    }

    /// What happens to an address in the end.
    pub fn outcome(&self, mailbox: &Mailbox) -> Outcome {
        decide(self.table, mailbox).outcome
    }

    /// The rule that is for an address.
    pub fn rule(&self, mailbox: &Mailbox) -> Option<&'t Rule> {
        match self.table.find(&Address::new(mailbox.clone(), self.table)) {
            Found::Rule(found) => self.table.rule(found.rule),
            _ => None,
        }
    }

    /// A user with a detail that nobody has; `None` where addresses have no details.
    pub fn detailed(&self, user: &str, domain: &Domain) -> Option<Mailbox> {
        let delimiters = &self.table.settings().recipient_delimiter;
        let text = format!("{user}{}{PROBE}", delimiters.chars().next()?);
        let split = Subaddress::split(&text, delimiters)?;
        (split.user == user).then(|| mailbox(&text, domain))?
    }

    /// Whether an address can be followed by a detail.
    pub fn takes_detail(&self, mailbox: &Mailbox) -> bool {
        self.detailed(mailbox.local.as_str(), &mailbox.domain)
            .is_some()
    }

    /// An address of a domain that nobody has.
    pub fn nobody(&self, domain: &Domain) -> Option<Mailbox> {
        mailbox(PROBE, domain)
    }

    /// Secondary domains, sorted.
    pub fn secondary(&self) -> Vec<&'t Domain> {
        let inbound = self.table.inbound_domains();
        inbound
            .into_iter()
            .filter(|(_, class)| *class == DomainClass::Secondary)
            .map(|(domain, _)| domain)
            .collect()
    }

    /// The line that declares a domain.
    pub fn declaration(&self, domain: &Domain) -> Written {
        let span = self.table.declaration(domain);
        let text = self.table.domain_line(domain);
        Written {
            span: span.unwrap_or(Span::whole_file(u32::MAX)),
            text: text.map_or_else(|| domain.to_string(), |(_, text)| text),
        }
    }

    /// What a rule makes of one address that it is for.
    fn meaning(&self, rule: &Rule, mailbox: &Mailbox) -> Meaning {
        let targets = match &rule.action {
            Action::Keep => return Meaning::Keep,
            Action::Mailbox => return Meaning::Mailbox,
            Action::Discard => return Meaning::Discard,
            Action::Refuse(reply) => return Meaning::Refuse(reply.clone()),
            Action::Rewrite(targets) => targets,
        };
        match self.outcome(mailbox) {
            Outcome::Refuse(reply) => return Meaning::Refuse(reply),
            Outcome::Discard => return Meaning::Discard,
            Outcome::Keep | Outcome::Replace(_) => {}
        }
        let case = self.table.settings().local_case;
        let takes = self.takes_detail(mailbox);
        let dropped = rule.detail == Some(Detail::Drop);
        let mut values = Vec::new();
        for target in targets {
            let (to, detail) = match &target.kind {
                TargetKind::Mailbox(to) if is_wide(rule) => {
                    (to.clone(), rule.detail == Some(Detail::Keep))
                }
                TargetKind::Mailbox(to) => (to.clone(), !dropped),
                TargetKind::Domain(domain) => (self.moved(mailbox, domain, dropped), !dropped),
                TargetKind::Template { .. } => continue,
            };
            let own = to.key(case) == mailbox.key(case);
            if own && targets.len() == 1 {
                return Meaning::Keep;
            }
            if own || self.outcome(&to) != Outcome::Discard {
                let detail = detail || !takes;
                let to = To::Mailbox(to);
                values.push(Value { to, detail });
            }
        }
        Meaning::To(values)
    }

    /// The same local-part in another domain, with its detail or without.
    fn moved(&self, mailbox: &Mailbox, domain: &Domain, dropped: bool) -> Mailbox {
        let delimiters = &self.table.settings().recipient_delimiter;
        let split = Subaddress::split(mailbox.local.as_str(), delimiters).filter(|_| dropped);
        let user = split.and_then(|split| LocalPart::from_internal(split.user).ok());
        Mailbox {
            local: user.unwrap_or_else(|| mailbox.local.clone()),
            domain: domain.clone(),
        }
    }
}

fn mailbox(local: &str, domain: &Domain) -> Option<Mailbox> {
    Some(Mailbox {
        local: LocalPart::from_internal(local).ok()?,
        domain: domain.clone(),
    })
}

/// Takes a table apart.
pub fn flatten(survey: &Survey<'_>) -> Flat {
    let mut flat = Flat::default();
    for rule in survey.table.rules() {
        match &rule.pattern {
            Pattern::Mailbox(mailbox) => {
                flat.push(
                    Key::Mailbox(mailbox.clone()),
                    survey.meaning(rule, mailbox),
                    rule,
                );
            }
            Pattern::AnyDetail { user, domain } => {
                let local = user.clone();
                let domain = domain.clone();
                let key = Key::AnyDetail(Mailbox { local, domain });
                flat.push(key, many(rule, None), rule);
            }
            Pattern::LocalPart(local) => {
                for domain in survey.secondary() {
                    let local = local.clone();
                    let domain = domain.clone();
                    let mailbox = Mailbox { local, domain };
                    if !survey.is_named(&mailbox) {
                        let meaning = survey.meaning(rule, &mailbox);
                        flat.push(Key::Mailbox(mailbox), meaning, rule);
                    }
                }
            }
            Pattern::Regex(_) => flat.regexes.push(written(rule)),
            Pattern::Detailed(domain) => {
                flat.push(
                    Key::Detailed(domain.clone()),
                    many(rule, Some(domain)),
                    rule,
                );
            }
            Pattern::Domain(domain) => whole_domain(survey, rule, domain, &mut flat),
            Pattern::Subdomains(_) => {
                flat.wildcards.push(written(rule));
                for domain in survey.secondary() {
                    if is_for(survey.table, rule, domain) {
                        whole_domain(survey, rule, domain, &mut flat);
                    }
                }
            }
        }
    }
    unknown(survey, &mut flat);
    flat
}

impl Flat {
    fn push(&mut self, key: Key, meaning: Meaning, rule: &Rule) {
        let written = written(rule);
        self.entries.push(Entry {
            key,
            meaning,
            written,
        });
    }
}

/// Whether a rule is the one for the addresses of a domain that nothing more specific names.
fn is_for(table: &Table, rule: &Rule, domain: &Domain) -> bool {
    let named = |wanted: &str, wild: bool| {
        table.rules().iter().find(|rule| match &rule.pattern {
            Pattern::Domain(domain) => !wild && domain.as_str() == wanted,
            Pattern::Subdomains(domain) => wild && domain.as_str() == wanted,
            _ => false,
        })
    };
    let found = named(domain.as_str(), false)
        .or_else(|| domain.parents().find_map(|parent| named(parent, true)));
    found.is_some_and(|found| std::ptr::eq(found, rule))
}

/// What a rule for many addresses says, in one step; `domain` is the one whose addresses it keeps
/// when it is its own target.
fn many(rule: &Rule, domain: Option<&Domain>) -> Meaning {
    let targets = match &rule.action {
        Action::Keep => return Meaning::Keep,
        Action::Mailbox => return Meaning::Mailbox,
        Action::Discard => return Meaning::Discard,
        Action::Refuse(reply) => return Meaning::Refuse(reply.clone()),
        Action::Rewrite(targets) => targets,
    };
    if let ([target], Some(domain)) = (targets.as_slice(), domain)
        && target.kind == TargetKind::Domain(domain.clone())
        && rule.detail != Some(Detail::Drop)
    {
        return Meaning::Keep;
    }
    let values = targets.iter().map(|target| match &target.kind {
        TargetKind::Mailbox(mailbox) => Value {
            to: To::Mailbox(mailbox.clone()),
            detail: rule.detail == Some(Detail::Keep),
        },
        TargetKind::Domain(domain) => Value {
            to: To::Domain(domain.clone()),
            detail: rule.detail != Some(Detail::Drop),
        },
        TargetKind::Template { pieces, domain } => Value {
            to: To::Template(pieces.clone(), domain.clone()),
            detail: rule.detail == Some(Detail::Keep),
        },
    });
    Meaning::To(values.collect())
}

/// A rule for a whole domain, as it is or taken apart into the addresses that exist.
fn whole_domain(survey: &Survey<'_>, rule: &Rule, domain: &Domain, flat: &mut Flat) {
    let nobody = survey.nobody(domain).map(|nobody| survey.outcome(&nobody));
    let (Action::Rewrite(_), Some(Outcome::Refuse(reply))) = (&rule.action, nobody) else {
        let meaning = many(rule, Some(domain));
        return flat.push(Key::Domain(domain.clone()), meaning, rule);
    };
    for local in &survey.locals {
        let mailbox = Mailbox {
            local: local.clone(),
            domain: domain.clone(),
        };
        listed(survey, rule, &mailbox, &reply, flat);
    }
    let refused = |outcome: Outcome| matches!(outcome, Outcome::Refuse(_));
    if let Some(probe) = survey.detailed(PROBE, domain)
        && survey
            .rule(&probe)
            .is_some_and(|found| std::ptr::eq(found, rule))
        && !refused(survey.outcome(&probe))
    {
        flat.push(
            Key::Detailed(domain.clone()),
            many(rule, Some(domain)),
            rule,
        );
    }
    flat.push(Key::Domain(domain.clone()), Meaning::Refuse(reply), rule);
}

/// One address of a domain whose rule is taken apart.
fn listed(survey: &Survey<'_>, rule: &Rule, mailbox: &Mailbox, rest: &SmtpReply, flat: &mut Flat) {
    let Some(found) = survey.rule(mailbox) else {
        return;
    };
    let outcome = survey.outcome(mailbox);
    let meaning = match (&found.pattern, outcome) {
        // They have entries of their own.
        (Pattern::Mailbox(_) | Pattern::AnyDetail { .. } | Pattern::LocalPart(_), _) => return,
        (_, Outcome::Refuse(reply)) if reply == *rest => {
            return detail_only(survey, rule, mailbox, flat);
        }
        (_, Outcome::Refuse(reply)) => Meaning::Refuse(reply),
        (_, Outcome::Discard) => Meaning::Discard,
        (Pattern::Domain(_) | Pattern::Subdomains(_), _) => survey.meaning(found, mailbox),
        (_, Outcome::Keep) => Meaning::Keep,
        (_, Outcome::Replace(list)) => Meaning::To(
            list.into_iter()
                .map(|mailbox| Value {
                    to: To::Mailbox(mailbox),
                    detail: true,
                })
                .collect(),
        ),
    };
    flat.push(Key::Mailbox(mailbox.clone()), meaning, rule);
}

/// A user who exists only with a detail (`help+*@company.com keep`).
fn detail_only(survey: &Survey<'_>, rule: &Rule, mailbox: &Mailbox, flat: &mut Flat) {
    let Some(probe) = survey.detailed(mailbox.local.as_str(), &mailbox.domain) else {
        return;
    };
    let same = survey
        .rule(&probe)
        .is_some_and(|found| std::ptr::eq(found, rule));
    if same && !matches!(survey.outcome(&probe), Outcome::Refuse(_)) {
        let meaning = many(rule, Some(&mailbox.domain));
        flat.push(Key::AnyDetail(mailbox.clone()), meaning, rule);
    }
}

/// Secondary domains without a rule for the whole of them: what is unknown there.
fn unknown(survey: &Survey<'_>, flat: &mut Flat) {
    let said: HashSet<_> = flat
        .entries
        .iter()
        .filter_map(|entry| match &entry.key {
            Key::Domain(domain) => Some(domain.clone()),
            _ => None,
        })
        .collect();
    for domain in survey.secondary() {
        let meaning = match survey.table.unknown(domain) {
            _ if said.contains(domain) => continue,
            Unknown::Keep => continue,
            Unknown::Reject => Meaning::Refuse(SmtpReply::unknown_user()),
            Unknown::Defer => Meaning::Refuse(ReplyClass::Defer.default_reply()),
        };
        flat.entries.push(Entry {
            key: Key::Domain(domain.clone()),
            meaning,
            written: survey.declaration(domain),
        });
    }
}
