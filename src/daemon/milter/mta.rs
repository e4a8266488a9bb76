//! Which MTA is connected, and what differs between MTAs.
//!
//! Both MTAs name themselves in the macro `v`, which the filter requests for the start of a connection: Postfix
//! sends `$mail_name $mail_version` (`Postfix 3.7.11`), Sendmail its version (`8.17.1.9`). The difference matters
//! in two cases:
//!
//! | | Postfix | Sendmail | any other MTA |
//! |---|---|---|---|
//! | parameters with an added recipient | always | only if a client used DSN | only if a client used DSN |
//! | path of a deletion | what its parser reads | as received | both, if that is harmless |
//!
//! # Parameters
//!
//! Sendmail offers additions with parameters even if its administrator has switched DSN off
//! (`PrivacyOptions=noreceipts`, or the ruleset `srv_features`). In that case Sendmail drops every added recipient
//! that has a parameter, and accepts the message. It then also refuses such parameters of clients. So if a
//! NOTIFY, ORCPT, RET or ENVID of a client reaches the milter, DSN is on.
//!
//! # Deletions
//!
//! Postfix parses a deletion with the parser of the RCPT command, but skips a step that its SMTP server does first:
//! to remove the outer brackets and a source route. So only the rest finds a recipient such as
//! `<x <jd@domain2.com>>`. Sendmail finds the path as it was received. Without brackets it would split
//! `jd @domain2.com` at the blank, and delete other recipients.

use std::borrow::Cow;

use crate::engine::address::without_route;

/// The MTA at the other end of a connection.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mta {
    /// Postfix.
    Postfix,
    /// Sendmail.
    Sendmail,
    /// Another MTA, or an MTA that does not name itself.
    #[default]
    Other,
}

impl Mta {
    /// Returns the MTA whose macro `v` has this value.
    pub fn named(version: &[u8]) -> Self {
        let begins = |name: &[u8]| {
            version
                .get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        // The commercial versions of Sendmail put a name before the number.
        if begins(b"postfix") {
            Self::Postfix
        } else if begins(b"8.") || begins(b"sentrion") || begins(b"switch") {
            Self::Sendmail
        } else {
            Self::Other
        }
    }

    /// Returns true if this MTA takes ORCPT and NOTIFY with an added recipient. `dsn_used` says whether a client has
    /// used a DSN parameter on this connection.
    pub fn takes_parameters(self, dsn_used: bool) -> bool {
        self == Self::Postfix || dsn_used
    }

    /// Returns true if this MTA drops a message without recipients by itself, and keeps the copies
    /// that it makes for an archive (`always_bcc`).
    pub fn drops_empty_messages(self) -> bool {
        self != Self::Other
    }

    /// Returns the forms of a received path that together find its recipient, and no other one.
    pub fn deletions(self, path: &[u8]) -> (Cow<'_, [u8]>, Option<&[u8]>) {
        match self {
            // Postfix finds the recipient with and without brackets. People know a path with brackets.
            Self::Postfix if is_plain(path) => (path.into(), None),
            Self::Postfix => (read_by_postfix(path).into(), None),
            Self::Sendmail => (path.into(), None),
            Self::Other => {
                let bare = read_by_postfix(path);
                let needed = bare.iter().any(|byte| b"<>:;".contains(byte));
                let further = (needed && is_one_to_sendmail(bare)).then_some(bare);
                (without_route(path), further)
            }
        }
    }
}

/// Returns what the SMTP server of Postfix passes to its address parser: the path without the outer brackets; if
/// it begins with `@`, only what follows the first colon.
fn read_by_postfix(path: &[u8]) -> &[u8] {
    let inner = path
        .strip_prefix(b"<")
        .and_then(|rest| rest.strip_suffix(b">"))
        .unwrap_or(path);
    let colon = inner.iter().position(|byte| *byte == b':');
    match colon.filter(|_| inner.starts_with(b"@")) {
        Some(colon) => inner.get(colon + 1..).unwrap_or_default(),
        None => inner,
    }
}

/// Returns true if a path is a mailbox in brackets, of characters without any special meaning.
fn is_plain(path: &[u8]) -> bool {
    let inner = path
        .strip_prefix(b"<")
        .and_then(|rest| rest.strip_suffix(b">"));
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._+-=@".contains(byte);
    inner.is_some_and(|inner| inner.iter().all(plain) && !inner.starts_with(b"@"))
}

/// Returns true if Sendmail reads a deletion as one address. Sendmail splits at commas; if there is none of `,;<(`,
/// at blanks.
fn is_one_to_sendmail(path: &[u8]) -> bool {
    let blank = path.iter().any(u8::is_ascii_whitespace);
    let modern = path.iter().any(|byte| b";<(".contains(byte));
    !path.contains(&b',') && (modern || !blank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mtas_by_their_names() {
        for (version, mta) in [
            ("Postfix 3.7.11", Mta::Postfix),
            ("8.17.1.9", Mta::Sendmail),
            ("8.18.2/8.18.2/Debian-1", Mta::Sendmail),
            ("Switch-3.3.4/Switch-3.3.4", Mta::Sendmail),
            ("Mail 3.7.11", Mta::Other),
            ("", Mta::Other),
        ] {
            assert_eq!(Mta::named(version.as_bytes()), mta, "{version}");
        }
    }

    #[track_caller]
    fn deleted(mta: Mta, path: &str, forms: &[&str]) {
        let (first, second) = mta.deletions(path.as_bytes());
        let found: Vec<_> = std::iter::once(&*first).chain(second).collect();
        let wanted: Vec<_> = forms.iter().map(|form| form.as_bytes()).collect();
        assert_eq!(found, wanted, "{path}");
    }

    #[test]
    fn postfix_gets_what_its_parser_reads() {
        for (path, form) in [
            ("<jd@d.example>", "<jd@d.example>"),
            ("<\"j d\"@d.example>", "\"j d\"@d.example"),
            ("jd@d.example", "jd@d.example"),
            ("<<jd@d.example>>", "<jd@d.example>"),
            ("<jd@d.example>>", "jd@d.example>"),
            ("<x:jd@d.example;>", "x:jd@d.example;"),
            ("<@\"a\":jd@d.example>", "jd@d.example"),
            ("<@a,@b:jd@d.example>", "jd@d.example"),
            ("<@[IPv6:::1]:jd@d.example>", "::1]:jd@d.example"),
            ("<@>", "@"),
            ("<", "<"),
        ] {
            deleted(Mta::Postfix, path, &[form]);
        }
    }

    #[test]
    fn sendmail_gets_the_path_as_received() {
        for path in ["<@a:jd@d.example>", "<jd @d.example>", "x<jd@d.example>"] {
            deleted(Mta::Sendmail, path, &[path]);
        }
    }

    #[test]
    fn an_unknown_mta_gets_no_form_that_sendmail_would_split() {
        deleted(Mta::Other, "<jd@d.example>", &["<jd@d.example>"]);
        deleted(Mta::Other, "<@a:jd@d.example>", &["<jd@d.example>"]);
        deleted(Mta::Other, "<jd @d.example>", &["<jd @d.example>"]);
        deleted(Mta::Other, "<x: jd @d.example>", &["<x: jd @d.example>"]);
        deleted(Mta::Other, "<a,b:jd@d.example;>", &["<a,b:jd@d.example;>"]);
        deleted(
            Mta::Other,
            "<x <jd@d.example>>",
            &["<x <jd@d.example>>", "x <jd@d.example>"],
        );
    }
}
