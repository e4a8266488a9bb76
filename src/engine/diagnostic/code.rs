//! A code of a finding, as the tables of `codes` define it.

use std::fmt;

use super::severity::Severity;

/// The code of a kind of finding.
#[derive(Clone, Copy)]
pub struct Code(pub(super) &'static Definition);

/// An entry of a table of codes.
pub(super) struct Definition {
    pub word: &'static str,
    pub severities: &'static [Severity],
    pub meaning: &'static str,
    pub action: &'static str,
    pub example: Example,
}

/// A small input that brings a finding about.
#[derive(Clone, Copy, Debug)]
pub enum Example {
    /// Lines of a `.rules` file, in a directory in which `company.com` is primary, `domain2.com` is
    /// secondary, and postmaster@ and abuse@ reach somebody.
    Rules(&'static str),
    /// The files of a rules directory, with their names.
    Files(&'static [(&'static str, &'static str)]),
    /// A file for `readdress import postfixadmin`: its name and its text.
    Import(&'static str, &'static str),
    /// Lines of a `.rules` file, as in `Rules`, for `readdress export virtual`.
    Export(&'static str),
    /// The configuration file.
    Configuration(&'static str),
    /// A command of a shell, in a rules directory with a file `10-example.rules`.
    Command(&'static str),
}

impl Code {
    /// Returns the stable word that is printed (`conflict`).
    pub const fn word(self) -> &'static str {
        self.0.word
    }

    /// Returns the severities that a finding with this code may have.
    pub const fn severities(self) -> &'static [Severity] {
        self.0.severities
    }

    /// Returns one sentence about what a finding with this code means.
    pub const fn meaning(self) -> &'static str {
        self.0.meaning
    }

    /// Returns what to do about such a finding.
    pub const fn action(self) -> &'static str {
        self.0.action
    }

    /// Returns an example that brings such a finding about.
    pub const fn example(self) -> Example {
        self.0.example
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.word == other.0.word
    }
}

impl Eq for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.word)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.word)
    }
}

/// Makes a constant for each code of a table, and the list `ALL` of them.
macro_rules! codes {
    ($($name:ident $word:literal [$($severity:ident),+]
        $meaning:literal $action:literal $kind:ident $example:tt)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Code = Code(&Definition {
                word: $word,
                severities: &[$(Severity::$severity),+],
                meaning: $meaning,
                action: $action,
                example: Example::$kind $example,
            });
        )*

        /// All codes of this table.
        pub(super) const ALL: &[Code] = &[$($name),*];
    };
}

pub(super) use codes;
