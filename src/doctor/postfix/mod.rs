//! `main.cf` and `master.cf`, as postconf(1) prints them.
//!
//! In: [`Postfix`], whose values have every `$name` filled in. For one service, `-o` in `master.cf` overrides
//! `main.cf`.

mod added;
mod address;
mod asked;
mod broken;
mod domains;
mod entries;
mod listing;
mod maps;
mod milters;
mod next_hop;
mod recipients;
mod refusal;
mod return_port;
mod routes;
mod spelled;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

pub use added::{decided, sources as adding};
pub use address::address;
pub use domains::stands_for;
pub use entries::{Entry, milters};
pub use listing::listed;
pub use maps::{askable, files, inline, lines, whole};
pub use recipients::{LISTEN, MAP, map, recipient_maps};
pub use refusal::{access_keys, access_tables, refusal};
pub use routes::hosts;

use super::{
    Finding, codes, connect,
    facts::{Complaint, Facts, Postfix, Service},
    pending::{self, PendingFinding},
    remedy,
    sockets::View,
    spelling,
};
use crate::config::socket::Socket;

/// Returns the findings about a Postfix.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<Finding> {
    let mut pending = broken::examine(postfix);
    if postfix.is_broken() {
        return pending::finished(pending, postfix);
    }
    pending.extend(milters::examine(postfix, facts));
    pending.extend(spelled::examine(postfix));
    pending.extend(asked::examine(postfix, facts));
    pending.extend(return_port::examine(postfix, facts));
    pending.extend(domains::examine(postfix, facts));
    pending.extend(recipients::examine(postfix, facts));
    pending.extend(routes::examine(postfix, facts));
    pending.extend(added::examine(postfix, facts));
    pending.extend(maps::unseen(postfix).map(|map| {
        PendingFinding::new(
            codes::UNSEEN,
            &postfix.main_cf,
            format!("`{map}` was not asked, because it is not a local file, or it did not answer"),
        )
        .say(format!("try it yourself: `postmap -q ADDRESS {map}`"))
    }));
    pending = connect::instead(&postfix.connections, facts, pending, |unfinished, dead| {
        listing::remedy(postfix, dead, facts, unfinished)
    });
    let mut findings = pending::finished(pending, postfix);
    // Services that share a line have the same finding.
    let mut seen = HashSet::new();
    findings.retain(|finding| {
        seen.insert((
            finding.code.word,
            finding.about.clone(),
            finding.message.clone(),
        ))
    });
    findings
}

impl Postfix {
    /// Reads what `postconf -x`, `postconf -n`, `postconf -M` and `postconf -Px` print.
    pub fn new(main_cf: String, values: &str, own: &str, master: &str, overrides: &str) -> Self {
        let pairs = |text: &str| -> BTreeMap<String, String> {
            let lines = text.lines().filter_map(super::lists::assignment);
            lines
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        };

        let values = pairs(values);
        let services = services(master, overrides, &values);
        Self {
            main_cf,
            values,
            own: pairs(own),
            services,
            ..Self::default()
        }
    }

    /// Returns true if Postfix cannot read its own configuration. Nothing else is known then.
    pub fn is_broken(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns why Postfix cannot read its own configuration.
    pub fn broken(&self) -> Option<&str> {
        self.complaints
            .iter()
            .find_map(|complaint| match complaint {
                Complaint::Fatal(words) if self.is_broken() => Some(words.as_str()),
                _ => None,
            })
    }

    /// Returns the command postconf(1) or postfix(1), with `-c` if it must name a directory.
    pub fn command(&self, program: &str) -> String {
        let word = |path: &Path| {
            let text = path.display().to_string();
            let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
            match text.chars().all(plain) {
                true => text,
                false => remedy::quoted(&text),
            }
        };
        let program = match &self.tools {
            Some(tools) => word(&tools.join(program)),
            None => program.to_owned(),
        };
        match &self.directory {
            Some(directory) => format!("{program} -c {}", word(directory)),
            None => program,
        }
    }

    /// Returns a parameter of `main.cf`; empty if it is not set.
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// Returns a parameter as it is written in `main.cf`, without `$name` filled in, or its value if it is not
    /// written there.
    pub fn written(&self, name: &str) -> &str {
        self.own
            .get(name)
            .map_or_else(|| self.value(name), String::as_str)
    }

    /// Returns the directory in which its daemons run.
    pub fn queue(&self) -> &Path {
        Path::new(self.value("queue_directory"))
    }

    /// Returns a parameter as a service has it.
    fn at<'p>(&'p self, service: &'p Service, name: &str) -> &'p str {
        service
            .overrides
            .get(name)
            .map_or_else(|| self.value(name), String::as_str)
    }

    /// Returns the services that accept mail by SMTP.
    pub fn doors(&self) -> impl Iterator<Item = &Service> {
        self.services
            .iter()
            .filter(|service| service.command == "smtpd")
    }

    fn view(&self, service: &Service) -> View<'_> {
        View {
            home: self.queue(),
            chroot: service.chroot,
        }
    }

