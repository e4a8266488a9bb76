//! Whether a regex can match any address of a set, and an example of such an address.
//!
//! The program of a regex is walked over all the bytes that the addresses of the set may have, each state once. No
//! text is tried: where the walk does not reach the end, no address of the set matches.
//!
//! # Limits
//!
//! - Assertions (`\b`, `^`, `$`) count as true. So the walk may find an example that the regex does not match, and
//!   never misses one that it matches.
//! - An address with `%`, `!` or `@` in its local-part, or with a control character, is never looked up by regex.

use std::collections::VecDeque;

use hashbrown::HashMap;
use regex_automata::{
    nfa::thompson::{NFA, State, Transition},
    util::primitives::StateID,
};
use regex_syntax::hir::{Class, Hir, HirKind};

use super::{Regexes, normalised};
use crate::engine::{address::Domain, store::RuleId};

/// Bytes of a local-part before which a walk stops: a longer prefix counts as any local-part.
const MAX_PREFIX: usize = 64;

/// The addresses of which one is looked for, by what stands behind their `@`.
#[derive(Clone, Copy, Debug)]
pub enum Behind<'a> {
    /// This domain.
    Domain(&'a Domain),
    /// Any domain below this one.
    Below(&'a Domain),
}

/// A piece of the texts that a walk goes over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Piece {
    /// This byte.
    Byte(u8),
    /// Any number of bytes that a local-part may have.
    Local,
    /// Any number of bytes that a domain may have.
    Labels,
}

impl Piece {
    fn takes(self, byte: u8) -> bool {
        match self {
            Self::Byte(own) => own == byte,
            Self::Local => byte >= b' ' && byte != 0x7f && !matches!(byte, b'%' | b'!' | b'@'),
            Self::Labels => {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte)
            }
        }
    }

    fn repeats(self) -> bool {
        !matches!(self, Self::Byte(_))
    }
}

impl Regexes {
    /// Returns the domains that regexes spell out.
    pub fn own_domains(&self) -> impl Iterator<Item = &Domain> {
        self.by_domain.keys()
    }

    /// Returns the regexes that may match an address of a set, in the order in which they are tried, each with
    /// examples. `start` is what the local-parts of the set begin with.
    pub fn reaching(&self, start: &str, behind: Behind<'_>) -> Vec<(RuleId, Vec<String>)> {
        let own = match behind {
            Behind::Domain(domain) => self.by_domain.get(domain),
            // A domain that a regex spells out is looked at by itself.
            Behind::Below(_) => None,
        };
        let own = own.into_iter().flat_map(|group| &group.list);
        let start = self.alphabet.translate(&normalised(start, "")).into_owned();
        let pieces = pieces(start.trim_end_matches('@'), behind);
        let mut found: Vec<_> = own
            .chain(&self.anywhere.list)
            .filter_map(|(nfa, rule)| {
                let examples = examples(nfa, &pieces);
                (!examples.is_empty()).then_some((*rule, examples))
            })
            .collect();
        found.sort_by_key(|(rule, _)| *rule);
        found
    }
}

/// Returns the texts of a set of addresses.
fn pieces(start: &str, behind: Behind<'_>) -> Vec<Piece> {
    let known = Some(start).filter(|start| start.len() <= MAX_PREFIX);
    let known = known.unwrap_or_default().bytes().map(Piece::Byte);
    let at = [Piece::Local, Piece::Byte(b'@')];
    let mut pieces: Vec<_> = known.chain(at).collect();
    let domain = match behind {
        Behind::Domain(domain) => domain,
        Behind::Below(domain) => {
            pieces.extend([Piece::Labels, Piece::Byte(b'.')]);
            domain
        }
    };
    pieces.extend(domain.as_str().bytes().map(Piece::Byte));
    pieces
}

