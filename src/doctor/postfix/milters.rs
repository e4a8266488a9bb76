//! The milters of every service that takes mail: is ours among them, last, reached, and what happens
//! while it is away?
//!
//! Services that have the list from one line are one finding.

use super::{
    entries::{Entry, OwnEntry, listing, milters, readdress_entry, way},
    return_port::{is_port_25, is_return_port},
};
use crate::doctor::{
    codes,
    facts::{Facts, Postfix, Service},
    lists::words,
    pending::{PendingFinding, at},
    remedy::Change,
    sockets,
};

/// The list that smtpd reads.
const LIST: &str = "smtpd_milters";

/// Judges the lists of all services.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<PendingFinding> {
    let off = |door: &Service| words(postfix.at(door, OVERRIDES)).contains(&"no_milters");
    let (asking, silent): (Vec<_>, Vec<_>) = postfix
        .doors()
        .partition(|door| readdress_entry(postfix, door, LIST, facts).is_some());
    // Where a filter hands the mail back, nobody has to be asked again.
    let returning = |door: &Service| is_return_port(postfix, door);
    let silent = silent.into_iter().filter(|door| !returning(door));
    let mut pending = Vec::new();
    for doors in groups(silent.collect()) {
        pending.extend(unlisted(postfix, &doors, asking.is_empty(), facts));
    }
    let asking = asking
        .into_iter()
        .filter(|door| !(returning(door) && off(door)));
    for doors in groups(asking.collect()) {
        pending.extend(listed(postfix, &doors, facts));
    }
    pending.extend(local_mail(postfix, facts));
    pending
}

/// Services that have their milters from one line, and see the same files.
fn groups(doors: Vec<&Service>) -> Vec<Vec<&Service>> {
    let mut groups: Vec<Vec<&Service>> = Vec::new();
    for door in doors {
        let own = |door: &Service| door.overrides.contains_key(LIST);
        let alike = |other: &Service| !own(door) && !own(other) && other.chroot == door.chroot;
        let group = groups
            .iter_mut()
            .find(|group| group.first().is_some_and(|first| alike(first)));
        match group {
            Some(group) => group.push(door),
            None => groups.push(vec![door]),
        }
    }
    groups
}

