//! The addresses of one object: a mailbox, a group, a contact.
//!
//! # Which address is the primary one
//!
//! 1. The address of type `SMTP:` in upper case, if there is exactly one.
//! 2. Otherwise the address in a column or an attribute for the primary address.
//! 3. Otherwise none, which is an error: the order of a list means nothing (Q190706).

use super::{
    context::Context,
    field_text::FieldText,
    pasted,
    products::POWERSHELL,
    proxy::{self, ProxyAddress},
};
use crate::engine::{
    address::{LocalCase, Mailbox},
    diagnostic::{Span, codes},
    rule::{Action, Origin, Pattern, Target, TargetKind},
};

/// Local-parts of mailboxes that belong to the system, by their beginnings in lower case.
const SYSTEM: [&str; 5] = [
    "systemmailbox{",
    "healthmailbox",
    "discoverysearchmailbox",
    "federatedemail",
    "extest_",
];

/// The addresses of an object, as they are found.
#[derive(Debug)]
pub struct Object<'t> {
    /// The row or record, for findings about it as a whole.
    pub place: Span,
    /// True for a contact: it has no mailbox here, its mail goes elsewhere.
    pub remote: bool,
    /// The address in a column or an attribute for the primary address.
    pub named: Option<FieldText<'t>>,
    /// Addresses of type `SMTP:`.
    pub upper: Vec<FieldText<'t>>,
    /// The user principal name. It is the primary address only if `import` was told so.
    pub principal: bool,
    /// The other addresses.
    pub others: Vec<FieldText<'t>>,
}

impl<'t> Object<'t> {
    /// Returns an object without addresses.
    pub fn new(place: Span) -> Self {
        Self {
            place,
            remote: false,
            named: None,
            upper: Vec::new(),
            principal: false,
            others: Vec::new(),
        }
    }

    /// Sets the primary address from a column, if the cell is not empty.
    pub fn name(&mut self, value: &FieldText<'t>, context: &mut Context<'_, '_>) {
        if let ProxyAddress::Smtp { address, .. } | ProxyAddress::Bare(address) =
            proxy::read(&pasted::one(&context.clean(value)))
            && !address.text.is_empty()
        {
            self.named = Some(address);
        }
    }

    /// Adds a proxy address. A value without a type counts as an address if `bare` is true.
    pub fn add(&mut self, value: &FieldText<'t>, bare: bool, context: &mut Context<'_, '_>) {
        match proxy::read(&context.clean(value)) {
            ProxyAddress::Smtp {
                upper: true,
                address,
            } => self.upper.push(address),
            ProxyAddress::Smtp { address, .. } => self.others.push(address),
            ProxyAddress::Other(kind) => context.skip(kind),
            ProxyAddress::Bare(value) if value.text.is_empty() => {}
            ProxyAddress::Bare(value) if bare => self.others.push(value),
            ProxyAddress::Bare(value) => context.error(
                codes::NO_TYPE,
                value.span,
                format!("`{}` has no type, or was cut off", value.text),
                "write `smtp:` before an address; a cell that was cut off has to be exported again",
            ),
        }
    }

    /// Returns true if an address is named or marked as the primary one.
    pub fn has_primary(&self) -> bool {
        self.named.is_some() || !self.upper.is_empty()
    }

    /// Returns true if the object has this address.
    pub fn holds(&self, address: &FieldText<'_>) -> bool {
        let own = self.named.iter().chain(&self.upper).chain(&self.others);
        let same = |value: &FieldText<'_>| value.text.eq_ignore_ascii_case(&address.text);
        own.into_iter().any(same)
    }

    /// Adds the addresses of another row of the same object. A repeated address counts once.
    pub fn join(&mut self, other: Object<'t>) {
        self.remote |= other.remote;
        self.named = self.named.take().or(other.named);
        for upper in other.upper {
            let known = |value: &FieldText<'_>| value.text.eq_ignore_ascii_case(&upper.text);
            // Two different primary addresses have been reported already.
            if self.upper.len() < 2 && !self.upper.iter().any(known) {
                self.upper.push(upper);
            }
        }
        self.others.extend(other.others);
    }

