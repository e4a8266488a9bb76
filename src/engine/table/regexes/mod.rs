//! The regexes of a table, in the order in which they are written.
//!
//! A regex must match the whole address, and ignores letter case. It is tried on the normalised address
//! (local-part unquoted, in NFC, as the sender spelt it; domain as A-labels) with its detail, then
//! without. Most regexes end in a domain that is spelt out (`…@domain2\.com`); these are tried only on
//! addresses of that domain. All regexes of a domain are tried in one pass over the address. Only the first
//! one that matches is run again, for its groups.
//!
//! A regex becomes a program (the NFA of the regex library) in two steps: [`parse`] checks its syntax, and
//! [`Regexes::new`] builds the programs of all regexes, when it knows all letters that they name
//! (`alphabet`).
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`MAX_REGEX`], the program of one regex | 1 MiB | an error at its rule |
//! | [`MAX_ALL`], the programs of all regexes | 128 MiB | an error at the first rule beyond it |
//! | [`MAX_SET`], all programs that try many regexes in one pass | 128 MiB | further domains try their regexes one by one: slower, with the same answers |
//!
//! The regexes of a table take at most [`MAX_ALL`] and [`MAX_SET`] together. In addition, each thread that
//! looks addresses up keeps a few megabytes.

mod alphabet;
mod invert;
mod reach;
mod samples;

use hashbrown::HashMap;
use regex_automata::{
    Anchored, Input, MatchKind, PatternSet,
    meta::{self, Regex as Set},
    nfa::thompson::{self, NFA, WhichCaptures, pikevm::PikeVM},
};
use regex_syntax::{ParserBuilder, hir::Hir};
use unicode_normalization::UnicodeNormalization;

use self::alphabet::{Alphabet, Letters};
pub use self::invert::source_of;
pub use self::reach::{Behind, captures_one_of, captures_something};
use super::{address::Address, found::Match};
use crate::engine::{address::Domain, store::RuleId};

/// The largest size of the program of one regex, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// The largest size of the programs of all regexes of a table, in bytes.
const MAX_ALL: usize = 128 << 20;

/// The largest size of all programs that try many regexes in one pass, in bytes.
const MAX_SET: usize = 128 << 20;

/// Up to this number, regexes are tried one by one: that is as fast as one pass, and takes less memory.
const FEW: usize = 3;

/// All regexes of a table.
#[derive(Debug, Default)]
pub struct Regexes {
    /// The regexes that match only addresses of one domain.
    by_domain: HashMap<Domain, Group>,
    /// The regexes that may match addresses of any domain.
    anywhere: Group,
    /// The letters that the programs can tell apart.
    alphabet: Alphabet,
}

/// Regexes in the order in which they are written.
#[derive(Debug, Default)]
struct Group {
    list: Vec<(NFA, RuleId)>,
    set: Option<Set>,
}

/// Why a table cannot have a regex.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    /// Its program takes more than [`MAX_REGEX`].
    TooLarge,
    /// With this regex, all programs together take more than [`MAX_ALL`].
    TooMany,
}

/// Checks the syntax of a regex. Returns the number of its groups; the whole regex is group 0 and counts.
///
/// # Errors
///
/// The text is not a valid regex: the reason, in the words of the parser.
pub fn parse(text: &str) -> Result<usize, String> {
    match hir(text) {
        Ok(hir) => Ok(1 + hir.properties().explicit_captures_len()),
        Err(error) => Err(error),
    }
}

/// Returns texts that a regex probably matches. In place of the group with number `n` stands `groups[n]`, if
/// there is one.
pub fn samples(text: &str, groups: &[Option<String>]) -> Vec<String> {
    hir(text).map_or_else(|_| Vec::new(), |hir| samples::of(&hir, groups))
}

/// Parses a regex in the way of rules: it must match the whole address, even if it has alternatives, and it
/// ignores letter case.
fn hir(text: &str) -> Result<Hir, String> {
    ParserBuilder::new()
        .case_insensitive(true)
        .build()
        .parse(&format!("^(?:{text})$"))
        .map_err(|error| error.to_string())
}

/// The end of a regex after its last `@`, if it spells a domain out.
pub struct Tail {
    /// The domain that the writer of the regex means.
    pub domain: Domain,
    /// The byte at which the domain begins in the text of the regex.
    pub start: usize,
    /// The bytes at which there are dots without a `\`, which match any character.
    pub open_dots: Vec<usize>,
}

/// Returns the domain of all addresses that a regex can match, if the regex spells one domain out.
fn domain_of(text: &str) -> Option<Domain> {
    let tail = tail(text).filter(|tail| tail.open_dots.is_empty());
    tail.map(|tail| tail.domain)
}

/// Returns the end of a regex if it spells a domain out.
///
/// Returns `None` if a group, a class or an alternative could include what follows the last `@`, or if a flag
/// changes the meaning of the letters.
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

/// Returns what compiles single regexes to programs.
fn compiler() -> thompson::Compiler {
    let config = thompson::Config::new()
        .nfa_size_limit(Some(MAX_REGEX))
        .which_captures(WhichCaptures::All);
    let mut compiler = thompson::Compiler::new();
    compiler.configure(config);
    compiler
}

impl Regexes {
    /// Compiles regexes, which come in the order in which they are written. Also returns the rules whose
    /// regex was refused; these regexes are not part of the result.
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
            // The syntax was checked before (`parse`), so nothing is skipped in silence here.
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

    /// Returns true if some regex may match addresses of a domain.
    pub fn may_match_in(&self, domain: &Domain) -> bool {
        !self.anywhere.list.is_empty() || self.by_domain.contains_key(domain)
    }

    /// Returns the first regex that matches the address with its detail or without.
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
    /// Subtracts the size of the program for many regexes from `left`, the bytes that such programs may still
    /// take.
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

    /// Returns the first regex of the group that matches the address with its detail or without.
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

/// Returns one program that finds all regexes that match a text. `None` if the program takes more than `limit`
/// bytes. The library builds two automata of about the same size; its own limit is for one of them.
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

/// Returns the input for a search that must begin at the first byte of the text.
fn whole(text: &str) -> Input<'_> {
    Input::new(text).anchored(Anchored::Yes)
}

/// Returns what runs a program. This is cheap: it only counts one more reference to the program.
fn machine(nfa: &NFA) -> Option<PikeVM> {
    PikeVM::new_from_nfa(nfa.clone()).ok()
}

/// Returns what the groups match in `text`. The program reads `translated`, which has one character for each
/// character of `text`. `None` if the program does not match.
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

/// Returns an address as regexes see it: the local-part in NFC.
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
