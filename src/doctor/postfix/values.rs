//! The values of `main.cf` and the services of `master.cf`, read from what postconf(1) prints.

use std::{collections::BTreeMap, path::Path};

use crate::doctor::{
    facts::{Complaint, Postfix, Service},
    lists::assignment,
    remedy,
    sockets::View,
};

impl Postfix {
    /// Reads what `postconf -x`, `postconf -n`, `postconf -M` and `postconf -Px` print.
    pub fn new(main_cf: String, values: &str, own: &str, master: &str, overrides: &str) -> Self {
        let pairs = |text: &str| -> BTreeMap<String, String> {
            let lines = text.lines().filter_map(assignment);
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
    pub(super) fn at<'p>(&'p self, service: &'p Service, name: &str) -> &'p str {
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

    pub(super) fn view(&self, service: &Service) -> View<'_> {
        View {
            home: self.queue(),
            chroot: service.chroot,
        }
    }

    /// Returns the file, and the service if the parameter is set there, for the head of a finding.
    pub(super) fn about(&self, service: &Service, name: &str) -> String {
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
    let lines = overrides.lines().filter_map(assignment);
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
}
