//! The ordered regexes of a table.
//!
//! Each is anchored at both ends, ignores letter case, and is tried against the normalised address
//! (local-part unquoted, in NFC, as the sender spelt it; domain as A-labels) with its detail, then
//! without. Most end in a domain that is spelt out (`…@domain2\.com`), and are asked about addresses of
//! that domain alone. Those that are asked are asked in one pass over the address; only the winner is
//! run again for its groups.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | compiled size of one regex | 1 MiB | an error at its rule |
//! | compiled size of all together | 256 MiB | they are asked one by one: slower, the same answers |

use hashbrown::HashMap;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use unicode_normalization::UnicodeNormalization;

use super::{Address, Match};
use crate::engine::{address::Domain, rule::RuleId};

/// Compiled size of one regex, in octets.
const MAX_REGEX: usize = 1 << 20;

/// Compiled size of all regexes together, in octets.
const MAX_SET: usize = 256 << 20;

/// All regexes of a table.
#[derive(Debug, Default)]
pub struct Regexes {
    /// Those that are for one domain.
    by_domain: HashMap<Domain, Group>,
    /// Those that may be for any.
    anywhere: Group,
}

/// Regexes in the order in which they are written.
#[derive(Debug, Default)]
struct Group {
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

/// The domain in which every address lies that a regex matches, where its text ends in one.
///
/// Where a group, a class or an alternative could reach behind the last `@`, or a flag changes what
/// the letters mean, nothing is told.
fn domain_of(text: &str) -> Option<Domain> {
    let (before, domain) = text.rsplit_once('@')?;
    let escaped = before.len() - before.trim_end_matches('\\').len();
    if escaped % 2 == 1 || before.contains(['|', '[']) || before.contains("(?") {
        return None;
    }
    let opened = before.matches('(').count() - before.matches("\\(").count();
    let closed = before.matches(')').count() - before.matches("\\)").count();
    if opened != closed {
        return None;
    }
    let name = domain.replace("\\.", ".");
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let dots = domain.matches("\\.").count() == domain.matches('.').count();
    (dots && name.chars().all(letter)).then(|| Domain::parse(&name).ok())?
}

impl Regexes {
    /// Takes regexes in the order in which they are written, each with its text.
    pub fn new(list: Vec<(Regex, RuleId, Box<str>)>) -> Self {
        let mut by_domain: HashMap<Domain, Vec<_>> = HashMap::new();
        let mut anywhere = Vec::new();
        for (regex, rule, text) in list {
            match domain_of(&text) {
                Some(domain) => by_domain.entry(domain).or_default().push((regex, rule)),
                None => anywhere.push((regex, rule)),
            }
        }
        let groups = by_domain.into_iter();
        Self {
            by_domain: groups
                .map(|(domain, list)| (domain, Group::new(list)))
                .collect(),
            anywhere: Group::new(anywhere),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_domain.is_empty() && self.anywhere.list.is_empty()
    }

    /// Whether one of them may be for addresses of a domain.
    pub fn concern(&self, domain: &Domain) -> bool {
        !self.anywhere.list.is_empty() || self.by_domain.contains_key(domain)
    }

    /// The first that matches the address with its detail or without.
    pub fn find(&self, address: &Address) -> Option<Match> {
        let own = self.by_domain.get(&address.mailbox.domain);
        let own = own.and_then(|group| group.find(address));
        let any = self.anywhere.find(address);
        match (own, any) {
            (Some(own), Some(any)) if any.rule < own.rule => Some(any),
            (own, any) => own.or(any),
        }
    }
}

impl Group {
    fn new(list: Vec<(Regex, RuleId)>) -> Self {
        let patterns = list.iter().map(|(regex, _)| regex.as_str());
        let set = RegexSetBuilder::new(patterns)
            .case_insensitive(true)
            .size_limit(MAX_SET)
            .build()
            .ok();
        Self { list, set }
    }

    /// The first of the group that matches the address with its detail or without.
    fn find(&self, address: &Address) -> Option<Match> {
        if self.list.is_empty() {
            return None;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_of_a_regex_is_told_only_where_it_is_sure() {
        for (text, domain) in [
            (r"(\w+)\.(\w+)@domain2\.com", Some("domain2.com")),
            (r"a\(b@Domain2\.com", Some("domain2.com")),
            (r".*@domain2.com", None),
            (r"a@domain2\.com|b@domain3\.com", None),
            (r"(a@domain2\.com)", None),
            (r"(a|b)@domain2\.com", None),
            (r"(a@|b@)domain2\.com", None),
            (r"[@]x@domain2\.com", None),
            (r"(?x)a@domain2\.com #", None),
            (r"a@domain[23]\.com", None),
            (r"a@(domain2\.com)?", None),
            (r"a\@domain2\.com", None),
            (r"a@domain2\.com+", None),
            (r"a", None),
            (r"a@", None),
        ] {
            let found = domain_of(text);
            assert_eq!(found.as_ref().map(Domain::as_str), domain, "{text}");
        }
    }
}
