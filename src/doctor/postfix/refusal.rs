//! Finds the restriction of Postfix that refuses a recipient for which the table has a rule.
//!
//! # Limits
//!
//! It finds a bare `reject`, and entries of `check_…_access` tables that were asked. For a table that was not
//! asked the help shows the command that asks it.

use crate::doctor::{
    edits::Change,
    facts::{Postfix, Service},
    lists::{joined, words},
    pending::{PendingFinding, at},
    remedy::quoted,
};

/// The lists of restrictions for a recipient, in the order of Postfix.
const LISTS: [&str; 5] = [
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
];

/// Types of tables that postmap(1) makes from a text of the same name, or reads as text.
const FILES: [&str; 7] = ["btree", "cdb", "dbm", "hash", "lmdb", "sdbm", "texthash"];

/// Returns each list with the service that has it.
fn places(postfix: &Postfix) -> Vec<(Service, &'static str)> {
    let main = LISTS.iter().map(|name| (Service::default(), *name));
    let own = postfix.doors().flat_map(|door| {
        let own = LISTS
            .iter()
            .filter(|name| door.overrides.contains_key(**name));
        own.map(|name| (door.clone(), *name))
    });
    main.chain(own).collect()
}

/// Returns the tables of `check_…_access` in all lists.
pub fn access_tables(postfix: &Postfix) -> Vec<String> {
    let places = places(postfix);
    let tables = places
        .iter()
        .flat_map(|(service, name)| checks(postfix.at(service, name)));
    tables.map(|(_, table)| table.to_owned()).collect()
}

/// Returns each `check_…_access` of a list with its table.
fn checks(list: &str) -> Vec<(&str, &str)> {
    let words = words(list);
    let pairs = words.iter().zip(words.iter().skip(1));
    let checks =
        pairs.filter(|(check, _)| check.starts_with("check_") && check.ends_with("_access"));
    checks.map(|(check, table)| (*check, *table)).collect()
}

/// Returns the keys for which access(5) tables are asked: the address, its domain and the domains above it, its
/// local-part.
pub fn access_keys(address: &str) -> Vec<String> {
    let address = address.to_lowercase();
    let Some((local, domain)) = address.rsplit_once('@') else {
        return vec![address];
    };
    let above = domain.match_indices('.').flat_map(|(at, _)| {
        let parents = [domain.get(at..), domain.get(at + 1..)];
        parents.into_iter().flatten().map(str::to_owned)
    });
    let own = [address.clone(), domain.to_owned(), format!("{local}@")];
    own.into_iter().chain(above).collect()
}

/// Adds the help for an address that a restriction refuses.
pub fn refusal(unfinished: PendingFinding, postfix: &Postfix, address: &str) -> PendingFinding {
    let places = places(postfix);
    let entry = places
        .iter()
        .find_map(|place| Some((place, entry(postfix, place, address)?)));
    if let Some(((service, name), entry)) = entry {
        return without(unfinished, postfix, service, name, &entry);
    }
    let bare = places
        .iter()
        .find(|(service, name)| words(postfix.at(service, name)).contains(&"reject"));
    if let Some((service, name)) = bare {
        let relaying = "reject_unauth_destination";
        let list = words(postfix.at(service, name)).into_iter();
        let mut better: Vec<_> = list
            .map(|word| if word == "reject" { relaying } else { word }.to_owned())
            .collect();
        better.dedup();
        return unfinished
            .say(format!(
                "`reject` in `{name}` refuses all mail that gets so far; to refuse only relaying, "
            ))
            .edit([at(service, name, Change::Set(joined(better)))]);
    }
    let asked: Vec<_> = access_tables(postfix)
        .iter()
        .filter(|table| !postfix.maps.contains_key(*table))
        .map(|table| format!("`{} -q {address} {table}`", postfix.command("postmap")))
        .collect();
    unfinished.say(match asked.is_empty() {
        true => "the MTA's log says which restriction or milter refused it".to_owned(),
        false => format!(
            "ask the access tables that doctor could not ask: {}",
            asked.join(", ")
        ),
    })
}

/// An entry of an access table that refuses mail.
struct Entry<'p> {
    check: &'p str,
    table: &'p str,
    key: String,
    value: String,
}

fn entry<'p>(
    postfix: &'p Postfix,
    (service, name): &'p (Service, &'static str),
    address: &str,
) -> Option<Entry<'p>> {
    let keys = access_keys(address);
    let list = postfix.at(service, name);
    checks(list).into_iter().find_map(|(check, table)| {
        let answers = postfix.maps.get(table)?;
        let mut hits = keys.iter().filter_map(|key| Some((key, answers.get(key)?)));
        let (key, value) = hits.find(|(_, value)| refuses(value))?;
        Some(Entry {
            check,
            table,
            key: key.clone(),
            value: value.clone(),
        })
    })
}

/// Removes the entry from its file, or the check from the list if there is no file.
fn without(
    unfinished: PendingFinding,
    postfix: &Postfix,
    service: &Service,
    name: &str,
    entry: &Entry<'_>,
) -> PendingFinding {
    let Entry {
        check,
        table,
        key,
        value,
    } = entry;
    let says = format!("`{table}` in `{name}` has `{key} {value}`: remove that entry: ");
    let (kind, path) = table.split_once(':').unwrap_or(("", ""));
    if FILES.contains(&kind) {
        let pattern = format!("/^{}[[:space:]]/d", key.replace('.', "\\."));
        let mut commands = vec![format!("sed -i {} {}", quoted(&pattern), quoted(path))];
        // smtpd does not read a text table again before a reload.
        commands.push(match kind {
            "texthash" => format!("{} reload", postfix.command("postfix")),
            _ => format!("{} {}", postfix.command("postmap"), quoted(table)),
        });
        return unfinished.say(says).run(commands);
    }
    let list = words(postfix.at(service, name));
    let pairs = list.iter().zip(list.iter().skip(1));
    let place = pairs
        .into_iter()
        .position(|pair| pair == (check, table))
        .unwrap_or(list.len());
    let rest = list.iter().enumerate();
    let rest = rest.filter(|(at, _)| *at != place && *at != place + 1);
    let rest: Vec<_> = rest.map(|(_, word)| (*word).to_owned()).collect();
    unfinished
        .say(says)
        .edit([at(service, name, Change::Set(joined(rest)))])
}

/// Returns true if an action of access(5) refuses.
fn refuses(value: &str) -> bool {
    let action = value.split_whitespace().next().unwrap_or_default();
    let action = action.to_ascii_uppercase();
    let is_code = action.len() == 3 && action.starts_with(['4', '5']);
    is_code || ["REJECT", "DEFER", "DEFER_IF_PERMIT", "DISCARD"].contains(&action.as_str())
}
