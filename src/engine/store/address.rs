//! Local-parts, domains and mailboxes in a record.

use super::{
    bytes::{Reader, Writer},
    names::NameTable,
};
use crate::engine::address::{Domain, LocalPart, Mailbox};

/// Returns the bytes of a mailbox in the form that a rule has.
pub(super) fn mailbox_width(mailbox: &Mailbox) -> u32 {
    let local = &mailbox.local;
    let plain = if local.is_bare() {
        local.as_str().len()
    } else {
        local.to_string().len()
    };
    (plain + 1 + mailbox.domain.as_str().len()) as u32
}

pub(super) fn write_local(local: &LocalPart, out: &mut Writer) {
    out.text(local.as_str(), local.is_bare());
}

pub(super) fn read_local(from: &mut Reader<'_>) -> Option<LocalPart> {
    let (text, bare) = from.text()?;
    Some(LocalPart::stored(text, bare))
}

pub(super) fn read_domain(names: &NameTable, from: &mut Reader<'_>) -> Option<Domain> {
    names.domain_at(from.number()?).cloned()
}

pub(super) fn read_mailbox(names: &NameTable, from: &mut Reader<'_>) -> Option<Mailbox> {
    let domain = read_domain(names, from)?;
    Some(Mailbox {
        local: read_local(from)?,
        domain,
    })
}
