//! The letters outside of ASCII, reduced to those that the regexes of one table can tell apart.
//!
//! `\w` stands for some 140,000 characters. A program that knows them all takes 50 times the memory
//! and the time to build of one that knows the ASCII ones, and a table has thousands of regexes. So
//! the characters outside of ASCII are put into classes first: two are in one class if each regex of
//! the table takes either both or neither of them. One character stands for each class, in the regexes
//! as well as in the addresses. Whatever matched before matches afterwards, and nothing else does.
//!
//! Where no regex names a letter outside of ASCII there are two classes, word characters and others.
//!
//! # Invariants
//!
//! - ASCII stands for itself.
//! - A word character is replaced by a word character, any other by one that is none, so that `\b`
//!   means what it meant.
//! - An address keeps its number of characters.

use std::borrow::Cow;

use hashbrown::HashMap;
use regex_syntax::hir::{
    Capture, Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Literal, Repetition,
};

/// The first character outside of ASCII.
const FIRST: u32 = 0x80;

/// Behind the last character that there is.
const END: u32 = 0x11_0000;

/// Word characters that stand for classes: a row of ideographs.
const WORDS: u32 = 0x4E00;

/// Characters that stand for classes and are none of a word: a row for private use.
const OTHERS: u32 = 0xE000;

/// Most classes of either kind: both rows are longer.
const MAX_CLASSES: u32 = 6000;

/// A set of characters outside of ASCII: ranges, first and last, ascending.
type Set = Vec<(u32, u32)>;

/// Collects what the regexes of a table name.
#[derive(Debug)]
pub struct Letters {
    sets: HashMap<Set, usize>,
}

/// The classes of a table's letters.
#[derive(Debug, Default)]
pub struct Alphabet {
    /// The first character of each stretch whose characters are in one class, and what stands for
    /// the class; ascending.
    stretches: Vec<(u32, char)>,
}

/// Rewrites regexes.
#[derive(Debug)]
pub struct Translator<'a> {
    alphabet: &'a Alphabet,
    /// What has been rewritten already: most regexes name the same sets.
    known: HashMap<Set, Set>,
}

/// There are more classes than characters to stand for them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooManyLetters;

impl Letters {
    /// No regex yet.
    pub fn new() -> Self {
        let mut letters = Self {
            sets: HashMap::new(),
        };
        // So that no class holds both word characters and others.
        if let Ok(word) = regex_syntax::parse(r"\w") {
            letters.add(&word);
        }
        letters
    }

    /// Notes the letters of a regex.
    pub fn add(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => {
                let letters = text(literal).chars().map(u32::from);
                for letter in letters.filter(|letter| *letter >= FIRST) {
                    self.note(vec![(letter, letter)]);
                }
            }
            HirKind::Class(Class::Unicode(class)) => self.note(outside_of_ascii(class)),
            // Only ASCII can be in it: a regex matches text.
            HirKind::Class(Class::Bytes(_)) => {}
            HirKind::Repetition(repetition) => self.add(&repetition.sub),
            HirKind::Capture(capture) => self.add(&capture.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => {
                parts.iter().for_each(|part| self.add(part));
            }
        }
    }

    fn note(&mut self, set: Set) {
        if !set.is_empty() {
            let number = self.sets.len();
            self.sets.entry(set).or_insert(number);
        }
    }

    /// Puts the letters into classes.
    pub fn classes(self) -> Result<Alphabet, TooManyLetters> {
        // Each set has a number drawn once. The numbers of the sets that a letter is in, taken
        // together, are the same for two letters only if they are in the same sets.
        let mut edges: Vec<(u32, u128)> = Vec::new();
        for (set, number) in &self.sets {
            for (first, last) in set {
                edges.push((*first, drawn(*number)));
                edges.push((last + 1, drawn(*number)));
            }
        }
        edges.sort_unstable();
        let mut alphabet = Alphabet::default();
        let mut classes: HashMap<u128, char> = HashMap::new();
        let (mut words, mut others) = (0, 0);
        let (mut at, mut sets) = (FIRST, 0u128);
        let mut edges = edges.into_iter().peekable();
        while at < END {
            while let Some((_, edge)) = edges.next_if(|(edge, _)| *edge == at) {
                sets ^= edge;
            }
            let stands = match classes.get(&sets) {
                Some(stands) => *stands,
                None => {
                    let word = char::from_u32(at).is_some_and(is_word);
                    let (row, next) = if word {
                        (WORDS, &mut words)
                    } else {
                        (OTHERS, &mut others)
                    };
                    let stands = char::from_u32(row + *next);
                    *next += 1;
                    let stands = stands
                        .filter(|_| *next <= MAX_CLASSES)
                        .ok_or(TooManyLetters)?;
                    classes.insert(sets, stands);
                    stands
                }
            };
            alphabet.stretches.push((at, stands));
            at = edges.peek().map_or(END, |(edge, _)| *edge);
        }
        Ok(alphabet)
    }
}