    /// Adds the rules of the object.
    pub fn finish(self, context: &mut Context<'_, '_>) {
        let primary = match (self.upper.as_slice(), &self.named) {
            ([one], named) => {
                if let Some(named) = named {
                    differs(named, one, context);
                }
                one.clone()
            }
            (_, Some(named)) => named.clone(),
            ([], None) if self.others.is_empty() => return,
            ([], None) => {
                let message = "no address is marked as the primary one";
                let help = if self.principal {
                    "export the column PrimarySmtpAddress as well; where every user principal name is the primary address: `readdress import microsoft365 --primary-from upn FILE`"
                } else {
                    "export the column of the primary address as well, or write `SMTP:` in upper case before it; the order of a list means nothing"
                };
                return context.error(codes::NO_PRIMARY, self.place, message, help);
            }
            ([_, second, ..], None) => {
                let message = "two addresses of one object are marked as the primary one";
                let help = "keep `SMTP:` in upper case before one of the addresses, and write `smtp:` before the others";
                return context.error(codes::TWO_PRIMARIES, second.span, message, help);
            }
        };
        let Some(target) = address(&primary, context) else {
            return;
        };
        let TargetKind::Mailbox(mailbox) = &target.kind else {
            return;
        };
        if let Some(kind) = passed_over(mailbox, context) {
            return context.skip(kind);
        }
        let secondaries = self.upper.iter().chain(&self.others);
        for value in secondaries {
            secondary(value, &target, mailbox, self.remote, context);
        }
        if !self.remote {
            let pattern = Pattern::Mailbox(mailbox.clone());
            context.rule(pattern, Action::Mailbox, None, target.span, Origin::Row);
        }
    }
}

/// Reports a column that names another primary address than the marked one.
fn differs(named: &FieldText<'_>, marked: &FieldText<'_>, context: &mut Context<'_, '_>) {
    let same = |one: &str, other: &str| match (Mailbox::parse(one), Mailbox::parse(other)) {
        (Ok(one), Ok(other)) => one.key(LocalCase::Ignore) == other.key(LocalCase::Ignore),
        _ => one == other,
    };
    if !same(&named.text, &marked.text) {
        let message = format!(
            "the column names `{}` as the primary address, and `SMTP:` marks `{}`: the marked address is used",
            named.text, marked.text
        );
        let help =
            "export the file again, or correct the object: Exchange sends with the marked address";
        context.warn(codes::OTHER_PRIMARY, named.span, message, help);
    }
}

/// Adds the rule of one secondary address, unless it is the primary address.
fn secondary(
    value: &FieldText<'_>,
    target: &Target,
    primary: &Mailbox,
    remote: bool,
    context: &mut Context<'_, '_>,
) {
    if !plausible(value, context) {
        return;
    }
    let Some((mailbox, span)) = context.pattern(value) else {
        return;
    };
    let case = context.options.local_case;
    if mailbox.key(case) == primary.key(case) {
        return;
    }
    if let Some(kind) = passed_over(&mailbox, context) {
        return context.skip(kind);
    }
    // A contact has no mailbox here, so its domain must be declared as for any other target.
    let origin = if remote { Origin::Row } else { Origin::Proxy };
    let action = Action::Rewrite(vec![target.clone()]);
    context.rule(Pattern::Mailbox(mailbox), action, None, span, origin);
}

/// Returns an address as a target; `None` if it looks damaged.
pub fn address(value: &FieldText<'_>, context: &mut Context<'_, '_>) -> Option<Target> {
    if plausible(value, context) {
        context.target(value)
    } else {
        None
    }
}

/// Returns true if an address is not damaged: no letter became `?`, and the end was not cut off.
fn plausible(value: &FieldText<'_>, context: &mut Context<'_, '_>) -> bool {
    let text = value.text.trim();
    if text.contains('?') {
        let message = format!("`{text}` has a `?` where a letter was lost");
        context.error(
            codes::LOSSY_VALUE,
            value.span,
            message,
            format!("export it again as UTF-8, one address a row: {POWERSHELL}"),
        );
        return false;
    }
    let whole = text
        .rsplit_once('@')
        .is_some_and(|(_, domain)| domain.contains('.') && !domain.ends_with('.'));
    if !whole {
        let message =
            format!("`{text}` is not a whole address: it was cut off, or it is not a mail address");
        context.error(codes::CUT_OFF, value.span, message, "old versions of Excel cut cells at 255 characters: export it again and do not save it there");
    }
    whole
}

/// Returns the kind of an address that is skipped: an address of the tenant itself, or of the system.
fn passed_over(mailbox: &Mailbox, context: &Context<'_, '_>) -> Option<&'static str> {
    let local = mailbox.local.as_str().to_ascii_lowercase();
    if local.contains("#ext#") {
        return Some("guests");
    }
    if SYSTEM.iter().any(|beginning| local.starts_with(beginning)) {
        return Some("system");
    }
    let tenant = mailbox.domain.as_str().ends_with(".onmicrosoft.com");
    (tenant && !context.options.keep_onmicrosoft).then_some("onmicrosoft")
}
