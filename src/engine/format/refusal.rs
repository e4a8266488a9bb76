//! The `error:` values of Sendmail's tables, which refuse a recipient with a reply.
//!
//! ```text
//! error:nouser 550 No such user here
//! error:5.7.0:550 Address invalid
//! error:5.1.6:"551 moved to new@example.com"
//! error:tempfail "450 4.2.1 Try again later"
//! ```
//!
//! # What Sendmail does with them
//!
//! The reply was compared with that of Sendmail 8.17, value by value (`tests/peers_virtusertable.rs`).
//!
//! - Sendmail reads the value as the words of an address (`sendmail_words.rs`). It ignores letter case and
//!   blanks around `error:`, and removes blanks around dots, commas and similar characters outside of quotes.
//! - `error:D.S.N:text` has an enhanced code, `error:NAME text` a name of `sysexits.h`. The client
//!   does not see the name.
//! - The text begins with an SMTP code and a blank, and an enhanced code may follow, which wins over
//!   the one of the value. Without an enhanced code it is 4.0.0 or 5.0.0.
//! - A text without an SMTP code gives the reply 553 5.3.0, also if the name is `tempfail`.

use super::{
    context::Context,
    field_text::FieldText,
    sendmail_words::{self, SendmailWord},
};
use crate::engine::diagnostic::codes;
use crate::engine::reply::{EnhancedCode, ReplyClass, ReplyError, SmtpReply};

/// The text of the reply if the value has none.
const UNKNOWN: &str = "User unknown";

/// Returns true if a value is an `error:` value.
pub fn is_refusal(text: &str) -> bool {
    let blank = [' ', '\t'];
    let text = text.trim_start_matches(blank);
    text.get(..5)
        .is_some_and(|word| word.eq_ignore_ascii_case("error"))
        && text
            .get(5..)
            .is_some_and(|rest| rest.trim_start_matches(blank).starts_with(':'))
}

/// Reads a value for which [`is_refusal`] is true.
pub fn read(value: &FieldText<'_>, context: &mut Context<'_, '_>) -> Option<SmtpReply> {
    let text = percent(value, context)?;
    let words = match sendmail_words::cut(&text) {
        Ok(words) => words,
        Err(missing) => {
            let message =
                format!("`{missing}` has no counterpart: Sendmail cannot read this value");
            let help = "put the text in quotes: `error:5.1.1:\"550 No such user\"`";
            context.error(codes::BAD_REPLY, value.span, message, help);
            return None;
        }
    };
    let (reason, text) = parts(words.get(2..).unwrap_or_default());
    let reply = match Coded::read(&text) {
        Some(coded) => coded.reply(&reason),
        None => {
            uncoded(&reason, &text, value, context);
            let text = if text.is_empty() {
                "User unknown"
            } else {
                &text
            };
            reply("553", Some("5.3.0"), text)
        }
    };
    match reply {
        Ok(reply) => Some(reply),
        Err(error) => {
            let help =
                "write a code and an enhanced code of one class: `error:5.1.1:550 No such user`";
            context.error(codes::BAD_REPLY, value.span, error.to_string(), help);
            None
        }
    }
}

/// Returns a value with `%%` resolved, and reports a part of the key, which a reply cannot contain.
fn percent(value: &FieldText<'_>, context: &mut Context<'_, '_>) -> Option<String> {
    let mut text = String::with_capacity(value.text.len());
    let mut characters = value.text.chars().peekable();
    while let Some(c) = characters.next() {
        text.push(c);
        if c != '%' {
            continue;
        }
        match characters.peek() {
            Some('%') => drop(characters.next()),
            Some(digit) if digit.is_ascii_digit() => {
                let message = format!("`%{digit}` is not supported in a reply");
                let help = "write `%%` for a percent sign, or another text";
                context.error(codes::BAD_CAPTURE, value.span, message, help);
                return None;
            }
            _ => {}
        }
    }
    Some(text)
}

