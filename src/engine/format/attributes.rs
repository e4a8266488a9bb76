//! Attributes of directories: which of them hold addresses, and what these addresses mean for their object.
//!
//! # Products
//!
//! | attribute | product |
//! |---|---|
//! | `proxyAddresses`, `otherMailbox`, `targetAddress` | Active Directory |
//! | `mailAlternateAddress` | qmail-ldap, Netscape and Sun |
//! | `mailEquivalentAddress` | Netscape and Sun |
//! | `mailLocalAddress` | inetLocalMailRecipient (Sendmail's LDAP routing) |
//! | `gosaMailAlternateAddress` | GOsa |
//! | `shadowAddress` | iRedMail |
//! | `mailAlias` | several |
//! | `alias` | Kolab |
//! | `zimbraMailAlias`, `zimbraMailDeliveryAddress` | Zimbra |
//! | `rfc822MailMember` | nisMailAlias |
//!
//! Any other attribute whose values look like addresses is counted and reported once ([`count_unread`]).

use std::collections::HashSet;

use super::{
    context::Context,
    ldif_line::Line,
    unread::{Holder, Unread},
};
use crate::engine::address::{LocalCase, Mailbox};

/// What an attribute says about an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AttributeRole {
    /// `proxyAddresses`: addresses with a type; upper case marks the primary one.
    Proxy,
    /// `mail`: the first is the primary address unless another one is marked.
    Mail,
    /// The primary address.
    Primary,
    /// Secondary addresses.
    Alias,
    /// `otherMailbox`: an address only if the value begins with `smtp:`.
    OtherMailbox,
    /// Members of a list.
    Member,
    /// `targetAddress`: where the mail of a contact goes.
    Target,
    /// A login name, which has the form of an address.
    Login,
    /// Anything else.
    Other,
}

/// Returns the role of an attribute, by its name in lower case.
pub fn role(name: &str) -> AttributeRole {
    match name {
        "proxyaddresses" => AttributeRole::Proxy,
        "mail" | "rfc822mailbox" => AttributeRole::Mail,
        "zimbramaildeliveryaddress" => AttributeRole::Primary,
        "mailalternateaddress"
        | "mailequivalentaddress"
        | "maillocaladdress"
        | "gosamailalternateaddress"
        | "shadowaddress"
        | "mailalias"
        | "alias"
        | "zimbramailalias" => AttributeRole::Alias,
        "othermailbox" => AttributeRole::OtherMailbox,
        "rfc822mailmember" => AttributeRole::Member,
        "targetaddress" => AttributeRole::Target,
        "userprincipalname"
        | "krbprincipalname"
        | "krbcanonicalname"
        | "msrtcsip-primaryuseraddress"
        | "jid" => AttributeRole::Login,
        _ => AttributeRole::Other,
    }
}

/// Returns true if the attribute holds addresses that are read. A part of its values is then an error.
pub fn holds_addresses(name: &str) -> bool {
    !matches!(
        role(name),
        AttributeRole::Target | AttributeRole::Login | AttributeRole::Other
    )
}

/// Returns the address in a value, without `smtp:` or `mailto:` before it; `None` if the value is something
/// else.
pub fn address(text: &str) -> Option<Mailbox> {
    let text = text.trim();
    if !text.contains('@') || text.len() > 1000 {
        return None;
    }
    let bare = match text.split_once(':') {
        Some((kind, rest)) if kind.eq_ignore_ascii_case("smtp") => rest,
        Some((kind, rest)) if kind.eq_ignore_ascii_case("mailto") => rest,
        _ => text,
    };
    let mailbox = Mailbox::parse(bare.trim()).ok()?;
    let top = mailbox.domain.parents().last()?;
    // `user@10.0.0.1` names a machine, not a mailbox.
    (!top.bytes().all(|byte| byte.is_ascii_digit())).then_some(mailbox)
}

/// Counts, by attribute, the addresses in lines that are not read. Addresses that were read elsewhere are not
/// counted.
pub fn count_unread(
    lines: &[&Line<'_>],
    read: &HashSet<String>,
    unread: &mut Unread,
    context: &mut Context<'_, '_>,
) {
    for line in lines {
        let Some(mailbox) = line.peek().and_then(|text| address(&text)) else {
            continue;
        };
        if read.contains(&mailbox.key(LocalCase::Ignore)) {
            continue;
        }
        if role(&line.name) == AttributeRole::Login {
            context.skip(line.name.clone());
            continue;
        }
        let (key, span) = (&line.name, line.raw.span);
        unread.count_as(key, Holder::Attribute, span, 1, || {
            format!("the attribute `{}`", line.label)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_address() {
        for text in [
            "a@b.com",
            "smtp:a@b.com",
            "MAILTO:a@b.com",
            " jörg@b.example ",
        ] {
            assert!(address(text).is_some(), "{text}");
        }
        for text in [
            "a",
            "a@b",
            "a@10.0.0.1",
            "sip:a@b.com",
            "write to a@b.com",
            "mail=a@b.com,ou=People,dc=b,dc=com",
            "ldap://x/a@b.com",
        ] {
            assert!(address(text).is_none(), "{text}");
        }
    }
}
