//! A configuration as text, key by key: what it says, what another one changes, what waits for a restart.
//!
//! Values are printed as TOML, so that they can be copied into the file.

use std::{fmt::Write as _, time::Duration};

use super::{
    Config, LogAddresses, Mode, Origin, Refusals,
    keys::{KEYS, Key},
    socket::Socket,
};
use crate::engine::address::LocalCase;

/// A key that has another value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Its name with its section: `rules`, `[log] level`.
    pub key: String,
    /// The value that is in force, as TOML.
    pub old: String,
    /// The value in the file, as TOML.
    pub new: String,
    /// Whether the new value waits for a restart.
    pub restart: bool,
}

impl Key {
    /// The name with its section: `rules`, `[log] level`.
    pub fn full_name(&self) -> String {
        match self.section {
            "" => self.name.to_owned(),
            section => format!("[{section}] {}", self.name),
        }
    }
}

impl Config {
    /// The value of a key, as TOML.
    pub fn value(&self, key: &Key) -> String {
        match key.section {
            "" => self.value_at_the_top(key.name),
            "milter" => self.value_of_milter(key.name),
            "socketmap" => sockets(&self.socketmap),
            "monitor" => "[]".to_owned(),
            "control" => quoted(&self.control.to_string()),
            "rewrite" => self.value_of_rewrite(key.name),
            "headers" if key.name == "rewrite" => self.headers.rewrite.to_string(),
            "headers" => self.headers.original_to.to_string(),
            "replies" if key.name == "unknown" => quoted(&self.settings.unknown_reject.to_string()),
            "replies" => quoted(&self.settings.unknown_defer.to_string()),
            "reload" => self.value_of_reload(key.name),
            _ if key.name == "level" => quoted(&self.level),
            _ => quoted(match self.addresses {
                LogAddresses::Full => "full",
                LogAddresses::Domain => "domain",
                LogAddresses::Hash => "hash",
            }),
        }
    }

    fn value_at_the_top(&self, name: &str) -> String {
        quoted(&match name {
            "rules" => self.rules.display().to_string(),
            "state" => self.state.display().to_string(),
            _ => self.mode.word().to_owned(),
        })
    }

    fn value_of_milter(&self, name: &str) -> String {
        match name {
            "listen" => sockets(&self.milter.listen),
            "max_connections" => self.milter.max_connections.to_string(),
            "drain" => span(self.milter.drain),
            "message_limit" => self.milter.message_limit.to_string(),
            _ => quoted(match self.milter.refusals {
                Refusals::Milter => "milter",
                Refusals::Socketmap => "socketmap",
            }),
        }
    }

    fn value_of_rewrite(&self, name: &str) -> String {
        let settings = &self.settings;
        match name {
            "recipient_delimiter" => quoted(&settings.recipient_delimiter),
            "local_part_case" => quoted(match settings.local_case {
                LocalCase::Ignore => "ignore",
                LocalCase::Strict => "strict",
            }),
            "recursion_limit" => settings.recursion_limit.to_string(),
            "expansion_limit" => settings.expansion_limit.to_string(),
            _ => settings.address_length_limit.to_string(),
        }
    }

    fn value_of_reload(&self, name: &str) -> String {
        match name {
            "quiet" => span(self.reload.quiet),
            "latest" => span(self.reload.latest),
            "rescan" => span(self.reload.rescan),
            _ => quoted(&format!("{}%", self.reload.max_shrink)),
        }
    }

    /// The keys that have another value in `new`.
    pub fn changes(&self, new: &Self) -> Vec<Change> {
        let changed = KEYS.iter().filter_map(|key| {
            let (old, new) = (self.value(key), new.value(key));
            (old != new).then(|| Change {
                key: key.full_name(),
                old,
                new,
                restart: key.restart,
            })
        });
        changed.collect()
    }

