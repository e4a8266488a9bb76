//! What two tables do to the addresses that got mail lately.
//!
//! In: the table in force, a new one, and addresses with the number of their messages. Out: how many of the addresses
//! fare differently, which ones the new table would refuse although no line says so, and which domains it lost.
//!
//! # Which refusals count
//!
//! An address counts as refused if mail to it was delivered by the old table, and if the new table refuses it for
//! another reason than a line of the rules: it is unknown now, its rules end in a loop, or a limit is reached. A line
//! with `reject`, `defer` or `moved` is what somebody wrote on purpose, and never counts.
//!
//! # Limits
//!
//! - Letter case is ignored, whatever the settings of the tables are: the addresses are remembered in lower case.
//! - [`SHOWN`] addresses are named, the busiest ones; the numbers are those of all.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::decided::same;
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    rewrite::{Decision, Outcome, Reason, decide_in_any_case},
    rule::DomainClass,
    table::Table,
};

/// Addresses that are named.
const SHOWN: usize = 10;

/// An address and how many messages it got.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BusyAddress {
    /// The address, as a line of rules has it.
    pub address: String,
    /// Its messages.
    pub messages: u64,
}

/// Addresses that the new table refuses although no line says so.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RefusedAddresses {
    /// How many.
    pub addresses: usize,
    /// How many messages they got together.
    pub messages: u64,
    /// The busiest ones, the busiest first; at most [`SHOWN`].
    pub busiest: Vec<BusyAddress>,
}

/// A domain that was primary or secondary, and is neither any more.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LostDomain {
    /// The domain.
    pub domain: String,
    /// How many of its addresses got mail.
    pub addresses: usize,
    /// How many messages they got together.
    pub messages: u64,
}

/// What a new table changes for the addresses that got mail.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrafficChanges {
    /// How many addresses fare differently, those below among them.
    pub differ: usize,
    /// The addresses that would be refused.
    pub refused: RefusedAddresses,
    /// The domains that are lost, the busiest first.
    pub lost: Vec<LostDomain>,
}

/// Decides each address by both tables. `addresses` gives keys of mailboxes ([`Mailbox::key`]), each with the number
/// of its messages. An address that is in no domain of the old table is skipped.
pub fn traffic_changes<'a>(
    before: &Table,
    after: &Table,
    addresses: impl IntoIterator<Item = (&'a str, u64)>,
) -> TrafficChanges {
    let mut judge = Judge {
        before,
        after,
        domains: HashMap::new(),
        differ: 0,
        refused: Vec::new(),
        lost: BTreeMap::new(),
    };
    for (key, messages) in addresses {
        judge.address(key, messages);
    }
    judge.finish()
}

/// What the tables make of a domain.
struct KnownDomain {
    domain: Domain,
    was_ours: bool,
    is_lost: bool,
}

struct Judge<'t, 'a> {
    before: &'t Table,
    after: &'t Table,
    domains: HashMap<&'a str, Option<KnownDomain>>,
    differ: usize,
    refused: Vec<(u64, Mailbox)>,
    lost: BTreeMap<Domain, LostDomain>,
}

impl<'a> Judge<'_, 'a> {
    fn address(&mut self, key: &'a str, messages: u64) {
        // The local-part of a key is in its internal form, and may hold an `@`; a domain holds none.
        let Some((local, domain)) = key.rsplit_once('@') else {
            return;
        };
        let (before, after) = (self.before, self.after);
        let known = self.domains.entry(domain).or_insert_with(|| {
            let domain = Domain::parse(domain).ok()?;
            Some(KnownDomain {
                was_ours: is_ours(before, &domain),
                is_lost: !is_ours(after, &domain) && after.declaration(&domain).is_none(),
                domain,
            })
        });
        let (Some(known), Ok(local)) = (known, LocalPart::from_internal(local)) else {
            return;
        };
        if !known.was_ours {
            return;
        }
        let mailbox = Mailbox {
            local,
            domain: known.domain.clone(),
        };
        let old = decide_in_any_case(before, &mailbox);
        if known.is_lost {
            if delivers(&old) {
                self.differ += 1;
                let lost = self.lost.entry(mailbox.domain).or_default();
                lost.addresses += 1;
                lost.messages = lost.messages.saturating_add(messages);
            }
            return;
        }
        let new = decide_in_any_case(after, &mailbox);
        if old.outcome == new.outcome || same(&old, &new, after) {
            return;
        }
        self.differ += 1;
        if delivers(&old) && is_refused_without_a_line(&new) {
            self.refused.push((messages, mailbox));
        }
    }

    fn finish(mut self) -> TrafficChanges {
        let by_name = |mailbox: &Mailbox| mailbox.to_string();
        self.refused
            .sort_by_cached_key(|(messages, mailbox)| (u64::MAX - messages, by_name(mailbox)));
        let sum = |sum: u64, (messages, _): &(u64, Mailbox)| sum.saturating_add(*messages);
        let busiest = self.refused.iter().take(SHOWN);
        let busiest = busiest.map(|(messages, mailbox)| BusyAddress {
            address: mailbox.to_string(),
            messages: *messages,
        });
        let refused = RefusedAddresses {
            addresses: self.refused.len(),
            messages: self.refused.iter().fold(0, sum),
            busiest: busiest.collect(),
        };
        let lost = self.lost.into_iter().map(|(domain, lost)| LostDomain {
            domain: domain.to_string(),
            ..lost
        });
        let mut lost: Vec<_> = lost.collect();
        lost.sort_by_key(|lost| u64::MAX - lost.messages);
        TrafficChanges {
            differ: self.differ,
            refused,
            lost,
        }
    }
}

