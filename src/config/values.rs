//! The kinds of values that need no parameter.
//!
//! | limit | value |
//! |---|---|
//! | a duration | 1 ms to 24 h |
//! | a duration in days | 1 h to 366 d |
//! | a share | 0 % to 100 %, of growth to 1000000 % |
//! | a size | 1 KiB to 1024 GiB |

use std::{fmt::Display, path::PathBuf, str::FromStr, time::Duration};

use super::{
    kind::{Plain, Value, Wrong, name, quoted, replace, text, wrong},
    socket::{self, Socket},
};
use crate::engine::reply::{ReplyClass, ReplyError, SmtpReply};

/// `true` or `false`.
pub(super) const SWITCH: Plain<bool> = Plain {
    words: "true or false",
    read: |value| {
        value.get_ref().as_bool().ok_or_else(|| {
            let message = format!("this key takes true or false, not {}", name(value));
            match value.get_ref().as_str() {
                Some(word @ ("true" | "false")) => replace(value, message, word.to_owned()),
                _ => wrong(value, message, "write `true` or `false`, without quotes"),
            }
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

/// A duration that may be many days.
pub(super) const DAYS: Plain<Duration> = Plain {
    words: "a duration from \"1h\" to \"366d\", in h or d",
    read: days,
    show: |time| quoted(&show_days(*time)),
};

/// A size in bytes.
pub(super) const SIZE: Plain<u64> = Plain {
    words: "a size from \"1KiB\" to \"1024GiB\", in KiB, MiB or GiB",
    read: size,
    show: show_size,
};

/// A share in percent.
pub(super) const PERCENT: Plain<u8> = Plain {
    words: "a share from \"0%\" to \"100%\"",
    read: |value| {
        let message = "this is not a share from \"0%\" to \"100%\"";
        percent(value, 100, message, "20%")
    },
    show: |share| quoted(&format!("{share}%")),
};

/// A share in percent that may be more than the whole.
pub(super) const GROWTH: Plain<u32> = Plain {
    words: "a share from \"0%\" to \"1000000%\"",
    read: |value| {
        let message = "this is not a share from \"0%\" to \"1000000%\"";
        percent(value, 1_000_000, message, "100%")
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
    read: |value| match read_socket(value)? {
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

/// Reads a share of at most `most` percent. `example` is what the help shows.
fn percent<T>(value: &Value<'_>, most: T, message: &str, example: &str) -> Result<T, Vec<Wrong>>
where
    T: FromStr + PartialOrd + Display,
{
    let share = |text: &str| text.parse().ok().filter(|share: &T| *share <= most);
    let text = value.get_ref().as_str();
    let number = text.and_then(|text| text.strip_suffix('%'));
    number.and_then(share).ok_or_else(|| {
        let plain = value.get_ref().as_integer().map(|number| number.as_str());
        if let Some(share) = plain.or(text).and_then(share) {
            return replace(value, message, format!("\"{share}%\""));
        }
        let help = format!("write a number with a percent sign: \"{example}\"");
        wrong(value, message, &help)
    })
}

fn days(value: &Value<'_>) -> Result<Duration, Vec<Wrong>> {
    let text = value.get_ref().as_str().unwrap_or_default();
    let units = [("h", 1), ("d", 24)].into_iter();
    let hours = units.filter_map(|(unit, scale)| {
        let number = text.strip_suffix(unit)?;
        // `parse` takes a sign as well.
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = number.parse().ok().filter(|_| digits)?;
        number.checked_mul(scale)
    });
    let mut hours = hours.filter(|hours| (1..=366 * 24).contains(hours));
    hours
        .next()
        .map(|hours| Duration::from_secs(hours * 3600))
        .ok_or_else(|| {
            wrong(
                value,
                "this is not a duration from \"1h\" to \"366d\"",
                "write a number with its unit: \"12h\", \"30d\"",
            )
        })
}

/// Returns a duration of [`DAYS`] for a sentence: `30 days`, `1 day`, `36 hours`.
pub fn days_in_words(time: Duration) -> String {
    let hours = time.as_secs() / 3600;
    let (number, unit) = match hours.is_multiple_of(24) {
        true => (hours / 24, "day"),
        false => (hours, "hour"),
    };
    match number {
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    }
}

/// Returns a duration in whole days or, if it is not whole days, in hours: `30d`, `36h`.
fn show_days(time: Duration) -> String {
    let hours = time.as_secs() / 3600;
    match hours.is_multiple_of(24) {
        true => format!("{}d", hours / 24),
        false => format!("{hours}h"),
    }
}

/// The units of sizes, the largest first.
const SIZES: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];

fn size(value: &Value<'_>) -> Result<u64, Vec<Wrong>> {
    let text = value.get_ref().as_str().unwrap_or_default();
    let read = SIZES.iter().find_map(|(scale, unit)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(*scale)
    });
    let read = read.filter(|bytes| (1 << 10..=1 << 40).contains(bytes));
    read.ok_or_else(|| {
        wrong(
            value,
            "this is not a size from \"1KiB\" to \"1024GiB\"",
            "write a number with its unit: \"500MiB\", \"20GiB\"",
        )
    })
}

/// Returns a size in its largest whole unit.
fn show_size(bytes: &u64) -> String {
    let whole = SIZES.iter().find(|(unit, _)| bytes.is_multiple_of(*unit));
    let (unit, word) = whole.copied().unwrap_or((1, "B"));
    format!("\"{}{word}\"", bytes / unit)
}

fn read_socket(value: &Value<'_>) -> Result<Socket, Vec<Wrong>> {
    let text = text(value)?;
    Socket::from_str(text).map_err(|error| match socket::meant(text) {
        Some(meant) => replace(value, error.mistake(), quoted(&meant.to_string())),
        None => wrong(value, error.mistake(), error.advice()),
    })
}

/// Reads one socket or a list of them; every wrong one is reported.
fn some_sockets(value: &Value<'_>) -> Result<Vec<Socket>, Vec<Wrong>> {
    let Some(array) = value.get_ref().as_array() else {
        return read_socket(value).map(|socket| vec![socket]);
    };
    let (mut sockets, mut mistakes) = (Vec::new(), Vec::new());
    for result in array.iter().map(read_socket) {
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
