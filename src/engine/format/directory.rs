//! Makes rules from the records of Active Directory and other directories.
//!
//! # Traps
//!
//! - Which attributes hold addresses: `attributes.rs`. Lists of members: `nis_alias.rs`.
//! - `targetAddress` sends mail elsewhere and is no alias; its object is a contact.
//! - More than one `SMTP:` is an error: the directory does not check its values. Without `SMTP:` the first
//!   `mail` is the primary address, and further values of `mail` are secondary; if the object has
//!   `proxyAddresses`, that is a warning.
//! - A value of `otherMailbox` counts only if it begins with `smtp:`.
//! - A disabled account (`userAccountControl` bit 2) may be a shared mailbox: it is skipped only with
//!   `import --skip-disabled`.
//! - A change record that adds is read like an object if it names the primary address; `delete` and
//!   `modrdn` are counted; other changes of addresses are refused.

use std::{borrow::Cow, collections::HashSet};

use super::{
    attributes::{self, AttributeRole},
    context::Context,
    field_text::FieldText,
    ldif_line::Line,
    nis_alias::{self, UnqualifiedAliases},
    object::Object,
    pasted::without_mailto,
    proxy::{self, ProxyAddress},
    unread::Unread,
};
use crate::engine::{
    address::{LocalCase, Mailbox},
    diagnostic::{Span, codes},
};

/// Active Directory's default MaxPageSize: a file with as many entries may have been cut off.
pub const PAGE: usize = 1000;

/// What is known about the objects of one file.
#[derive(Debug, Default)]
pub struct Directory {
    /// How many entries there are.
    pub entries: usize,
    unread: Unread,
    unqualified: UnqualifiedAliases,
}

/// What a record is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecordKind {
    /// An entry, or a change of one.
    Entry,
    /// A statement about the whole export: a result or a referral.
    Trailer,
    /// Nothing.
    Nothing,
}

