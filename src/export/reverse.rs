//! The table backwards: which secondary address a reply shows instead of the primary one.
//!
//! # The choice
//!
//! A mailbox gets a line where one secondary address is meant beyond doubt, in the chosen domain
//! (`--domain`) or, without one, in all secondary domains together:
//!
//! 1. the only one that its `mailbox` lists, `abuse` and `postmaster` aside;
//! 2. else its own local-part, if there is one such address, and it leads to this mailbox alone;
//! 3. else the only one that a rule spells out for this mailbox alone.
//!
//! Several that are left are told, and none is written. A mailbox without a secondary address keeps its
//! own. Where the whole chosen domain goes to one primary domain and everybody exists there, one line
//! says so for the rest.

use std::collections::{BTreeSet, HashMap};

use super::{
    flat::written,
    sheet::{Sheet, address, external, spellings},
    survey::Survey,
};
use crate::engine::{
    Table,
    address::{Domain, Mailbox},
    rewrite::Outcome,
    rule::{Action, DomainClass, Origin, Pattern, Rule, TargetKind},
};

/// Which of the two is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// generic(5).
    Postfix,
    /// genericstable.
    Sendmail,
}

const POSTFIX: &str = "\
For Postfix: postmap FILE, then `smtp_generic_maps = hash:FILE` (or lmdb:): mail that leaves by
SMTP shows the right column as its sender instead of the left one. It maps recipients as well: mail
that goes on to the mailboxes by SMTP needs a transport with `-o smtp_generic_maps=` in master.cf
(`relay`, which relay_domains use, is the place).
A detail is lost unless propagate_unmatched_extensions names generic.";

const SENDMAIL: &str = "\
For Sendmail: FEATURE(`genericstable'), GENERICS_DOMAIN of the left column's domains, then
makemap hash /etc/mail/genericstable < FILE";

const RULE: &str = "\
A mailbox shows the only secondary address that it lists (abuse@ and postmaster@ aside), else its
own local-part in a secondary domain, else the only address that a rule spells out for it alone.
`--domain` chooses the secondary domain.";

/// Writes the list.
pub fn write(table: &Table, dialect: Dialect, domain: Option<&Domain>, sheet: &mut Sheet<'_>) {
    let survey = Survey::new(table);
    sheet.head(match dialect {
        Dialect::Postfix => POSTFIX,
        Dialect::Sendmail => SENDMAIL,
    });
    sheet.head(RULE);
    if let Some(domain) = domain {
        sheet.head(&format!("Replies show {domain}."));
    }
    let domains: Vec<_> = survey
        .secondary()
        .into_iter()
        .filter(|one| domain.is_none_or(|domain| domain == *one))
        .collect();
    let mut reverse = Reverse {
        survey: &survey,
        dialect,
        sheet,
        spelt: HashMap::new(),
    };
    reverse.collect(&domains);
    for (mailbox, rule) in primaries(&survey) {
        reverse.mailbox(&mailbox, &rule, &domains);
    }
    if let [domain] = domains.as_slice() {
        reverse.whole(domain);
    }
    no_primary(table, sheet);
}

/// Says why the list is empty where no domain is primary, at the first rule with a target.
fn no_primary(table: &Table, sheet: &mut Sheet<'_>) {
    let mut domains = table.inbound_domains().into_iter();
    if domains.any(|(_, class)| class == DomainClass::Primary) {
        return;
    }
    let rewrites = |rule: &Rule| matches!(rule.action, Action::Rewrite(_));
    if let Some(rule) = table.rules().find(rewrites) {
        let help = "write a domain line that declares the domain of your mailboxes primary";
        let message = "no domain is primary: nothing says whose mailboxes are here";
        sheet.unsaid(&written(&rule), message, help);
    }
}

/// The addresses in primary domains that mail ends up at, each with the first rule that names it.
fn primaries(survey: &Survey<'_>) -> Vec<(Mailbox, Rule)> {
    let case = survey.table.settings().local_case;
    let mut found: Vec<(Mailbox, Rule)> = Vec::new();
    let mut once = HashMap::new();
    for rule in survey.table.rules() {
        let rule = &rule;
        let mut named = Vec::new();
        match (&rule.pattern, &rule.action) {
            (Pattern::Mailbox(mailbox), Action::Mailbox | Action::Keep) => named.push(mailbox),
            (_, Action::Rewrite(targets)) => {
                named.extend(targets.iter().filter_map(|target| match &target.kind {
                    TargetKind::Mailbox(mailbox) => Some(mailbox),
                    _ => None,
                }));
            }
            _ => {}
        }
        for mailbox in named {
            let primary = survey.table.class(&mailbox.domain) == Some(DomainClass::Primary);
            if primary && survey.outcome(mailbox) == Outcome::Keep {
                let own = rule.action == Action::Mailbox;
                let at = *once.entry(mailbox.key(case)).or_insert(found.len());
                match found.get_mut(at) {
                    Some(known) if own => *known = (mailbox.clone(), rule.clone()),
                    Some(_) => {}
                    None => found.push((mailbox.clone(), rule.clone())),
                }
            }
        }
    }
    found
}

