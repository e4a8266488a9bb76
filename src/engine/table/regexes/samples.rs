//! Texts that a regex matches, made from its parts.
//!
//! # Limits
//!
//! Not every text: at most [`MAX`] for each of [`FIRST`], each with one character of a class and few
//! repetitions. The caller asks the regex whether it matches: a border of a word (`\b`) or the text that is
//! wanted for a group may not fit.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// Most texts for one choice of letters.
const MAX: usize = 8;

/// Letters that are chosen first: another rule may take the texts with one of them away.
const FIRST: [char; 4] = ['a', 'x', 'm', '0'];

/// Returns texts that a regex probably matches. In place of the group with number `n` stands
/// `groups[n]`, if there is one.
pub fn of(hir: &Hir, groups: &[Option<String>]) -> Vec<String> {
    let mut all = Vec::new();
    for first in FIRST {
        for text in texts(first, hir, groups) {
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    all
}

fn texts(first: char, hir: &Hir, groups: &[Option<String>]) -> Vec<String> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![String::new()],
        HirKind::Literal(literal) => vec![String::from_utf8_lossy(&literal.0).into_owned()],
        HirKind::Class(class) => letter(first, class).map(String::from).into_iter().collect(),
        HirKind::Repetition(repetition) => repeated(first, repetition, groups),
        HirKind::Capture(capture) => {
            let wanted = groups.get(capture.index as usize).cloned().flatten();
            wanted.map_or_else(|| texts(first, &capture.sub, groups), |text| vec![text])
        }
        HirKind::Concat(parts) => {
            let mut texts = vec![String::new()];
            for part in parts {
                texts = joined(&texts, &self::texts(first, part, groups));
            }
            texts
        }
        HirKind::Alternation(parts) => {
            let all = parts
                .iter()
                .flat_map(|part| self::texts(first, part, groups));
            all.take(MAX).collect()
        }
    }
}

/// Returns every text of the one list before every text of the other one.
fn joined(before: &[String], after: &[String]) -> Vec<String> {
    let pairs = before
        .iter()
        .flat_map(|before| after.iter().map(move |after| format!("{before}{after}")));
    pairs.take(MAX).collect()
}

/// Returns texts with few repetitions. What may be missing stands there once, or is missing.
fn repeated(first: char, repetition: &Repetition, groups: &[Option<String>]) -> Vec<String> {
    let once = texts(first, &repetition.sub, groups);
    let least = repetition.min;
    let mut counts = vec![least];
    if least == 0 && repetition.max != Some(0) {
        counts.insert(0, 1);
    }
    let mut all = Vec::new();
    for count in counts {
        let mut texts = vec![String::new()];
        for _ in 0..count {
            texts = joined(&texts, &once);
            // A text that is longer than any address helps nobody.
            if texts.iter().any(|text| text.len() > 1000) {
                return all;
            }
        }
        all.extend(texts);
    }
    all.truncate(MAX);
    all
}

/// Returns a character of a class, one of an ordinary local-part if there is one.
fn letter(first: char, class: &Class) -> Option<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .map(|r| (r.start(), r.end()))
            .collect(),
        Class::Bytes(class) => class
            .ranges()
            .iter()
            .map(|r| (char::from(r.start()), char::from(r.end())))
            .collect(),
    };
    let has = |c: &char| ranges.iter().any(|(from, to)| (from..=to).contains(&c));
    let usual = (first..='z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['.', '-', '_']);
    let usual = usual.chain('!'..='~').filter(|c| *c != '@');
    usual
        .into_iter()
        .find(has)
        .or_else(|| ranges.first().map(|(from, _)| *from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(text: &str, groups: &[Option<String>]) -> Vec<String> {
        let hir = regex_syntax::parse(text);
        hir.map_or_else(|_| Vec::new(), |hir| of(&hir, groups))
    }

    #[test]
    fn every_sample_is_matched() {
        for (text, groups) in [
            (r"(\w+)\.(\w+)@domain2\.com", vec![]),
            (r"(sales|info)-?[0-9]{2,}@domain2\.com", vec![]),
            (r".*@domain2\.com", vec![]),
            (
                r"(\w+)\.(\w+)@domain2\.com",
                vec![None, Some("doe"), Some("jane")],
            ),
            (r"(a|b(c|d))x?@d\.example", vec![]),
        ] {
            let wanted: Vec<_> = groups
                .iter()
                .map(|g: &Option<&str>| g.map(String::from))
                .collect();
            let all = samples(text, &wanted);
            let regex = regex::Regex::new(&format!("(?i)^(?:{text})$")).unwrap();
            assert!(
                !all.is_empty() && all.iter().all(|one| regex.is_match(one)),
                "{text}: {all:?}"
            );
        }
        let doe = [None, Some("doe".to_owned()), Some("jane".to_owned())];
        assert_eq!(
            samples(r"(\w+)\.(\w+)@domain2\.com", &doe),
            ["doe.jane@domain2.com"]
        );
    }

    #[test]
    fn samples_are_few_and_short() {
        assert!(samples("(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)@d", &[]).len() <= MAX * FIRST.len());
        assert!(
            samples("((a{100}){100}){3}@d", &[])
                .iter()
                .all(|text| text.len() <= 2000)
        );
        assert!(samples("(", &[]).is_empty());
    }
}