/// `smtp/inet, submission/inet`.
fn names(doors: &[&Service]) -> String {
    let names = doors.iter().map(|door| door.name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

fn unlisted(
    postfix: &Postfix,
    doors: &[&Service],
    nowhere: bool,
    facts: &Facts,
) -> Option<PendingFinding> {
    let door = *doors.first()?;
    let about = postfix.about(door, LIST);
    let (socket, first) = way(postfix, door, facts);
    let names = names(doors);
    let mut unfinished = if nowhere || doors.iter().any(|door| is_port_25(door)) {
        let message = format!("`{LIST}` of {names} does not name readdress");
        PendingFinding::new(codes::MILTER_NOT_LISTED, about, message)
    } else {
        let message =
            format!("mail that comes in by {names} does not pass readdress, and is not rewritten");
        PendingFinding::new(codes::MILTER_NOT_AT_EVERY_PORT, about, message)
            .say("leave it where mail only comes back from a filter; else ")
    };
    if let Some(first) = first {
        unfinished = unfinished.first(first);
    }
    Some(unfinished.edit(listing(postfix, door, LIST, &socket)))
}

fn listed(postfix: &Postfix, doors: &[&Service], facts: &Facts) -> Vec<PendingFinding> {
    let Some(door) = doors.first().copied() else {
        return Vec::new();
    };
    let Some(readdress) = readdress_entry(postfix, door, LIST, facts) else {
        return Vec::new();
    };
    let mut pending = Vec::new();
    if !readdress.last {
        let message = "a milter stands behind readdress: a recipient that it refuses is delivered all the \
                       same";
        let last = Change::Last(readdress.entry.text.to_owned());
        pending.push(
            PendingFinding::new(codes::MILTER_NOT_LAST, postfix.about(door, LIST), message)
                .edit([at(door, LIST, last)]),
        );
    }
    pending.extend(reach(postfix, doors, LIST, &readdress, facts));
    pending.extend(when_down(postfix, door, &readdress.entry));
    pending.extend(doors.iter().flat_map(|door| switched_off(postfix, door)));
    pending
}

/// Whether the socket is where the services look for it, and open to their user.
fn reach(
    postfix: &Postfix,
    doors: &[&Service],
    parameter: &str,
    readdress: &OwnEntry<'_, '_>,
    facts: &Facts,
) -> Option<PendingFinding> {
    let service = *doors.first()?;
    let (socket, word) = (readdress.named.socket, readdress.entry.socket);
    if readdress.named.reached {
        let user = postfix.user.as_ref()?;
        let closed = sockets::closed(socket, word, user, postfix.view(service), facts);
        return closed.map(PendingFinding::from);
    }
    let (better, first) = way(postfix, service, facts);
    let names = names(doors);
    let why = match service.chroot {
        true => format!("{names} is confined to {}", postfix.queue().display()),
        false => format!("{names} is not confined to a directory"),
    };
    let mut unfinished = PendingFinding::new(
        codes::SOCKET_OUT_OF_REACH,
        postfix.about(service, parameter),
        format!("{why}, and does not find `{socket}` as `{word}`"),
    );
    if let Some(first) = first {
        unfinished = unfinished.first(first);
    }
    let change = Change::Part {
        word: readdress.entry.text.to_owned(),
        part: word.to_owned(),
        by: better,
    };
    Some(unfinished.edit([at(service, parameter, change)]))
}

/// The default action: per milter, else for all.
fn when_down(postfix: &Postfix, door: &Service, entry: &Entry<'_>) -> Option<PendingFinding> {
    let own = entry.option("default_action");
    let action = own.unwrap_or_else(|| postfix.at(door, "milter_default_action"));
    let (code, what) = match action {
        "accept" => (
            codes::PASSES_WHEN_DOWN,
            "mail passes with its recipients as they are",
        ),
        "reject" => (codes::REFUSES_WHEN_DOWN, "mail is refused for good"),
        "quarantine" => (
            codes::REFUSES_WHEN_DOWN,
            "mail is put on hold, with its recipients as they are",
        ),
        _ => return None,
    };
    // What is right for the other milters is not for us to say.
    let beside = milters(postfix.at(door, LIST)).len() > 1;
    let (parameter, change) = match own.is_some() || beside {
        true => (
            LIST,
            Change::Option {
                word: entry.text.to_owned(),
                name: "default_action".to_owned(),
                value: "tempfail".to_owned(),
            },
        ),
        false => ("milter_default_action", Change::Set("tempfail".to_owned())),
    };
    let message = format!("while readdress is away, {what} (default action `{action}`)");
    let unfinished = PendingFinding::new(code, postfix.about(door, parameter), message);
    Some(unfinished.edit([at(door, parameter, change)]))
}

/// What smtpd leaves out.
const OVERRIDES: &str = "receive_override_options";

/// What keeps the milters of a service from doing their work.
fn switched_off(postfix: &Postfix, door: &Service) -> Vec<PendingFinding> {
    let options = words(postfix.at(door, OVERRIDES));
    let about = postfix.about(door, OVERRIDES);
    let without = |option: &str| at(door, OVERRIDES, Change::Remove(option.to_owned()));
    let mut pending = Vec::new();
    if options.contains(&"no_milters") {
        let message = format!("`no_milters` makes {} leave all milters out", door.name);
        pending.push(
            PendingFinding::new(codes::MILTERS_SWITCHED_OFF, &about, message)
                .edit([without("no_milters")]),
        );
    }
    if options.contains(&"no_address_mappings") {
        let message = "`no_address_mappings`: addresses that readdress adds are not looked up in Postfix's \
                       maps here";
        pending.push(
            PendingFinding::new(codes::NO_ADDRESS_MAPPINGS, &about, message)
                .say("leave it where a content filter hands the mail back; else ")
                .edit([without("no_address_mappings")]),
        );
    }
    if !postfix.at(door, "smtpd_proxy_filter").is_empty() {
        let message = format!(
            "`smtpd_proxy_filter` of {}: Postfix lets no milter change the recipients there",
            door.name
        );
        pending.push(
            PendingFinding::new(
                codes::MILTER_BEHIND_PROXY,
                postfix.about(door, "smtpd_proxy_filter"),
                message,
            )
            .say("move `smtpd_milters` to the service to which the filter hands the mail back"),
        );
    }
    pending
}

/// Mail from sendmail(1), whose milters cleanup asks.
fn local_mail(postfix: &Postfix, facts: &Facts) -> Option<PendingFinding> {
    let parameter = "non_smtpd_milters";
    let main = Service::default();
    let cleanup = postfix
        .services
        .iter()
        .find(|service| service.name == "cleanup/unix")
        .unwrap_or(&main);
    if let Some(readdress) = readdress_entry(postfix, cleanup, parameter, facts) {
        return reach(postfix, &[cleanup], parameter, &readdress, facts);
    }
    let (socket, first) = way(postfix, cleanup, facts);
    let mut unfinished = PendingFinding::new(
        codes::LOCAL_MAIL_PASSES,
        &postfix.main_cf,
        "mail that programs of this machine hand in by sendmail(1) is not rewritten",
    )
    .say("if it should be, ");
    if let Some(first) = first {
        unfinished = unfinished.first(first);
    }
    Some(unfinished.edit(listing(postfix, cleanup, parameter, &socket)))
}
