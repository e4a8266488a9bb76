//! Refusals of other programs.
//!
//! | written | program |
//! |---|---|
//! | `error:nouser 550 User unknown`, `error:5.7.1:550 Access denied` | Sendmail's virtusertable and access |
//! | `REJECT text`, `550 5.1.1 text` | Postfix' access(5) |
//! | `reject User unknown` | a text without quotes |
//! | `/dev/null`, `:blackhole:` | aliases(5), Exim |
//! | `OK`, `DUNNO` | Postfix' access(5) |

use super::{layout::rest_of, word::Word};
use crate::engine::{
    diagnostic::{Finding, codes},
    reply::{ReplyClass, SmtpReply},
};

/// Replaces a refusal of another program.
pub(super) fn replies(words: &mut Vec<Word>, found: &mut Vec<Finding>) {
    let Some(head) = words.get(1).filter(|word| word.is_plain()) else {
        return;
    };
    let Some(place) = rest_of(words, 1) else {
        return;
    };
    let body: Vec<_> = words
        .iter()
        .skip(1)
        .map(|word| word.text.as_str())
        .collect();
    let body = body.join(" ").replace(" , ", ", ");
    let lower = head.text.to_ascii_lowercase();
    let word = match lower.as_str() {
        "/dev/null" | ":blackhole:" if words.len() == 2 => Some("discard".to_owned()),
        "ok" | "dunno" if words.len() == 2 => Some("keep".to_owned()),
        "reject" | "defer" => plain_text(&lower, body.get(lower.len()..).unwrap_or_default()),
        _ if lower.starts_with("error:") => {
            sendmail(body.get("error:".len()..).unwrap_or_default())
        }
        _ => coded(&body),
    };
    let Some(instead) = word else { return };
    let message = match lower.starts_with("error:") {
        true => "`error:` is a value of Sendmail's tables".to_owned(),
        false if matches!(lower.as_str(), "reject" | "defer") => {
            "the text of a reply stands in quotes".to_owned()
        }
        false => format!("`{}` is not an action here", head.text),
    };
    found.push(Finding::error(codes::SYNTAX, place, message).suggest(
        format!("write `{instead}`"),
        place,
        &instead,
    ));
    words.truncate(1);
    words.extend(tokens(&instead).map(|text| Word::instead(place, text)));
}

/// The words of a reply: the text in quotes is one.
fn tokens(reply: &str) -> impl Iterator<Item = &str> {
    let (codes, text) = match reply.find('"') {
        Some(at) => reply.split_at(at),
        None => (reply, ""),
    };
    let text = (!text.is_empty()).then_some(text);
    codes.split_ascii_whitespace().chain(text)
}

/// The parts of a reply as they are written: code, enhanced code, text without its quotes.
fn cut(body: &str) -> (Option<&str>, Option<&str>, &str) {
    let mut rest = body.trim().trim_matches('"').trim();
    let mut next = |fits: &dyn Fn(&str) -> bool| {
        let word = rest.split([' ', ':']).next().filter(|word| fits(word))?;
        rest = rest.get(word.len()..)?.trim_start_matches([' ', ':']);
        Some(word)
    };
    let code = next(&is_code);
    let enhanced = next(&is_enhanced);
    (code, enhanced, rest.trim().trim_matches('"'))
}

fn is_code(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit()) && word.starts_with(['4', '5'])
}

fn is_enhanced(word: &str) -> bool {
    let parts: Vec<_> = word.split('.').collect();
    let digits =
        |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(digits) && matches!(parts.first(), Some(&"4" | &"5"))
}

/// Sendmail's value behind `error:`.
fn sendmail(value: &str) -> Option<String> {
    let value = value.trim();
    let name_end = value.find([' ', ':']).unwrap_or(value.len());
    let (name, rest) = value.split_at(name_end);
    let rest = rest.trim_start_matches([' ', ':']);
    if is_code(name) {
        return coded(value);
    }
    let enhanced = match name.to_ascii_lowercase().as_str() {
        "nouser" => Some("5.1.1"),
        "nohost" => Some("5.1.2"),
        _ if is_enhanced(name) => Some(name),
        _ => None,
    };
    let (code, own, text) = cut(rest);
    let temporary = name.eq_ignore_ascii_case("tempfail") || name.starts_with("4.");
    let code = code.unwrap_or(if temporary { "451" } else { "550" });
    written(code, own.or(enhanced), text)
}

/// A value that begins with a reply code.
fn coded(body: &str) -> Option<String> {
    let (code, enhanced, text) = cut(body);
    written(code?, enhanced, text)
}

/// `reject User unknown`; nothing if it is right as it stands.
fn plain_text(word: &str, rest: &str) -> Option<String> {
    let rest = rest.trim();
    let (code, enhanced, text) = cut(rest);
    // A number is a code that is wrong, not a text.
    if text.is_empty() || rest.ends_with('"') || text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let code = code.unwrap_or(if word == "reject" { "550" } else { "451" });
    written(code, enhanced, text)
}

/// The action in our own words, if it is one.
fn written(code: &str, enhanced: Option<&str>, text: &str) -> Option<String> {
    let class = match code.starts_with('4') {
        true => ReplyClass::Defer,
        false => ReplyClass::Reject,
    };
    let parsed = class.parse_code(code).ok()?;
    // An enhanced code of the other class cannot be meant.
    let enhanced = enhanced.filter(|enhanced| class.parse_enhanced(enhanced).is_ok());
    let text = Some(text).filter(|text| !text.is_empty());
    let parsed_enhanced = enhanced.and_then(|enhanced| class.parse_enhanced(enhanced).ok());
    SmtpReply::new(class, Some(parsed), parsed_enhanced, text).ok()?;
    let mut out = format!("{} {code}", class.word());
    if let Some(enhanced) = enhanced {
        out.push_str(&format!(" {enhanced}"));
    }
    if let Some(text) = text {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        out.push_str(&format!(" \"{escaped}\""));
    }
    Some(out)
}
