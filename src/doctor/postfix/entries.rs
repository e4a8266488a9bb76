//! The entries of lists of milters: which one is readdress, and which one was meant to be.

use super::reach::reachable;
use crate::{
    config::socket::Socket,
    doctor::{
        edits::{Change, Edit},
        facts::{Facts, Postfix, Service},
        lists::{assignment, joined, words},
        pending::at,
        sockets::{Named, View, named},
        spelling,
    },
};

/// One entry of `smtpd_milters`.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'p> {
    /// The whole entry, without braces.
    pub text: &'p str,
    /// Its socket, as written.
    pub socket: &'p str,
}

impl<'p> Entry<'p> {
    /// Reads a word of the list.
    pub fn new(text: &'p str) -> Self {
        let socket = words(text).first().copied().unwrap_or_default();
        Self { text, socket }
    }

    /// Returns the socket that the entry means, in any spelling.
    pub fn meant(&self) -> Option<Socket> {
        spelling::meant(self.socket)
    }

    /// Returns the value of an option in the braces (`default_action`).
    pub(super) fn option(&self, name: &str) -> Option<&'p str> {
        let mut options = words(self.text).into_iter();
        options.find_map(|option| {
            let (own, value) = assignment(option)?;
            (own == name).then_some(value)
        })
    }

    /// Returns the socket of readdress that the entry names.
    pub(super) fn named<'s>(&self, view: View<'_>, facts: &'s Facts) -> Option<Named<'s>> {
        let word = self.meant()?.to_string();
        named(&word, &facts.readdress.milter, view, facts)
    }
}

/// Returns the entries of a list.
pub fn milters(list: &str) -> Vec<Entry<'_>> {
    words(list).into_iter().map(Entry::new).collect()
}

/// The entry of readdress in a list of milters, the socket that it names, and whether it is the last entry.
pub(super) struct OwnEntry<'p, 's> {
    pub(super) entry: Entry<'p>,
    pub(super) named: Named<'s>,
    pub(super) last: bool,
}

/// Returns the entry of readdress in the list of a service.
pub(super) fn readdress_entry<'p, 's>(
    postfix: &'p Postfix,
    service: &'p Service,
    parameter: &str,
    facts: &'s Facts,
) -> Option<OwnEntry<'p, 's>> {
    let entries = milters(postfix.at(service, parameter));
    let view = postfix.view(service);
    entries.iter().enumerate().find_map(|(place, entry)| {
        let named = entry.named(view, facts)?;
        let last = place + 1 == entries.len();
        Some(OwnEntry {
            entry: *entry,
            named,
            last,
        })
    })
}

/// Returns the edits that put `socket` at the end of a service's list. Mail is deferred while that milter is
/// away, whatever happens for other milters.
pub(super) fn listing(
    postfix: &Postfix,
    service: &Service,
    parameter: &str,
    socket: &str,
) -> Vec<Edit> {
    let defers = postfix.at(service, "milter_default_action") == "tempfail";
    let entry = match defers {
        true => socket.to_owned(),
        false => deferring_entry(socket),
    };
    vec![at(service, parameter, Change::Add(entry))]
}

/// Returns an entry with the default action `tempfail`: mail is deferred while this milter is away.
fn deferring_entry(socket: &str) -> String {
    format!("{socket}, default_action=tempfail")
}

impl Postfix {
    /// Returns a list of milters with `socket` of readdress at its end, and true if it is the only one. Beside
    /// others it has a default action of its own, so that theirs stays as it is. Milters that do not answer
    /// are left out.
    pub fn list_with(&self, name: &str, socket: &str, facts: &Facts) -> (String, bool) {
        let door = self.doors().next();
        let view = View {
            home: self.queue(),
            chroot: door.is_some_and(|door| door.chroot),
        };
        let list = self.value(name);
        let dead = |entry: &Entry<'_>| {
            self.connections.iter().any(|connection| {
                let listed = &connection.listed;
                listed.parameter == name
                    && listed.word == entry.socket
                    && !listed.is_readdress
                    && connection.answer.fails()
            })
        };
        let others = milters(list)
            .into_iter()
            .filter(|entry| entry.named(view, facts).is_none() && !dead(entry));
        let mut others: Vec<_> = others.map(|entry| entry.text.to_owned()).collect();
        if others.is_empty() {
            return (socket.to_owned(), true);
        }
        others.push(deferring_entry(socket));
        (joined(others), false)
    }
}

/// Returns the socket by which a service reaches readdress. If there is none, returns one, with the change of
/// readdress' configuration that makes it.
pub(super) fn way(postfix: &Postfix, service: &Service, facts: &Facts) -> (String, Option<String>) {
    match reachable(&facts.readdress.milter, postfix.queue(), service.chroot) {
        Some(socket) => (socket, None),
        None => {
            let path = format!("unix:{}/readdress/milter.sock", postfix.queue().display());
            let setting = facts
                .readdress
                .setting("milter", &format!("listen = [\"{path}\"]"));
            let first = format!("{setting}, restart readdress");
            ("unix:readdress/milter.sock".to_owned(), Some(first))
        }
    }
}
