//! Sockets of milters and socketmaps that are not written as Postfix writes them.

use super::{entries::milters, maps::Word};
use crate::doctor::{
    codes,
    draft::{Draft, at},
    facts::{Postfix, Service},
    lists::words,
    remedy::Change,
    spelling::{wrong_for_postfix, wrong_for_socketmap},
};

/// Judges every word of every parameter that names one.
pub(super) fn examine(postfix: &Postfix) -> Vec<Draft> {
    let main = Service::default();
    let mut drafts = Vec::new();
    for name in ["smtpd_milters", "non_smtpd_milters"] {
        let services = postfix
            .services
            .iter()
            .filter(|service| service.overrides.contains_key(name));
        for service in std::iter::once(&main).chain(services) {
            for entry in milters(postfix.at(service, name)) {
                if let Some(right) = wrong_for_postfix(entry.socket) {
                    let wrong = Wrong {
                        name,
                        word: entry.text,
                        socket: entry.socket,
                    };
                    drafts.push(wrong.draft(postfix, service, right));
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
            let Word::Socketmap { socket, .. } = Word::parse(word) else {
                continue;
            };
            if let Some(right) = wrong_for_socketmap(socket) {
                let wrong = Wrong { name, word, socket };
                drafts.push(wrong.draft(postfix, service, right));
            }
        }
    }
    drafts
}

/// A word with a socket that Postfix cannot read.
struct Wrong<'w> {
    name: &'w str,
    word: &'w str,
    socket: &'w str,
}

impl Wrong<'_> {
    fn draft(&self, postfix: &Postfix, service: &Service, right: Option<String>) -> Draft {
        let Self { name, word, socket } = *self;
        let about = postfix.about(service, name);
        // What smtpd does: it ends at `inet:PORT@HOST`, and answers 451 to the rest.
        let effect = match socket.contains('@') {
            true => "as Sendmail writes it: smtpd ends with a fatal error, and no mail comes in",
            false => "which is no spelling of Postfix: every message is deferred",
        };
        let message = format!("`{name}` names the socket `{socket}`, {effect}");
        let draft = Draft::new(codes::SOCKET_MISSPELT, about, message);
        match right {
            Some(right) => draft.edit([at(
                service,
                name,
                Change::Part {
                    word: word.to_owned(),
                    part: socket.to_owned(),
                    by: right,
                },
            )]),
            None => draft.say("write it as `inet:HOST:PORT` or `unix:PATH`"),
        }
    }
}
