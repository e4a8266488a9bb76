//! Replaces the letters outside of ASCII by a few that the regexes of one table can tell apart.
//!
//! `\w` matches some 140,000 characters. A program that knows all of them takes 50 times the memory, and 50
//! times as long to build, as one that knows only ASCII, and a table can have thousands of regexes. So the
//! characters outside of ASCII are first put into classes: two characters are in one class if each part of each
//! regex matches either both or neither of them. One character represents each class, in the regexes as well as
//! in the addresses. What a regex matches does not change by this.
//!
//! If no regex names a letter outside of ASCII, there are two classes: word characters and other characters.
//!
//! # Invariants
//!
//! - An ASCII character stays as it is.
//! - A word character represents word characters, and another character represents other ones, so that `\b`
//!   does not change its meaning.
//! - The number of characters of an address does not change.

use std::borrow::Cow;

use hashbrown::HashMap;
use regex_syntax::hir::{
    Capture, Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Literal, Repetition,
};

/// The first character outside of ASCII.
const FIRST: u32 = 0x80;

/// The number after that of the last character of Unicode.
const END: u32 = 0x11_0000;

/// The first of the characters that represent classes of word characters: ideographs.
const WORDS: u32 = 0x4E00;

/// The first of the characters that represent classes of other characters: an area for private use.
const OTHERS: u32 = 0xE000;

/// The largest number of classes of either kind. There are more ideographs, and more characters for private use.
const MAX_CLASSES: u32 = 6000;

/// A set of characters outside of ASCII: ranges in ascending order, each as its first and its last character.
type Set = Vec<(u32, u32)>;

/// Collects the sets of letters that the regexes of a table name.
#[derive(Debug)]
pub struct Letters {
    sets: HashMap<Set, usize>,
}

/// The classes of letters for one table.
#[derive(Debug, Default)]
pub struct Alphabet {
    /// All characters outside of ASCII as stretches, in ascending order. The characters of a stretch are in
    /// one class. Each stretch is given by its first character and by the character that represents the class.
    stretches: Vec<(u32, char)>,
}

/// Replaces the letters in regexes by those that represent their classes.
#[derive(Debug)]
pub struct Translator<'a> {
    alphabet: &'a Alphabet,
    /// The sets that were translated already: most regexes name the same sets.
    known: HashMap<Set, Set>,
}

/// The error that there are more classes than [`MAX_CLASSES`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooManyLetters;

impl Letters {
    /// Returns the letters of no regex.
    pub fn new() -> Self {
        let mut letters = Self {
            sets: HashMap::new(),
        };
        // This keeps word characters and other characters in separate classes.
        if let Ok(word) = regex_syntax::parse(r"\w") {
            letters.add(&word);
        }
        letters
    }

    /// Adds the letters of a regex.
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
            // A class of bytes holds only ASCII: the parser reads each regex as one for text.
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
    ///
    /// # Errors
    ///
    /// There are more than [`MAX_CLASSES`] classes.
    pub fn classes(self) -> Result<Alphabet, TooManyLetters> {
        // Each set has a large pseudo-random number. The XOR of the numbers of all sets that a letter is in
        // identifies its class: it is the same for two letters only if they are in the same sets.
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
            let representative = match classes.get(&sets) {
                Some(representative) => *representative,
                None => {
                    let word = char::from_u32(at).is_some_and(is_word);
                    let (row, next) = if word {
                        (WORDS, &mut words)
                    } else {
                        (OTHERS, &mut others)
                    };
                    let representative = char::from_u32(row + *next);
                    *next += 1;
                    let representative = representative
                        .filter(|_| *next <= MAX_CLASSES)
                        .ok_or(TooManyLetters)?;
                    classes.insert(sets, representative);
                    representative
                }
            };
            alphabet.stretches.push((at, representative));
            at = edges.peek().map_or(END, |(edge, _)| *edge);
        }
        Ok(alphabet)
    }
}

/// Returns a number that looks random and is the same in every run.
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
    // The literals of a regex for text are valid UTF-8.
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
    /// Returns the character that represents the class of a character.
    fn representative(&self, letter: char) -> char {
        if letter.is_ascii() {
            return letter;
        }
        let letter_number = u32::from(letter);
        let next = self
            .stretches
            .partition_point(|(first, _)| *first <= letter_number);
        let stretch = next.checked_sub(1).and_then(|at| self.stretches.get(at));
        stretch.map_or(letter, |(_, representative)| *representative)
    }

    /// Returns an address with each character replaced by the one that represents its class.
    pub fn translate<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if text.is_ascii() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(
            text.chars()
                .map(|letter| self.representative(letter))
                .collect(),
        )
    }

    /// Returns a translator of regexes that remembers what it translated.
    pub fn translator(&self) -> Translator<'_> {
        Translator {
            alphabet: self,
            known: HashMap::new(),
        }
    }

    /// Returns the characters that represent the classes of a set.
    fn of_set(&self, set: &Set) -> Set {
        let mut letters: Vec<u32> = Vec::new();
        for (first, last) in set {
            let from = self.stretches.partition_point(|(start, _)| start < first);
            let inside = self.stretches.iter().skip(from);
            let inside = inside.take_while(|(start, _)| start <= last);
            letters.extend(inside.map(|(_, representative)| u32::from(*representative)));
        }
        letters.sort_unstable();
        letters.dedup();
        let mut joined: Set = Vec::new();
        for letter in letters {
            match joined.last_mut() {
                Some((_, last)) if *last + 1 == letter => *last = letter,
                _ => joined.push((letter, letter)),
            }
        }
        joined
    }
}

impl Translator<'_> {
    /// Returns a regex with each character replaced by the one that represents its class.
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
