//! Where the value of each key comes from: the file, a flag, or the default.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use super::key::Key;

/// Where one value comes from.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Origin {
    /// The default: the key is written nowhere.
    #[default]
    Default,
    /// This line of the file.
    Line(u32),
    /// The file as it was when the daemon started. Another value was saved since then and waits for a
    /// restart.
    Start,
    /// This flag of the command line.
    Flag(&'static str),
}

impl Origin {
    /// Returns the origin in words, for a file with this name.
    pub fn shown(self, file: &dyn fmt::Display) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::Line(line) => format!("{file}:{line}"),
            Self::Start => format!("{file}, as it was at the start"),
            Self::Flag(flag) => format!("flag {flag}"),
        }
    }
}

/// The origins of all values, and the text of the file.
///
/// All values of this type are equal, because two configurations with the same values are equal wherever
/// the values are written.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    written: BTreeMap<(&'static str, &'static str), Origin>,
    unread: BTreeSet<(&'static str, &'static str)>,
    /// An error may hide any key.
    any_unread: bool,
    /// The file as it was read; empty if there is no file.
    pub text: Arc<[u8]>,
}

impl PartialEq for Origins {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origins {}

impl Origins {
    /// Returns where the value of a key comes from.
    pub fn of<C>(&self, key: &Key<C>) -> Origin {
        let name = (key.section, key.name);
        self.written.get(&name).copied().unwrap_or_default()
    }

    /// Returns true if a key is written in the file, or given as a flag.
    pub fn is_written(&self, section: &'static str, name: &'static str) -> bool {
        self.written.contains_key(&(section, name))
    }

    /// Returns true if the file may hold a value for a key that could not be read because of an error. The key
    /// then has its default.
    pub fn is_unread(&self, section: &'static str, name: &'static str) -> bool {
        let hidden = self.any_unread && !self.is_written(section, name);
        hidden || self.unread.contains(&(section, name))
    }

    /// Says that the value of a key could not be read.
    pub(super) fn set_unread(&mut self, section: &'static str, name: &'static str) {
        self.unread.insert((section, name));
    }

    /// Says that the file holds an error which may hide any key.
    pub fn set_any_unread(&mut self) {
        self.any_unread = true;
    }

    /// Returns how many keys are written in the file.
    pub fn lines(&self) -> usize {
        let lines = self.written.values();
        lines
            .filter(|origin| matches!(origin, Origin::Line(_)))
            .count()
    }

    /// Sets where the value of a key comes from.
    pub fn set(&mut self, section: &'static str, name: &'static str, origin: Origin) {
        match origin {
            Origin::Default => self.written.remove(&(section, name)),
            written => self.written.insert((section, name), written),
        };
    }
}
