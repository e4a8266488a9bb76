//! The values of keys that allow only a few words: the words, and their meaning.

/// What the daemon does with its decisions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// Decisions are carried out.
    Rewrite,
    /// Decisions are only logged; nothing is changed.
    Observe,
}

impl Mode {
    pub(super) const WORDS: &[(&str, Self)] =
        &[("rewrite", Self::Rewrite), ("observe", Self::Observe)];

    /// Returns the word of the mode, as in the configuration file.
    pub fn word(self) -> &'static str {
        word(Self::WORDS, self)
    }
}

/// How addresses are written in the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogAddresses {
    /// The whole address.
    Full,
    /// Only the domain.
    Domain,
    /// A hash of the address. The same address has the same hash as long as the daemon runs.
    Hash,
}

impl LogAddresses {
    pub(super) const WORDS: &[(&str, Self)] = &[
        ("full", Self::Full),
        ("domain", Self::Domain),
        ("hash", Self::Hash),
    ];
}

/// Who refuses addresses that do not exist, and addresses that would relay.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusals {
    /// The milter.
    Milter,
    /// The MTA, which looks addresses up in the map `recipients`.
    Socketmap,
}

impl Refusals {
    pub(super) const WORDS: &[(&str, Self)] =
        &[("milter", Self::Milter), ("socketmap", Self::Socketmap)];
}

/// The levels of the log.
pub(super) const LEVELS: &[(&str, &str)] = &[
    ("error", "error"),
    ("warn", "warn"),
    ("info", "info"),
    ("debug", "debug"),
    ("trace", "trace"),
];

/// Returns the word of a value. The list must contain each value; for a value without a word, returns "".
pub(super) fn word<T: PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    let known = words.iter().find(|(_, known)| *known == value);
    known.map_or("", |(word, _)| word)
}
