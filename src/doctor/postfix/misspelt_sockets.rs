//! Sockets of milters and socketmaps that are not written as Postfix writes them.

use super::{entries::milters, maps::ListItem};
use crate::doctor::{
    codes,
    edits::Change,
    facts::{Postfix, Service},
    lists::words,
    pending::{PendingFinding, at},
    spelling::{wrong_for_postfix, wrong_for_socketmap},
};

/// Returns the findings about every parameter that names a socket.
pub(super) fn examine(postfix: &Postfix) -> Vec<PendingFinding> {
    let main = Service::default();
    let mut pending = Vec::new();
    for name in ["smtpd_milters", "non_smtpd_milters"] {
        let services = postfix
            .services
            .iter()
            .filter(|service| service.overrides.contains_key(name));
        for service in std::iter::once(&main).chain(services) {
            for entry in milters(postfix.at(service, name)) {
                if let Some(right) = wrong_for_postfix(entry.socket) {
                    let misspelling = Misspelling {
                        name,
                        word: entry.text,
                        socket: entry.socket,
                    };
                    pending.push(misspelling.unfinished(postfix, service, right));
                }
            }
        }
    }
    let global = postfix.own.keys().map(|name| (&main, name));
    let own = postfix
        .services
        .iter()
        .flat_map(|service| service.overrides.keys().map(move |name| (service, name)));
    for (service, name) in global.chain(own) {
        for word in words(postfix.at(service, name)) {
            let ListItem::Socketmap { socket, .. } = ListItem::parse(word) else {
                continue;
            };
            if let Some(right) = wrong_for_socketmap(socket) {
                let misspelling = Misspelling { name, word, socket };
                pending.push(misspelling.unfinished(postfix, service, right));
            }
        }
    }
    pending
}

/// A word of a list whose socket Postfix cannot read.
struct Misspelling<'w> {
    name: &'w str,
    word: &'w str,
    socket: &'w str,
}

impl Misspelling<'_> {
    fn unfinished(
        &self,
        postfix: &Postfix,
        service: &Service,
        right: Option<String>,
    ) -> PendingFinding {
        let Self { name, word, socket } = *self;
        let about = postfix.about(service, name);
        // smtpd ends at `inet:PORT@HOST`, and answers 451 to every other wrong spelling.
        let effect = match socket.contains('@') {
            true => "as Sendmail writes it: smtpd ends with a fatal error, and no mail comes in",
            false => "which Postfix cannot read: every message is deferred",
        };
        let message = format!("`{name}` names the socket `{socket}`, {effect}");
        let unfinished = PendingFinding::new(codes::SOCKET_MISSPELT, about, message);
        match right {
            Some(right) => unfinished.edit([at(
                service,
                name,
                Change::Part {
                    word: word.to_owned(),
                    part: socket.to_owned(),
                    by: right,
                },
            )]),
            None => unfinished.say("write it as `inet:HOST:PORT` or `unix:PATH`"),
        }
    }
}