/// Returns some local-parts that the program takes, with the letters that they prefer.
fn examples(nfa: &NFA, pieces: &[Piece]) -> Vec<String> {
    let mut examples: Vec<String> = Vec::new();
    for favourites in [&b"rq"[..], b"7z", b"k"] {
        let Some(text) = Walk::new(nfa, pieces, favourites).run() else {
            break;
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        let local = text
            .rsplit_once('@')
            .map_or(text.as_str(), |(local, _)| local);
        if !examples.iter().any(|one| one == local) {
            examples.push(local.to_owned());
        }
    }
    examples
}

/// A state of the program, and how many pieces are behind it.
type Place = (StateID, usize);

/// A walk over a program.
struct Walk<'a> {
    nfa: &'a NFA,
    pieces: &'a [Piece],
    favourites: &'a [u8],
    /// Each place that was reached, with the place before it and the byte between.
    came: HashMap<Place, Option<(Place, Option<u8>)>>,
    queue: VecDeque<Place>,
}

impl<'a> Walk<'a> {
    fn new(nfa: &'a NFA, pieces: &'a [Piece], favourites: &'a [u8]) -> Self {
        Self {
            nfa,
            pieces,
            favourites,
            came: HashMap::new(),
            queue: VecDeque::new(),
        }
    }

    /// Returns the shortest text that the program takes, or one nearly as short.
    fn run(mut self) -> Option<Vec<u8>> {
        self.reach((self.nfa.start_anchored(), 0), None);
        while let Some(place) = self.queue.pop_front() {
            let (state, at) = place;
            if at == self.pieces.len() && matches!(self.nfa.state(state), State::Match { .. }) {
                return Some(self.text(place));
            }
            if self.pieces.get(at).is_some_and(|piece| piece.repeats()) {
                self.reach((state, at + 1), Some((place, None)));
            }
            self.leave(place);
        }
        None
    }

    fn reach(&mut self, place: Place, before: Option<(Place, Option<u8>)>) {
        if !self.came.contains_key(&place) {
            self.came.insert(place, before);
            self.queue.push_back(place);
        }
    }

    /// Goes on from a state.
    fn leave(&mut self, place: Place) {
        let (state, at) = place;
        let free = |walk: &mut Self, next| walk.reach((next, at), Some((place, None)));
        let nfa = self.nfa;
        match nfa.state(state) {
            State::ByteRange { trans } => self.bytes(place, trans.start, trans.end, trans.next),
            State::Sparse(list) => {
                // The way with a favourite comes first, so that it is the one that is remembered.
                let likes = |trans: &&Transition| self.likes(trans.start, trans.end);
                let (first, others): (Vec<&Transition>, Vec<&Transition>) =
                    list.transitions.iter().partition(likes);
                for trans in first.into_iter().chain(others) {
                    self.bytes(place, trans.start, trans.end, trans.next);
                }
            }
            State::Dense(list) => {
                for byte in 0..=u8::MAX {
                    if let Some(next) = list.matches_byte(byte) {
                        self.bytes(place, byte, byte, next);
                    }
                }
            }
            State::Look { next, .. } | State::Capture { next, .. } => free(self, *next),
            State::Union { alternates } => {
                for next in alternates.iter() {
                    free(self, *next);
                }
            }
            State::BinaryUnion { alt1, alt2 } => {
                free(self, *alt1);
                free(self, *alt2);
            }
            State::Fail | State::Match { .. } => {}
        }
    }

    fn likes(&self, first: u8, last: u8) -> bool {
        let mut favourites = self.favourites.iter();
        favourites.any(|byte| (first..=last).contains(byte))
    }

    /// Takes one byte of a range, if the next piece has one.
    fn bytes(&mut self, place: Place, first: u8, last: u8, next: StateID) {
        let Some(piece) = self.pieces.get(place.1).copied() else {
            return;
        };
        let fits = |byte: &u8| (first..=last).contains(byte) && piece.takes(*byte);
        let favourite = self.favourites.iter().copied().find(fits);
        let Some(byte) = favourite.or_else(|| usual(first, last).find(fits)) else {
            return;
        };
        let at = place.1 + usize::from(!piece.repeats());
        self.reach((next, at), Some((place, Some(byte))));
    }