/// Numbers that look random and are the same in every run.
fn drawn(number: usize) -> u128 {
    let half = |seed: u64| {
        let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u128::from(z ^ (z >> 31))
    };
    let seed = number as u64 * 2 + 1;
    half(seed) << 64 | half(seed + 1)
}

fn is_word(letter: char) -> bool {
    regex_syntax::is_word_character(letter)
}

fn text(literal: &Literal) -> &str {
    // A regex that matches text has literals that are text.
    std::str::from_utf8(&literal.0).unwrap_or("")
}

fn outside_of_ascii(class: &ClassUnicode) -> Set {
    let ranges = class.iter().map(|range| {
        let first = u32::from(range.start()).max(FIRST);
        (first, u32::from(range.end()))
    });
    ranges.filter(|(first, last)| first <= last).collect()
}

impl Alphabet {
    /// What stands for a character.
    fn stands(&self, letter: char) -> char {
        if letter.is_ascii() {
            return letter;
        }
        let letter_number = u32::from(letter);
        let behind = self
            .stretches
            .partition_point(|(first, _)| *first <= letter_number);
        let stretch = behind.checked_sub(1).and_then(|at| self.stretches.get(at));
        stretch.map_or(letter, |(_, stands)| *stands)
    }

    /// An address in the letters of the regexes.
    pub fn translate<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if text.is_ascii() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(text.chars().map(|letter| self.stands(letter)).collect())
    }

    /// Begins to rewrite regexes.
    pub fn translator(&self) -> Translator<'_> {
        Translator {
            alphabet: self,
            known: HashMap::new(),
        }
    }

    /// A set in the characters that stand for its classes.
    fn of_set(&self, set: &Set) -> Set {
        let mut stands: Vec<u32> = Vec::new();
        for (first, last) in set {
            let from = self.stretches.partition_point(|(start, _)| start < first);
            let inside = self.stretches.iter().skip(from);
            let inside = inside.take_while(|(start, _)| start <= last);
            stands.extend(inside.map(|(_, stands)| u32::from(*stands)));
        }
        stands.sort_unstable();
        stands.dedup();
        let mut joined: Set = Vec::new();
        for letter in stands {
            match joined.last_mut() {
                Some((_, last)) if *last + 1 == letter => *last = letter,
                _ => joined.push((letter, letter)),
            }
        }
        joined
    }
}

impl Translator<'_> {
    /// A regex in the characters that stand for classes.
    pub fn regex(&mut self, hir: &Hir) -> Hir {
        match hir.kind() {
            HirKind::Empty => Hir::empty(),
            HirKind::Look(look) => Hir::look(*look),
            HirKind::Literal(literal) => {
                let text = self.alphabet.translate(text(literal)).into_owned();
                Hir::literal(text.into_bytes())
            }
            HirKind::Class(Class::Unicode(class)) => Hir::class(Class::Unicode(self.class(class))),
            HirKind::Class(class) => Hir::class(class.clone()),
            HirKind::Repetition(repetition) => Hir::repetition(Repetition {
                min: repetition.min,
                max: repetition.max,
                greedy: repetition.greedy,
                sub: Box::new(self.regex(&repetition.sub)),
            }),
            HirKind::Capture(capture) => Hir::capture(Capture {
                index: capture.index,
                name: capture.name.clone(),
                sub: Box::new(self.regex(&capture.sub)),
            }),
            HirKind::Concat(parts) => Hir::concat(self.regexes(parts)),
            HirKind::Alternation(parts) => Hir::alternation(self.regexes(parts)),
        }
    }

    fn regexes(&mut self, parts: &[Hir]) -> Vec<Hir> {
        parts.iter().map(|part| self.regex(part)).collect()
    }

    fn class(&mut self, class: &ClassUnicode) -> ClassUnicode {
        let set = outside_of_ascii(class);
        let alphabet = self.alphabet;
        let others = self
            .known
            .entry(set)
            .or_insert_with_key(|set| alphabet.of_set(set));
        let ascii = class.iter().take_while(|range| range.start().is_ascii());
        let ascii =
            ascii.map(|range| ClassUnicodeRange::new(range.start(), range.end().min('\x7f')));
        let others = others.iter().filter_map(|(first, last)| {
            Some(ClassUnicodeRange::new(
                char::from_u32(*first)?,
                char::from_u32(*last)?,
            ))
        });
        ClassUnicode::new(ascii.chain(others))
    }
}
