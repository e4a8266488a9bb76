//! Every code of a finding, once: its word, its severities, what it means, what to do, and an example.
//!
//! `readdress explain CODE`, the manual page readdress-findings(7) and the tests are made from these tables.
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

mod config;
mod files;
mod rules;
mod tables;

use super::code::Code;
pub use super::code::Example;
pub use config::*;
pub use files::*;
pub use rules::*;
pub use tables::*;

/// Returns the codes about files and directories as a whole.
pub fn about_files() -> &'static [Code] {
    files::ALL
}

/// Returns the code with this word.
pub fn find(word: &str) -> Option<Code> {
    all().find(|code| code.word() == word)
}

/// Returns all codes, in the order of the tables.
pub fn all() -> impl Iterator<Item = Code> {
    let tables = [rules::ALL, tables::ALL, files::ALL, config::ALL];
    tables.into_iter().flatten().copied()
}

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
        assert_eq!(find("conflict"), Some(CONFLICT));
        assert_eq!(find("conflicts"), None);
    }
}
