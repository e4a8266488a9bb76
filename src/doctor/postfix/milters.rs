//! The milters of every service that takes mail: is ours among them, last, reached, and what happens
//! while it is away?

use super::{reachable, set};
use crate::doctor::{
    Finding, codes,
    facts::{Facts, Postfix, Service},
    lists::{assignment, words},
    sockets::{self, Named, View, named},
};

/// Judges them.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<Finding> {
    let (asking, silent): (Vec<_>, Vec<_>) = postfix
        .doors()
        .partition(|door| ours(postfix, door, "smtpd_milters", facts).is_some());
    let mut findings = Vec::new();
    for door in silent {
        findings.push(unlisted(postfix, door, asking.is_empty(), facts));
    }
    for door in asking {
        findings.extend(listed(postfix, door, facts));
    }
    findings.extend(local_mail(postfix, facts));
    findings
}

/// One entry of `smtpd_milters`.
pub(super) struct Entry<'p> {
    /// The whole of it, without braces.
    text: &'p str,
    pub(super) socket: &'p str,
}

impl<'p> Entry<'p> {
    pub(super) fn new(text: &'p str) -> Self {
        let socket = words(text).first().copied().unwrap_or_default();
        Self { text, socket }
    }

    /// `name=value` in the braces: as it is written, and the value.
    pub(super) fn option(&self, name: &str) -> Option<(&'p str, &'p str)> {
        let mut options = words(self.text).into_iter();
        options.find_map(|option| {
            let (own, value) = assignment(option)?;
            (own == name).then_some((option, value))
        })
    }
}

/// Our entry, what it names, and whether it is the last.
struct Ours<'p, 's> {
    entry: Entry<'p>,
    named: Named<'s>,
    last: bool,
}

fn ours<'p, 's>(
    postfix: &'p Postfix,
    service: &'p Service,
    parameter: &str,
    facts: &'s Facts,
) -> Option<Ours<'p, 's>> {
    let entries = words(postfix.at(service, parameter));
    let (own, view) = (&facts.ours.milter, postfix.view(service));
    entries.iter().enumerate().find_map(|(place, text)| {
        let entry = Entry::new(text);
        let named = named(entry.socket, own, view, facts)?;
        let last = place + 1 == entries.len();
        Some(Ours { entry, named, last })
    })
}

impl Postfix {
    /// A list of milters with ours once, at its end, as `socket`; and whether it is alone. Beside
    /// others it has a default action of its own, so that theirs stays as it is.
    pub fn list_with(&self, name: &str, socket: &str, facts: &Facts) -> (String, bool) {
        let door = self.doors().next();
        let view = View {
            home: self.queue(),
            chroot: door.is_some_and(|door| door.chroot),
        };
        let is_ours =
            |text: &&str| named(Entry::new(text).socket, &facts.ours.milter, view, facts).is_some();
        let others = words(self.value(name))
            .into_iter()
            .filter(|text| !is_ours(text));
        let others: Vec<_> = others.map(braced).collect();
        match others.is_empty() {
            true => (socket.to_owned(), true),
            false => (with(&others.join(", "), &deferring(socket)), false),
        }
    }
}

/// A milter while whose absence mail is deferred, whatever is done for others.
fn deferring(socket: &str) -> String {
    format!("{{ {socket}, default_action=tempfail }}")
}

/// A list with braces around what needs them, and ours at its end.
fn with(list: &str, socket: &str) -> String {
    let mut entries: Vec<String> = words(list).into_iter().map(braced).collect();
    entries.push(socket.to_owned());
    entries.join(", ")
}

/// A list with another entry in place of one.
fn exchanged(list: &str, entry: &str, better: &str) -> String {
    let entries = words(list).into_iter();
    let entries = entries.map(|text| braced(if text == entry { better } else { text }));
    entries.collect::<Vec<_>>().join(", ")
}

pub(super) fn braced(text: &str) -> String {
    match text.contains([' ', ',']) {
        true => format!("{{ {text} }}"),
        false => text.to_owned(),
    }
}

