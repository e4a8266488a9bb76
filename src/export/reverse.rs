//! Writes which secondary address a reply shows instead of a primary address.
//!
//! # The choice
//!
//! A mailbox gets a line if exactly one secondary address fits, in the chosen domain (`--domain`) or, without
//! a chosen domain, in all secondary domains together:
//!
//! 1. the only address that its `mailbox` lists, but for `abuse` and `postmaster`;
//! 2. else its own local-part, if there is one such address, and it leads to this mailbox alone;
//! 3. else the only address that a rule writes in full for this mailbox alone.
//!
//! If several addresses fit, they are reported, and none is written. A mailbox without a secondary address
//! keeps its own address. If the chosen domain as a whole leads to one primary domain in which every address
//! exists, one line covers all other mailboxes.

use std::collections::{BTreeSet, HashMap};

use super::{
    output::{Output, SourceRule, address, external},
    queries::TableQueries,
};
use crate::engine::{
    Table,
    address::{Domain, Mailbox},
    rewrite::Outcome,
    rule::{Action, DomainClass, Origin, Pattern, Rule, TargetKind},
};

/// The program that reads the file.
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
A detail is lost unless propagate_unmatched_extensions lists generic.";

const SENDMAIL: &str = "\
For Sendmail: FEATURE(`genericstable'), GENERICS_DOMAIN of the left column's domains, then
makemap hash /etc/mail/genericstable < FILE";

const RULE: &str = "\
A mailbox shows the only secondary address that it lists (abuse@ and postmaster@ aside), else its
own local-part in a secondary domain, else the only address that a rule writes in full for it alone.
`--domain` chooses the secondary domain.";

/// Writes the pairs.
pub fn write(table: &Table, dialect: Dialect, domain: Option<&Domain>, output: &mut Output<'_>) {
    let queries = TableQueries::new(table);
    output.head(match dialect {
        Dialect::Postfix => POSTFIX,
        Dialect::Sendmail => SENDMAIL,
    });
    output.head(RULE);
    if let Some(domain) = domain {
        output.head(&format!("Replies show {domain}."));
    }
    let domains: Vec<_> = queries
        .secondary()
        .into_iter()
        .filter(|one| domain.is_none_or(|domain| domain == *one))
        .collect();
    let mut reverse = Reverse {
        queries: &queries,
        dialect,
        output,
        written_out: HashMap::new(),
    };
    reverse.collect(&domains);
    for (mailbox, rule) in primaries(&queries) {
        reverse.mailbox(&mailbox, &rule, &domains);
    }
    if let [domain] = domains.as_slice() {
        reverse.whole(domain);
    }
    no_primary(table, output);
}

/// Reports that no domain is primary, at the first rule with a target.
fn no_primary(table: &Table, output: &mut Output<'_>) {
    let mut domains = table.inbound_domains().into_iter();
    if domains.any(|(_, class)| class == DomainClass::Primary) {
        return;
    }
    let rewrites = |rule: &Rule| matches!(rule.action, Action::Rewrite(_));
    if let Some(rule) = table.rules().find(rewrites) {
        let help =
            "declare the domain of your mailboxes: write a line with the domain and `primary`";
        let message = "no domain is primary, so no address is known to be a mailbox";
        output.not_exported(&SourceRule::of(&rule), message, help);
    }
}

