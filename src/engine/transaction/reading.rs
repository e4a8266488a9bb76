//! Which mailbox a received path means.
//!
//! If the path as received is in a domain of the table, it is looked up. Otherwise the address that the MTA
//! understood is looked up, so that a spelling that only the MTA understands (`user%domain2.com`) does not bypass
//! the table. That address counts only if it has an `@`, and if the MTA's mailer is not `error`, with which
//! Sendmail and Postfix refuse an address.
//!
//! # Paths that fit no grammar
//!
//! Both MTAs accept more than the grammar of RFC 5321 (`<\nosuch@domain2.com>`, control characters, groups), and the
//! next host may accept even more. No rule can match such a path. If it passed, mail could reach unknown users, or
//! the secondary address of a known user. So such a path is refused if its domain is in the table and refuses
//! unknown addresses, or if its local-part would route the mail elsewhere. In all other cases the MTA decides.

use crate::engine::{
    address::{ForwardPath, Mailbox, domain_at_the_end},
    reply::SmtpReply,
    rule::{DomainClass, Unknown},
    table::Table,
};

use super::recipient::Received;

/// What a received path means.
pub(super) enum Reading {
    /// A mailbox. It is looked up.
    Mailbox(Mailbox),
    /// No mailbox, so no rule can match.
    NoMailbox,
    /// A path that fits no grammar and is refused.
    Unreadable(SmtpReply),
}

/// Reads the path of a recipient.
pub(super) fn read(table: &Table, received: &Received<'_>) -> Reading {
    let known = |mailbox: &Mailbox| table.class(&mailbox.domain).is_some();
    let as_received = ForwardPath::parse(received.path);
    let understood = received
        .mta_address
        .filter(|address| address.contains(&b'@') && received.mta_mailer != Some(b"error"));
    let by_the_mta = understood.map(ForwardPath::parse);
    for form in std::iter::once(&as_received).chain(&by_the_mta) {
        if let Ok(ForwardPath::Mailbox(mailbox)) = form
            && known(mailbox)
        {
            return Reading::Mailbox(mailbox.clone());
        }
    }
    let clear = matches!(
        by_the_mta,
        Some(Ok(ForwardPath::Mailbox(_) | ForwardPath::Literal))
    );
    let path = Some(received.path).filter(|_| as_received.is_err() && !clear);
    let address = understood.filter(|_| matches!(by_the_mta, Some(Err(_))));
    let refusal = path.into_iter().chain(address);
    match refusal.flat_map(|text| refused(table, text)).next() {
        Some(reply) => Reading::Unreadable(reply),
        None => match as_received {
            Ok(ForwardPath::Mailbox(mailbox)) => Reading::Mailbox(mailbox),
            _ => Reading::NoMailbox,
        },
    }
}

/// Returns the reply to a text that fits no grammar; `None` if the recipient is kept.
fn refused(table: &Table, text: &[u8]) -> Option<SmtpReply> {
    let domain = domain_at_the_end(text)?;
    let class = table.class(&domain)?;
    if class == DomainClass::External {
        return None;
    }
    let at = text.iter().rposition(|byte| *byte == b'@')?;
    let local = text.get(..at).unwrap_or_default();
    let routes = local.iter().any(|byte| b"%!@".contains(byte));
    match table.unknown(&domain) {
        Unknown::Defer if !routes => Some(table.settings().unknown_defer.clone()),
        Unknown::Keep if !routes => None,
        _ => Some(SmtpReply::bad_syntax()),
    }
}