    /// What is in force after a saved file says `new`: its values, but for keys that wait for a restart.
    pub fn after(&self, new: &Self) -> Self {
        let mut config = new.clone();
        config.rules.clone_from(&self.rules);
        config.state.clone_from(&self.state);
        config.milter.listen.clone_from(&self.milter.listen);
        config.milter.max_connections = self.milter.max_connections;
        config.milter.drain = self.milter.drain;
        config.socketmap.clone_from(&self.socketmap);
        config.control.clone_from(&self.control);
        config.control_written = self.control_written;
        config.reload.quiet = self.reload.quiet;
        config.reload.latest = self.reload.latest;
        config.reload.rescan = self.reload.rescan;
        config.level.clone_from(&self.level);
        for key in KEYS.iter().filter(|key| key.restart) {
            if self.value(key) != new.value(key) {
                let origin = match self.origins.of(key) {
                    Origin::Line(_) => Origin::Start,
                    origin => origin,
                };
                config.origins.set(key.section, key.name, origin);
            }
        }
        config
    }
}

impl Mode {
    /// As it is written in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rewrite => "rewrite",
            Self::Observe => "observe",
        }
    }
}

fn sockets(list: &[Socket]) -> String {
    let names: Vec<_> = list
        .iter()
        .map(|socket| quoted(&socket.to_string()))
        .collect();
    format!("[{}]", names.join(", "))
}

/// A basic string of TOML.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A span of time in its largest whole unit.
fn span(time: Duration) -> String {
    let millis = time.as_millis();
    let units = [(3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];
    let whole = units.iter().find(|(unit, _)| millis.is_multiple_of(*unit));
    let (unit, word) = whole.copied().unwrap_or((1, "ms"));
    format!("\"{}{word}\"", millis / unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    /// Another value for every key: a key that is new and is missing here fails the test below.
    const OTHERS: &str = r#"
rules = "/srv/a \"b\""
mode = "observe"
state = "/srv/state"
[milter]
listen = ["unix:/m.sock", "inet:127.0.0.1:1"]
max_connections = 7
drain = "90s"
refusals = "socketmap"
message_limit = 9
[socketmap]
listen = "inet:127.0.0.1:2"
[control]
listen = "unix:/c.sock"
[rewrite]
recipient_delimiter = "-"
local_part_case = "strict"
recursion_limit = 1
expansion_limit = 2
address_length_limit = 3
[headers]
x_original_to = true
rewrite = true
[replies]
unknown = '553 5.1.6 Write to "info"'
unknown_defer = "450 4.2.1 Later"
[reload]
quiet = "1ms"
latest = "5m"
rescan = "2h"
max_shrink = "100%"
[log]
addresses = "hash"
level = "debug"
"#;

    fn others() -> Config {
        parse("c", OTHERS.as_bytes()).unwrap()
    }

    /// `[monitor] listen` has one value alone in this version.
    fn keys() -> impl Iterator<Item = &'static Key> {
        KEYS.iter().filter(|key| key.section != "monitor")
    }

    #[test]
    fn defaults_are_printed_as_the_sample_has_them() {
        for key in KEYS {
            assert_eq!(Config::default().value(key), key.default, "{}", key.name);
        }
    }

    #[test]
    fn what_is_printed_is_read_as_the_same_value() {
        let mut text = String::new();
        let mut section = "";
        for key in KEYS {
            if key.section != section {
                section = key.section;
                text += &format!("[{section}]\n");
            }
            text += &format!("{} = {}\n", key.name, others().value(key));
        }
        assert_eq!(parse("c", text.as_bytes()).unwrap(), others(), "{text}");
    }

    #[test]
    fn every_key_is_a_change_and_those_with_a_restart_wait() {
        let (old, new) = (Config::default(), others());
        let changed: Vec<_> = old.changes(&new).into_iter().map(|c| c.key).collect();
        let all: Vec<_> = keys().map(Key::full_name).collect();
        assert_eq!(changed, all);
        let after = old.after(&new);
        for key in keys() {
            let wanted = if key.restart { &old } else { &new };
            assert_eq!(after.value(key), wanted.value(key), "{}", key.full_name());
            let origin = after.origins.of(key);
            assert_eq!(origin == Origin::Default, key.restart);
        }
        assert_eq!(old.changes(&old), []);
    }
}
