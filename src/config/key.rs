//! One key of a configuration: its name, what may be written, and where its value is kept.
//!
//! `C` is the type of the whole configuration. [`keys`](super::keys) lists the keys that exist.

use super::kind::{Kind, Value, Wrong};

/// When a new value of a key takes effect, after the file is saved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// As soon as the file is saved.
    AtOnce,
    /// With the next connection of the MTA.
    NextConnection,
    /// When the daemon is started again.
    Restart,
}

impl Effect {
    /// Returns a sentence for the sample file and the manual.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::AtOnce => "A change takes effect at once.",
            Self::NextConnection => "A change takes effect with the next connection of the MTA.",
            Self::Restart => "A change waits for a restart.",
        }
    }
}

/// One key.
pub struct Key<C: 'static> {
    /// The section; empty for a key at the top of the file.
    pub section: &'static str,
    /// The name within the section.
    pub name: &'static str,
    /// When a new value takes effect.
    pub effect: Effect,
    /// A value other than the default, as TOML.
    pub example: &'static str,
    pub(super) meaning: &'static [&'static str],
    pub(super) setting: &'static dyn Setting<C>,
}

impl<C: Default> Key<C> {
    /// Returns the name with its section: `rules`, `[log] level`.
    pub fn full_name(&self) -> String {
        match self.section {
            "" => self.name.to_owned(),
            section => format!("[{section}] {}", self.name),
        }
    }

    /// Returns what the key does, line by line. An empty line parts two paragraphs.
    pub fn meaning(&self) -> impl Iterator<Item = &'static str> {
        self.meaning.iter().map(|line| line.trim())
    }

    /// Returns the type, the unit and the range of its values, in words: `a number of connections, …`.
    pub fn values(&self) -> String {
        self.setting.values()
    }

    /// Returns the default, as TOML.
    pub fn default(&self) -> String {
        self.setting.show(&C::default())
    }

    /// Returns the value that the key has in a configuration, as TOML.
    pub fn value(&self, config: &C) -> String {
        self.setting.show(config)
    }

    /// Returns true if a new value waits for a restart.
    pub fn waits(&self) -> bool {
        self.effect == Effect::Restart
    }
}

impl<C> std::fmt::Debug for Key<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}] {}", self.section, self.name)
    }
}

/// The value of one key within a configuration, whatever its type.
pub(super) trait Setting<C>: Sync {
    /// See [`Key::values`].
    fn values(&self) -> String;
    /// Reads a value from a file. On an error the configuration stays as it is.
    fn read(&self, config: &mut C, value: &Value<'_>) -> Result<(), Vec<Wrong>>;
    /// Returns the value, as TOML.
    fn show(&self, config: &C) -> String;
    /// Takes the value from another configuration.
    fn copy(&self, from: &C, to: &mut C);
}

/// A field of the configuration with what may be written for it.
pub(super) struct Field<C, T: 'static> {
    pub get: fn(&C) -> &T,
    pub get_mut: fn(&mut C) -> &mut T,
    pub kind: &'static dyn Kind<T>,
}

impl<C, T: Clone> Setting<C> for Field<C, T> {
    fn values(&self) -> String {
        self.kind.words()
    }

    fn read(&self, config: &mut C, value: &Value<'_>) -> Result<(), Vec<Wrong>> {
        *(self.get_mut)(config) = self.kind.read(value)?;
        Ok(())
    }

    fn show(&self, config: &C) -> String {
        self.kind.show((self.get)(config))
    }

    fn copy(&self, from: &C, to: &mut C) {
        (self.get_mut)(to).clone_from((self.get)(from));
    }
}
