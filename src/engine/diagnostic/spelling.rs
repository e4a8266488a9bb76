//! "Did you mean": the word that is meant by a misspelt one.
//!
//! # Limits
//!
//! A word is offered only if few characters differ. Two neighbours that changed places count as one
//! difference. The longer one of the two words counts:
//!
//! | length in characters | differences |
//! |---|---|
//! | 1, 2 | 0 |
//! | 3 to 7 | 1 |
//! | 8 or more | 2 |

/// Returns the candidate whose spelling is nearest, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .filter_map(|candidate| Some((differences(word, candidate)?, candidate)))
        .min_by_key(|(differences, _)| *differences)
        .map(|(_, candidate)| candidate)
}

/// Returns how many characters differ, if they are few enough for one word to be meant by the other one.
pub(super) fn differences(word: &str, other: &str) -> Option<usize> {
    let (length, its) = (word.chars().count(), other.chars().count());
    let allowed = match length.max(its) {
        0..=2 => 0,
        3..=7 => 1,
        _ => 2,
    };
    // Most candidates have another length, which is faster to see.
    if length.abs_diff(its) > allowed {
        return None;
    }
    let differences = strsim::damerau_levenshtein(word, other);
    (differences <= allowed).then_some(differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_word() {
        assert_eq!(nearest("rejct", ["reject", "defer"]), Some("reject"));
        assert_eq!(
            nearest("compnay.com", ["company.com", "domain2.com"]),
            Some("company.com")
        );
        assert_eq!(nearest("other.example", ["company.com"]), None);
    }

    #[test]
    fn a_short_word_may_differ_less_than_a_long_one() {
        for (word, other, expected) in [
            ("ab", "ac", None),
            ("ab", "ab", Some(0)),
            ("kep", "keep", Some(1)),
            ("peek", "keep", None),
            ("dorp", "drop", Some(1)),
            ("defre", "defer", Some(1)),
            ("rjct", "reject", None),
            ("mialbox", "mailbox", Some(1)),
            ("mialbxo", "mailbox", None),
            ("secondray", "secondary", Some(1)),
            ("secundray", "secondary", Some(2)),
            ("sekundray", "secondary", None),
        ] {
            assert_eq!(differences(word, other), expected, "{word} {other}");
            assert_eq!(differences(other, word), expected, "{other} {word}");
        }
    }
}