    fn text(&self, end: Place) -> Vec<u8> {
        let mut text = Vec::new();
        let mut place = end;
        while let Some(Some((before, byte))) = self.came.get(&place) {
            text.extend(byte);
            place = *before;
        }
        text.reverse();
        text
    }
}

/// Returns the bytes of a range, letters first.
fn usual(first: u8, last: u8) -> impl Iterator<Item = u8> {
    (b'a'..=b'z').chain(first..=last)
}

/// Returns true if one of these groups of a regex always matches at least one character.
pub fn captures_something(text: &str, groups: &[usize]) -> bool {
    let hir = super::hir(text);
    hir.is_ok_and(|hir| {
        groups
            .iter()
            .any(|group| *group == 0 || always(&hir, *group))
    })
}

/// Returns true if a group takes part in every match, with at least one character.
fn always(hir: &Hir, group: usize) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) if capture.index as usize == group => capture
            .sub
            .properties()
            .minimum_len()
            .is_some_and(|length| length > 0),
        HirKind::Capture(capture) => always(&capture.sub, group),
        HirKind::Repetition(repetition) => repetition.min > 0 && always(&repetition.sub, group),
        HirKind::Concat(parts) => parts.iter().any(|part| always(part, group)),
        HirKind::Alternation(parts) => parts.iter().all(|part| always(part, group)),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

/// Returns false if none of these groups of a regex can hold one of these characters.
pub fn captures_one_of(text: &str, groups: &[usize], letters: &str) -> bool {
    let hir = super::hir(text);
    let any = |hir: &Hir, group: &usize| *group == 0 || sub(hir, *group, letters);
    hir.map_or(true, |hir| groups.iter().any(|group| any(&hir, group)))
}

/// Returns true if a part of a regex has this group, and the group may hold one of these characters.
fn sub(hir: &Hir, group: usize, letters: &str) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) if capture.index as usize == group => {
            holds(&capture.sub, letters)
        }
        HirKind::Capture(capture) => sub(&capture.sub, group, letters),
        HirKind::Repetition(repetition) => sub(&repetition.sub, group, letters),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().any(|part| sub(part, group, letters))
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

/// Returns true if what a part of a regex matches may hold one of these characters.
fn holds(hir: &Hir, letters: &str) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => letters.bytes().any(|letter| literal.0.contains(&letter)),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges().iter();
            let mut ranges = ranges.map(|range| range.start()..=range.end());
            ranges.any(|range| letters.chars().any(|letter| range.contains(&letter)))
        }
        HirKind::Class(Class::Bytes(class)) => {
            let ranges = class.ranges().iter();
            let mut ranges = ranges.map(|range| range.start()..=range.end());
            ranges.any(|range| letters.bytes().any(|letter| range.contains(&letter)))
        }
        HirKind::Capture(capture) => holds(&capture.sub, letters),
        HirKind::Repetition(repetition) => holds(&repetition.sub, letters),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().any(|part| holds(part, letters))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_holds_only_what_its_part_of_the_regex_allows() {
        for (regex, groups, may) in [
            (r"(\w+)\.(\w+)@domain2\.com", &[1, 2][..], false),
            (r"(\w+)\.(\S+)@domain2\.com", &[1], false),
            (r"(\w+)\.(\S+)@domain2\.com", &[1, 2], true),
            (r"([a-z+]+)@domain2\.com", &[1], true),
            (r"(a(?:\+b)?)@domain2\.com", &[1], true),
            (r"(a)\+b@domain2\.com", &[1], false),
            (r"(a)\+b@domain2\.com", &[0], true),
            (r"(.*)@domain2\.com", &[1], true),
            (r"((a)|[^+]*)@domain2\.com", &[1, 2], false),
        ] {
            assert_eq!(captures_one_of(regex, groups, "+"), may, "{regex}");
        }
        // Where the expression cannot be read, everything is possible.
        assert!(captures_one_of("(", &[1], "+"));
    }
}
