//! The port to which a content filter hands mail back: is readdress asked there again?
//!
//! In a second pass the addresses are rewritten already. But the second pass removes `X-Original-To`, because it
//! takes the header of the first pass for one from outside.

use super::entries::readdress_entry;
use crate::doctor::{
    codes,
    edits::{Change, Edit, Place},
    facts::{Facts, Postfix, Service},
    lists::words,
    pending::{PendingFinding, at},
};

/// Returns true if the service accepts mail from strangers.
pub(super) fn is_port_25(service: &Service) -> bool {
    let name = service.name.split('/').next().unwrap_or_default();
    let port = name.rsplit(':').next().unwrap_or_default();
    matches!(port, "smtp" | "25")
}

/// Returns true if a filter hands mail back to this service: other services pass their mail to a filter, and this
/// one does not.
pub(super) fn is_return_port(postfix: &Postfix, door: &Service) -> bool {
    let filtered = |door: &Service| !postfix.at(door, "content_filter").is_empty();
    !filtered(door) && !is_port_25(door) && postfix.doors().any(filtered)
}

/// Returns the findings about ports to which filters hand mail back.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<PendingFinding> {
    let doors = postfix.doors().filter(|door| {
        let options = words(postfix.at(door, "receive_override_options"));
        is_return_port(postfix, door)
            && readdress_entry(postfix, door, "smtpd_milters", facts).is_some()
            && !options.contains(&"no_milters")
    });
    if !facts.readdress.x_original_to {
        return Vec::new();
    }
    doors.map(|door| again(postfix, door)).collect()
}

fn again(postfix: &Postfix, door: &Service) -> PendingFinding {
    let name = "receive_override_options";
    let message = format!(
        "{} takes mail back from a content filter and asks readdress a second time, which removes the \
         `X-Original-To` of the first",
        door.name
    );
    let add = |place| Edit {
        place,
        name: name.to_owned(),
        change: Change::Add("no_milters".to_owned()),
    };
    // For this port only, whatever main.cf says for the others.
    let edit = match at(door, name, Change::Add(String::new())).place {
        Place::Main => add(Place::Service(door.name.clone())),
        place => add(place),
    };
    PendingFinding::new(
        codes::ASKED_TWICE,
        postfix.about(door, "smtpd_milters"),
        message,
    )
    .edit([edit])
    .or("; or remove readdress from `smtpd_milters` there, if other milters must be asked again")
}
