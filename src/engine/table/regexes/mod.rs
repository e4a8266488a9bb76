//! The ordered regexes of a table.
//!
//! Each is anchored at both ends, ignores letter case, and is tried against the normalised address
//! (local-part unquoted, in NFC, as the sender spelt it; domain as A-labels) with its detail, then
//! without. Most end in a domain that is spelt out (`…@domain2\.com`), and are asked about addresses of
//! that domain alone. Those that are asked are asked in one pass over the address; only the winner is
//! run again for its groups.
//!
//! A regex becomes a program in two steps: [`parse`] tells whether it is one, and [`Regexes::new`]
//! builds the programs of all regexes, once the letters that they name are known (`alphabet`).
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`MAX_REGEX`], the program of one regex | 1 MiB | an error at its rule |
//! | [`MAX_ALL`], the programs of all regexes | 128 MiB | an error at the first rule beyond it |
//! | [`MAX_SET`], the programs that ask all of one domain at once, both together | 128 MiB | those of that domain are asked one by one: slower, the same answers |
//!
//! The regexes of a table take at most the last two together at rest. Each thread that asks them
//! keeps a few megabytes for the next time.

mod alphabet;

use hashbrown::HashMap;
use regex_automata::{
    Anchored, Input, MatchKind, PatternSet,
    meta::{self, Regex as Set},
    nfa::thompson::{self, NFA, WhichCaptures, pikevm::PikeVM},
};
use regex_syntax::{ParserBuilder, hir::Hir};
use unicode_normalization::UnicodeNormalization;

use self::alphabet::{Alphabet, Letters};
use super::{address::Address, found::Match};
use crate::engine::{address::Domain, store::RuleId};

/// Size of the program of one regex, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// Size of the programs of all regexes of a table, in bytes.
const MAX_ALL: usize = 128 << 20;

/// Size of the programs that ask many regexes at once, in bytes.
const MAX_SET: usize = 128 << 20;

/// As many as these are asked one by one: that is as fast, and takes less memory.
const FEW: usize = 3;

/// All regexes of a table.
#[derive(Debug, Default)]
pub struct Regexes {
    /// Those that are for one domain.
    by_domain: HashMap<Domain, Group>,
    /// Those that may be for any.
    anywhere: Group,
    /// The letters that their programs know.
    alphabet: Alphabet,
}

/// Regexes in the order in which they are written.
#[derive(Debug, Default)]
struct Group {
    list: Vec<(NFA, RuleId)>,
    set: Option<Set>,
}

/// Why a regex is none that a table can have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    /// Its program takes more than [`MAX_REGEX`].
    TooLarge,
    /// With this one the programs take more than [`MAX_ALL`].
    TooMany,
}

/// Reads one regex; how many groups it has, the whole included.
///
/// # Errors
///
/// It is no regex: the reason, in the words of the parser.
pub fn parse(text: &str) -> Result<usize, String> {
    match hir(text) {
        Ok(hir) => Ok(1 + hir.properties().explicit_captures_len()),
        Err(error) => Err(error),
    }
}

/// A regex as rules mean it: for the whole address, whatever alternatives it has; without letter
/// case.
fn hir(text: &str) -> Result<Hir, String> {
    ParserBuilder::new()
        .case_insensitive(true)
        .build()
        .parse(&format!("^(?:{text})$"))
        .map_err(|error| error.to_string())
}

/// The end of a regex behind its last `@`, if it spells a domain out.
pub struct Tail {
    /// The domain that its writer means.
    pub domain: Domain,
    /// Where it begins in the text of the regex.
    pub start: usize,
    /// Where its dots stand that are not escaped, and so match any character.
    pub open_dots: Vec<usize>,
}

/// Returns the domain in which every address lies that a regex matches, if its text ends in one.
fn domain_of(text: &str) -> Option<Domain> {
    let tail = tail(text).filter(|tail| tail.open_dots.is_empty());
    tail.map(|tail| tail.domain)
}

