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

mod wide;

use std::collections::HashSet;

use super::{sheet::Written, survey::Survey};
use crate::engine::{
    Table,
    address::{Domain, LocalCase, LocalPart, Mailbox, Subaddress},
    rewrite::Outcome,
    rule::{Action, Detail, Meaning, Pattern, Piece, Rule, Target, TargetKind, Unknown},
};
use wide::{all_detailed, any_detail, detail_only, literal, whole_domain};

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
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum To {
    /// This address.
    Mailbox(Mailbox),
    /// The same local-part in this domain.
    Domain(Domain),
    /// A local-part into which the detail is filled.
    Template(Vec<Piece>, Domain),
}

/// One target.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Value {
    /// What it is.
    pub to: To,
    /// The detail of the address is carried on; true as well where it cannot have any.
    pub detail: bool,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which addresses it is for.
    pub key: Key,
    /// What happens to them.
    pub meaning: Meaning<Value>,
    /// The rule says that the address is a mailbox: it needs no entry to exist.
    pub is_mailbox: bool,
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
    /// What has an entry: an address can come up at its own rule and at a broader one.
    keys: HashSet<String>,
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

impl Survey<'_> {
    /// What a rule makes of one address that it is for.
    fn meaning(&self, rule: &Rule, mailbox: &Mailbox) -> Meaning<Value> {
        let meaning = rule.action.meaning();
        meaning.with_replacements(|targets| match self.outcome(mailbox) {
            Outcome::Keep | Outcome::Replace(_) => self.replaced(rule, mailbox, &targets),
            end => end.with_replacements(|_| Meaning::Keep),
        })
    }

    /// What a rule with targets makes of one address that it is for.
    fn replaced(&self, rule: &Rule, mailbox: &Mailbox, targets: &[&Target]) -> Meaning<Value> {
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
                TargetKind::Subdomains(to) => match carried(rule, to, Some(&mailbox.domain)) {
                    Some(domain) => (self.moved(mailbox, &domain, dropped), !dropped),
                    None => continue,
                },
                TargetKind::Template { .. } => continue,
            };
            let own = to.key(case) == mailbox.key(case);
            let detail = detail || !takes;
            if own && detail && targets.len() == 1 {
                return Meaning::Keep;
            }
            if own || !self.is_discarded(&to) {
                let to = To::Mailbox(to);
                values.push(Value { to, detail });
            }
        }
        Meaning::Replace(values)
    }

    /// Whether an address is dropped, whatever detail it has.
    fn is_discarded(&self, mailbox: &Mailbox) -> bool {
        let dropped = |mailbox: &Mailbox| self.outcome(mailbox) == Outcome::Discard;
        let local = mailbox.local.as_str();
        dropped(mailbox)
            && (!self.takes_detail(mailbox)
                || self
                    .with_details(local, &mailbox.domain)
                    .iter()
                    .all(dropped))
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

/// Takes a table apart.
pub fn flatten(survey: &Survey<'_>) -> Flat {
    let mut flat = Flat::default();
    for rule in survey.table.rules() {
        let rule = &rule;
        match &rule.pattern {
            Pattern::Mailbox(mailbox) => exact(survey, rule, mailbox, &mut flat),
            Pattern::AnyDetail { user, domain } => {
                any_detail(survey, rule, user, domain, &mut flat)
            }
            Pattern::LocalPart(local) => {
                for domain in survey.secondary() {
                    let local = local.clone();
                    let domain = domain.clone();
                    let mailbox = Mailbox { local, domain };
                    if !survey.is_named(&mailbox) {
                        exact(survey, rule, &mailbox, &mut flat);
                    }
                }
            }
            Pattern::Regex(_) => flat.regexes.push(written(rule)),
            Pattern::Detailed(domain) => all_detailed(survey, rule, domain, &mut flat),
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
    fn push(&mut self, key: Key, meaning: Meaning<Value>, rule: &Rule) {
        let name = match &key {
            Key::Mailbox(mailbox) => mailbox.key(LocalCase::Strict),
            Key::AnyDetail(mailbox) => format!("detail of {}", mailbox.key(LocalCase::Strict)),
            Key::Detailed(domain) => format!("+*@{domain}"),
            Key::Domain(domain) => format!("@{domain}"),
        };
        if !self.keys.insert(name) {
            return;
        }
        self.entries.push(Entry {
            key,
            is_mailbox: rule.action == Action::Mailbox && meaning == Meaning::Keep,
            meaning,
            written: written(rule),
        });
    }
}

/// Whether a rule is the one for the addresses of a domain that nothing more specific names.
fn is_for(table: &Table, rule: &Rule, domain: &Domain) -> bool {
    let named = |wanted: &str, wild: bool| {
        table.rules().find(|rule| match &rule.pattern {
            Pattern::Domain(domain) => !wild && domain.as_str() == wanted,
            Pattern::Subdomains(domain) => wild && domain.as_str() == wanted,
            _ => false,
        })
    };
    let found = named(domain.as_str(), false)
        .or_else(|| domain.parents().find_map(|parent| named(parent, true)));
    found.is_some_and(|found| found.span == rule.span)
}

/// What a rule for many addresses says, in one step; `domain` is the one whose addresses it keeps
/// when it is its own target.
fn many(rule: &Rule, domain: Option<&Domain>) -> Meaning<Value> {
    let meaning = rule.action.meaning();
    meaning.with_replacements(|targets| many_replaced(rule, domain, &targets))
}

/// What a rule with targets for many addresses says.
fn many_replaced(rule: &Rule, domain: Option<&Domain>, targets: &[&Target]) -> Meaning<Value> {
    if let ([target], Some(domain)) = (targets, domain)
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
        TargetKind::Subdomains(to) => Value {
            to: To::Domain(carried(rule, to, domain).unwrap_or_else(|| to.clone())),
            detail: rule.detail != Some(Detail::Drop),
        },
        TargetKind::Template { pieces, domain } => Value {
            to: To::Template(pieces.clone(), domain.clone()),
            detail: rule.detail == Some(Detail::Keep),
        },
    });
    Meaning::Replace(values.collect())
}

/// The domain that takes the place of `domain` where the rule keeps subdomains.
fn carried(rule: &Rule, to: &Domain, domain: Option<&Domain>) -> Option<Domain> {
    let Pattern::Subdomains(above) = &rule.pattern else {
        return None;
    };
    domain?.carried(above, to).ok()
}

/// A rule for one address; with a detail it may end elsewhere than without, where the address alone is
/// refused.
fn exact(survey: &Survey<'_>, rule: &Rule, mailbox: &Mailbox, flat: &mut Flat) {
    let meaning = survey.meaning(rule, mailbox);
    let refused = match (&meaning, &rule.action) {
        (Meaning::Refuse(reply), Action::Rewrite(_)) => Some(reply.clone()),
        _ => None,
    };
    flat.push(Key::Mailbox(mailbox.clone()), meaning, rule);
    if let Some(reply) = refused.filter(|_| survey.takes_detail(mailbox)) {
        let local = mailbox.local.as_str();
        let probe = survey.detailed(local, &mailbox.domain);
        let rest = match probe.map(|probe| survey.outcome(&probe)) {
            Some(Outcome::Refuse(reply)) => Some(reply),
            _ => None,
        };
        for detailed in survey.named_details(local, &mailbox.domain) {
            literal(survey, rule, &detailed, rest.as_ref(), flat);
        }
        detail_only(survey, rule, mailbox, &reply, flat);
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
    let settings = survey.table.settings();
    for domain in survey.secondary() {
        let meaning = match survey.table.unknown(domain) {
            _ if said.contains(domain) => continue,
            Unknown::Keep => continue,
            Unknown::Reject => Meaning::Refuse(settings.unknown_reject.clone()),
            Unknown::Defer => Meaning::Refuse(settings.unknown_defer.clone()),
        };
        flat.entries.push(Entry {
            key: Key::Domain(domain.clone()),
            meaning,
            is_mailbox: false,
            written: survey.declaration(domain),
        });
    }
}
