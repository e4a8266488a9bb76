//! The `error:` values of Sendmail's tables: who is refused, and with which reply.
//!
//! ```text
//! error:nouser 550 No such user here
//! error:5.7.0:550 Address invalid
//! error:tempfail:450 4.2.0 Try again
//! ```
//!
//! First the reason: an enhanced code, or a name of `sysexits.h`; then, each of them optional, a code,
//! an enhanced code and a text. What is left out is what Sendmail puts there.

use super::{context::Context, value::Value};
use crate::engine::reply::{ReplyClass, SmtpReply};

/// Names of reasons, each with the code and enhanced code that Sendmail gives it.
const NAMES: [(&str, &str, &str); 8] = [
    ("usage", "500", "5.0.0"),
    ("nouser", "550", "5.1.1"),
    ("nohost", "550", "5.1.2"),
    ("unavailable", "554", "5.0.0"),
    ("software", "554", "5.3.0"),
    ("tempfail", "450", "4.0.0"),
    ("protocol", "554", "5.5.0"),
    ("config", "554", "5.3.5"),
];

/// Reads what stands behind `error:`.
pub fn read(value: &Value<'_>, context: &mut Context<'_, '_>) -> Option<SmtpReply> {
    let blank = [' ', '\t'];
    let (reason, rest) = value
        .text
        .split_once([':', ' ', '\t'])
        .unwrap_or((&value.text, ""));
    let (code, rest) = leading(rest, is_code);
    let (enhanced, text) = leading(rest, is_enhanced);
    let named = NAMES
        .iter()
        .find(|(name, ..)| reason.eq_ignore_ascii_case(name));
    let temporary = reason.starts_with('4');
    let (code, enhanced) = match named {
        Some((_, own, usual)) => (code.unwrap_or(own), enhanced.unwrap_or(usual)),
        None if is_code(reason) => {
            let usual = if temporary { "4.0.0" } else { "5.0.0" };
            (reason, enhanced.unwrap_or(usual))
        }
        None if is_enhanced(reason) => (
            code.unwrap_or(if temporary { "450" } else { "550" }),
            reason,
        ),
        None => {
            let names: Vec<_> = NAMES.iter().map(|(name, ..)| *name).collect();
            let help = format!(
                "write an enhanced code such as 5.7.0, or one of {}",
                names.join(", ")
            );
            let message = format!("`{reason}` is no reason to refuse");
            context.error("bad-reply", value.span, message, help);
            return None;
        }
    };
    let class = if code.starts_with('4') {
        ReplyClass::Defer
    } else {
        ReplyClass::Reject
    };
    let text = text.trim_matches(blank);
    let built = class.parse_code(code).and_then(|code| {
        let enhanced = class.parse_enhanced(enhanced)?;
        let text = (!text.is_empty()).then_some(text);
        SmtpReply::new(class, Some(code), Some(enhanced), text)
    });
    match built {
        Ok(reply) => Some(reply),
        Err(error) => {
            let help =
                "write a code and an enhanced code of one class: `error:5.1.1:550 No such user`";
            context.error("bad-reply", value.span, error.to_string(), help);
            None
        }
    }
}

/// The first word of a text, if it is one of the kind that is looked for, and the rest.
fn leading(text: &str, kind: fn(&str) -> bool) -> (Option<&str>, &str) {
    let text = text.trim_start();
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    if kind(word) {
        (Some(word), rest)
    } else {
        (None, text)
    }
}

fn is_code(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_enhanced(text: &str) -> bool {
    text.starts_with(['4', '5'])
        && text.matches('.').count() == 2
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}
