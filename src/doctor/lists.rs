//! Lists as `main.cf` has them (words with commas or space between them, some in braces), and lists in
//! sentences.

/// The most names in a sentence.
const SHOWN: usize = 3;

/// Returns the words of a list. Text in braces is one word, and is returned without the braces.
///
/// `{ inet:127.0.0.1:1, default_action=accept }, unix:a` gives two words.
pub fn words(list: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches(between);
        if rest.is_empty() {
            return words;
        }
        let end = match rest.starts_with('{') {
            true => closing(rest).map_or(rest.len(), |at| at + 1),
            false => end(rest),
        };
        let (word, behind) = rest.split_at(end);
        words.push(bare(word));
        rest = behind;
    }
}

fn between(c: char) -> bool {
    c.is_whitespace() || c == ','
}

/// Returns where a word ends. Braces within a word, as in `socketmap:{inet:…}`, belong to the word.
fn end(text: &str) -> usize {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            c if depth == 0 && between(c) => return at,
            _ => {}
        }
    }
    text.len()
}

/// Returns the place of the brace that closes the first one.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn bare(word: &str) -> &str {
    let inner = word
        .strip_prefix('{')
        .and_then(|word| word.strip_suffix('}'));
    inner.map_or(word, str::trim)
}

/// Joins words to a list. A word with a space or comma outside of braces is put in braces.
pub fn joined<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    let words = words.into_iter().map(|word| {
        let word = word.as_ref();
        match end(word) == word.len() {
            true => word.to_owned(),
            false => format!("{{ {word} }}"),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Splits `name=value`, with or without space around the sign.
pub fn assignment(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    Some((name.trim(), value.trim()))
}

/// Returns `a`, `b`, `c` and 4 more; none for no names.
pub fn some<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let names: Vec<_> = names.collect();
    let shown: Vec<_> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    if shown.is_empty() {
        return None;
    }
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(shown.join(", ") + &more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_hold_a_word_together() {
        let list = "{ inet:127.0.0.1:1, default_action=accept }, unix:a\n\thash:/b,,{{ x = y }}";
        assert_eq!(
            words(list),
            [
                "inet:127.0.0.1:1, default_action=accept",
                "unix:a",
                "hash:/b",
                "{ x = y }"
            ]
        );
        assert_eq!(
            words("socketmap:{unix:/a b:c} d"),
            ["socketmap:{unix:/a b:c}", "d"]
        );
        assert_eq!(
            joined(words(
                "{ inet:127.0.0.1:1, x=y } unix:a,inline:{ @a=b, @c=d }"
            )),
            "{ inet:127.0.0.1:1, x=y }, unix:a, inline:{ @a=b, @c=d }"
        );
        assert_eq!(words(" , "), [""; 0]);
        assert_eq!(words("{ never closed, x"), ["{ never closed, x"]);
        assert_eq!(assignment("a = b=c"), Some(("a", "b=c")));
    }
}
