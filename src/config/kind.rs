//! The kinds of values: TOML to a value and back, or what is wrong with it.
//!
//! | limit | value |
//! |---|---|
//! | a number | each kind names its own range |
//! | a duration | 1 ms to 24 h |
//!
//! A value with several mistakes, such as a list of sockets, yields one finding for each.

use std::{fmt::Write as _, ops::Range, path::PathBuf, str::FromStr, time::Duration};

use toml::{Spanned, de::DeValue};

use super::{choices::word, socket::Socket};
use crate::engine::{
    diagnostic::nearest,
    reply::{ReplyClass, ReplyError, SmtpReply},
};

/// A value with its place.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// What is wrong with a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Wrong {
    /// Where the mistake is, in bytes of the file.
    pub at: Range<usize>,
    pub message: String,
    pub help: String,
}

fn wrong(value: &Value<'_>, message: impl Into<String>, help: impl Into<String>) -> Vec<Wrong> {
    vec![Wrong {
        at: value.span(),
        message: message.into(),
        help: help.into(),
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
    words: &'static str,
    read: fn(&Value<'_>) -> Result<T, Vec<Wrong>>,
    show: fn(&T) -> String,
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
            let meant = nearest(word, self.0.iter().map(|(known, _)| *known));
            let meant =
                meant.map_or_else(String::new, |meant| format!("did you mean \"{meant}\"? "));
            wrong(
                value,
                format!("\"{word}\" is not a value of this key"),
                format!("{meant}write {}", self.words()),
            )
        })
    }

    fn show(&self, value: &T) -> String {
        quoted(word(self.0, *value))
    }
}

/// A whole number from 1 to `most`.
pub(super) struct Number {
    pub unit: &'static str,
    pub most: usize,
}

impl Kind<usize> for Number {
    fn words(&self) -> String {
        format!("a number of {}, from 1 to {}", self.unit, self.most)
    }

    fn read(&self, value: &Value<'_>) -> Result<usize, Vec<Wrong>> {
        let number = value.get_ref().as_integer();
        let digits = number
            .filter(|number| number.radix() == 10)
            .map(|number| number.as_str().replace('_', ""));
        digits
            .and_then(|digits| digits.parse().ok())
            .filter(|number| (1..=self.most).contains(number))
            .ok_or_else(|| {
                let message = format!("this is not a number from 1 to {}", self.most);
                wrong(value, message, "write a whole number without quotes")
            })
    }

    fn show(&self, value: &usize) -> String {
        value.to_string()
    }
}

/// `true` or `false`.
pub(super) const SWITCH: Plain<bool> = Plain {
    words: "true or false",
    read: |value| {
        value.get_ref().as_bool().ok_or_else(|| {
            let message = format!("this key takes true or false, not {}", name(value));
            wrong(value, message, "write `true` or `false`, without quotes")
        })
    },
    show: bool::to_string,
};

/// A file or directory.
pub(super) const PATH: Plain<PathBuf> = Plain {
    words: "the path of a directory",
    read: |value| text(value).map(PathBuf::from),
    show: |path| quoted(&path.display().to_string()),
};

/// A duration.
pub(super) const DURATION: Plain<Duration> = Plain {
    words: "a duration from \"1ms\" to \"24h\", in ms, s, m or h",
    read: duration,
    show: show_duration,
};

/// A share in percent.
pub(super) const PERCENT: Plain<u8> = Plain {
    words: "a share from \"0%\" to \"100%\"",
    read: |value| {
        let text = value.get_ref().as_str();
        let number = text.and_then(|text| text.strip_suffix('%'));
        let share = number.and_then(|number| number.parse().ok());
        share.filter(|share| *share <= 100).ok_or_else(|| {
            let message = "this is not a share from \"0%\" to \"100%\"";
            wrong(
                value,
                message,
                "write a number with a percent sign: \"20%\"",
            )
        })
    },
    show: |share| quoted(&format!("{share}%")),
};

/// The sockets of a service that may be switched off: a list that may be empty.
pub(super) const SOME_SOCKETS: Plain<Vec<Socket>> = Plain {
    words: "a list of sockets, or one socket; an empty list switches the service off",
    read: some_sockets,
    show: |list| show_sockets(list),
};

/// The sockets of the milter: at least one.
pub(super) const SOCKETS: Plain<Vec<Socket>> = Plain {
    words: "a list of sockets, or one socket",
    read: |value| match some_sockets(value)? {
        list if list.is_empty() => Err(wrong(
            value,
            "the list is empty: the MTA could not connect",
            "write a socket, or delete the key for its default",
        )),
        list => Ok(list),
    },
    show: |list| show_sockets(list),
};

/// A list that stays empty in this version.
pub(super) const RESERVED: Plain<Vec<Socket>> = Plain {
    words: "an empty list",
    read: |value| match value.get_ref().as_array() {
        Some(array) if array.is_empty() => Ok(Vec::new()),
        _ => Err(wrong(
            value,
            "this version does not serve HTTP yet",
            "write `listen = []`, or delete the key",
        )),
    },
    show: |list| show_sockets(list),
};

