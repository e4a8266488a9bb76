//! The milters of every service that accepts mail: is readdress among them, is it the last, does the service
//! reach it, and what happens while it is away?
//!
//! Services that have the list from the same line share one finding.

use super::{
    entries::{Entry, OwnEntry, listing, milters, readdress_entry, way},
    return_port::{is_port_25, is_return_port},
};
use crate::doctor::{
    codes,
    edits::Change,
    facts::{Facts, Postfix, Service},
    lists::words,
    pending::{PendingFinding, at},
    sockets,
};

/// The list that smtpd reads.
const LIST: &str = "smtpd_milters";

/// Returns the findings about the lists of all services.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<PendingFinding> {
    let off = |door: &Service| words(postfix.at(door, OVERRIDES)).contains(&"no_milters");
    let (asking, silent): (Vec<_>, Vec<_>) = postfix
        .doors()
        .partition(|door| readdress_entry(postfix, door, LIST, facts).is_some());
    // No milter has to be asked again where a filter hands mail back.
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

/// Groups the services that have their milters from one line and see the same files.
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

/// Returns the names as a list: `smtp/inet, submission/inet`.
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
            .say("if this port only takes mail back from a filter, leave it; otherwise ")
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
        let message = "another milter comes after readdress: if it refuses a recipient, mail for that recipient \
                       is delivered nevertheless";
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

/// Returns a finding if the socket is not where the services look for it, or not open to their user.
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
        true => format!("{names} runs in a chroot, {}", postfix.queue().display()),
        false => format!("{names} runs outside of a chroot"),
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

/// Returns a finding about the default action, of this milter or of all milters.
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
    // The setting for other milters stays as it is.
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

/// The parameter that makes smtpd skip steps.
const OVERRIDES: &str = "receive_override_options";

/// Returns findings about settings that keep the milters of a service from their work.
fn switched_off(postfix: &Postfix, door: &Service) -> Vec<PendingFinding> {
    let options = words(postfix.at(door, OVERRIDES));
    let about = postfix.about(door, OVERRIDES);
    let without = |option: &str| at(door, OVERRIDES, Change::Remove(option.to_owned()));
    let mut pending = Vec::new();
    if options.contains(&"no_milters") {
        let message = format!("`no_milters` makes {} skip all milters", door.name);
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
                .say("if a content filter hands mail back here, leave it; otherwise ")
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

/// Returns a finding if mail from sendmail(1) is not rewritten. cleanup asks the milters for such mail.
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
