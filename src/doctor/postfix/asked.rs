//! Clients for whom `smtpd_milter_maps` switches the milters off or names others.

use super::entries::{Entry, milters};
use crate::doctor::{
    codes,
    draft::{Draft, at},
    facts::{Facts, Postfix, Service},
    lists::{some, words},
    remedy::Change,
};

/// The map of clients.
const MAPS: &str = "smtpd_milter_maps";

/// Judges the maps of every service.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<Draft> {
    postfix
        .doors()
        .filter_map(|door| passing(postfix, door, facts))
        .collect()
}

/// Clients whose mail does not pass readdress.
fn passing(postfix: &Postfix, door: &Service, facts: &Facts) -> Option<Draft> {
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
    let draft = Draft::new(codes::CLIENTS_PASS, postfix.about(door, MAPS), message);
    Some(match others {
        true => draft.say(format!(
            "take them out of `{table}`, or name readdress there in place of `{value}`"
        )),
        false => draft
            .edit([at(door, MAPS, Change::Set(String::new()))])
            .or(format!(
                "; or take them out of `{table}`, or name readdress there in place of `{value}`"
            )),
    })
}