/// Whether strangers deliver their mail there.
fn is_port_25(service: &Service) -> bool {
    let name = service.name.split('/').next().unwrap_or_default();
    let port = name.rsplit(':').next().unwrap_or_default();
    matches!(port, "smtp" | "25")
}

/// What to write into `readdress.toml` so that a chrooted service reaches a socket.
pub(super) fn visible(postfix: &Postfix, section: &str, facts: &Facts) -> String {
    let (file, queue) = (&facts.ours.file, postfix.queue().display());
    let name = section.trim_matches(['[', ']']);
    format!("`{section} listen = [\"unix:{queue}/readdress/{name}.sock\"]` into {file}")
}

fn unlisted(postfix: &Postfix, door: &Service, nowhere: bool, facts: &Facts) -> Finding {
    let list = postfix.at(door, "smtpd_milters");
    let help = match reachable(&facts.ours.milter, postfix.queue(), door.chroot) {
        Some(socket) => format!("write {}", set(door, "smtpd_milters", &with(list, &socket))),
        None => format!(
            "write {}, then {}",
            visible(postfix, "[milter]", facts),
            set(
                door,
                "smtpd_milters",
                &with(list, "unix:readdress/milter.sock")
            )
        ),
    };
    let about = postfix.about(door, "smtpd_milters");
    if nowhere || is_port_25(door) {
        let message = format!("`smtpd_milters` of {} does not name readdress", door.name);
        return Finding::new(codes::MILTER_NOT_LISTED, about, message, help);
    }
    let message = format!(
        "mail that comes in by {} does not pass readdress, and is not rewritten",
        door.name
    );
    let help = format!("leave it where mail only comes back from a filter; else {help}");
    Finding::new(codes::MILTER_NOT_AT_EVERY_PORT, about, message, help)
}

fn listed(postfix: &Postfix, door: &Service, facts: &Facts) -> Vec<Finding> {
    let Some(ours) = ours(postfix, door, "smtpd_milters", facts) else {
        return Vec::new();
    };
    let list = postfix.at(door, "smtpd_milters");
    let about = || postfix.about(door, "smtpd_milters");
    let mut findings = Vec::new();
    if !ours.last {
        let others = words(list)
            .into_iter()
            .filter(|text| *text != ours.entry.text);
        let others = others.map(braced).collect::<Vec<_>>().join(", ");
        findings.push(Finding::new(
            codes::MILTER_NOT_LAST,
            about(),
            "a milter stands behind readdress: a recipient that it refuses is delivered all the same",
            format!(
                "write {}",
                set(door, "smtpd_milters", &with(&others, &braced(ours.entry.text)))
            ),
        ));
    }
    findings.extend(reach(postfix, door, "smtpd_milters", &ours, facts));
    findings.extend(when_down(postfix, door, &ours.entry));
    findings.extend(switched_off(postfix, door));
    findings
}

/// Whether the socket is where the service looks for it, and open to its user.
fn reach(
    postfix: &Postfix,
    service: &Service,
    parameter: &str,
    ours: &Ours<'_, '_>,
    facts: &Facts,
) -> Option<Finding> {
    let (socket, word) = (ours.named.socket, ours.entry.socket);
    if ours.named.reached {
        let user = postfix.user.as_ref()?;
        return sockets::closed(socket, word, user, postfix.view(service), facts);
    }
    let list = postfix.at(service, parameter);
    let better = |socket: &str| {
        let entry = ours.entry.text;
        let better = exchanged(list, entry, &entry.replacen(word, socket, 1));
        set(service, parameter, &better)
    };
    let help = match reachable(&facts.ours.milter, postfix.queue(), service.chroot) {
        Some(other) => format!("write {}", better(&other)),
        None => format!(
            "write {}, then {}",
            visible(postfix, "[milter]", facts),
            better("unix:readdress/milter.sock")
        ),
    };
    let why = match service.chroot {
        true => format!(
            "{} is confined to {}",
            service.name,
            postfix.queue().display()
        ),
        false => format!("{} is not confined to a directory", service.name),
    };
    Some(Finding::new(
        codes::SOCKET_OUT_OF_REACH,
        postfix.about(service, parameter),
        format!("{why}, and does not find `{socket}` as `{word}`"),
        help,
    ))
}

