//! Mail aliases in directories (nisMailAlias): a name, and members that get its mail.
//!
//! ```text
//! dn: cn=sales@domain2.com,ou=Aliases,dc=company,dc=com
//! objectClass: nisMailAlias
//! cn: sales@domain2.com
//! rfc822MailMember: anna@company.com
//! rfc822MailMember: bob@company.com
//! ```
//!
//! # Traps
//!
//! - `cn` is the name of the alias. In an object with `mail`, `mail` is the name, and `cn` is for people.
//! - Name and members without a domain are local users (`import --local-domain`). Without this
//!   option an alias whose name has no domain is a warning, and a member without a domain is an error: a part
//!   of a list is worse than no list.
//! - Commands, files and lists (`|command`, `/file`, `:include:`) are for aliases(5): errors.

use std::collections::HashSet;

use super::{
    attributes::{self, AttributeRole},
    context::Context,
    field_text::FieldText,
    ldif_line::Line,
};
use crate::engine::{
    diagnostic::{Span, codes},
    rule::{Origin, Pattern, Target},
};

/// Aliases that are not read, because their domain is not known.
#[derive(Debug, Default)]
pub struct UnqualifiedAliases {
    count: usize,
    first: Option<Span>,
}

impl UnqualifiedAliases {
    /// Reports these aliases.
    pub fn report(self, context: &mut Context<'_, '_>) {
        let Some(span) = self.first else { return };
        let aliases = match self.count {
            1 => "1 alias (`rfc822MailMember`)".to_owned(),
            many => format!("{many} aliases (`rfc822MailMember`)"),
        };
        let message = format!("{aliases} not read: the name has no domain");
        let help = "give the domain: `readdress import ldif --local-domain DOMAIN FILE`";
        context.warn(codes::UNREAD_ALIAS, span, message, help);
    }
}

/// Reads an alias; `unqualified` counts one without a domain.
pub fn read(
    lines: &[Line<'_>],
    unqualified: &mut UnqualifiedAliases,
    context: &mut Context<'_, '_>,
) {
    let is = |role: AttributeRole| move |line: &Line<'_>| attributes::role(&line.name) == role;
    let mut names = values(lines, is(AttributeRole::Mail), context);
    if names.is_empty() {
        names = values(lines, |line| line.name == "cn", context);
    }
    names.extend(values(lines, is(AttributeRole::Alias), context));
    let members = values(lines, is(AttributeRole::Member), context);
    let Some(targets) = targets(&members, context) else {
        return;
    };
    for name in names {
        let Some(whole) = completed(&name, context) else {
            unqualified.count += 1;
            unqualified.first.get_or_insert(name.span);
            continue;
        };
        if let Some((mailbox, span)) = context.pattern(&whole) {
            let pattern = Pattern::Mailbox(mailbox);
            let action = super::identity::action(&pattern, targets.clone());
            context.rule(pattern, action, None, span, Origin::Row);
        }
    }
}

fn values<'t>(
    lines: &[Line<'t>],
    wanted: impl Fn(&Line<'_>) -> bool,
    context: &mut Context<'_, '_>,
) -> Vec<FieldText<'t>> {
    let lines = lines.iter().filter(|line| wanted(line));
    lines.filter_map(|line| line.value(context)).collect()
}

/// Returns the members as targets; `None` if one of them cannot be read.
fn targets(members: &[FieldText<'_>], context: &mut Context<'_, '_>) -> Option<Vec<Target>> {
    let mut targets: Vec<Target> = Vec::new();
    let mut seen = HashSet::new();
    let mut sound = true;
    for member in members {
        match member_of(member, context) {
            Some(target) if seen.insert(target.to_string()) => targets.push(target),
            Some(_) => {}
            None => sound = false,
        }
    }
    (sound && !targets.is_empty()).then_some(targets)
}

fn member_of(member: &FieldText<'_>, context: &mut Context<'_, '_>) -> Option<Target> {
    let text = member.text.trim();
    if text.starts_with(['|', '/', '"']) && !text.contains('@') || text.starts_with(":include:") {
        let message = format!("`{text}` is not an address");
        let help = "commands, files and lists are for aliases(5) only; write an address";
        context.error(codes::NOT_AN_ADDRESS, member.span, message, help);
        return None;
    }
    let Some(whole) = completed(member, context) else {
        let message = format!("the member `{text}` has no domain: it is a local user");
        let help = "give the domain: `readdress import ldif --local-domain DOMAIN FILE`";
        context.error(codes::NO_DOMAIN, member.span, message, help);
        return None;
    };
    context.target(&whole)
}

/// Returns a whole address; `None` if it has no domain and no option gives one.
fn completed<'t>(value: &FieldText<'t>, context: &Context<'_, '_>) -> Option<FieldText<'t>> {
    let text = value.text.trim();
    match &context.options.local_domain {
        _ if text.contains('@') => Some(value.clone()),
        Some(domain) => Some(FieldText {
            text: format!("{text}@{domain}").into(),
            span: value.span,
        }),
        None => None,
    }
}
