//! Reads the parts of `sendmail.cf` that matter here: filters, ports, classes, maps, one rule set.
//!
//! A line begins with a letter; a line that begins with white space continues the line before. Other lines are
//! skipped.

use std::collections::BTreeMap;

/// `Xname, S=socket, F=flags, T=…`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// Its name.
    pub name: String,
    /// Its socket, as written.
    pub socket: String,
    /// `F=`: what Sendmail does while the filter is away.
    pub flags: String,
}

/// `Kname type arguments`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Map {
    /// Its type.
    pub kind: String,
    /// The text after the type.
    pub arguments: String,
}

impl Map {
    /// Returns the path of the text from which the map was made, as Sendmail's makefile names it.
    pub fn source(&self) -> Option<&str> {
        let path = self.arguments.split_whitespace().last()?;
        path.starts_with('/')
            .then(|| path.strip_suffix(".db").unwrap_or(path))
    }

    /// Returns the socket of a map of the type `socket`.
    pub fn socket(&self) -> Option<&str> {
        self.arguments.split_whitespace().last()
    }
}

/// What is read from `sendmail.cf`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Cf {
    /// All filters.
    pub filters: Vec<Filter>,
    /// `InputMailFilters`: the filters of every port without a list of its own.
    pub order: Vec<String>,
    /// The ports, with the filters that they name.
    pub ports: Vec<(String, Option<Vec<String>>)>,
    /// The words of each class.
    pub classes: BTreeMap<String, Vec<String>>,
    /// Files of words: class and path.
    pub class_files: Vec<(String, String)>,
    /// All maps, by name.
    pub maps: BTreeMap<String, Map>,
    /// The rules of `Local_check_rcpt`.
    pub check_rcpt: Vec<String>,
    /// True if class R stands for subdomains as well: without `relay_hosts_only`.
    pub relays_subdomains: bool,
    /// True if Sendmail accepts directories that a group may write to (`DontBlameSendmail`).
    pub trusts_groups: bool,
    /// `RunAsUser`.
    pub run_as: Option<String>,
    /// `PrivacyOptions`.
    pub privacy: Vec<String>,
    /// Where the ports listen: host, where one is named, and port.
    pub listens: Vec<(Option<String>, String)>,
}

impl Cf {
    /// Reads the text of the file. Any text is accepted.
    pub fn parse(text: &str) -> Self {
        let mut cf = Self::default();
        let mut rule_set = String::new();
        for line in logical(text) {
            let mut rest = line.chars();
            let kind = rest.next();
            let rest = rest.as_str();
            match kind {
                Some('X') => cf.filters.push(filter(rest)),
                Some('O') => cf.option(rest.trim()),
                Some('C') => cf.class(rest),
                Some('F') => cf.class_file(rest),
                Some('K') => cf.map(rest),
                Some('S') => {
                    let end = rest.find(|c: char| c == '=' || c.is_whitespace());
                    rule_set = rest
                        .get(..end.unwrap_or(rest.len()))
                        .unwrap_or_default()
                        .to_owned();
                }
                Some('R') if rule_set == "Local_check_rcpt" => cf.check_rcpt.push(line),
                Some('R') if rest.starts_with("$+ < @ $* $=R >") => cf.relays_subdomains = true,
                _ => {}
            }
        }
        cf
    }

    fn option(&mut self, text: &str) {
        let Some((name, value)) = text.split_once('=') else {
            return;
        };
        match name.trim() {
            "InputMailFilters" => self.order = names(value),
            "DontBlameSendmail" => {
                let safe = |word: &String| word.eq_ignore_ascii_case("GroupWritableDirPathSafe");
                self.trusts_groups = names(value).iter().any(safe);
            }
            "RunAsUser" => self.run_as = Some(value.trim().to_owned()),
            "PrivacyOptions" => self.privacy = names(value),
            "DaemonPortOptions" => {
                let options = value.split(',').filter_map(|option| option.split_once('='));
                let options: Vec<_> = options
                    .map(|(name, value)| (name.trim(), value.trim()))
                    .collect();
                let find = |wanted: &str| {
                    let found = options
                        .iter()
                        .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                    found.map(|(_, value)| *value)
                };
                let name = find("Name").or_else(|| find("Port")).unwrap_or("smtp");
                let filters = find("InputMailFilters").map(names);
                let host = find("Addr").or_else(|| find("Address"));
                let port = find("Port").unwrap_or("smtp");
                self.listens
                    .push((host.map(str::to_owned), port.to_owned()));
                self.ports.push((name.to_owned(), filters));
            }
            _ => {}
        }
    }

    fn class(&mut self, text: &str) {
        if let Some((class, words)) = class_name(text) {
            let words = words.split_whitespace().map(str::to_lowercase);
            self.classes
                .entry(class.to_owned())
                .or_default()
                .extend(words);
        }
    }