/// Returns the enhanced code or the name, and the text as Sendmail joins it.
fn parts(words: &[SendmailWord]) -> (String, String) {
    let (reason, text) = match words {
        [class, one, subject, two, detail, colon, text @ ..]
            if one.is(".") && two.is(".") && colon.is(":") =>
        {
            let reason = format!("{}.{}.{}", class.text, subject.text, detail.text);
            (reason, text)
        }
        [name, text @ ..] => (name.text.clone(), text),
        [] => (String::new(), [].as_slice()),
    };
    // Sendmail puts the value into angle brackets, and uses the part before the first `>`.
    let end = text.iter().skip(1).position(|word| word.is(">"));
    let text = text.get(..end.map_or(text.len(), |end| end + 1));
    (reason, sendmail_words::join(text.unwrap_or_default()))
}

/// A text that begins with an SMTP code.
struct Coded<'t> {
    code: &'t str,
    enhanced: Option<&'t str>,
    text: &'t str,
}

impl<'t> Coded<'t> {
    fn read(text: &'t str) -> Option<Self> {
        let (code, text) = text.split_once(' ').filter(|(code, _)| is_code(code))?;
        Some(match text.split_once(' ') {
            Some((enhanced, text)) if is_enhanced(enhanced) => Self {
                code,
                enhanced: Some(enhanced),
                text,
            },
            _ => Self {
                code,
                enhanced: None,
                text,
            },
        })
    }

    fn reply(&self, reason: &str) -> Result<SmtpReply, ReplyError> {
        let named = Some(reason).filter(|reason| is_enhanced(reason));
        reply(self.code, self.enhanced.or(named), self.text)
    }
}

fn reply(code: &str, enhanced: Option<&str>, text: &str) -> Result<SmtpReply, ReplyError> {
    let class = if code.starts_with('4') {
        ReplyClass::Defer
    } else {
        ReplyClass::Reject
    };
    let code = class.parse_code(code)?;
    let enhanced = match (enhanced, class) {
        (Some(enhanced), _) => class.parse_enhanced(enhanced)?,
        (None, ReplyClass::Defer) => EnhancedCode(4, 0, 0),
        (None, ReplyClass::Reject) => EnhancedCode(5, 0, 0),
    };
    let text = Some(text.trim()).filter(|text| !text.is_empty());
    SmtpReply::new(class, Some(code), Some(enhanced), text)
}

/// Warns that Sendmail finds no code in a text, and suggests what may be meant.
fn uncoded(reason: &str, text: &str, value: &FieldText<'_>, context: &mut Context<'_, '_>) {
    let meant = meant(reason, text);
    let message = "Sendmail rejects the address with 553 5.3.0, because the text does not begin with an SMTP code and a space";
    let help = format!("if another reply is meant, write `{meant}`");
    context.warn(codes::NO_REPLY_CODE, value.span, message, help);
}

/// Returns a value that Sendmail reads as its writer may have meant it.
fn meant(reason: &str, text: &str) -> String {
    // `error:5.7.0 550 text`: a blank stands where a colon should.
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let joined = format!("{reason}{first}");
    let (reason, text) = match is_enhanced(&joined) {
        true => (joined.as_str(), rest),
        false => (reason, text),
    };
    let text = text.trim_start_matches([':', ' ']);
    let text = if text.is_empty() { UNKNOWN } else { text };
    let temporary = reason.eq_ignore_ascii_case("tempfail") || reason.starts_with('4');
    let code = match Coded::read(text) {
        Some(_) => "",
        None if temporary => "450 ",
        None => "550 ",
    };
    if is_enhanced(reason) {
        format!("error:{reason}:\"{code}{text}\"")
    } else if !reason.is_empty() && reason.bytes().all(|b| b.is_ascii_alphabetic()) {
        format!("error:{reason} \"{code}{text}\"")
    } else {
        "error:5.1.1:\"550 User unknown\"".to_owned()
    }
}

fn is_code(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Returns true if Sendmail takes this for an enhanced code (`isenhsc`).
fn is_enhanced(text: &str) -> bool {
    let digits =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<_> = text.split('.').collect();
    matches!(parts.as_slice(), ["2" | "4" | "5", subject, detail] if digits(subject) && digits(detail))
}