/// The default action: per milter, else for all.
fn when_down(postfix: &Postfix, door: &Service, entry: &Entry<'_>) -> Option<Finding> {
    let list = postfix.at(door, "smtpd_milters");
    let own = entry.option("default_action");
    let action = own.map_or_else(
        || postfix.at(door, "milter_default_action"),
        |(_, value)| value,
    );
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
    let (parameter, value) = match own {
        Some((option, _)) => {
            let better = entry.text.replace(option, "default_action=tempfail");
            ("smtpd_milters", exchanged(list, entry.text, &better))
        }
        // What is right for the other milters is not for us to say.
        None if words(list).len() > 1 => {
            let better = format!("{}, default_action=tempfail", entry.text);
            ("smtpd_milters", exchanged(list, entry.text, &better))
        }
        None => ("milter_default_action", "tempfail".to_owned()),
    };
    let message = format!("while readdress is away, {what} (default action `{action}`)");
    let help = format!("write {}", set(door, parameter, &value));
    Some(Finding::new(
        code,
        postfix.about(door, parameter),
        message,
        help,
    ))
}

/// What keeps the milters of a service from doing their work.
fn switched_off(postfix: &Postfix, door: &Service) -> Vec<Finding> {
    let name = "receive_override_options";
    let options = words(postfix.at(door, name));
    let without = |option: &str| {
        let rest: Vec<_> = options
            .iter()
            .filter(|other| **other != option)
            .copied()
            .collect();
        set(door, name, &rest.join(", "))
    };
    let mut findings = Vec::new();
    if options.contains(&"no_milters") {
        findings.push(Finding::new(
            codes::MILTERS_SWITCHED_OFF,
            postfix.about(door, name),
            format!("`no_milters` makes {} leave all milters out", door.name),
            format!("write {}", without("no_milters")),
        ));
    }
    if options.contains(&"no_address_mappings") {
        findings.push(Finding::new(
            codes::NO_ADDRESS_MAPPINGS,
            postfix.about(door, name),
            "`no_address_mappings`: addresses that readdress adds are not looked up in Postfix's maps here",
            format!(
                "leave it where a content filter hands the mail back; else write {}",
                without("no_address_mappings")
            ),
        ));
    }
    if !postfix.at(door, "smtpd_proxy_filter").is_empty() {
        findings.push(Finding::new(
            codes::MILTER_BEHIND_PROXY,
            postfix.about(door, "smtpd_proxy_filter"),
            format!(
                "`smtpd_proxy_filter` of {}: Postfix lets no milter change the recipients there",
                door.name
            ),
            "move `smtpd_milters` to the service to which the filter hands the mail back",
        ));
    }
    findings
}

/// Mail from sendmail(1), whose milters cleanup asks.
fn local_mail(postfix: &Postfix, facts: &Facts) -> Option<Finding> {
    let main = Service::default();
    let cleanup = postfix
        .services
        .iter()
        .find(|service| service.name == "cleanup/unix");
    let cleanup = cleanup.unwrap_or(&main);
    if let Some(ours) = ours(postfix, cleanup, "non_smtpd_milters", facts) {
        return reach(postfix, cleanup, "non_smtpd_milters", &ours, facts);
    }
    let list = postfix.value("non_smtpd_milters");
    let socket = reachable(&facts.ours.milter, postfix.queue(), cleanup.chroot);
    let socket = socket.unwrap_or_else(|| "unix:readdress/milter.sock".to_owned());
    Some(Finding::new(
        codes::LOCAL_MAIL_PASSES,
        &postfix.main_cf,
        "mail that programs of this machine hand in by sendmail(1) is not rewritten",
        format!(
            "if it should be, write {}",
            set(&main, "non_smtpd_milters", &with(list, &socket))
        ),
    ))
}
