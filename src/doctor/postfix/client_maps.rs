//! Clients whose mail does not pass readdress, because `smtpd_milter_maps` switches the milters off for them or
//! names other milters.

use super::entries::{Entry, milters};
use crate::doctor::{
    codes,
    edits::Change,
    facts::{Facts, Postfix, Service},
    lists::{some, words},
    pending::{PendingFinding, at},
};

/// The parameter with the maps of clients.
const MAPS: &str = "smtpd_milter_maps";

/// Returns the findings about the maps of every service.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<PendingFinding> {
    postfix
        .doors()
        .filter_map(|door| passing(postfix, door, facts))
        .collect()
}

/// Returns the clients whose mail does not pass readdress.
fn passing(postfix: &Postfix, door: &Service, facts: &Facts) -> Option<PendingFinding> {
    let view = postfix.view(door);
    let passes = |value: &str| {
        !milters(value)
            .iter()
            .any(|entry: &Entry<'_>| entry.named(view, facts).is_some())
    };
    let tables = words(postfix.at(door, MAPS));
    let mut clients = Vec::new();
    let mut others = false;
    for table in &tables {
        match postfix.entries.get(*table) {
            Some(entries) => {
                for (client, value) in entries {
                    match passes(value) {
                        true => clients.push((client.as_str(), *table, value.as_str())),
                        false => others = true,
                    }
                }
            }
            None => others = true,
        }
    }
    let (_, table, value) = *clients.first()?;
    let message = format!(
        "`{MAPS}` has `{value}` for {}: their mail does not pass readdress, so that it is not rewritten \
         and no rule refuses it",
        some(clients.iter().map(|(client, _, _)| *client))?
    );
    let unfinished = PendingFinding::new(codes::CLIENTS_PASS, postfix.about(door, MAPS), message);
    Some(match others {
        true => unfinished.say(format!(
            "remove them from `{table}`, or name readdress there in place of `{value}`"
        )),
        false => unfinished
            .edit([at(door, MAPS, Change::Set(String::new()))])
            .or(format!(
                "; or remove them from `{table}`, or name readdress there in place of `{value}`"
            )),
    })
}
