//! Every milter and every socketmap that `main.cf` and `master.cf` name, wherever they name it.
//!
//! # Limits
//!
//! Sockets in Sendmail's spelling are left out: Postfix does not understand them, and another finding says so.

use super::{
    entries::{Entry, listing, milters as milters_of, way},
    map as our_map,
    maps::ListItem,
};
use crate::{
    config::socket::Socket,
    doctor::{
        edits::Change,
        facts::{Facts, Postfix, Service},
        listed::{Listed, Protocol},
        lists::words,
        pending::{PendingFinding, at},
        sockets::{View, named},
    },
};

/// Lists of milters, each with the program that asks them.
const MILTERS: [(&str, &str); 2] = [("smtpd_milters", "smtpd"), ("non_smtpd_milters", "cleanup")];

/// Parameters that repeat the maps of other parameters.
const REPEATING: [&str; 2] = ["proxy_read_maps", "proxy_write_maps"];

/// How a map begins.
const MAP: &str = "socketmap:";

/// The maps that the daemon serves.
const OURS: [&str; 4] = ["domains", "secondary", "recipients", "rewrite"];

/// Returns all milters and socketmaps, each place once.
pub fn listed(postfix: &Postfix, facts: &Facts) -> Vec<Listed> {
    let mut all: Vec<Listed> = Vec::new();
    for (parameter, program) in MILTERS {
        let services = postfix.services.iter();
        let services = services.filter(|service| service.command == program);
        all.extend(services.flat_map(|service| milters(postfix, service, parameter, facts)));
    }
    all.extend(maps(postfix, facts));
    let mut once: Vec<Listed> = Vec::new();
    for listed in all {
        if !once.contains(&listed) {
            once.push(listed);
        }
    }
    once
}

/// Returns a socket as it is seen outside of a chroot; none if Postfix cannot read the word.
fn socket(word: &str, view: View<'_>) -> Option<Socket> {
    let socket: Socket = word.parse().ok()?;
    match &socket {
        Socket::Unix(path) => Some(Socket::Unix(view.resolve(path))),
        // Only Sendmail and readdress accept `PORT@HOST` and a port alone.
        _ if word.contains('@') || word.matches(':').count() < 2 => None,
        _ => Some(socket),
    }
}

fn milters(postfix: &Postfix, service: &Service, parameter: &str, facts: &Facts) -> Vec<Listed> {
    let view = postfix.view(service);
    let list = words(postfix.at(service, parameter));
    let is_own = |text: &str| {
        let word = Entry::new(text).socket;
        named(word, &facts.readdress.milter, view, facts).is_some()
    };
    let beside_readdress = list.iter().any(|text| is_own(text));
    let entries = list.iter().filter_map(|text| {
        let entry = Entry::new(text);
        let action = entry.option("default_action");
        let action = action.unwrap_or_else(|| postfix.at(service, "milter_default_action"));
        Some(Listed {
            about: postfix.about(service, parameter),
            parameter: parameter.to_owned(),
            word: entry.socket.to_owned(),
            sockets: vec![socket(entry.socket, view)?],
            protocol: Protocol::Milter,
            is_readdress: is_own(text),
            beside_readdress,
            optional: action == "accept",
        })
    });
    entries.collect()
}

fn maps(postfix: &Postfix, facts: &Facts) -> Vec<Listed> {
    let main = Service::default();
    let mut all = Vec::new();
    let mut add = |service: &Service, parameter: &str, value: &str| {
        if !REPEATING.contains(&parameter) {
            let words = found(value).into_iter();
            all.extend(words.filter_map(|word| map(postfix, service, parameter, word, facts)));
        }
    };
    for name in postfix.own.keys() {
        add(&main, name, postfix.value(name));
    }
    for service in &postfix.services {
        for (name, value) in &service.overrides {
            add(service, name, value);
        }
    }
    all
}

/// Returns the socketmaps in a value, also in braces and after words such as `check_recipient_access`.
fn found(value: &str) -> Vec<&str> {
    let places = value.match_indices(MAP).map(|(at, _)| at);
    let words = places.map(|at| {
        let before = value.get(..at).unwrap_or_default();
        let start = match before.strip_suffix("proxy:") {
            Some(before) => before.len(),
            None => at,
        };
        let ends = |c: char| c.is_whitespace() || matches!(c, ',' | '{' | '}');
        let word = value.get(start..).unwrap_or_default();
        word.split(ends).next().unwrap_or_default()
    });
    words.collect()
}