    /// Returns the file, and the service if the parameter is set there, for the head of a finding.
    fn about(&self, service: &Service, name: &str) -> String {
        match service.overrides.contains_key(name) {
            true => format!(
                "{} ({})",
                self.main_cf.replace("main.cf", "master.cf"),
                service.name
            ),
            false => self.main_cf.clone(),
        }
    }
}

/// Returns how a service reaches one of readdress' sockets: a TCP socket, which every service reaches, or a path
/// as the service sees it.
pub fn reachable(own: &[Socket], home: &Path, chroot: bool) -> Option<String> {
    let tcp = own.iter().find(|socket| !matches!(socket, Socket::Unix(_)));
    if let Some(tcp) = tcp {
        // A socket on every address can be reached by the loopback address.
        let text = spelling::postfix(tcp);
        return Some(
            text.replace(":0.0.0.0:", ":127.0.0.1:")
                .replace(":[::]:", ":[::1]:"),
        );
    }
    let mut paths = own.iter().filter_map(|socket| match socket {
        Socket::Unix(path) => Some(path),
        _ => None,
    });
    let inside = paths.clone().find_map(|path| path.strip_prefix(home).ok());
    match inside {
        Some(below) => Some(format!("unix:{}", below.display())),
        None if chroot => None,
        None => paths.next().map(|path| format!("unix:{}", path.display())),
    }
}

/// Reads the lines of `master.cf`: `smtp inet n - y - - smtpd -o …`.
fn services(master: &str, overrides: &str, values: &BTreeMap<String, String>) -> Vec<Service> {
    // Since compatibility level 1 a dash means no chroot.
    let level = values
        .get("compatibility_level")
        .and_then(|level| level.split('.').next());
    let confined = level
        .and_then(|level| level.parse::<u32>().ok())
        .unwrap_or(0)
        < 1;
    let lines = master
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let services = lines.filter_map(|fields| match fields.as_slice() {
        [
            name,
            kind,
            _private,
            _unprivileged,
            chroot,
            _wakeup,
            _limit,
            command,
            ..,
        ] => {
            let name = format!("{name}/{kind}");
            Some(Service {
                chroot: *chroot == "y" || (*chroot == "-" && confined),
                command: (*command).to_owned(),
                overrides: overrides_of(&name, overrides),
                name,
            })
        }
        _ => None,
    });
    services.collect()
}

/// Returns the lines of `postconf -P` for a service: `smtp/inet/name = value`.
fn overrides_of(service: &str, overrides: &str) -> BTreeMap<String, String> {
    let lines = overrides.lines().filter_map(super::lists::assignment);
    let own = lines.filter_map(|(place, value)| {
        let name = place.strip_prefix(service)?.strip_prefix('/')?;
        Some((name.to_owned(), value.to_owned()))
    });
    own.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_with_their_chroot_and_their_own_values() {
        let values = "compatibility_level = 3.6\na = 1\nempty =\n";
        let master = "smtp       inet  n       -       y       -       -       smtpd\n\
                      submission inet  n  -  -  -  -  smtpd -o a=2\n\
                      cleanup    unix  n  -  n  -  0  cleanup\n";
        let overrides = "submission/inet/a = 2\n";
        let postfix = Postfix::new("/etc/postfix/main.cf".into(), values, "", master, overrides);
        let doors: Vec<_> = postfix.doors().collect();
        let told = |service: &Service| (service.name.clone(), service.chroot);
        assert_eq!(
            doors.iter().map(|door| told(door)).collect::<Vec<_>>(),
            [
                ("smtp/inet".to_owned(), true),
                ("submission/inet".to_owned(), false)
            ]
        );
        assert_eq!(
            (postfix.at(doors[0], "a"), postfix.at(doors[1], "a")),
            ("1", "2")
        );
        assert_eq!((postfix.value("empty"), postfix.value("nothing")), ("", ""));
        let old = Postfix::new(String::new(), "", "", master, overrides);
        assert!(old.doors().all(|door| door.chroot));
    }

    #[test]
    fn a_socket_is_named_as_the_service_sees_it() {
        let home = Path::new("/var/spool/postfix");
        for (own, chroot, wanted) in [
            (
                &["unix:/run/r/m", "inet:8892"][..],
                true,
                Some("inet:127.0.0.1:8892"),
            ),
            (&["inet:0.0.0.0:1"], true, Some("inet:127.0.0.1:1")),
            (&["unix:/var/spool/postfix/r/m"], true, Some("unix:r/m")),
            (
                &["unix:/run/r/m", "unix:/var/spool/postfix/r/m"],
                false,
                Some("unix:r/m"),
            ),
            (&["unix:/run/r/m"], false, Some("unix:/run/r/m")),
            (&["unix:/run/r/m"], true, None),
            (&[], false, None),
        ] {
            let own: Vec<Socket> = own.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(reachable(&own, home, chroot).as_deref(), wanted);
        }
    }
}
