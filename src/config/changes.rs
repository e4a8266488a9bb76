//! What a saved file changes, key by key, and which of the new values take effect.

use super::{
    keys::{Config, keys},
    origin::Origin,
};

/// A key that has another value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Its name with its section: `rules`, `[log] level`.
    pub key: String,
    /// The value in force, as TOML.
    pub old: String,
    /// The value in the file, as TOML.
    pub new: String,
    /// True if the new value waits for a restart.
    pub restart: bool,
}

impl Config {
    /// Returns the keys that have another value in `new`.
    pub fn changes(&self, new: &Self) -> Vec<Change> {
        let changed = keys().filter_map(|key| {
            let (old, new) = (key.value(self), key.value(new));
            (old != new).then(|| Change {
                key: key.full_name(),
                old,
                new,
                restart: key.waits(),
            })
        });
        changed.collect()
    }

    /// Returns the configuration in force after the file `new` is saved: keys that wait for a restart
    /// keep the values that they have in `self`.
    pub fn after(&self, new: &Self) -> Self {
        let mut config = new.clone();
        for key in keys().filter(|key| key.waits()) {
            if key.value(self) != key.value(new) {
                key.setting.copy(self, &mut config);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Key, SECTIONS, parse};

    /// A file with the example of every key.
    fn examples(value: impl Fn(&Key) -> String) -> String {
        let mut text = String::new();
        for (section, _) in SECTIONS {
            if !section.is_empty() {
                text += &format!("[{section}]\n");
            }
            for key in keys().filter(|key| key.section == *section) {
                text += &format!("{} = {}\n", key.name, value(key));
            }
        }
        text
    }

    fn others() -> Config {
        parse("c", examples(|key| key.example.to_owned()).as_bytes()).unwrap()
    }

    /// Every key has an example with another value; `[monitor] listen` has one value in this version.
    fn changeable() -> impl Iterator<Item = &'static Key> {
        keys().filter(|key| key.section != "monitor")
    }

    #[test]
    fn values_are_shown_as_they_are_written() {
        for key in keys() {
            assert_eq!(key.value(&others()), key.example, "{key:?}");
        }
    }

    #[test]
    fn shown_values_are_read_as_the_same_values() {
        let text = examples(|key| key.value(&others()));
        assert_eq!(parse("c", text.as_bytes()).unwrap(), others(), "{text}");
    }

    #[test]
    fn every_key_is_a_change_and_keys_that_need_a_restart_wait() {
        let (old, new) = (Config::default(), others());
        let changed: Vec<_> = old.changes(&new).into_iter().map(|c| c.key).collect();
        let all: Vec<_> = changeable().map(Key::full_name).collect();
        assert_eq!(changed, all);
        let after = old.after(&new);
        for key in changeable() {
            let wanted = if key.waits() { &old } else { &new };
            assert_eq!(key.value(&after), key.value(wanted), "{key:?}");
            let origin = after.origins.of(key);
            assert_eq!(origin == Origin::Default, key.waits());
        }
        assert_eq!(old.changes(&old), []);
    }

    /// A value that waits stays out of force after any number of further changes.
    #[test]
    fn a_value_that_waits_never_comes_into_force() {
        let read = |text: &str| parse("c", text.as_bytes()).unwrap();
        let start = read("rules = \"/a\"\n");
        let after = start
            .after(&read("rules = \"/b\"\n"))
            .after(&read("rules = \"/b\"\nmode = \"observe\"\n"));
        assert_eq!(after.rules, start.rules);
        let rules = keys().find(|key| key.name == "rules").unwrap();
        assert_eq!(after.origins.of(rules), Origin::Start);
    }
}
