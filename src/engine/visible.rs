//! Characters that make a text look like another one, because they are invisible or change the direction of
//! writing.
//! Logs, findings and answers show them in an escaped form.
//!
//! # Limits
//!
//! Letters that look like other letters (Latin and Cyrillic `a`) are not escaped.

/// Returns true for control characters except the tab, for separators of lines and paragraphs, for marks of
/// direction, and for characters without width or form.
pub fn is_misleading(character: char) -> bool {
    if character.is_ascii() {
        return character.is_control() && character != '\t';
    }
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Returns the text with such characters written as Rust and many other languages write them: `\u{202e}`.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_misleading(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// Returns a text of JSON with such characters written as JSON has them: `\u202e`. They stand only in
/// strings, where the escape means the same.
pub fn escaped_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if is_misleading(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_seen() {
        for hidden in "\u{0}\u{1b}\u{7f}\u{85}\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\u{202e}\u{2066}\u{feff}\u{e0041}".chars() {
            assert!(is_misleading(hidden), "{hidden:?}");
        }
        for seen in "\taZ é ü 日 \u{a0} 😀".chars() {
            assert!(!is_misleading(seen), "{seen:?}");
        }
        assert_eq!(escaped("a\u{202e}b\r"), r"a\u{202e}b\r");
    }

    #[test]
    fn json_says_the_same() {
        let value = serde_json::json!({ "k": "a\u{202e}b\u{200b}\u{e0041}\u{7f}" });
        let text = escaped_json(&value.to_string());
        assert_eq!(text, r#"{"k":"a\u202eb\u200b\udb40\udc41\u007f"}"#);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }
}
