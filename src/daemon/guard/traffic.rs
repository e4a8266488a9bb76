//! The causes that look at the addresses which got mail lately: the new table would refuse some of them, or does not
//! know their domain any more.

use std::{fmt::Write as _, time::Duration};

use crate::{
    config::days_in_words,
    engine::compare::{BusyAddress, LostDomain, RefusedAddresses, TrafficChanges},
};

/// Refused addresses that the sentence names.
const NAMED: usize = 3;

/// Lost domains that are causes of their own; further ones are left out.
const DOMAINS: usize = 10;

/// What the new table changes for addresses that got mail, and how much of it is allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Traffic {
    /// What changes.
    pub changes: TrafficChanges,
    /// How long addresses are remembered.
    pub remember: Duration,
    /// How many addresses may be refused.
    pub max_refused: usize,
}

/// Why a table is held back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TrafficCause {
    /// Addresses that got mail would be refused although no line says so.
    Refused {
        /// Those addresses.
        refused: RefusedAddresses,
        /// How many addresses fare differently.
        differ: usize,
        /// How long addresses are remembered.
        remember: Duration,
    },
    /// A domain that got mail is in no rule any more.
    Domain {
        /// The domain and its mail.
        lost: LostDomain,
        /// How long addresses are remembered.
        remember: Duration,
    },
}

impl TrafficCause {
    /// Returns a stable short word, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused-traffic",
            Self::Domain { .. } => "lost-traffic",
        }
    }

    /// Returns a sentence. It names no address and no domain if `hides` is true.
    pub fn text(&self, hides: bool) -> String {
        match self {
            Self::Refused {
                refused,
                differ,
                remember,
            } => {
                let remember = days_in_words(*remember);
                let mut text = format!(
                    "{} that got mail in the last {remember} would change; {} would be refused although no line says so",
                    counted(*differ, "address", "addresses"),
                    refused.addresses
                );
                match hides {
                    true => {
                        let messages = messages(refused.messages);
                        // Writing to a String cannot fail.
                        let _ = write!(text, " ({messages})");
                    }
                    false => text.push_str(&named(refused)),
                }
                text
            }
            Self::Domain { lost, remember } => {
                let domain = if hides { "a domain" } else { &*lost.domain };
                format!(
                    "{domain} is neither primary nor secondary any more; {} there got mail in the last {} ({})",
                    counted(lost.addresses, "address", "addresses"),
                    days_in_words(*remember),
                    messages(lost.messages)
                )
            }
        }
    }
}

/// Returns the causes for holding the new table back.
pub(super) fn causes(traffic: &Traffic) -> Vec<TrafficCause> {
    let changes = &traffic.changes;
    let remember = traffic.remember;
    let mut causes = Vec::new();
    if changes.refused.addresses > traffic.max_refused {
        causes.push(TrafficCause::Refused {
            refused: changes.refused.clone(),
            differ: changes.differ,
            remember,
        });
    }
    let lost = changes.lost.iter().take(DOMAINS).cloned();
    causes.extend(lost.map(|lost| TrafficCause::Domain { lost, remember }));
    causes
}

/// Returns the busiest addresses, each with its messages.
pub fn named(refused: &RefusedAddresses) -> String {
    let named = refused.busiest.iter().take(NAMED);
    let named = named.map(
        |BusyAddress {
             address,
             messages: number,
         }| { format!("{address} ({})", messages(*number)) },
    );
    let named: Vec<_> = named.collect();
    let more = match refused.addresses.saturating_sub(named.len()) {
        0 => "",
        _ => ", …",
    };
    format!(": {}{more}", named.join(", "))
}

fn messages(number: u64) -> String {
    match number {
        1 => "1 message".to_owned(),
        _ => format!("{number} messages"),
    }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(address: &str, messages: u64) -> BusyAddress {
        BusyAddress {
            address: address.to_owned(),
            messages,
        }
    }

    fn traffic(max_refused: usize) -> Traffic {
        Traffic {
            changes: TrafficChanges {
                differ: 37,
                refused: RefusedAddresses {
                    addresses: 2,
                    messages: 413,
                    busiest: vec![busy("anna@domain2.com", 412), busy("bob@domain2.com", 1)],
                },
                lost: Vec::new(),
            },
            remember: Duration::from_secs(30 * 86_400),
            max_refused,
        }
    }

    #[test]
    fn more_refused_addresses_than_allowed_are_a_cause() {
        for (max_refused, held) in [(0, true), (1, true), (2, false), (3, false)] {
            assert_eq!(causes(&traffic(max_refused)).len(), usize::from(held));
        }
    }

    #[test]
    fn the_sentence_names_the_busiest_unless_addresses_are_hidden() {
        let [cause] = &causes(&traffic(0))[..] else {
            panic!("one cause");
        };
        let start = "37 addresses that got mail in the last 30 days would change; 2 would be refused although no line says so";
        let named = "anna@domain2.com (412 messages), bob@domain2.com (1 message)";
        assert_eq!(cause.text(false), format!("{start}: {named}"));
        assert_eq!(cause.text(true), format!("{start} (413 messages)"));
        let mut many = traffic(0);
        many.changes.refused.addresses = 4;
        assert!(causes(&many)[0].text(false).ends_with("(1 message), …"));
    }

    #[test]
    fn a_lost_domain_is_a_cause_whatever_is_allowed() {
        let mut traffic = traffic(100);
        traffic.changes.lost = vec![LostDomain {
            domain: "domain2.com".to_owned(),
            addresses: 1,
            messages: 5,
        }];
        let [cause] = &causes(&traffic)[..] else {
            panic!("one cause");
        };
        let rest = "is neither primary nor secondary any more; 1 address there got mail in the last 30 days (5 messages)";
        assert_eq!(cause.text(false), format!("domain2.com {rest}"));
        assert_eq!(cause.text(true), format!("a domain {rest}"));
    }
}
