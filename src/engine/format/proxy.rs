//! ProxyAddress addresses as Exchange writes them: `TYPE:value`, many in one cell.
//!
//! # Traps
//!
//! - The separator is `;`, `|`, `,`, `+`, white space or a line end. A value may contain each of these as well
//!   (`john+news@…`, X.400), so a cell is split only before a `TYPE:`.
//! - A leading `=` (`=EX:/o=…`, from Samba) is ignored.
//! - csvde writes a value that is not ASCII as `X'736d7470…'`, the hexadecimal digits of its UTF-8.
//! - Graph and Power Automate write a JSON list.
//! - `X500:`, `X400:`, `SIP:` and other types are not mail addresses; they are counted by type.

use super::{
    field_text::{FieldText, is_unseen},
    pasted,
};

/// Longest type, in characters (event 231 of Exchange 5.5).
pub const MAX_TYPE: usize = 8;

/// One proxy address.
#[derive(Clone, Debug)]
pub enum ProxyAddress<'t> {
    /// `SMTP:` (upper case), `smtp:` or `mailto:`, and the address behind it.
    Smtp {
        /// True if the type is in upper case, which marks the primary address in some formats.
        upper: bool,
        /// The address.
        address: FieldText<'t>,
    },
    /// Another type, in lower case.
    Other(String),
    /// A value without a type.
    Bare(FieldText<'t>),
}

/// Reads one proxy address.
pub fn read<'t>(value: &FieldText<'t>) -> ProxyAddress<'t> {
    let value = value.trimmed();
    let skip = usize::from(value.text.starts_with('='));
    let body = value.part(skip..value.text.len());
    match body.text.split_once(':') {
        Some((kind, _)) if is_type(kind) => {
            let address = body.part(kind.len() + 1..body.text.len());
            match kind.to_ascii_lowercase().as_str() {
                "smtp" | "mailto" => ProxyAddress::Smtp {
                    upper: kind == "SMTP",
                    address: pasted::without_mailto(&address),
                },
                other => ProxyAddress::Other(other.to_owned()),
            }
        }
        _ => ProxyAddress::Bare(value),
    }
}

fn is_type(text: &str) -> bool {
    (1..=MAX_TYPE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Splits a cell where a type follows a separator. A cell without a type is split at separators that no
/// address contains.
pub fn split<'t>(cell: &FieldText<'t>) -> Vec<FieldText<'t>> {
    if let Some(values) = pasted::json(&cell.without_blanks()) {
        return values;
    }
    let text = &cell.text;
    let starts = starts(text);
    if !has_types(text, &starts) {
        return pasted::list(cell);
    }
    let mut parts = Vec::new();
    if let Some(first) = starts.first().filter(|first| **first > 0) {
        parts.push(cell.part(0..*first));
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    parts.extend(
        starts
            .iter()
            .zip(ends)
            .map(|(start, end)| cell.part(*start..end)),
    );
    let trim = |part: FieldText<'t>| {
        let length = part
            .text
            .trim_end_matches(|c: char| {
                matches!(c, ';' | '|' | ',' | '+') || c.is_ascii_whitespace()
            })
            .len();
        part.part(0..length)
    };
    let decode = |part: FieldText<'t>| match hexadecimal(&part.text) {
        Some((text, "")) => FieldText {
            text: text.into(),
            span: part.span,
        },
        _ => part,
    };
    parts
        .into_iter()
        .map(trim)
        .map(decode)
        .filter(|part| !part.text.is_empty())
        .collect()
}

/// Returns true if a cell holds values with a type, and not addresses alone.
pub fn is_typed(text: &str) -> bool {
    has_types(text, &starts(text))
}

fn has_types(text: &str, starts: &[usize]) -> bool {
    let mailto = |at: &usize| {
        let value = text.get(*at..).unwrap_or("").trim_start_matches(is_unseen);
        value
            .get(..7)
            .is_some_and(|head| head.eq_ignore_ascii_case("mailto:"))
    };
    starts.iter().any(|at| !mailto(at))
}

/// Returns where values begin: where a type follows a separator.
fn starts(text: &str) -> Vec<usize> {
    let mut starts = vec![];
    let mut free = true;
    for (at, c) in text.char_indices() {
        let separator = matches!(c, ';' | '|' | ',' | '+') || c.is_whitespace() || is_unseen(c);
        let rest = text.get(at..).unwrap_or("");
        if free && !separator && (type_follows(rest) || hexadecimal(rest).is_some()) {
            // Invisible characters before a value belong to the value, and are reported with it.
            let before = text.get(..at).unwrap_or("");
            starts.push(before.trim_end_matches(is_unseen).len());
        }
        free = separator;
    }
    starts
}

/// Reads `X'736d7470…'`: the text, and what follows it.
fn hexadecimal(text: &str) -> Option<(String, &str)> {
    let (digits, rest) = text.strip_prefix("X'")?.split_once('\'')?;
    Some((from_hex(digits)?, rest))
}

/// Returns the text whose UTF-8 is written in hexadecimal digits.
pub fn from_hex(digits: &str) -> Option<String> {
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    let bytes = digits.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(value(high)? * 16 + value(low)?).ok(),
        _ => None,
    });
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

fn type_follows(text: &str) -> bool {
    let text = text.strip_prefix('=').unwrap_or(text);
    let length = text
        .bytes()
        .take(MAX_TYPE + 1)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    (1..=MAX_TYPE).contains(&length) && text.as_bytes().get(length) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::diagnostic::Span;

    fn parts(text: &str) -> Vec<String> {
        let cell = FieldText::new(text, Span::at(0, text.as_bytes(), 0..text.len()));
        split(&cell)
            .iter()
            .map(|part| part.text.to_string())
            .collect()
    }

    #[test]
    fn every_separator_and_none_inside_a_value() {
        let wanted = ["SMTP:a@x.com", "smtp:john+news@x.com"];
        for between in [";", "; ", ", ", " ", "+", "|", "\n", ","] {
            assert_eq!(parts(&wanted.join(between)), wanted, "{between:?}");
        }
        assert_eq!(
            parts("X400:c=US;a= ;p=Company;s=Doe;;smtp:b@x.com"),
            ["X400:c=US;a= ;p=Company;s=Doe", "smtp:b@x.com"]
        );
        assert_eq!(parts("a@x.com, b+c@x.com"), ["a@x.com", "b+c@x.com"]);
        assert_eq!(
            parts("SMTP:a@x.com;X'736d74703a6ac3b640782e636f6d'"),
            ["SMTP:a@x.com", "smtp:jö@x.com"]
        );
        assert_eq!(
            parts("[\"SMTP:a@x.com\",\"smtp:b@x.com\"]"),
            ["SMTP:a@x.com", "smtp:b@x.com"]
        );
    }

    #[test]
    fn types() {
        let read = |text: &'static str| super::read(&FieldText::new(text, Span::whole_file(0)));
        assert!(
            matches!(read("SMTP:a@x"), ProxyAddress::Smtp { upper: true, address } if address.text == "a@x")
        );
        assert!(matches!(read("=EX:/o=a"), ProxyAddress::Other(kind) if kind == "ex"));
        assert!(
            matches!(read("smtp:mailto:a@x"), ProxyAddress::Smtp { upper: false, address } if address.text == "a@x")
        );
        assert!(matches!(read("a@x"), ProxyAddress::Bare(_)));
    }
}
