//! What a received path is to the table.
//!
//! The received form is looked up where it is in a domain of the table; else what the MTA made of it
//! (`{rcpt_addr}`), so that a spelling that the MTA understands otherwise (`user%domain2.com`) does
//! not get round the table. `{rcpt_addr}` counts only if it has an `@`, and not for the mailer
//! `error`.
//!
//! # Paths that fit no grammar
//!
//! Both MTAs accept more than the grammar of RFC 5321 (`<\nosuch@domain2.com>`, control characters,
//! groups), and the next host may understand more still. No rule can be found for such a path, and
//! to pass it on would let in unknown users, or deliver to the secondary address of a known one. So
//! it is refused where its domain is ours and refuses unknown addresses, or where its local-part
//! would route the mail elsewhere. Elsewhere it is kept: the MTA decides.

use crate::engine::{
    address::{ForwardPath, Mailbox, domain_at_the_end},
    reply::SmtpReply,
    rule::{DomainClass, Unknown},
    table::Table,
};

use super::Received;

/// What a received path is to the table.
pub(super) enum Reading {
    /// A mailbox; it is looked up.
    Mailbox(Mailbox),
    /// Nothing that the table could be for.
    NoMailbox,
    /// A path that fits no grammar, in a domain of ours.
    Unreadable(SmtpReply),
}

/// Reads a recipient.
pub(super) fn read(table: &Table, received: &Received<'_>) -> Reading {
    let known = |mailbox: &Mailbox| table.class(&mailbox.domain).is_some();
    let as_received = ForwardPath::parse(received.path);
    let understood = received
        .rcpt_addr
        .filter(|address| address.contains(&b'@') && received.rcpt_mailer != Some(b"error"));
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

/// Returns the reply to a text that fits no grammar; `None` if it is kept.
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
