//! A rule of a virtual(5) file: a key with a domain, and the addresses behind it.
//!
//! The file does not show what Postfix appends to an address without a domain (`myorigin`) or to a domain
//! without a dot (`mydomain`): `import --myorigin` and `--mydomain` name it. Lists of existing addresses,
//! commands and files are errors.

use std::collections::HashSet;

use super::{context::Context, field_text::FieldText, identity, postfix_value};
use crate::engine::{
    address::last_at,
    diagnostic::{Finding, Span, codes},
    rule::{Origin, Pattern, Target, TargetKind},
};

/// Adds a rule for an address or a whole domain.
pub fn rule(key: &FieldText<'_>, value: &[FieldText<'_>], context: &mut Context<'_, '_>) {
    if let Some(domain) = key.text.strip_prefix('@') {
        let name = key.part(1..1 + domain.len());
        if let Some((domain, _)) = context.domain(&name) {
            add(Pattern::Domain(domain), key.span, value, context);
        }
    } else if let Some((mailbox, span)) = context.pattern(key) {
        add(Pattern::Mailbox(mailbox), span, value, context);
    }
}

/// Adds a rule with this pattern.
pub fn add(pattern: Pattern, span: Span, value: &[FieldText<'_>], context: &mut Context<'_, '_>) {
    let Some(words) = postfix_value::addresses(value, context) else {
        return;
    };
    let mut targets: Vec<Target> = Vec::new();
    let mut seen = HashSet::new();
    let mut sound = true;
    for (at, word) in words.iter().enumerate() {
        match target(word, at == 0, context) {
            Some(target) if seen.insert(target.to_string()) => targets.push(target),
            Some(_) => {}
            None => sound = false,
        }
    }
    if words.is_empty() {
        let help = "write an address, or delete the line";
        context.error(codes::NO_ACTION, span, "the line has no target", help);
    } else if sound {
        let action = identity::action(&pattern, targets);
        context.rule(pattern, action, None, span, Origin::Map);
    }
}

fn target(word: &FieldText<'_>, first: bool, context: &mut Context<'_, '_>) -> Option<Target> {
    let text = &*word.text;
    if text.starts_with(['|', '/', '"']) && !text.contains('@') || text.starts_with(":include:") {
        let help = "commands, files and lists are for aliases(5) only; write an address";
        context.error(
            codes::NOT_AN_ADDRESS,
            word.span,
            format!("`{text}` is not an address"),
            help,
        );
        return None;
    }
    if text
        .get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
    {
        let message = format!("`{text}` is a link, not an address");
        context.error(
            codes::NOT_AN_ADDRESS,
            word.span,
            message,
            "delete `mailto:`",
        );
        return None;
    }
    if let Some(domain) = text.strip_prefix('@') {
        if !first {
            let help = "write it first";
            context.error(
                codes::BAD_TARGET,
                word.span,
                "Postfix uses `@domain` only as the first value",
                help,
            );
            return None;
        }
        let (domain, _) = context.domain(&word.part(1..1 + domain.len()))?;
        return Some(Target {
            kind: TargetKind::Domain(domain),
            span: word.span,
        });
    }
    let whole = completed(text, word.span, context)?;
    match whole {
        Some(whole) => context.target(&FieldText {
            text: whole.into(),
            span: word.span,
        }),
        None => context.target(word),
    }
}

/// Values of relay_recipient_maps, relay_domains and access(5), which are not addresses.
const LISTED: [&str; 11] = [
    "ok", "x", "1", "yes", "relay", "valid", "permit", "reject", "dunno", "hold", "discard",
];

/// Returns what Postfix appends to an address; `Some(None)` if the address has a full domain.
///
/// A domain without a dot (`root@localhost`) stays as it is unless `mydomain` is named. A setting of
/// Postfix (`append_dot_mydomain`) decides whether Postfix appends it; Postfix does the same to addresses that
/// readdress adds.
fn completed(text: &str, span: Span, context: &mut Context<'_, '_>) -> Option<Option<String>> {
    let domain = last_at(text).and_then(|at| text.get(at + 1..));
    match (domain, &context.options.myorigin, &context.options.mydomain) {
        (None, _, _) if text.starts_with('"') && text.contains('@') => {
            let message = format!("the quotes make {text} a local-part without a domain");
            let bare: String = text.chars().filter(|c| *c != '"').collect();
            let finding = Finding::error(codes::NO_DOMAIN, span, message);
            context
                .findings
                .push(finding.suggest("delete the quotes", span, bare));
            None
        }
        (None, Some(origin), _) => Some(Some(format!("{text}@{origin}"))),
        (None, None, _) if LISTED.iter().any(|word| text.eq_ignore_ascii_case(word)) => {
            let message = format!(
                "`{text}` is not an address: the file looks like a list of existing addresses"
            );
            let help = "relay_recipient_maps and access tables have no targets; save the source of virtual_alias_maps instead";
            context.error(codes::NOT_AN_ADDRESS, span, message, help);
            None
        }
        (None, None, _) => {
            let message = format!("`{text}` has no domain: Postfix appends its `myorigin`");
            let help =
                "write the whole address, or use `readdress import virtual --myorigin DOMAIN`";
            context.error(codes::NO_DOMAIN, span, message, help);
            None
        }
        (Some(domain), _, Some(mydomain)) if !domain.contains('.') => {
            Some(Some(format!("{text}.{mydomain}")))
        }
        (Some(domain), _, None)
            if !domain.is_empty()
                && !domain.contains(['.', ':', '['])
                && !domain.eq_ignore_ascii_case("localhost") =>
        {
            let message = format!("the domain of `{text}` has no dot");
            let help = "write the whole domain, or use `readdress import virtual --mydomain DOMAIN`, unless the MTA appends it (`append_dot_mydomain`)";
            context.warn(codes::SHORT_DOMAIN, span, message, help);
            Some(None)
        }
        (Some(_), _, _) => Some(None),
    }
}