/// Returns the end of a regex if it spells a domain out.
///
/// Returns `None` if a group, a class or an alternative could reach behind the last `@`, or if a flag
/// changes what the letters mean.
pub fn tail(text: &str) -> Option<Tail> {
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
    if !name.chars().all(letter) {
        return None;
    }
    let start = before.len() + 1;
    let dots = domain.match_indices('.').map(|(at, _)| start + at);
    let open = |dot: &usize| {
        !text
            .get(..*dot)
            .is_some_and(|before| before.ends_with('\\'))
    };
    Some(Tail {
        domain: Domain::parse(&name).ok()?,
        start,
        open_dots: dots.filter(open).collect(),
    })
}

/// What makes the programs of single regexes.
fn compiler() -> thompson::Compiler {
    let config = thompson::Config::new()
        .nfa_size_limit(Some(MAX_REGEX))
        .which_captures(WhichCaptures::All);
    let mut compiler = thompson::Compiler::new();
    compiler.configure(config);
    compiler
}

impl Regexes {
    /// Takes regexes in the order in which they are written, each with its text. Those that are refused are
    /// left out, and named.
    pub fn new(list: &[(RuleId, Box<str>)]) -> (Self, Vec<(RuleId, Refused)>) {
        if list.is_empty() {
            return (Self::default(), Vec::new());
        }
        let mut letters = Letters::new();
        for hir in list.iter().filter_map(|(_, text)| hir(text).ok()) {
            letters.add(&hir);
        }
        let Ok(alphabet) = letters.classes() else {
            let all = list.iter().map(|(rule, _)| (*rule, Refused::TooMany));
            return (Self::default(), all.collect());
        };
        let (mut translator, compiler) = (alphabet.translator(), compiler());
        let (mut by_domain, mut anywhere) = (HashMap::new(), Vec::new());
        let (mut refused, mut size) = (Vec::new(), 0);
        for (rule, text) in list {
            // One that is no regex was refused when it was read.
            let Ok(hir) = hir(text).map(|hir| translator.regex(&hir)) else {
                continue;
            };
            let Ok(nfa) = compiler.build_from_hir(&hir) else {
                refused.push((*rule, Refused::TooLarge));
                continue;
            };
            size += nfa.memory_usage();
            if size > MAX_ALL {
                refused.push((*rule, Refused::TooMany));
                break;
            }
            let of_domain = domain_of(text).map(|domain| by_domain.entry(domain).or_default());
            let group: &mut Vec<_> = of_domain.unwrap_or(&mut anywhere);
            group.push((nfa, *rule, hir));
        }
        let mut left = MAX_SET;
        let mut group = |list| Group::new(list, &mut left);
        let by_domain = by_domain.into_iter();
        let regexes = Self {
            by_domain: by_domain
                .map(|(domain, list)| (domain, group(list)))
                .collect(),
            anywhere: group(anywhere),
            alphabet,
        };
        (regexes, refused)
    }

    /// Returns true if there is no regex.
    pub fn is_empty(&self) -> bool {
        self.by_domain.is_empty() && self.anywhere.list.is_empty()
    }

    /// Returns true if a regex may be for addresses of a domain.
    pub fn concern(&self, domain: &Domain) -> bool {
        !self.anywhere.list.is_empty() || self.by_domain.contains_key(domain)
    }

    /// The first that matches the address with its detail or without.
    pub fn find(&self, address: &Address) -> Option<Match> {
        let own = self.by_domain.get(&address.mailbox.domain);
        let own = own.and_then(|group| group.find(address, &self.alphabet));
        let any = self.anywhere.find(address, &self.alphabet);
        match (own, any) {
            (Some(own), Some(any)) if any.rule < own.rule => Some(any),
            (own, any) => own.or(any),
        }
    }
}

