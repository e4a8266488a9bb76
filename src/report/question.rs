//! Reads what somebody wants explained: an address in any usual form, a domain, or a log line.
//!
//! In: one text, as it was typed or pasted. Out: the recipients or the domain that the text names. A text
//! that names neither is an error, because it would be wrong to explain it as an unknown address.
//!
//! | typed | read as |
//! |---|---|
//! | `jd@domain2.com`, with blanks around it | the address |
//! | `<jd@domain2.com>` | the path of an envelope, whatever is between `<` and `>` |
//! | `user%domain2.com`, `domain2.com!user` | the address that an MTA reads in it |
//! | `Anna Lee <anna@domain2.com>`, `anna@domain2.com (Anna)`, several with commas or `;` | the addresses |
//! | `mailto:anna@domain2.com?subject=x`, `smtp:anna@domain2.com` | the address |
//! | `domain2.com`, `@domain2.com` | the domain |
//! | `postmaster` | the path `<postmaster>`, which every MTA accepts (RFC 5321 section 4.5.1) |
//! | a line of an MTA's log | the recipients in it (`line`) |

use mail_parser::{Address, MessageParser};

use super::{
    line::{self, RcptLine},
    mta,
};
use crate::engine::address::{Domain, ForwardPath, Mailbox};

/// What somebody wants explained.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Question {
    /// Recipients.
    Recipients(Vec<RcptLine>),
    /// A domain as a whole.
    Domain(Domain),
}

/// Returns what a text asks about.
///
/// # Errors
///
/// A sentence that says why the text names neither an address nor a domain.
pub(super) fn read(text: &str) -> Result<Question, String> {
    let text = text.trim();
    let lines = line::read(text);
    if lines.iter().any(|line| line.logged) || text.starts_with('<') && text.ends_with('>') {
        return Ok(Question::Recipients(lines));
    }
    let bare = without_scheme(text);
    if is_path(&bare) || mta::understood(&bare).is_some() {
        return Ok(one(&bare));
    }
    if bare.eq_ignore_ascii_case("postmaster") {
        return Ok(one(&format!("<{bare}>")));
    }
    let domain = bare.strip_prefix('@').unwrap_or(&bare);
    if domain.contains('.')
        && !domain.contains('@')
        && let Ok(domain) = Domain::parse(domain)
    {
        return Ok(Question::Domain(domain));
    }
    let listed = listed(&bare);
    if listed.is_empty() {
        return Err(not_an_address(text));
    }
    Ok(Question::Recipients(listed))
}

/// Returns true if a text is an address with its domain or literal, with a source route or without.
fn is_path(text: &str) -> bool {
    let path = ForwardPath::parse(text.as_bytes());
    path.is_ok_and(|path| path != ForwardPath::NoDomain)
}

fn one(path: &str) -> Question {
    Question::Recipients(vec![RcptLine {
        path: path.to_owned(),
        parameters: Vec::new(),
        logged: false,
    }])
}

fn not_an_address(text: &str) -> String {
    let why = match text {
        "" => "an empty text is not an address".to_owned(),
        _ if !text.contains('@') => format!("`{text}` is not an address: it has no `@domain`"),
        _ => format!("`{text}` is neither an address nor a list of addresses"),
    };
    format!("{why}; write LOCAL@DOMAIN, or put `<...>` around the path of an envelope")
}

/// Returns the text after `mailto:` (RFC 6068) or `smtp:`, up to the end of the address.
fn without_scheme(text: &str) -> String {
    let rest = |scheme: &str| {
        let (before, rest) = text.split_at_checked(scheme.len())?;
        before.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    if let Some(rest) = rest("mailto:") {
        let address = rest.split(['?', '&']).next().unwrap_or(rest);
        return decoded(address);
    }
    rest("smtp:").unwrap_or(text).trim().to_owned()
}

/// Decodes percent-encoded characters such as `%40`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = match byte {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns the addresses of a list in the form of a header field. Empty if one of them is not an address.
fn listed(text: &str) -> Vec<RcptLine> {
    if text.contains(|c: char| c.is_control()) {
        return Vec::new();
    }
    let field = format!("To: {}\r\n\r\n", text.replace(';', ","));
    let message = MessageParser::new().parse(&field);
    let addresses = message.as_ref().and_then(|message| message.to());
    let Some(Address::List(list)) = addresses else {
        return Vec::new();
    };
    let read = list.iter().map(|address| {
        let mailbox = Mailbox::parse(address.address.as_deref()?).ok()?;
        Some(RcptLine {
            path: mailbox.to_string(),
            parameters: Vec::new(),
            logged: false,
        })
    });
    read.collect::<Option<_>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        match read(text) {
            Ok(Question::Recipients(lines)) => lines.into_iter().map(|line| line.path).collect(),
            Ok(Question::Domain(domain)) => vec![format!("domain {domain}")],
            Err(_) => Vec::new(),
        }
    }

    #[test]
    fn all_usual_forms_of_addresses_are_read() {
        for (text, expected) in [
            ("anna@domain2.com", "anna@domain2.com"),
            ("  anna@domain2.com\t\n", "anna@domain2.com"),
            ("<anna@domain2.com>", "<anna@domain2.com>"),
            (" <anna@domain2.com> ", "<anna@domain2.com>"),
            ("Anna <anna@domain2.com>", "anna@domain2.com"),
            ("\"Lee, Anna\" <anna@domain2.com>", "anna@domain2.com"),
            ("anna@domain2.com (Anna Lee)", "anna@domain2.com"),
            ("Anna <\"a b\"@domain2.com>", "\"a b\"@domain2.com"),
            ("\"a b\"@domain2.com", "\"a b\"@domain2.com"),
            ("mailto:anna@domain2.com", "anna@domain2.com"),
            (
                "MAILTO:anna%2Bx%40domain2.com?subject=hi",
                "anna+x@domain2.com",
            ),
            ("smtp:anna@domain2.com", "anna@domain2.com"),
            ("jürgen@exämple.test", "jürgen@exämple.test"),
            ("user%domain2.com", "user%domain2.com"),
            ("domain2.com!user", "domain2.com!user"),
            ("Postmaster", "<Postmaster>"),
            ("<postmaster>", "<postmaster>"),
            ("<>", "<>"),
            ("jd@[127.0.0.1]", "jd@[127.0.0.1]"),
            (
                "@relay.example:jd@domain2.com",
                "@relay.example:jd@domain2.com",
            ),
            ("domain2.com", "domain domain2.com"),
            ("@Domain2.com", "domain domain2.com"),
        ] {
            assert_eq!(paths(text), [expected], "{text}");
        }
        for list in [
            "a@x.example,b@y.example",
            "a@x.example; b@y.example",
            "A <a@x.example>, b@y.example",
        ] {
            assert_eq!(paths(list), ["a@x.example", "b@y.example"], "{list}");
        }
    }

    #[test]
    fn a_text_that_is_not_an_address_is_an_error() {
        for text in [
            "",
            "  ",
            "anna",
            "anna lee",
            "@",
            "anna@",
            "a@x.example, anna",
            "anna@domain2",
            "a@x.example\nb@y.example",
            "mailto:",
            "/anna@domain2.com/",
            "*",
        ] {
            let read = read(text);
            assert!(read.is_err() || text == "anna@domain2", "{text}: {read:?}");
        }
    }
}
