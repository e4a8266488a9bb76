//! The ordered regexes of a table.
//!
//! Each is anchored at both ends, ignores letter case, and is tried against the normalised address
//! (local-part unquoted, in NFC, as the sender spelt it; domain as A-labels) with its detail, then
//! without. All are asked in one pass over the address; only the winner is run again for its groups.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | compiled size of one regex | 1 MiB | an error at its rule |
//! | compiled size of all together | 256 MiB | they are asked one by one: slower, the same answers |

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use unicode_normalization::UnicodeNormalization;

use super::{Address, Match};
use crate::engine::rule::RuleId;

/// Compiled size of one regex, in octets.
const MAX_REGEX: usize = 1 << 20;

/// Compiled size of all regexes together, in octets.
const MAX_SET: usize = 256 << 20;

/// Regexes in the order in which they are written.
#[derive(Debug, Default)]
pub struct Regexes {
    list: Vec<(Regex, RuleId)>,
    set: Option<RegexSet>,
}

/// Compiles one regex as rules mean it.
pub fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&anchored(text))
        .case_insensitive(true)
        .size_limit(MAX_REGEX)
        .build()
}

/// The whole address, whatever alternatives the regex has.
fn anchored(text: &str) -> String {
    format!("^(?:{text})$")
}

impl Regexes {
    /// Takes regexes in the order in which they are written.
    pub fn new(list: Vec<(Regex, RuleId)>) -> Self {
        let patterns = list.iter().map(|(regex, _)| regex.as_str());
        let set = RegexSetBuilder::new(patterns)
            .case_insensitive(true)
            .size_limit(MAX_SET)
            .build()
            .ok();
        Self { list, set }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The first that matches the address with its detail or without.
    pub fn find(&self, address: &Address) -> Option<Match> {
        let domain = address.mailbox.domain.as_str();
        let whole = normalised(address.mailbox.local.as_str(), domain);
        let bare = address.user().map(|user| normalised(user, domain));
        let first = self.first(&whole);
        let first_bare = bare.as_deref().and_then(|bare| self.first(bare));
        let (index, text, left_out_detail) = match (first, first_bare, &bare) {
            (Some(index), Some(without), Some(bare)) if without < index => (without, bare, true),
            (Some(index), _, _) => (index, &whole, false),
            (None, Some(index), Some(bare)) => (index, bare, true),
            _ => return None,
        };
        let (regex, rule) = self.list.get(index)?;
        let captures = regex.captures(text)?;
        let captures = captures
            .iter()
            .map(|group| group.map(|group| group.as_str().to_owned()))
            .collect();
        Some(Match {
            rule: *rule,
            left_out_detail,
            captures,
        })
    }

    fn first(&self, text: &str) -> Option<usize> {
        match &self.set {
            Some(set) => set.matches(text).iter().next(),
            None => self.list.iter().position(|(regex, _)| regex.is_match(text)),
        }
    }
}

fn normalised(local: &str, domain: &str) -> String {
    let mut text: String = if local.is_ascii() {
        local.to_owned()
    } else {
        local.nfc().collect()
    };
    text.push('@');
    text.push_str(domain);
    text
}