fn is_ours(table: &Table, domain: &Domain) -> bool {
    let class = table.class(domain);
    class.is_some_and(|class| class != DomainClass::External)
}

fn delivers(decision: &Decision) -> bool {
    matches!(decision.outcome, Outcome::Keep | Outcome::Replace(_))
}

fn is_refused_without_a_line(decision: &Decision) -> bool {
    let by_a_line = || {
        let step = decision.decisive();
        step.is_some_and(|step| matches!(step.reason, Reason::Rule(_)))
    };
    matches!(decision.outcome, Outcome::Refuse(_)) && !by_a_line()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Settings, SourceText, compile};

    fn table(rules: &str) -> Table {
        let source = SourceText::new("a.rules", rules.as_bytes().to_vec());
        let compiled = compile(&[source], &Settings::default());
        compiled
            .table
            .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics))
    }

    const RULES: &str = "\
company.com primary unknown=reject
domain2.com secondary
partner.example external
@domain2.com @company.com
jd@domain2.com jdoe@company.com
old@domain2.com reject
trap@domain2.com discard
jdoe@company.com mailbox
anna@company.com mailbox
";

    const TRAFFIC: [(&str, u64); 7] = [
        ("jd@domain2.com", 5),
        ("anna@domain2.com", 412),
        ("anna@company.com", 3),
        ("old@domain2.com", 2),
        ("trap@domain2.com", 9),
        ("x@elsewhere.example", 7),
        ("no address", 1),
    ];

    fn changes(after: &str) -> TrafficChanges {
        traffic_changes(&table(RULES), &table(after), TRAFFIC)
    }

    /// Returns the addresses that would be refused, each with its messages.
    fn refused(after: &str) -> Vec<String> {
        let all = changes(after).refused.busiest.into_iter();
        all.map(|one| format!("{} {}", one.address, one.messages))
            .collect()
    }

    #[test]
    fn the_same_rules_change_nothing() {
        assert_eq!(changes(RULES), TrafficChanges::default());
        let moved: Vec<_> = RULES.lines().rev().collect();
        assert_eq!(
            changes(&(moved.join("\n") + "\n")),
            TrafficChanges::default()
        );
    }

    #[test]
    fn an_address_that_is_unknown_now_is_refused() {
        let without_anna = RULES.replace("anna@company.com mailbox\n", "");
        assert_eq!(
            refused(&without_anna),
            ["anna@domain2.com 412", "anna@company.com 3"]
        );
        let all = changes(&without_anna);
        assert_eq!((all.differ, all.refused.messages), (2, 415));
        let without_all = RULES.replace("@domain2.com @company.com\n", "");
        assert_eq!(refused(&without_all), ["anna@domain2.com 412"]);
    }

    #[test]
    fn a_line_that_refuses_is_meant() {
        for action in ["reject", "defer", "moved anna@partner.example"] {
            let after = format!("{RULES}anna@domain2.com {action}\n");
            let all = changes(&after);
            assert_eq!((all.differ, all.refused.addresses), (1, 0), "{action}");
        }
        let whole = RULES.replace("@domain2.com @company.com", "@domain2.com reject");
        assert_eq!(changes(&whole).refused.addresses, 0);
    }

    #[test]
    fn what_goes_elsewhere_differs_and_is_not_refused() {
        let after = RULES.replace("jd@domain2.com jdoe", "jd@domain2.com anna");
        let all = changes(&after);
        assert_eq!((all.differ, all.refused.addresses), (1, 0));
    }

    #[test]
    fn what_got_no_mail_before_cannot_lose_any() {
        let after = RULES.replace("old@domain2.com reject\ntrap@domain2.com discard\n", "");
        let all = changes(&after);
        assert_eq!((all.differ, all.refused.addresses), (1, 0), "{all:?}");
    }

    #[test]
    fn a_domain_that_no_rule_names_is_lost() {
        let kept = RULES.lines().filter(|line| !line.contains("domain2.com"));
        let after = kept.map(|line| format!("{line}\n")).collect::<String>();
        let all = changes(&after);
        assert_eq!(
            all.lost,
            [LostDomain {
                domain: "domain2.com".to_owned(),
                addresses: 2,
                messages: 417,
            }]
        );
        assert_eq!((all.differ, all.refused.addresses), (2, 0));
        // Somebody wrote that the domain is elsewhere.
        let all = changes(&format!("{after}domain2.com external\n"));
        assert_eq!(all.lost, []);
    }

    #[test]
    fn letter_case_is_ignored() {
        let strict = Settings {
            local_case: crate::engine::address::LocalCase::Strict,
            ..Settings::default()
        };
        let source = SourceText::new("a.rules", RULES.replace("jd@", "JD@").into_bytes());
        let after = compile(&[source], &strict).table.unwrap();
        let all = traffic_changes(&table(RULES), &after, TRAFFIC);
        assert_eq!(all, TrafficChanges::default());
    }
}
