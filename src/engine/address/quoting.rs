//! Finds what is outside of quotes in an external form (RFC 5321 section 4.1.2, Quoted-string).

/// Returns the characters outside of quotes, each with its place in bytes. Inside of quotes a backslash escapes the
/// next character. The quotes themselves are left out.
pub fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quoted, mut escaped) = (false, false);
    text.char_indices().filter(move |(_, c)| {
        if escaped {
            escaped = false;
            return false;
        }
        match c {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return !quoted,
        }
        false
    })
}

/// Returns the place of the last `@` outside of quotes, in bytes.
pub fn last_at(text: &str) -> Option<usize> {
    outside_quotes(text)
        .filter(|(_, c)| *c == '@')
        .last()
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hide_what_is_between_them() {
        let outside = |text| outside_quotes(text).map(|(_, c)| c).collect::<String>();
        assert_eq!(outside("a\"b\\\"c\"d"), "ad");
        assert_eq!(outside("a\\\"b"), "a\\");
        assert_eq!(last_at("\"a@b\"@c@d"), Some(7));
        assert_eq!(last_at("\"a@b\""), None);
    }
}