/// One Unix socket.
pub(super) const UNIX_SOCKET: Plain<Socket> = Plain {
    words: "a Unix socket, \"unix:PATH\"",
    read: |value| match socket(value)? {
        socket @ Socket::Unix(_) => Ok(socket),
        _ => Err(wrong(
            value,
            "the control socket must be a Unix socket",
            "write \"unix:/run/readdress/control.sock\"",
        )),
    },
    show: |socket| quoted(&socket.to_string()),
};

/// A reply that refuses an address for good.
pub(super) const REJECT_REPLY: Plain<SmtpReply> = Plain {
    words: "a code of 5xx, an enhanced status code and a text",
    read: |value| reply(ReplyClass::Reject, value),
    show: |reply| quoted(&reply.to_string()),
};

/// A reply that defers an address.
pub(super) const DEFER_REPLY: Plain<SmtpReply> = Plain {
    words: "a code of 4xx, an enhanced status code and a text",
    read: |value| reply(ReplyClass::Defer, value),
    show: |reply| quoted(&reply.to_string()),
};

/// Characters between user and detail.
pub(super) const DELIMITERS: Plain<String> = Plain {
    words: "punctuation characters in quotes, without @ \\ % ! and \"",
    read: delimiters,
    show: |set| quoted(set),
};

fn text<'v>(value: &'v Value<'_>) -> Result<&'v str, Vec<Wrong>> {
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
fn name(value: &Value<'_>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

fn reply(class: ReplyClass, value: &Value<'_>) -> Result<SmtpReply, Vec<Wrong>> {
    let line = text(value)?;
    SmtpReply::parse(class, line).map_err(|error| {
        let message = match error {
            ReplyError::WrongClass(ReplyClass::Reject) => "this key takes a code of 5xx".to_owned(),
            ReplyError::WrongClass(ReplyClass::Defer) => "this key takes a code of 4xx".to_owned(),
            other => other.to_string(),
        };
        let help = format!("write `\"{}\"`, with your own text", class.default_reply());
        wrong(value, message, help)
    })
}

fn duration(value: &Value<'_>) -> Result<Duration, Vec<Wrong>> {
    let text = value.get_ref().as_str().unwrap_or_default();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: Option<u64> = text
        .strip_suffix(unit)
        .and_then(|number| number.parse().ok());
    let scale = match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" | "min" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let millis = number
        .zip(scale)
        .and_then(|(number, scale)| number.checked_mul(scale));
    let millis = millis.filter(|millis| (1..=86_400_000).contains(millis));
    millis.map(Duration::from_millis).ok_or_else(|| {
        wrong(
            value,
            "this is not a duration from \"1ms\" to \"24h\"",
            "write a number with its unit: \"200ms\", \"2s\", \"5m\", \"1h\"",
        )
    })
}

/// Returns a duration in its largest whole unit.
fn show_duration(time: &Duration) -> String {
    let millis = time.as_millis();
    let units = [(3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];
    let whole = units.iter().find(|(unit, _)| millis.is_multiple_of(*unit));
    let (unit, word) = whole.copied().unwrap_or((1, "ms"));
    format!("\"{}{word}\"", millis / unit)
}

fn socket(value: &Value<'_>) -> Result<Socket, Vec<Wrong>> {
    Socket::from_str(text(value)?).map_err(|error| {
        let help = "write \"unix:/run/readdress/milter.sock\" or \"inet:127.0.0.1:8892\"";
        wrong(value, error.to_string(), help)
    })
}

/// Reads one socket or a list of them; every wrong one is reported.
fn some_sockets(value: &Value<'_>) -> Result<Vec<Socket>, Vec<Wrong>> {
    let Some(array) = value.get_ref().as_array() else {
        return socket(value).map(|socket| vec![socket]);
    };
    let (mut sockets, mut mistakes) = (Vec::new(), Vec::new());
    for result in array.iter().map(socket) {
        match result {
            Ok(socket) => sockets.push(socket),
            Err(wrong) => mistakes.extend(wrong),
        }
    }
    if mistakes.is_empty() {
        Ok(sockets)
    } else {
        Err(mistakes)
    }
}

fn show_sockets(list: &[Socket]) -> String {
    let names: Vec<_> = list
        .iter()
        .map(|socket| quoted(&socket.to_string()))
        .collect();
    format!("[{}]", names.join(", "))
}

fn delimiters(value: &Value<'_>) -> Result<String, Vec<Wrong>> {
    let set = value
        .get_ref()
        .as_str()
        .ok_or_else(|| wrong(value, "this is not a text", "write \"+\", \"+-\" or \"\""))?;
    let fits =
        |c: char| c.is_ascii_graphic() && !c.is_ascii_alphanumeric() && !"@\"\\%!".contains(c);
    match set.chars().find(|c| !fits(*c)) {
        None => Ok(set.to_owned()),
        Some(c) => Err(wrong(
            value,
            format!("`{c}` cannot stand between user and detail"),
            "write \"+\", \"-\", \".\", \"_\", \"=\" or several of them",
        )),
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