struct Reverse<'s, 't, 'a> {
    survey: &'s Survey<'t>,
    dialect: Dialect,
    sheet: &'s mut Sheet<'a>,
    /// For the key of a mailbox, the addresses that rules spell out for it alone, and where.
    spelt: HashMap<String, Vec<(Mailbox, Origin)>>,
}

impl Reverse<'_, '_, '_> {
    /// Where an address ends up, if at one place.
    fn end(&self, mailbox: &Mailbox) -> Option<String> {
        match self.survey.outcome(mailbox) {
            Outcome::Replace(list) => match list.as_slice() {
                [one] => Some(one.key(self.survey.table.settings().local_case)),
                _ => None,
            },
            _ => None,
        }
    }

    fn collect(&mut self, domains: &[&Domain]) {
        for rule in self.survey.table.rules() {
            let rule = &rule;
            if let Pattern::Mailbox(mailbox) = &rule.pattern
                && domains.contains(&&mailbox.domain)
                && !mailbox.local.routes()
                && let Some(end) = self.end(mailbox)
            {
                self.spelt
                    .entry(end)
                    .or_default()
                    .push((mailbox.clone(), rule.origin));
            }
        }
    }

    fn mailbox(&mut self, mailbox: &Mailbox, rule: &Rule, domains: &[&Domain]) {
        let case = self.survey.table.settings().local_case;
        let key = mailbox.key(case);
        let spelt = self.spelt.get(&key).cloned().unwrap_or_default();
        let listed = spelt.iter().filter(|(one, origin)| {
            let role = ["abuse", "postmaster"].contains(&one.local.folded(case).as_str());
            *origin == Origin::Secondary && !role
        });
        let listed: Vec<_> = listed.map(|(one, _)| one.clone()).collect();
        let own = domains.iter().map(|domain| Mailbox {
            local: mailbox.local.clone(),
            domain: (*domain).clone(),
        });
        let own = own
            .filter(|own| self.end(own).as_ref() == Some(&key))
            .collect();
        let spelt: Vec<_> = spelt.into_iter().map(|(one, _)| one).collect();
        let ranks = [listed, own, spelt];
        if let Some([one]) = ranks.iter().map(Vec::as_slice).find(|rank| rank.len() == 1) {
            return self.line(mailbox, one, rule);
        }
        let several: Vec<_> = ranks.iter().flatten().map(address).collect();
        if !several.is_empty() {
            let several: BTreeSet<_> = several.into_iter().collect();
            let list = several.into_iter().collect::<Vec<_>>().join(", ");
            let message = format!(
                "`{}` has several secondary addresses: {list}",
                address(mailbox)
            );
            let help = "choose a domain with --domain, or write the line by hand";
            self.sheet.unsaid(&written(rule), &message, help);
        }
    }

    fn line(&mut self, mailbox: &Mailbox, shown: &Mailbox, rule: &Rule) {
        let (left, right) = (external(&mailbox.local), address(shown));
        match self.dialect {
            Dialect::Postfix if left.starts_with('#') => {
                let help = "write the line as a pcre: table";
                self.sheet.unsaid(
                    &written(rule),
                    "a line that begins with `#` is a comment",
                    help,
                );
            }
            Dialect::Postfix => {
                for domain in spellings(&mailbox.domain) {
                    self.sheet
                        .pair(rule.span, &format!("{left}@{domain}"), &right);
                }
            }
            Dialect::Sendmail => {
                let plain = |text: &str| {
                    text.is_ascii() && !text.contains(['"', '%']) && !text.starts_with('#')
                };
                if plain(&left) && plain(&right) {
                    let line = format!("{}\t{right}", address(mailbox));
                    self.sheet.line(rule.span, line);
                } else {
                    let help = "give the mailbox addresses of plain ASCII without quotes";
                    self.sheet.unsaid(
                        &written(rule),
                        "a local-part that needs quotes or is not ASCII cannot be said",
                        help,
                    );
                }
            }
        }
    }

    /// One line for everybody, where the chosen domain is the primary one by another name.
    fn whole(&mut self, domain: &Domain) {
        let Some(nobody) = self.survey.nobody(domain) else {
            return;
        };
        let Outcome::Replace(list) = self.survey.outcome(&nobody) else {
            return;
        };
        let [end] = list.as_slice() else { return };
        let primary = self.survey.table.class(&end.domain) == Some(DomainClass::Primary);
        if !primary || end.local != nobody.local {
            return;
        }
        let span = self
            .survey
            .rule(&nobody)
            .map_or(self.survey.declaration(domain).span, |rule| rule.span);
        match self.dialect {
            Dialect::Postfix => {
                for spelling in spellings(&end.domain) {
                    self.sheet
                        .pair(span, &format!("@{spelling}"), &format!("@{domain}"));
                }
            }
            Dialect::Sendmail => {
                self.sheet
                    .line(span, format!("@{}\t%1@{domain}", end.domain));
            }
        }
    }
}
