//! Attributes of directories: which hold addresses, and what they are to their object.
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
//! Any other attribute whose values look like addresses is counted, and reported once with its name, the
//! place where it was met first, and how many addresses it holds: [`UnreadAttributes`].

use std::collections::{HashMap, HashSet};

use super::{context::Context, ldif_line::Line, unread::plural};
use crate::engine::{
    address::{LocalCase, Mailbox},
    diagnostic::{Span, codes},
};

/// What an attribute is to the reader of an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// `proxyAddresses`: addresses with a type; upper case marks the primary one.
    Proxy,
    /// `mail`: the first is the primary address unless another one is marked.
    Mail,
    /// Names the primary address.
    Primary,
    /// Secondary addresses.
    Alias,
    /// `otherMailbox`: an address only where it says `smtp:`.
    OtherMailbox,
    /// Members of a list.
    Member,
    /// `targetAddress`: where the mail of a contact goes.
    Target,
    /// A name to log in with, which has the form of an address.
    Login,
    /// Anything else.
    Other,
}

/// The role of an attribute, by its name in lower case.
pub fn role(name: &str) -> Role {
    match name {
        "proxyaddresses" => Role::Proxy,
        "mail" | "rfc822mailbox" => Role::Mail,
        "zimbramaildeliveryaddress" => Role::Primary,
        "mailalternateaddress"
        | "mailequivalentaddress"
        | "maillocaladdress"
        | "gosamailalternateaddress"
        | "shadowaddress"
        | "mailalias"
        | "alias"
        | "zimbramailalias" => Role::Alias,
        "othermailbox" => Role::OtherMailbox,
        "rfc822mailmember" => Role::Member,
        "targetaddress" => Role::Target,
        "userprincipalname"
        | "krbprincipalname"
        | "krbcanonicalname"
        | "msrtcsip-primaryuseraddress"
        | "jid" => Role::Login,
        _ => Role::Other,
    }
}

/// Returns true if the attribute holds addresses that are read: a part of its values is not enough.
pub fn holds_addresses(name: &str) -> bool {
    !matches!(role(name), Role::Target | Role::Login | Role::Other)
}

/// The address that a value is, without `smtp:` or `mailto:` before it; `None` for anything else.
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
    // `user@10.0.0.1` and the like name a machine.
    (!top.bytes().all(|byte| byte.is_ascii_digit())).then_some(mailbox)
}

/// Addresses in attributes that are not read, by attribute.
#[derive(Debug, Default)]
pub struct UnreadAttributes {
    found: Vec<Unread>,
    /// Where each attribute is in `found`, by its name in lower case.
    places: HashMap<String, usize>,
}

#[derive(Debug)]
struct Unread {
    name: String,
    first: Span,
    count: usize,
}

impl UnreadAttributes {
    /// Counts the addresses of lines that are not read, unless they are among those that are.
    pub fn count(
        &mut self,
        lines: &[&Line<'_>],
        read: &HashSet<String>,
        context: &mut Context<'_, '_>,
    ) {
        for line in lines {
            let Some(mailbox) = line.peek().and_then(|text| address(&text)) else {
                continue;
            };
            if read.contains(&mailbox.key(LocalCase::Ignore)) {
                continue;
            }
            if role(&line.name) == Role::Login {
                context.skip(line.name.clone());
                continue;
            }
            let next = self.found.len();
            let place = *self.places.entry(line.name.clone()).or_insert(next);
            match self.found.get_mut(place) {
                Some(unread) => unread.count += 1,
                None => self.found.push(Unread {
                    name: line.label.to_string(),
                    first: line.raw.span,
                    count: 1,
                }),
            }
        }
    }

    /// Reports what was counted.
    pub fn report(self, context: &mut Context<'_, '_>) {
        for Unread { name, first, count } in self.found {
            let addresses = plural(count);
            let message = format!("the attribute `{name}` holds {addresses} and is not read");
            let help = "if mail is to reach them, write their rules in a `.rules` file; otherwise leave the attribute out of the export";
            context.warn(codes::UNREAD_ATTRIBUTE, first, message, help);
        }
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
