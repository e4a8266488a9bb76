//! One event as one line of text.
//!
//! In: an event. Out: its message, then its fields as `key=value` in the order they were written.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`LONGEST`] | 16 KiB | the text is cut and ends in `…` |
//!
//! # Invariants
//!
//! - An event is one line, whatever a sender writes into an address: characters that end a line, move
//!   the cursor or change the direction of writing are escaped.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::engine::visible::is_misleading;

/// Most bytes of one event's text.
pub(super) const LONGEST: usize = 16 * 1024;

/// The content of an event.
#[derive(Debug)]
pub(super) struct Fields {
    pub level: Level,
    pub message: String,
    /// Names and values, neither quoted nor escaped.
    pub values: Vec<(&'static str, String)>,
}

impl Fields {
    pub fn of(event: &Event<'_>) -> Self {
        let mut fields = Self::new(*event.metadata().level(), String::new());
        event.record(&mut fields);
        fields
    }

    pub fn new(level: Level, message: String) -> Self {
        Self {
            level,
            message,
            values: Vec::new(),
        }
    }

    /// Returns level, message and values as one line, without a line end.
    pub fn text(&self) -> String {
        format!("{} {}", word(self.level), self.body())
    }

    /// Returns message and values as one line, without a line end.
    pub fn body(&self) -> String {
        let mut body = String::new();
        escape(&self.message, &mut body);
        for (name, value) in &self.values {
            if !body.is_empty() {
                body.push(' ');
            }
            body.push_str(name);
            body.push('=');
            quote(value, &mut body);
        }
        cut(&mut body);
        body
    }

    /// Returns the level as a number of syslog (RFC 5424 section 6.2.1).
    pub fn priority(&self) -> u8 {
        match self.level {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        }
    }