    fn class_file(&mut self, text: &str) {
        let Some((class, file)) = class_name(text) else {
            return;
        };
        let file = file.trim_start();
        let file = file.strip_prefix("-o").unwrap_or(file).trim_start();
        // Programs, maps, and paths with a format are other kinds of class files.
        if let Some(path) = file
            .split_whitespace()
            .next()
            .filter(|path| path.starts_with('/'))
        {
            self.class_files.push((class.to_owned(), path.to_owned()));
        }
    }

    fn map(&mut self, text: &str) {
        let mut words = text.splitn(3, char::is_whitespace);
        if let (Some(name), Some(kind)) = (words.next(), words.next()) {
            let map = Map {
                kind: kind.to_owned(),
                arguments: words.next().unwrap_or_default().to_owned(),
            };
            self.maps.insert(name.to_owned(), map);
        }
    }

    /// Returns the files that must be read to know classes and maps.
    pub fn files(&self) -> Vec<&str> {
        let classes = self.class_files.iter().map(|(_, path)| path.as_str());
        let maps = ["virtuser", "access"]
            .into_iter()
            .filter_map(|name| self.maps.get(name));
        classes.chain(maps.filter_map(Map::source)).collect()
    }
}

/// Returns the lines without comments, and with continuations joined.
fn logical(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// Splits the name of a class from its words: `wwords`, `{Name}words`.
fn class_name(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('{') {
        Some(rest) => rest.split_once('}'),
        None => text.split_at_checked(1),
    }
}

fn names(list: &str) -> Vec<String> {
    let names = list.split([',', ';']).map(str::trim);
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn filter(text: &str) -> Filter {
    let mut parts = text.split(',').map(str::trim);
    let mut filter = Filter {
        name: parts.next().unwrap_or_default().to_owned(),
        ..Filter::default()
    };
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        match name.trim() {
            "S" => filter.socket = value.trim().to_owned(),
            "F" => filter.flags = value.trim().to_owned(),
            _ => {}
        }
    }
    filter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_of_a_file() {
        let cf = Cf::parse(
            "# Xcomment, S=inet:1@h\nCwlocalhost Mx.Company.COM\nC{VirtHost} v.test\nFR-o /etc/mail/relay-domains\n\
             Fw/etc/mail/local-host-names %[^\\#]\nF{X}|/bin/program\nKvirtuser hash -o /etc/mail/virtusertable.db\n\
             Kdoms socket -T<TMPF> inet:1@127.0.0.1\nO InputMailFilters=other, rw\nO RunAsUser=smmsp\n\
             O DontBlameSendmail=x, GroupWritableDirPathSafe\n\
             O DaemonPortOptions=Name=MTA,\n\tPort=25\nO DaemonPortOptions=Port=587, InputMailFilters=a;b\n\
             Xrw, S=inet:1@h, F=T, T=C:5m;E:5m\nXopen, S=local:/x\n\
             SLocal_check_rcpt\nR$*\t$: x\nSother\nR$*\t$: y\nR$+ < @ $* $=R >\t$@ RELAY\n",
        );
        let words = |class: &str| cf.classes.get(class).cloned().unwrap_or_default();
        assert_eq!(words("w"), ["localhost", "mx.company.com"]);
        assert_eq!(words("VirtHost"), ["v.test"]);
        let files: Vec<_> = cf
            .class_files
            .iter()
            .map(|(class, path)| (&**class, &**path))
            .collect();
        assert_eq!(
            files,
            [
                ("R", "/etc/mail/relay-domains"),
                ("w", "/etc/mail/local-host-names")
            ]
        );
        assert_eq!(
            cf.maps["virtuser"].source(),
            Some("/etc/mail/virtusertable")
        );
        assert_eq!(cf.maps["doms"].kind, "socket");
        assert_eq!(cf.order, ["other", "rw"]);
        assert_eq!(
            cf.ports,
            [
                ("MTA".to_owned(), None),
                ("587".to_owned(), Some(vec!["a".to_owned(), "b".to_owned()]))
            ]
        );
        assert_eq!(
            (&*cf.filters[0].socket, &*cf.filters[0].flags),
            ("inet:1@h", "T")
        );
        assert_eq!(
            (&*cf.filters[1].socket, &*cf.filters[1].flags),
            ("local:/x", "")
        );
        assert_eq!(cf.check_rcpt, ["R$*\t$: x"]);
        assert!(cf.relays_subdomains && cf.trusts_groups);
        assert_eq!(cf.run_as.as_deref(), Some("smmsp"));
    }

    #[test]
    fn anything_is_read() {
        for text in [
            "",
            "X",
            "C",
            "F",
            "K",
            "O",
            "S",
            "R",
            "C{",
            "\u{e4}\u{f6}",
            " x",
            "Fé/x",
            "X,=,",
        ] {
            let _ = Cf::parse(text).files();
        }
    }
}
