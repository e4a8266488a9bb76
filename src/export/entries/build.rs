//! Makes the entries of a table, rule by rule.

use std::collections::HashSet;

use super::{
    broad::{all_detailed, any_detail, detail_only, literal, whole_domain},
    entry::{Entries, Entry, EntryKey},
    meaning::for_one,
};
use crate::{
    engine::{
        Table,
        address::{Domain, Mailbox},
        rewrite::Outcome,
        rule::{Action, Meaning, Pattern, Rule, Unknown},
    },
    export::{output::SourceRule, queries::TableQueries},
};

/// Returns the entries of a table.
pub fn entries(queries: &TableQueries<'_>) -> Entries {
    let mut entries = Entries::default();
    for rule in queries.table.rules() {
        let rule = &rule;
        match &rule.pattern {
            Pattern::Mailbox(mailbox) => exact(queries, rule, mailbox, &mut entries),
            Pattern::AnyDetail { user, domain } => {
                any_detail(queries, rule, user, domain, &mut entries)
            }
            Pattern::LocalPart(local) => {
                for domain in queries.secondary() {
                    let local = local.clone();
                    let domain = domain.clone();
                    let mailbox = Mailbox { local, domain };
                    if !queries.is_named(&mailbox) {
                        exact(queries, rule, &mailbox, &mut entries);
                    }
                }
            }
            Pattern::Regex(_) => entries.regexes.push(SourceRule::of(rule)),
            Pattern::Detailed(domain) => all_detailed(queries, rule, domain, &mut entries),
            Pattern::Domain(domain) => whole_domain(queries, rule, domain, &mut entries),
            Pattern::Subdomains(_) => {
                entries.wildcards.push(SourceRule::of(rule));
                for domain in queries.secondary() {
                    if is_for(queries.table, rule, domain) {
                        whole_domain(queries, rule, domain, &mut entries);
                    }
                }
            }
        }
    }
    unknown(queries, &mut entries);
    entries
}

/// Returns true if the rule decides the addresses of a domain that no other rule names.
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

/// Adds the entries of a rule for one address. If the address alone is refused, the same address with a
/// detail may end elsewhere.
fn exact(queries: &TableQueries<'_>, rule: &Rule, mailbox: &Mailbox, entries: &mut Entries) {
    let meaning = for_one(queries, rule, mailbox);
    let refused = match (&meaning, &rule.action) {
        (Meaning::Refuse(reply), Action::Rewrite(_)) => Some(reply.clone()),
        _ => None,
    };
    entries.push(EntryKey::Mailbox(mailbox.clone()), meaning, rule);
    if let Some(reply) = refused.filter(|_| queries.takes_detail(mailbox)) {
        let local = mailbox.local.as_str();
        let probe = queries.detailed(local, &mailbox.domain);
        let rest = match probe.map(|probe| queries.outcome(&probe)) {
            Some(Outcome::Refuse(reply)) => Some(reply),
            _ => None,
        };
        for detailed in queries.named_details(local, &mailbox.domain) {
            literal(queries, rule, &detailed, rest.as_ref(), entries);
        }
        detail_only(queries, rule, mailbox, &reply, entries);
    }
}

/// Adds an entry for the unknown addresses of each secondary domain that has no rule for the whole domain.
fn unknown(queries: &TableQueries<'_>, entries: &mut Entries) {
    let has_entry: HashSet<_> = entries
        .list
        .iter()
        .filter_map(|entry| match &entry.key {
            EntryKey::Domain(domain) => Some(domain.clone()),
            _ => None,
        })
        .collect();
    let settings = queries.table.settings();
    for domain in queries.secondary() {
        let meaning = match queries.table.unknown(domain) {
            _ if has_entry.contains(domain) => continue,
            Unknown::Keep => continue,
            Unknown::Reject => Meaning::Refuse(settings.unknown_reject.clone()),
            Unknown::Defer => Meaning::Refuse(settings.unknown_defer.clone()),
        };
        entries.list.push(Entry {
            key: EntryKey::Domain(domain.clone()),
            meaning,
            is_mailbox: false,
            source: queries.declaration(domain),
        });
    }
}