    fn set(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            name => self.values.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }
}

/// Returns a line for people, with the time in UTC.
pub(super) fn timed(fields: &Fields) -> Vec<u8> {
    let mut line = String::new();
    if SystemTime.format_time(&mut Writer::new(&mut line)).is_ok() {
        line.push(' ');
    }
    line.push_str(&fields.text());
    line.push('\n');
    line.into_bytes()
}

/// Returns a line for the journal; `<N>` at its beginning is the priority (sd-daemon(3)).
pub(super) fn prefixed(fields: &Fields) -> Vec<u8> {
    format!("<{}>{}\n", fields.priority(), fields.body()).into_bytes()
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// Writes a value. A value with a blank or a quote is put into quotes, so that it cannot look like the next
/// field (`<"x> to=<y@z.example> "@b.example>`); `<a@b.example>,<c@d.example>` stays as it is.
fn quote(value: &str, out: &mut String) {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\\');
    if !value.is_empty() && value.chars().all(plain) {
        return escape(value, out);
    }
    out.push('"');
    for piece in value.split_inclusive(['"', '\\']) {
        let (text, last) = match piece.strip_suffix(['"', '\\']) {
            Some(text) => (text, piece.get(text.len()..).unwrap_or_default()),
            None => (piece, ""),
        };
        escape(text, out);
        if !last.is_empty() {
            out.push('\\');
            out.push_str(last);
        }
    }
    out.push('"');
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        if is_misleading(character) {
            // Writing to a String cannot fail.
            let _ = write!(out, "{}", character.escape_default());
        } else {
            out.push(character);
        }
    }
}

fn cut(text: &mut String) {
    if text.len() > LONGEST {
        let end = (0..=LONGEST)
            .rev()
            .find(|&end| text.is_char_boundary(end))
            .unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(message: &str, values: &[(&'static str, &str)]) -> String {
        let mut fields = Fields::new(Level::INFO, message.to_owned());
        fields.values = values.iter().map(|&(k, v)| (k, v.to_owned())).collect();
        fields.body()
    }

    #[test]
    fn nothing_forges_a_second_line() {
        let forged = "a\nerror table refused\r\u{1b}[2J\u{2028}\u{85}\u{0}";
        for text in [body(forged, &[]), body("x:", &[("to", forged)])] {
            assert!(!text.chars().any(is_misleading), "{text:?}");
            assert!(
                text.contains("a\\nerror table refused\\r\\u{1b}[2J"),
                "{text}"
            );
        }
    }

    #[test]
    fn values_are_quoted_where_they_must_be() {
        let text = body(
            "4bXz:",
            &[
                ("orig_to", "<\"a b\"@x.example>"),
                ("rule", "a.rules:3"),
                ("reply", "550 5.1.1 no \"such\" \\ user"),
                ("empty", ""),
            ],
        );
        let expected = r#"4bXz: orig_to="<\"a b\"@x.example>" rule=a.rules:3 reply="550 5.1.1 no \"such\" \\ user" empty="""#;
        assert_eq!(text, expected);
    }

    /// Splits a line as a program does: at blanks outside of quotes.
    fn fields(line: &str) -> Vec<String> {
        let (mut fields, mut quoted, mut escaped) = (vec![String::new()], false, false);
        for c in line.chars() {
            match (c, quoted) {
                (' ', false) => fields.push(String::new()),
                _ => fields.last_mut().unwrap().push(c),
            }
            if c == '"' && !escaped {
                quoted = !quoted;
            }
            escaped = c == '\\' && !escaped;
        }
        fields
    }

    #[test]
    fn no_address_forges_a_field() {
        for address in [
            r#"<"x> to=<ceo@acme.example> action=keep "@d.example>"#,
            r#"<"x\" to=<ceo@acme.example> \""@d.example>"#,
            r#"<"x>,<ceo@acme.example"@d.example>"#,
            r#"<x\ to=<ceo@acme.example>@d.example>"#,
            "<x\u{a0}to=<ceo@acme.example>@d.example>",
            "x> to=<ceo@acme.example> <",
        ] {
            let line = body("4bXz:", &[("orig_to", address), ("action", "reject")]);
            let fields = fields(&line);
            assert_eq!(fields.len(), 3, "{line}");
            assert!(fields[1].starts_with("orig_to=") && fields[2] == "action=reject");
            assert!(
                !line.contains(" to=<ceo") || line.contains("orig_to=\""),
                "{line}"
            );
        }
        let plain = "<a@b.example>,<c@d.example>";
        assert_eq!(body("4b:", &[("to", plain)]), format!("4b: to={plain}"));
    }

    #[test]
    fn marks_that_nobody_sees_are_escaped() {
        let text = body(
            "x:",
            &[("to", "<a\u{202e}b\u{200f}c\u{200b}\u{61c}@d.example>")],
        );
        assert_eq!(
            text,
            r"x: to=<a\u{202e}b\u{200f}c\u{200b}\u{61c}@d.example>"
        );
    }

    #[test]
    fn a_caret_stays_under_its_column() {
        assert_eq!(body("\t   ^^^", &[]), "\t   ^^^");
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let text = body(&"é".repeat(LONGEST), &[]);
        assert!(text.len() <= LONGEST + '…'.len_utf8());
        assert!(text.ends_with("é…"));
    }

    #[test]
    fn a_line_begins_with_a_time_or_a_priority() {
        let fields = Fields::new(Level::WARN, "watch: mode=rescan-only".into());
        let line = String::from_utf8(timed(&fields)).unwrap();
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(
            time.starts_with("20") && time.ends_with('Z') && time.contains('T'),
            "{time}"
        );
        assert_eq!(rest, "warn watch: mode=rescan-only\n");
        assert_eq!(prefixed(&fields), b"<4>watch: mode=rescan-only\n");
    }

    use proptest::{collection::vec, prelude::*, sample::select};

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(1),
            ..ProptestConfig::default()
        })]

        /// Whatever senders write, a program that splits the line at blanks outside of quotes finds each field, under
        /// its name, and no other one.
        #[test]
        fn each_field_is_found_again(
            values in vec(vec(select("a=<>\"\\ ,\t\n\r\0\u{85}\u{a0}\u{2028}\u{202e}\u{fc}".chars().collect::<Vec<_>>()), 0..9), 1..4),
        ) {
            let values: Vec<String> = values.into_iter().map(|chars| chars.into_iter().collect()).collect();
            let names = ["orig_to", "to", "reply"];
            let pairs: Vec<_> = names.into_iter().zip(values.iter().map(String::as_str)).collect();
            let line = body("4bXz:", &pairs);
            prop_assert!(!line.chars().any(is_misleading), "{:?}", line);
            let found = fields(&line);
            prop_assert_eq!(found.len(), pairs.len() + 1, "{:?}", line);
            prop_assert_eq!(&found[0], "4bXz:");
            for (field, (name, value)) in found[1..].iter().zip(&pairs) {
                let (found, shown) = field.split_once('=').unwrap();
                prop_assert_eq!(found, *name);
                // What has nothing odd in it is shown as it is.
                let plain = |c: char| c.is_ascii_graphic() && !"\"\\=".contains(c);
                if !value.is_empty() && value.chars().all(plain) {
                    prop_assert_eq!(shown, *value);
                }
            }
        }
    }
}
