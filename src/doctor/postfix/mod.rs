//! `main.cf` and `master.cf`, as postconf(1) prints them.
//!
//! In: [`Postfix`], whose values have every `$name` filled in. For one service, `-o` in `master.cf` overrides
//! `main.cf`.

mod address;
mod blind_copies;
mod broken;
mod client_maps;
mod domains;
mod entries;
mod listing;
mod maps;
mod milters;
mod misspelt_sockets;
mod next_hop;
mod reach;
mod recipients;
mod refusal;
mod return_port;
mod routes;
mod values;

use std::collections::HashSet;

pub use address::address;
pub use blind_copies::{added_addresses, decided};
pub use domains::stands_for;
pub use entries::{Entry, milters};
pub use listing::listed;
pub use maps::{askable, files, inline, lines, whole};
pub use reach::reachable;
pub use recipients::{LISTEN, MAP, map, recipient_maps};
pub use refusal::{access_keys, access_tables, refusal};
pub use routes::hosts;

use super::{
    Finding, codes, connect,
    facts::{Facts, Postfix},
    pending::{self, PendingFinding},
};

/// Returns the findings about a Postfix.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<Finding> {
    let mut pending = broken::examine(postfix);
    if postfix.is_broken() {
        return pending::finished(pending, postfix);
    }
    pending.extend(milters::examine(postfix, facts));
    pending.extend(misspelt_sockets::examine(postfix));
    pending.extend(client_maps::examine(postfix, facts));
    pending.extend(return_port::examine(postfix, facts));
    pending.extend(domains::examine(postfix, facts));
    pending.extend(recipients::examine(postfix, facts));
    pending.extend(routes::examine(postfix, facts));
    pending.extend(blind_copies::examine(postfix, facts));
    pending.extend(maps::unseen(postfix).map(|map| {
        PendingFinding::new(
            codes::UNSEEN,
            &postfix.main_cf,
            format!("`{map}` was not asked, because it is not a local file, or it did not answer"),
        )
        .say(format!("try it yourself: `postmap -q ADDRESS {map}`"))
    }));
    pending = connect::instead(&postfix.connections, facts, pending, |unfinished, dead| {
        listing::remedy(postfix, dead, facts, unfinished)
    });
    let mut findings = pending::finished(pending, postfix);
    // Services that share a line have the same finding.
    let mut seen = HashSet::new();
    findings.retain(|finding| {
        seen.insert((
            finding.code.word,
            finding.about.clone(),
            finding.message.clone(),
        ))
    });
    findings
}
