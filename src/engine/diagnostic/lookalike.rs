//! Texts that look alike although letters of different scripts stand in them (Unicode Technical
//! Standard 39).

use unicode_security::confusable_detection::skeleton;

/// Returns the word of a list that a text looks like, and the first character of the text that is not
/// ASCII. Returns `None` if the text is ASCII.
pub fn looks_like<'w>(
    text: &str,
    words: impl IntoIterator<Item = &'w str>,
) -> Option<(&'w str, char)> {
    let odd = text.chars().find(|c| !c.is_ascii())?;
    let shape_of = shape(text);
    let mut words = words.into_iter();
    let meant = words.find(|word| shape(word) == shape_of)?;
    Some((meant, odd))
}

/// Returns what texts that look alike have in common. `rn` is one with `m`, `0` with `o`, `1` with `l`.
pub(super) fn shape(text: &str) -> String {
    // The standard takes `0` for the capital letter.
    skeleton(text).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::looks_like;

    #[test]
    fn a_letter_of_another_script_is_named() {
        let words = ["keep", "oldacme.org"];
        assert_eq!(looks_like("k\u{435}ep", words), Some(("keep", '\u{435}')));
        assert_eq!(
            looks_like("\u{43e}ldacme.org", words),
            Some(("oldacme.org", '\u{43e}'))
        );
        assert_eq!(looks_like("keep", words), None);
        assert_eq!(looks_like("b\u{fc}cher.example", words), None);
    }
}
