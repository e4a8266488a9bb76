//! Every code of a finding, once: its word, its severities, and what it means.
//!
//! A finding is made with one of these constants. The words are stable: scripts, editors and the manual
//! name them.
//!
//! | module | findings about |
//! |---|---|
//! | `rules` | rules and expectations in readdress' own language, and the table made of them |
//! | `tables` | tables of other programs |
//! | `files` | files and directories as a whole |
//! | `config` | the configuration file, and exports |

use std::fmt;

use super::Severity;

/// The code of a kind of finding.
#[derive(Clone, Copy)]
pub struct Code {
    word: &'static str,
    severities: &'static [Severity],
    meaning: &'static str,
}

impl Code {
    /// Returns the stable word that is printed (`conflict`).
    pub const fn word(self) -> &'static str {
        self.word
    }

    /// Returns the severities that a finding with this code may have.
    pub const fn severities(self) -> &'static [Severity] {
        self.severities
    }

    /// Returns one sentence about what a finding with this code means.
    pub const fn meaning(self) -> &'static str {
        self.meaning
    }

    /// Returns the code with this word.
    pub fn find(word: &str) -> Option<Self> {
        all().find(|code| code.word == word)
    }
}

/// Returns the codes about files and directories as a whole.
pub fn about_files() -> &'static [Code] {
    files::ALL
}

/// Returns all codes, in the order of the tables.
pub fn all() -> impl Iterator<Item = Code> {
    let tables = [rules::ALL, tables::ALL, files::ALL, config::ALL];
    tables.into_iter().flatten().copied()
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Eq for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)
    }
}

/// Makes a constant for each code of a table, and the list `ALL` of them.
macro_rules! codes {
    ($($name:ident $word:literal [$($severity:ident),+] $meaning:literal)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Code = Code {
                word: $word,
                severities: &[$(Severity::$severity),+],
                meaning: $meaning,
            };
        )*

        /// All codes of this table.
        pub(super) const ALL: &[Code] = &[$($name),*];
    };
}

mod config;
mod files;
mod rules;
mod tables;

pub use config::*;
pub use files::*;
pub use rules::*;
pub use tables::*;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_stands_for_two_codes() {
        let mut words: Vec<_> = all().map(Code::word).collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
        assert_eq!(Code::find("conflict"), Some(CONFLICT));
        assert_eq!(Code::find("conflicts"), None);
    }
}
