//! How the fake MTA understands answers and parameters, and which of them it refuses.
//!
//! Each check is for a way in which a real MTA loses mail or ends a session.

use std::io;

use super::milter::{Packet, strings};
use super::sink::path_length;
use super::smtp::Reply;

/// Returns the reply that the client gets for an answer of the milter; `None` for `continue`.
pub fn verdict((command, data): Packet) -> io::Result<Option<Reply>> {
    Ok(match command {
        b'c' => None,
        b'r' => Some(Reply::new(550, "5.7.1 Command rejected")),
        b't' => Some(Reply::new(451, "4.7.1 Service unavailable")),
        b'y' => {
            let text = String::from_utf8_lossy(&strings(&data)[0]).into_owned();
            let percent = text.replace("%%", "");
            if percent.contains('%') {
                return violation("a single % in a reply: Sendmail drops the text");
            }
            let text = text.replace("%%", "%");
            let (code, rest) = text.split_at_checked(3).unwrap_or((&text, ""));
            Some(Reply::new(
                code.parse().unwrap_or_default(),
                rest.trim_start(),
            ))
        }
        _ => return violation(&format!("an answer of kind {:?}", command as char)),
    })
}

/// Returns true if both MTAs accept this parameter. Sendmail drops a recipient with an unknown parameter or with an
/// ORCPT that is not xtext, and an ORCPT without `;` ends its process.
pub fn harmless(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some(("ORCPT", value)) => value.split_once(';').is_some_and(|(kind, text)| {
            !kind.is_empty()
                && text
                    .bytes()
                    .all(|byte| (33..=126).contains(&byte) && byte != b'=')
                && text.split('+').skip(1).all(|rest| {
                    rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit)
                })
        }),
        Some(("NOTIFY", "NEVER")) => true,
        Some(("NOTIFY", list)) => list
            .split(',')
            .all(|word| ["SUCCESS", "FAILURE", "DELAY"].contains(&word)),
        _ => false,
    }
}

/// Splits `<path> A=b` into the strings of a packet. Spaces inside of the path stay.
pub fn arguments(text: &[u8]) -> Vec<u8> {
    let length = match text.first() {
        Some(b'<') => path_length(&text[1..]) + 2,
        _ => text
            .iter()
            .position(|&byte| byte == b' ')
            .unwrap_or(text.len()),
    };
    let length = length.min(text.len());
    let mut packet = text[..length].to_vec();
    packet.push(0);
    for word in text[length..]
        .split(|&byte| byte == b' ')
        .filter(|word| !word.is_empty())
    {
        packet.extend_from_slice(word);
        packet.push(0);
    }
    packet
}

/// Returns the path without the angle brackets around it.
pub fn without_brackets(path: &[u8]) -> &[u8] {
    path.strip_prefix(b"<")
        .and_then(|path| path.strip_suffix(b">"))
        .unwrap_or(path)
}

/// An error of the milter: the protocol forbids it, or it loses mail.
pub fn violation<T>(what: &str) -> io::Result<T> {
    Err(io::Error::other(format!("milter protocol: {what}")))
}
