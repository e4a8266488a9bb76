//! Values of the configuration: TOML to what they mean, or what is wrong with them.

use std::{str::FromStr, time::Duration};

use toml::{Spanned, de::DeValue};

use super::socket::Socket;
use crate::engine::{
    diagnostic::nearest,
    reply::{ReplyClass, ReplyError, SmtpReply},
};

/// A value with its place.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// What is wrong with a value, and what to write.
pub(super) struct Wrong(pub String, pub String);

pub(super) fn wrong(message: impl Into<String>, help: impl Into<String>) -> Wrong {
    Wrong(message.into(), help.into())
}

pub(super) fn text<'v>(value: &'v Value<'_>) -> Result<&'v str, Wrong> {
    let text = value.get_ref().as_str().ok_or_else(|| {
        wrong(
            format!("text is wanted here, not {}", kind(value)),
            "write `key = \"value\"`, the value in quotes",
        )
    })?;
    if text.is_empty() {
        Err(wrong(
            "this is empty",
            "write a value, or leave the key out for its default",
        ))
    } else {
        Ok(text)
    }
}

pub(super) fn boolean(value: &Value<'_>) -> Result<bool, Wrong> {
    value.get_ref().as_bool().ok_or_else(|| {
        let message = format!("true or false is wanted here, not {}", kind(value));
        wrong(message, "write `true` or `false`, without quotes")
    })
}

/// A reply as it stands on the wire.
pub(super) fn reply(class: ReplyClass, value: &Value<'_>) -> Result<SmtpReply, Wrong> {
    let line = text(value)?;
    SmtpReply::parse(class, line).map_err(|error| {
        let message = match error {
            ReplyError::WrongClass(ReplyClass::Reject) => "a code of 5xx is wanted here".to_owned(),
            ReplyError::WrongClass(ReplyClass::Defer) => "a code of 4xx is wanted here".to_owned(),
            other => other.to_string(),
        };
        let help = format!(
            "write `\"{}\"`, with a text of your own",
            class.default_reply()
        );
        wrong(message, help)
    })
}

/// What a value is, in words that need no knowledge of TOML.
pub(super) fn kind(value: &Value<'_>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

pub(super) fn number(value: &Value<'_>) -> Result<usize, Wrong> {
    let digits = value
        .get_ref()
        .as_integer()
        .filter(|number| number.radix() == 10)
        .map(|number| number.as_str().replace('_', ""));
    let number = digits
        .and_then(|digits| digits.parse().ok())
        .filter(|number| (1..=1_000_000).contains(number));
    number.ok_or_else(|| {
        wrong(
            "this is no number from 1 to 1000000",
            "write a whole number without quotes",
        )
    })
}

pub(super) fn choice<T: Copy>(value: &Value<'_>, choices: &[(&str, T)]) -> Result<T, Wrong> {
    let word = text(value)?;
    let names = || choices.iter().map(|(name, _)| *name);
    choices
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, choice)| *choice)
        .ok_or_else(|| {
            let list = names().collect::<Vec<_>>().join("\", \"");
            let meant = nearest(word, names())
                .map_or_else(String::new, |meant| format!("did you mean \"{meant}\"? "));
            wrong(
                format!("\"{word}\" is no value of this key"),
                format!("{meant}the values are \"{list}\""),
            )
        })
}

pub(super) fn duration(value: &Value<'_>) -> Result<Duration, Wrong> {
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
            "this is no span of time from \"1ms\" to \"24h\"",
            "write a number with its unit: \"200ms\", \"2s\", \"5m\", \"1h\"",
        )
    })
}

pub(super) fn percent(value: &Value<'_>) -> Result<u8, Wrong> {
    let number: Option<u8> = value
        .get_ref()
        .as_str()
        .and_then(|text| text.strip_suffix('%'))
        .and_then(|number| number.parse().ok());
    match number {
        Some(share @ 0..=100) => Ok(share),
        _ => Err(wrong(
            "a share from \"0%\" to \"100%\" is wanted here",
            "write \"20%\"",
        )),
    }
}

pub(super) fn socket(value: &Value<'_>) -> Result<Socket, Wrong> {
    Socket::from_str(text(value)?).map_err(|error| {
        wrong(
            error.to_string(),
            "write \"unix:/run/readdress/milter.sock\" or \"inet:127.0.0.1:8892\"",
        )
    })
}

pub(super) fn some_sockets(value: &Value<'_>) -> Result<Vec<Socket>, Wrong> {
    match value.get_ref().as_array() {
        Some(array) => array.iter().map(socket).collect(),
        None => socket(value).map(|socket| vec![socket]),
    }
}

pub(super) fn sockets(value: &Value<'_>) -> Result<Vec<Socket>, Wrong> {
    let list = some_sockets(value)?;
    if list.is_empty() {
        return Err(wrong(
            "the list is empty: the MTA could not connect",
            "name a socket, or leave the key out for its default",
        ));
    }
    Ok(list)
}

pub(super) fn control(value: &Value<'_>) -> Result<Socket, Wrong> {
    match socket(value)? {
        socket @ Socket::Unix(_) => Ok(socket),
        _ => Err(wrong(
            "the control socket is a Unix socket",
            "write \"unix:/run/readdress/control.sock\"",
        )),
    }
}

pub(super) fn reserved(value: &Value<'_>) -> Result<(), Wrong> {
    match value.get_ref().as_array() {
        Some(array) if array.is_empty() => Ok(()),
        _ => Err(wrong(
            "this version does not serve it yet",
            "write `listen = []`, or leave the key out",
        )),
    }
}

pub(super) fn delimiters(value: &Value<'_>) -> Result<String, Wrong> {
    let set = value
        .get_ref()
        .as_str()
        .ok_or_else(|| wrong("this is no text", "write \"+\", \"+-\" or \"\""))?;
    let fits =
        |c: char| c.is_ascii_graphic() && !c.is_ascii_alphanumeric() && !"@\"\\%!".contains(c);
    match set.chars().find(|c| !fits(*c)) {
        None => Ok(set.to_owned()),
        Some(c) => Err(wrong(
            format!("`{c}` cannot part user and detail"),
            "write \"+\", \"-\", \".\", \"_\", \"=\" or several of them",
        )),
    }
}