/// Returns the addresses in primary domains that get mail, each with the first rule that names it.
fn primaries(queries: &TableQueries<'_>) -> Vec<(Mailbox, Rule)> {
    let case = queries.table.settings().local_case;
    let mut found: Vec<(Mailbox, Rule)> = Vec::new();
    let mut once = HashMap::new();
    for rule in queries.table.rules() {
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
            let primary = queries.table.class(&mailbox.domain) == Some(DomainClass::Primary);
            if primary && queries.outcome(mailbox) == Outcome::Keep {
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
    queries: &'s TableQueries<'t>,
    dialect: Dialect,
    output: &'s mut Output<'a>,
    /// For the key of a mailbox, the addresses that rules write in full for it alone, and where.
    written_out: HashMap<String, Vec<(Mailbox, Origin)>>,
}

impl Reverse<'_, '_, '_> {
    /// Returns the key of the address that gets the mail, if exactly one address gets it.
    fn end(&self, mailbox: &Mailbox) -> Option<String> {
        match self.queries.outcome(mailbox) {
            Outcome::Replace(list) => match list.as_slice() {
                [one] => Some(one.key(self.queries.table.settings().local_case)),
                _ => None,
            },
            _ => None,
        }
    }

    fn collect(&mut self, domains: &[&Domain]) {
        for rule in self.queries.table.rules() {
            let rule = &rule;
            if let Pattern::Mailbox(mailbox) = &rule.pattern
                && domains.contains(&&mailbox.domain)
                && !mailbox.local.routes()
                && let Some(end) = self.end(mailbox)
            {
                self.written_out
                    .entry(end)
                    .or_default()
                    .push((mailbox.clone(), rule.origin));
            }
        }
    }

    fn mailbox(&mut self, mailbox: &Mailbox, rule: &Rule, domains: &[&Domain]) {
        let case = self.queries.table.settings().local_case;
        let key = mailbox.key(case);
        let written_out = self.written_out.get(&key).cloned().unwrap_or_default();
        let listed = written_out.iter().filter(|(one, origin)| {
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
        let written_out: Vec<_> = written_out.into_iter().map(|(one, _)| one).collect();
        let ranks = [listed, own, written_out];
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
            let help = "choose a domain with --domain, or write the line yourself";
            self.output
                .not_exported(&SourceRule::of(rule), &message, help);
        }
    }

    fn line(&mut self, mailbox: &Mailbox, shown: &Mailbox, rule: &Rule) {
        let (left, right) = (external(&mailbox.local), address(shown));
        match self.dialect {
            Dialect::Postfix if left.starts_with('#') => {
                let help = "write the line as a pcre: table (pcre_table(5))";
                self.output.not_exported(
                    &SourceRule::of(rule),
                    "in generic(5) a line that begins with `#` is a comment",
                    help,
                );
            }
            Dialect::Postfix => {
                for domain in mailbox.domain.spellings() {
                    self.output
                        .pair(rule.span, &format!("{left}@{domain}"), &right);
                }
            }
            Dialect::Sendmail => {
                let plain = |text: &str| {
                    text.is_ascii() && !text.contains(['"', '%']) && !text.starts_with('#')
                };
                if plain(&left) && plain(&right) {
                    let line = format!("{}\t{right}", address(mailbox));
                    self.output.line(rule.span, line);
                } else {
                    let help = "give the mailbox addresses of ASCII without quotes";
                    self.output.not_exported(
                        &SourceRule::of(rule),
                        "a genericstable has no local-part with quotes, with `%`, or outside of ASCII",
                        help,
                    );
                }
            }
        }
    }

    /// Writes one line for all other mailboxes, if the chosen domain is another name of a primary domain.
    fn whole(&mut self, domain: &Domain) {
        let Some(nobody) = self.queries.nobody(domain) else {
            return;
        };
        let Outcome::Replace(list) = self.queries.outcome(&nobody) else {
            return;
        };
        let [end] = list.as_slice() else { return };
        let primary = self.queries.table.class(&end.domain) == Some(DomainClass::Primary);
        if !primary || end.local != nobody.local {
            return;
        }
        let span = self
            .queries
            .rule(&nobody)
            .map_or(self.queries.declaration(domain).span, |rule| rule.span);
        match self.dialect {
            Dialect::Postfix => {
                for spelling in end.domain.spellings() {
                    self.output
                        .pair(span, &format!("@{spelling}"), &format!("@{domain}"));
                }
            }
            Dialect::Sendmail => {
                self.output
                    .line(span, format!("@{}\t%1@{domain}", end.domain));
            }
        }
    }
}