impl Directory {
    /// Reads one record.
    pub fn record(&mut self, lines: &[Line<'_>], context: &mut Context<'_, '_>) -> RecordKind {
        let Some(first) = lines.iter().find(|line| line.name != "version") else {
            return RecordKind::Nothing;
        };
        match first.name.as_str() {
            "dn" => {}
            "search" | "result" | "control" | "pagedresults" | "ref" => return RecordKind::Trailer,
            _ => {
                let message = "a record must begin with `dn:`";
                context.error(
                    codes::SYNTAX,
                    first.raw.span,
                    message,
                    "delete the blank line above, or export it again",
                );
                return RecordKind::Nothing;
            }
        }
        self.entries += 1;
        if let Some(second) = lines.iter().filter(|line| line.name == "dn").nth(1) {
            let message = "this record has a second `dn:`";
            let help = "write an empty line above the second `dn:`";
            context.error(codes::SYNTAX, second.raw.span, message, help);
            return RecordKind::Entry;
        }
        let change = lines.iter().find(|line| line.name == "changetype");
        let change = change.map_or("add", |line| line.raw.text.trim());
        match change.to_ascii_lowercase().as_str() {
            "add" => self.entry(lines, false, context),
            "modify" if changes_the_whole(lines, context) => self.entry(lines, true, context),
            "modify" => {}
            "delete" => context.skip("deleted"),
            "modrdn" | "moddn" => context.skip("renamed"),
            _ => context.error(
                codes::SYNTAX,
                first.raw.span,
                "unknown type of change",
                "write add, modify, delete or modrdn",
            ),
        }
        RecordKind::Entry
    }

    /// Reports what was not read.
    pub fn report(self, context: &mut Context<'_, '_>) {
        self.unread.report(context);
        self.unqualified.report(context);
    }

    fn entry(&mut self, lines: &[Line<'_>], change: bool, context: &mut Context<'_, '_>) {
        if is_disabled(lines, context) {
            return context.skip("disabled");
        }
        let has = |role| {
            lines
                .iter()
                .any(|line| attributes::role(&line.name) == role)
        };
        if has(AttributeRole::Member) {
            nis_alias::read(lines, &mut self.unqualified, context);
            let own = |line: &&Line<'_>| {
                let role = attributes::role(&line.name);
                line.name == "cn"
                    || matches!(
                        role,
                        AttributeRole::Mail | AttributeRole::Alias | AttributeRole::Member
                    )
            };
            let own = lines.iter().filter(own).filter_map(Line::peek);
            let read = keys(own);
            return self.count_unread(lines, &read, context);
        }
        let place = lines
            .first()
            .map_or(Span::whole_file(context.file), |line| line.raw.span);
        let mut object = Object::new(place);
        let mut mails = Vec::new();
        for line in lines {
            match attributes::role(&line.name) {
                AttributeRole::Mail if change => {}
                AttributeRole::Mail => mails.extend(line.value(context)),
                role => address(role, line, &mut object, context),
            }
        }
        if let [_, second, ..] = object.upper.as_slice() {
            let message = "two addresses of one object are marked as the primary one";
            let help = "keep `SMTP:` in upper case before one of the addresses, and write `smtp:` before the others";
            return context.error(codes::TWO_PRIMARIES, second.span, message, help);
        }
        if object.upper.is_empty() {
            named_by_mail(mails, has(AttributeRole::Proxy), &mut object, context);
        }
        // Some directories have the same address in two attributes.
        let mut seen = HashSet::new();
        object
            .others
            .retain(|value| seen.insert(value.text.trim().to_lowercase()));
        let read = object.upper.iter().chain(&object.others);
        let read = keys(read.chain(&object.named).map(|value| value.text.clone()));
        self.count_unread(lines, &read, context);
        object.finish(context);
    }

    /// Counts the addresses in attributes that are not read.
    fn count_unread(
        &mut self,
        lines: &[Line<'_>],
        read: &HashSet<String>,
        context: &mut Context<'_, '_>,
    ) {
        let unread: Vec<_> = lines
            .iter()
            .filter(|line| match attributes::role(&line.name) {
                // A `mail` beside `SMTP:` may be another address.
                AttributeRole::Mail | AttributeRole::Login => !read.is_empty(),
                AttributeRole::OtherMailbox => true,
                AttributeRole::Other => line.name != "dn",
                _ => false,
            })
            .collect();
        attributes::count_unread(&unread, read, &mut self.unread, context);
    }
}

/// Returns the keys by which addresses are compared.
fn keys<'t>(addresses: impl Iterator<Item = Cow<'t, str>>) -> HashSet<String> {
    addresses
        .filter_map(|text| Mailbox::parse(text.trim()).ok())
        .map(|mailbox| mailbox.key(LocalCase::Ignore))
        .collect()
}

/// Returns true if the account is disabled and disabled accounts are skipped.
fn is_disabled(lines: &[Line<'_>], context: &Context<'_, '_>) -> bool {
    let control = |line: &&Line<'_>| line.name == "useraccountcontrol";
    let flags = lines.iter().find(control).map(|line| line.raw.text.trim());
    let flags = flags.and_then(|flags| flags.parse::<u32>().ok());
    context.options.skip_disabled && flags.is_some_and(|flags| flags & 2 != 0)
}

/// Returns true if a change record holds all addresses, so that it is read like an object.
fn changes_the_whole(lines: &[Line<'_>], context: &mut Context<'_, '_>) -> bool {
    let order = |line: &&Line<'_>| {
        matches!(line.name.as_str(), "add" | "replace" | "delete")
            && attributes::holds_addresses(&line.raw.text.trim().to_ascii_lowercase())
    };
    let mut orders = lines.iter().filter(order).peekable();
    let Some(first) = orders.peek() else {
        context.skip("other-changes");
        return false;
    };
    let span = first.raw.span;
    let deletes = orders.any(|line| line.name == "delete");
    let primary = lines
        .iter()
        .any(|line| line.name == "proxyaddresses" && line.raw.text.trim().starts_with("SMTP:"));
    if deletes || !primary {
        let message =
            "this record changes the addresses of an object and does not name its primary address";
        context.error(
            codes::CHANGE_RECORD,
            span,
            message,
            "export the objects themselves: `ldifde -f FILE -l mail,proxyAddresses`",
        );
        return false;
    }
    true
}

/// Adds what one attribute says.
fn address<'t>(
    role: AttributeRole,
    line: &Line<'t>,
    object: &mut Object<'t>,
    context: &mut Context<'_, '_>,
) {
    match role {
        AttributeRole::Proxy => {
            if let Some(value) = line.value(context) {
                object.add(&value, false, context);
            }
        }
        // An attribute of this name may hold anything.
        AttributeRole::Alias
            if line.name == "alias" && line.peek().is_some_and(|v| !v.contains('@')) =>
        {
            context.skip("alias-without-domain");
        }
        AttributeRole::Alias => {
            if let Some(value) = line.value(context) {
                object.add(&value, true, context);
            }
        }
        AttributeRole::Primary => {
            if let Some(value) = line.value(context) {
                object.name(&value, context);
            }
        }
        AttributeRole::OtherMailbox => {
            if let Some(ProxyAddress::Smtp { address, .. }) =
                line.value(context).as_ref().map(proxy::read)
            {
                object.others.push(address);
            }
        }
        AttributeRole::Target => {
            object.remote = true;
            context.skip("target-address");
        }
        AttributeRole::Other
            if line.name == "objectclass"
                && line.raw.text.trim().eq_ignore_ascii_case("contact") =>
        {
            object.remote = true;
        }
        AttributeRole::Mail
        | AttributeRole::Member
        | AttributeRole::Login
        | AttributeRole::Other => {}
    }
}

/// Takes the first `mail` for the primary address and the others for secondary ones, if `SMTP:` marks none.
fn named_by_mail<'t>(
    mails: Vec<FieldText<'t>>,
    typed: bool,
    object: &mut Object<'t>,
    context: &mut Context<'_, '_>,
) {
    let mut mails = mails.into_iter();
    if object.named.is_none()
        && let Some(mail) = mails.next()
    {
        if typed && !object.others.is_empty() {
            let message =
                "no address is marked as primary, so `mail` counts as the primary address";
            let help = "write `SMTP:` in upper case before the primary address";
            context.warn(codes::NO_PRIMARY, mail.span, message, help);
        }
        object.name(&mail, context);
    }
    object
        .others
        .extend(mails.map(|mail| without_mailto(&mail)));
}
