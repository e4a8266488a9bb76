//! The kinds of values: TOML to a value and back, or what is wrong with it.
//!
//! Here are the kinds that need a parameter; `values` has the others. A value with several mistakes, such
//! as a list of sockets, yields one [`Wrong`] for each.

use std::{fmt::Write as _, ops::Range};

use toml::{Spanned, de::DeValue};

use super::choices::word;
use crate::engine::diagnostic::nearest;

/// A value with its place.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// What is wrong with a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Wrong {
    /// Where the mistake is, in bytes of the file.
    pub at: Range<usize>,
    pub message: String,
    /// What to write, in words.
    pub help: String,
    /// What to write in place of the value, if that is certain.
    pub replacement: Option<String>,
}

pub(super) fn wrong(
    value: &Value<'_>,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Vec<Wrong> {
    vec![Wrong {
        at: value.span(),
        message: message.into(),
        help: help.into(),
        replacement: None,
    }]
}

/// A wrong value with what must be written in its place, as TOML.
pub(super) fn replace(value: &Value<'_>, message: impl Into<String>, by: String) -> Vec<Wrong> {
    vec![Wrong {
        at: value.span(),
        message: message.into(),
        help: format!("write `{by}`"),
        replacement: Some(by),
    }]
}

/// What may be written for a key.
pub(super) trait Kind<T>: Sync {
    /// Returns type, unit and range in words, as a part of a sentence.
    fn words(&self) -> String;
    /// Reads a value, or says what is wrong with it.
    fn read(&self, value: &Value<'_>) -> Result<T, Vec<Wrong>>;
    /// Returns the value as TOML.
    fn show(&self, value: &T) -> String;
}

/// A kind that needs nothing but its functions.
pub(super) struct Plain<T> {
    pub words: &'static str,
    pub read: fn(&Value<'_>) -> Result<T, Vec<Wrong>>,
    pub show: fn(&T) -> String,
}

impl<T> Kind<T> for Plain<T> {
    fn words(&self) -> String {
        self.words.to_owned()
    }

    fn read(&self, value: &Value<'_>) -> Result<T, Vec<Wrong>> {
        (self.read)(value)
    }

    fn show(&self, value: &T) -> String {
        (self.show)(value)
    }
}

/// One of a few words.
pub(super) struct Choice<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Copy + PartialEq + Sync> Kind<T> for Choice<T> {
    fn words(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|(word, _)| quoted(word)).collect();
        match words.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }

    fn read(&self, value: &Value<'_>) -> Result<T, Vec<Wrong>> {
        let word = text(value)?;
        let known = self.0.iter().find(|(known, _)| *known == word);
        known.map(|(_, choice)| *choice).ok_or_else(|| {
            let words = self.words();
            let message = format!("\"{word}\" is not a value of this key, which takes {words}");
            match nearest(word, self.0.iter().map(|(known, _)| *known)) {
                Some(meant) => replace(value, message, quoted(meant)),
                None => wrong(value, message, format!("write {words}")),
            }
        })
    }

    fn show(&self, value: &T) -> String {
        quoted(word(self.0, *value))
    }
}

/// A whole number from `least` to `most`.
pub(super) struct Number {
    pub unit: &'static str,
    pub least: usize,
    pub most: usize,
}

impl Kind<usize> for Number {
    fn words(&self) -> String {
        format!(
            "a number of {}, from {} to {}",
            self.unit, self.least, self.most
        )
    }

    fn read(&self, value: &Value<'_>) -> Result<usize, Vec<Wrong>> {
        let number = value.get_ref().as_integer();
        let digits = number
            .filter(|number| number.radix() == 10)
            .map(|number| number.as_str().replace('_', ""));
        let fits = |digits: &str| {
            digits
                .parse()
                .ok()
                .filter(|n| (self.least..=self.most).contains(n))
        };
        digits.and_then(|digits| fits(&digits)).ok_or_else(|| {
            let message = format!("this is not a number from {} to {}", self.least, self.most);
            match value.get_ref().as_str().and_then(fits) {
                Some(number) => replace(value, message, number.to_string()),
                None => wrong(value, message, "write a whole number without quotes"),
            }
        })
    }

    fn show(&self, value: &usize) -> String {
        value.to_string()
    }
}

/// Returns a text that is not empty.
pub(super) fn text<'v>(value: &'v Value<'_>) -> Result<&'v str, Vec<Wrong>> {
    let text = value.get_ref().as_str().ok_or_else(|| {
        let message = format!("this key takes a text, not {}", name(value));
        wrong(
            value,
            message,
            "write `key = \"value\"`, with quotes around the value",
        )
    })?;
    if text.is_empty() {
        let help = "write a value, or delete the key for its default";
        return Err(wrong(value, "the value is empty", help));
    }
    Ok(text)
}

/// Returns what a value is, in words that need no knowledge of TOML.
pub(super) fn name(value: &Value<'_>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

/// Returns a text as a basic string of TOML.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
