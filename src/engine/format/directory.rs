//! Objects of Active Directory and other directories: a record to an owner and its addresses.
//!
//! # Traps
//!
//! - `targetAddress` sends mail elsewhere and is no alias; its object is a contact.
//! - More than one `SMTP:` is an error of the directory, which checks nothing; without any, `mail` is
//!   taken, with a warning.
//! - `otherMailbox` counts only where it says `smtp:`.
//! - A disabled account (`userAccountControl` bit 2) may be a shared mailbox: it is left out only with
//!   `import --skip-disabled`.
//! - A change record that adds is read like an object if it names the primary address; `delete` and
//!   `modrdn` are counted; other changes of addresses are refused.

use super::{
    context::Context,
    ldif_line::Line,
    object::Object,
    proxy::{self, Proxy},
    value::Value,
};
use crate::engine::rule::Span;

/// Active Directory's default MaxPageSize: a file with as many entries may have been cut off.
pub const PAGE: usize = 1000;

/// Attributes that hold addresses.
pub const ADDRESSES: [&str; 4] = [
    "proxyaddresses",
    "mail",
    "othermailbox",
    "mailalternateaddress",
];

/// Reads one record; whether it is an entry.
pub fn record(lines: &[Line<'_>], context: &mut Context<'_, '_>) -> bool {
    let Some(first) = lines.iter().find(|line| line.name != "version") else {
        return false;
    };
    match first.name.as_str() {
        "dn" => {}
        "search" | "result" | "control" => return false,
        "ref" => {
            context.skip("referral");
            return false;
        }
        _ => {
            let message = "a record begins with `dn:`";
            context.error(
                "syntax",
                first.raw.span,
                message,
                "delete the blank line above, or export it again",
            );
            return false;
        }
    }
    if let Some(second) = lines.iter().filter(|line| line.name == "dn").nth(1) {
        let message = "a second `dn:` stands in one record";
        let help = "write a blank line, without a space in it, above it";
        context.error("syntax", second.raw.span, message, help);
        return true;
    }
    let text = |name: &str| {
        lines
            .iter()
            .find(|line| line.name == name)
            .map(|line| line.raw.text.trim())
    };
    match text("changetype")
        .unwrap_or("add")
        .to_ascii_lowercase()
        .as_str()
    {
        "add" => entry(lines, false, context),
        "modify" => modify(lines, context),
        "delete" => context.skip("deleted"),
        "modrdn" | "moddn" => context.skip("renamed"),
        _ => context.error(
            "syntax",
            first.raw.span,
            "this type of change is not known",
            "known are add, modify, delete, modrdn",
        ),
    }
    true
}

/// A change of addresses, if it says the whole.
fn modify(lines: &[Line<'_>], context: &mut Context<'_, '_>) {
    let order = |line: &&Line<'_>| {
        matches!(line.name.as_str(), "add" | "replace" | "delete")
            && ADDRESSES.contains(&line.raw.text.trim().to_ascii_lowercase().as_str())
    };
    let mut orders = lines.iter().filter(order).peekable();
    let Some(first) = orders.peek() else {
        return context.skip("other-changes");
    };
    let span = first.raw.span;
    let deletes = orders.any(|line| line.name == "delete");
    let primary = lines
        .iter()
        .any(|line| line.name == "proxyaddresses" && line.raw.text.trim().starts_with("SMTP:"));
    if deletes || !primary {
        let message =
            "this changes the addresses of an object whose primary address it does not name";
        return context.error(
            "change-record",
            span,
            message,
            "export the objects themselves: `ldifde -f FILE -l mail,proxyAddresses`",
        );
    }
    entry(lines, true, context);
}

fn entry(lines: &[Line<'_>], change: bool, context: &mut Context<'_, '_>) {
    let place = lines
        .first()
        .map_or(Span::whole_file(context.file), |line| line.raw.span);
    let mut object = Object::new(place);
    let mut mails = Vec::new();
    for line in lines {
        match line.name.as_str() {
            "mail" if change => {}
            "mail" => mails.extend(line.value(context)),
            "useraccountcontrol" if context.options.skip_disabled => {
                let flags: u32 = line.raw.text.trim().parse().unwrap_or(0);
                if flags & 2 != 0 {
                    return context.skip("disabled");
                }
            }
            _ => address(line, &mut object, context),
        }
    }
    if let [_, second, ..] = object.upper.as_slice() {
        let message = "two addresses of one object are marked as the primary one";
        let help = "leave `SMTP:` in upper case before one of them";
        return context.error("two-primaries", second.span, message, help);
    }
    if object.upper.is_empty() && !named_by_mail(&mails, &mut object, context) {
        return;
    }
    object.finish(context);
}

/// Adds what one attribute says.
fn address<'t>(line: &Line<'t>, object: &mut Object<'t>, context: &mut Context<'_, '_>) {
    match line.name.as_str() {
        "proxyaddresses" => {
            if let Some(value) = line.value(context) {
                object.add(&value, false, context);
            }
        }
        "mailalternateaddress" => {
            if let Some(value) = line.value(context) {
                object.add(&value, true, context);
            }
        }
        "othermailbox" => match line.value(context).as_ref().map(proxy::read) {
            Some(Proxy::Smtp { address, .. }) => object.others.push(address),
            Some(_) => context.skip("other-mailbox"),
            None => {}
        },
        "targetaddress" => {
            object.remote = true;
            context.skip("target-address");
        }
        "objectclass" if line.raw.text.trim().eq_ignore_ascii_case("contact") => {
            object.remote = true;
        }
        _ => {}
    }
}

/// Without `SMTP:`, `mail` names the primary address; whether the object can be read.
fn named_by_mail<'t>(
    mails: &[Value<'t>],
    object: &mut Object<'t>,
    context: &mut Context<'_, '_>,
) -> bool {
    match mails {
        [] => true,
        [mail] => {
            if !object.others.is_empty() {
                let message = "no address is marked as the primary one: `mail` is taken for it";
                let help = "write `SMTP:` in upper case before one of them";
                context.warn("no-primary", mail.span, message, help);
            }
            object.name(mail, context);
            true
        }
        [_, second, ..] => {
            let message = "the object has two `mail` values, and none is marked as the primary one";
            let help = "write `SMTP:` in upper case before one of `proxyAddresses`";
            context.error("two-primaries", second.span, message, help);
            false
        }
    }
}
