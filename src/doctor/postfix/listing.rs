//! Every milter and every socketmap that `main.cf` and `master.cf` name, wherever they name it.
//!
//! # Limits
//!
//! A socket in Sendmail's spelling is left out: Postfix does not understand it either, and that is a
//! finding of its own.

use super::{
    map as our_map,
    maps::Word,
    milters::{Entry, braced, visible},
    reachable, set,
};
use crate::{
    config::socket::Socket,
    doctor::{
        facts::{Facts, Postfix, Service},
        listed::{Listed, Speaks},
        lists::words,
        sockets::{View, named},
    },
};

/// Lists of milters, with the program that asks them.
const MILTERS: [(&str, &str); 2] = [("smtpd_milters", "smtpd"), ("non_smtpd_milters", "cleanup")];

/// Parameters that repeat the maps of other parameters.
const REPEATING: [&str; 2] = ["proxy_read_maps", "proxy_write_maps"];

/// How a map begins.
const MAP: &str = "socketmap:";

/// The maps that the daemon serves.
const OURS: [&str; 4] = ["domains", "secondary", "recipients", "rewrite"];

/// All of them, each place once.
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

/// A socket as everybody sees it; none if Postfix cannot read the word.
fn socket(word: &str, view: View<'_>) -> Option<Socket> {
    let socket: Socket = word.parse().ok()?;
    match &socket {
        Socket::Unix(path) => Some(Socket::Unix(view.resolve(path))),
        // `PORT@HOST` and a port alone are Sendmail's and ours.
        _ if word.contains('@') || word.matches(':').count() < 2 => None,
        _ => Some(socket),
    }
}

fn milters(postfix: &Postfix, service: &Service, parameter: &str, facts: &Facts) -> Vec<Listed> {
    let view = postfix.view(service);
    let list = words(postfix.at(service, parameter));
    let is_ours = |text: &str| {
        let word = Entry::new(text).socket;
        named(word, &facts.ours.milter, view, facts).is_some()
    };
    let beside_ours = list.iter().any(|text| is_ours(text));
    let entries = list.iter().filter_map(|text| {
        let entry = Entry::new(text);
        let action = entry.option("default_action");
        let action = action.map_or_else(
            || postfix.at(service, "milter_default_action"),
            |(_, value)| value,
        );
        Some(Listed {
            about: postfix.about(service, parameter),
            parameter: parameter.to_owned(),
            word: entry.socket.to_owned(),
            sockets: vec![socket(entry.socket, view)?],
            speaks: Speaks::Milter,
            ours: is_ours(text),
            beside_ours,
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

/// The socketmaps of a value, also within braces and behind words such as `check_recipient_access`.
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
    let Word::Socketmap {
        socket: place,
        name,
        proxied,
    } = Word::parse(word)
    else {
        return None;
    };
    // Which programs ask a map depends on the parameter: one that reaches it is enough.
    let confined = !proxied && postfix.services.iter().any(|service| service.chroot);
    let home = postfix.queue();
    let chroots = [false, true]
        .into_iter()
        .filter(|chroot| !chroot || confined);
    let views: Vec<_> = chroots.map(|chroot| View { home, chroot }).collect();
    let own = &facts.ours.socketmap;
    let ours = views
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
        speaks: Speaks::Map(name.to_owned()),
        ours,
        beside_ours: false,
        optional: false,
    })
}

/// What to write so that a parameter is without these entries, and has ours in their place.
pub fn remedy(postfix: &Postfix, dead: &[&Listed], facts: &Facts) -> String {
    let Some(first) = dead.first() else {
        return String::new();
    };
    let main = Service::default();
    let own = |service: &&Service| {
        service.overrides.contains_key(&first.parameter)
            && postfix.about(service, &first.parameter) == first.about
    };
    let service = postfix.services.iter().find(own).unwrap_or(&main);
    match &first.speaks {
        Speaks::Milter => living(postfix, service, dead, first, facts),
        Speaks::Map(name) => other_map(postfix, service, first, name, facts),
    }
}

fn living(
    postfix: &Postfix,
    service: &Service,
    dead: &[&Listed],
    first: &Listed,
    facts: &Facts,
) -> String {
    let is_dead = |text: &&str| {
        let word = Entry::new(text).socket;
        dead.iter().any(|listed| listed.word == word)
    };
    let list = words(postfix.at(service, &first.parameter));
    let living = list.into_iter().filter(|text| !is_dead(text));
    let mut entries: Vec<_> = living.map(braced).collect();
    let mut before = String::new();
    if !first.beside_ours {
        let asks = |other: &&Service| MILTERS.contains(&(first.parameter.as_str(), &other.command));
        let chroot = service.chroot || postfix.services.iter().filter(asks).any(|one| one.chroot);
        let own = reachable(&facts.ours.milter, postfix.queue(), chroot);
        entries.push(own.unwrap_or_else(|| {
            before = format!("{}, then ", visible(postfix, "[milter]", facts));
            "unix:readdress/milter.sock".to_owned()
        }));
    }
    let value = entries.join(", ");
    format!("write {before}{}", set(service, &first.parameter, &value))
}

fn other_map(
    postfix: &Postfix,
    service: &Service,
    dead: &Listed,
    name: &str,
    facts: &Facts,
) -> String {
    let parameter = dead.parameter.as_str();
    let written = match service.overrides.get(parameter) {
        Some(value) => value,
        None => postfix.written(parameter),
    };
    let written = match written.contains(&dead.word) {
        true => written,
        // It comes out of a `$name`.
        false => postfix.at(service, parameter),
    };
    let ours = our_map(postfix, facts).filter(|_| OURS.contains(&name));
    match ours {
        Some(map) => {
            let map = map.replace(":recipients", &format!(":{name}"));
            let better = written.replace(&dead.word, &map);
            format!(
                "if readdress is meant, write {}; else start what should answer there",
                set(service, parameter, &better)
            )
        }
        None if OURS.contains(&name) && facts.ours.socketmap.is_empty() => format!(
            "if readdress is meant, write `listen = [\"{}\"]` below `[socketmap]` in {}, and restart it; else \
             start what should answer there",
            dead.sockets
                .first()
                .map_or_else(String::new, ToString::to_string),
            facts.ours.file
        ),
        None => format!(
            "start what should answer there, or take `{}` out of `{parameter}`",
            dead.word
        ),
    }
}