impl Group {
    /// Takes what its set needs off the bytes that are `left`.
    fn new(list: Vec<(NFA, RuleId, Hir)>, left: &mut usize) -> Self {
        let hirs: Vec<_> = list.iter().map(|(_, _, hir)| hir).collect();
        let set = (hirs.len() > FEW).then(|| set(&hirs, *left)).flatten();
        *left -= set.as_ref().map_or(0, Set::memory_usage);
        let list = list.into_iter().map(|(nfa, rule, _)| (nfa, rule));
        Self {
            list: list.collect(),
            set,
        }
    }

    /// The first of the group that matches the address with its detail or without.
    fn find(&self, address: &Address, alphabet: &Alphabet) -> Option<Match> {
        if self.list.is_empty() {
            return None;
        }
        let domain = address.mailbox.domain.as_str();
        let whole = normalised(address.mailbox.local.as_str(), domain);
        let bare = address.user().map(|user| normalised(user, domain));
        let first = self.first(&alphabet.translate(&whole));
        let first_bare = bare
            .as_deref()
            .and_then(|bare| self.first(&alphabet.translate(bare)));
        let (index, text, left_out_detail) = match (first, first_bare, &bare) {
            (Some(index), Some(without), Some(bare)) if without < index => (without, bare, true),
            (Some(index), _, _) => (index, &whole, false),
            (None, Some(index), Some(bare)) => (index, bare, true),
            _ => return None,
        };
        let (nfa, rule) = self.list.get(index)?;
        Some(Match {
            rule: *rule,
            left_out_detail,
            captures: captures(nfa, text, &alphabet.translate(text))?,
        })
    }

    fn first(&self, text: &str) -> Option<usize> {
        match &self.set {
            Some(set) => {
                let mut matching = PatternSet::new(set.pattern_len());
                set.which_overlapping_matches(&whole(text), &mut matching);
                matching.iter().next().map(|first| first.as_usize())
            }
            None => self.list.iter().position(|(nfa, _)| {
                machine(nfa).is_some_and(|machine| {
                    let mut cache = machine.create_cache();
                    machine.is_match(&mut cache, whole(text))
                })
            }),
        }
    }
}

/// One program for many regexes, which says those that match. It has two parts of about the same size.
fn set(hirs: &[&Hir], limit: usize) -> Option<Set> {
    let config = meta::Config::new()
        .match_kind(MatchKind::All)
        .which_captures(WhichCaptures::None)
        .nfa_size_limit(Some(limit / 2))
        .onepass(false);
    let set = meta::Builder::new()
        .configure(config)
        .build_many_from_hir(hirs);
    set.ok().filter(|set| set.memory_usage() <= limit)
}

/// A regex is for the whole of a text.
fn whole(text: &str) -> Input<'_> {
    Input::new(text).anchored(Anchored::Yes)
}

/// What runs a program. Making one costs nothing.
fn machine(nfa: &NFA) -> Option<PikeVM> {
    PikeVM::new_from_nfa(nfa.clone()).ok()
}

/// What the groups matched in `text`, which the program knows as `translated`: it has as many characters.
fn captures(nfa: &NFA, text: &str, translated: &str) -> Option<Vec<Option<String>>> {
    let machine = machine(nfa)?;
    let mut groups = machine.create_captures();
    machine.captures(&mut machine.create_cache(), whole(translated), &mut groups);
    if !groups.is_match() {
        return None;
    }
    let in_text = |offset: usize| {
        if text.is_ascii() {
            return Some(offset);
        }
        let characters = translated.get(..offset)?.chars().count();
        Some(text.chars().take(characters).map(char::len_utf8).sum())
    };
    let group = |span: regex_automata::Span| {
        let range = in_text(span.start)?..in_text(span.end)?;
        text.get(range).map(ToOwned::to_owned)
    };
    Some(groups.iter().map(|span| span.and_then(group)).collect())
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
mod tests;
