//! Where the value of each key comes from: the file, a flag, or the default.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::keys::Key;

/// Where one value comes from.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Origin {
    /// It is written nowhere.
    #[default]
    Default,
    /// This line of the file.
    Line(u32),
    /// The file as it was when the daemon started; since then another value was saved, which waits.
    Start,
    /// This flag of the command line.
    Flag(&'static str),
}

impl Origin {
    /// As it is printed, for a file with this name.
    pub fn shown(self, file: &dyn fmt::Display) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::Line(line) => format!("{file}:{line}"),
            Self::Start => format!("{file}, as it was at the start"),
            Self::Flag(flag) => format!("flag {flag}"),
        }
    }
}

/// The origins of all values, and the text that was read.
///
/// All values of this type are equal: where a value is written does not make another configuration.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    written: BTreeMap<(String, String), Origin>,
    /// The file as it was read; empty where there is none.
    pub text: Arc<[u8]>,
}

impl PartialEq for Origins {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origins {}

impl Origins {
    /// Where a key's value comes from.
    pub fn of(&self, key: &Key) -> Origin {
        let name = (key.section.to_owned(), key.name.to_owned());
        self.written.get(&name).copied().unwrap_or_default()
    }

    /// Returns true if a key is written in the file, or given as a flag.
    pub fn is_written(&self, section: &str, name: &str) -> bool {
        let name = (section.to_owned(), name.to_owned());
        self.written.contains_key(&name)
    }

    /// How many keys the file has.
    pub fn lines(&self) -> usize {
        let lines = self.written.values();
        lines
            .filter(|origin| matches!(origin, Origin::Line(_)))
            .count()
    }

    /// Notes where a key's value comes from.
    pub fn set(&mut self, section: &str, name: &str, origin: Origin) {
        let name = (section.to_owned(), name.to_owned());
        match origin {
            Origin::Default => self.written.remove(&name),
            written => self.written.insert(name, written),
        };
    }
}