fn map(
    postfix: &Postfix,
    service: &Service,
    parameter: &str,
    word: &str,
    facts: &Facts,
) -> Option<Listed> {
    let ListItem::Socketmap {
        socket: place,
        name,
        proxied,
    } = ListItem::parse(word)
    else {
        return None;
    };
    // The programs that ask a map depend on the parameter. One that reaches the map is enough.
    let confined = !proxied && postfix.services.iter().any(|service| service.chroot);
    let home = postfix.queue();
    let chroots = [false, true]
        .into_iter()
        .filter(|chroot| !chroot || confined);
    let views: Vec<_> = chroots.map(|chroot| View { home, chroot }).collect();
    let own = &facts.readdress.socketmap;
    let is_readdress = views
        .iter()
        .any(|view| named(place, own, *view, facts).is_some());
    let sockets: Vec<_> = views
        .iter()
        .filter_map(|view| socket(place, *view))
        .collect();
    (!sockets.is_empty()).then(|| Listed {
        about: postfix.about(service, parameter),
        parameter: parameter.to_owned(),
        word: word.to_owned(),
        sockets,
        protocol: Protocol::Map(name.to_owned()),
        is_readdress,
        beside_readdress: false,
        optional: false,
    })
}

/// Adds the edits that replace these entries of a parameter by readdress'.
pub(super) fn remedy(
    postfix: &Postfix,
    dead: &[&Listed],
    facts: &Facts,
    unfinished: PendingFinding,
) -> PendingFinding {
    let Some(first) = dead.first() else {
        return unfinished;
    };
    let main = Service::default();
    let own = |service: &&Service| {
        service.overrides.contains_key(&first.parameter)
            && postfix.about(service, &first.parameter) == first.about
    };
    let service = postfix.services.iter().find(own).unwrap_or(&main);
    match &first.protocol {
        Protocol::Milter => living(postfix, service, dead, first, facts, unfinished),
        Protocol::Map(name) => other_map(postfix, service, first, name, facts, unfinished),
    }
}

fn living(
    postfix: &Postfix,
    service: &Service,
    dead: &[&Listed],
    first: &Listed,
    facts: &Facts,
    mut unfinished: PendingFinding,
) -> PendingFinding {
    let parameter = first.parameter.as_str();
    let entries = milters_of(postfix.at(service, parameter));
    let gone = entries
        .iter()
        .filter(|entry| dead.iter().any(|listed| listed.word == entry.socket))
        .map(|entry| at(service, parameter, Change::Remove(entry.text.to_owned())));
    let mut edits: Vec<_> = gone.collect();
    if !first.beside_readdress {
        let asks = |other: &&Service| MILTERS.contains(&(parameter, &other.command));
        let chroot = service.chroot || postfix.services.iter().filter(asks).any(|one| one.chroot);
        let asker = Service {
            chroot,
            ..service.clone()
        };
        let (socket, by_hand) = way(postfix, &asker, facts);
        if let Some(by_hand) = by_hand {
            unfinished = unfinished.first(by_hand);
        }
        edits.extend(listing(postfix, service, parameter, &socket));
    }
    unfinished.edit(edits)
}

fn other_map(
    postfix: &Postfix,
    service: &Service,
    dead: &Listed,
    name: &str,
    facts: &Facts,
    unfinished: PendingFinding,
) -> PendingFinding {
    let parameter = dead.parameter.as_str();
    let readdress = our_map(postfix, facts).filter(|_| OURS.contains(&name));
    match readdress {
        Some(map) => {
            let map = map.replace(":recipients", &format!(":{name}"));
            // The word of the list that holds the map may have braces of its own.
            let list = words(postfix.at(service, parameter)).into_iter();
            let edits = list.filter(|word| word.contains(&dead.word)).map(|word| {
                let change = Change::Part {
                    word: word.to_owned(),
                    part: dead.word.clone(),
                    by: map.clone(),
                };
                at(service, parameter, change)
            });
            unfinished
                .say("if readdress is meant, ")
                .edit(edits)
                .or("; otherwise start the program that should answer there")
        }
        None if OURS.contains(&name) && facts.readdress.socketmap.is_empty() => {
            let socket = dead.sockets.first();
            let line = format!(
                "listen = [\"{}\"]",
                socket.map_or_else(String::new, ToString::to_string)
            );
            let setting = facts.readdress.setting("socketmap", &line);
            unfinished
                .say(format!(
                    "if readdress is meant, {setting}, and restart readdress; otherwise start the program that \
                     should answer there"
                ))
                .by_hand(format!("{setting}, and restart readdress"))
        }
        None => unfinished.say(format!(
            "start the program that should answer there, or remove `{}` from `{parameter}`",
            dead.word
        )),
    }
}
