//! Sendmail's virtusertable, as makemap reads it.
//!
//! ```text
//! jd@domain2.com          jdoe@company.com
//! joe@domain2.com         error:nouser 550 No such user here
//! old+*@domain2.com       new+%2@company.com
//! @domain2.com            %1%3@company.com
//! ```
//!
//! # Traps
//!
//! - `#` begins a comment only in the first column; behind a value it is a part of the value. A line cannot be
//!   continued. Sendmail would keep blanks and a CR at the end of a value; here they are removed.
//! - A value is one address; one without a domain is a local user (`import --local-domain`).
//! - `virtusertable_target.rs` reads `%1`, `%2` and `%3` in a value; `refusal.rs` reads `error:` values.
//! - `user+*@` and `+*@` also match an empty detail (`jd+@domain2.com`), which a native rule of
//!   that form does not. Each of them gives a second rule for the empty detail, unless the file has a line for
//!   that key.

use std::collections::HashSet;

use super::{
    context::Context,
    field_text::{FieldText, lines},
    refusal,
    virtusertable_target::{self, routed},
};
use crate::engine::{
    address::{LocalPart, Mailbox},
    diagnostic::{Finding, Span, codes},
    rule::{Action, DomainClass, Origin, Pattern, TargetKind},
};

/// The user in the regex of a second rule. A regex with one domain is cheap: it is tried only for addresses of
/// this domain.
const ANY: &str = ".+";
const NO_PLUS: &str = "[^+]+";

/// Reads a file.
pub fn read(text: &str, context: &mut Context<'_, '_>) {
    let spelt_out = without_detail(text);
    for line in lines(context.file, text) {
        if line.text.trim().is_empty() || line.text.starts_with('#') {
            continue;
        }
        if line.text.starts_with([' ', '\t']) {
            let blank = line.text.len() - line.text.trim_start_matches([' ', '\t']).len();
            let finding = Finding::error(
                codes::LEADING_SPACE,
                line.trimmed().span,
                "the line begins with white space",
            );
            context.findings.push(finding.suggest(
                "delete the white space: a virtusertable has no continued lines",
                line.part(0..blank).span,
                "",
            ));
            continue;
        }
        let end = line.text.find([' ', '\t']).unwrap_or(line.text.len());
        let key = line.part(0..end);
        let value = context.clean(&line.part(end..line.text.len()));
        if value.text.is_empty() {
            let message = format!("`{}` has no target", key.text);
            context.error(
                codes::NO_ACTION,
                key.span,
                message,
                "write the target, or delete the line",
            );
            continue;
        }
        rule(&key, &value, &spelt_out, context);
    }
    for (domain, class) in &context.options.companions {
        let span = Span::whole_file(context.file);
        context.map_domain(domain.clone(), *class, span);
    }
}

/// Returns the keys of a file, in lower case, that Sendmail looks up before `jd+*@domain2.com`: keys with
/// an empty detail (`jd+@domain2.com`), and `jd++@domain2.com`.
fn without_detail(text: &str) -> HashSet<String> {
    text.lines()
        .filter_map(|line| line.split([' ', '\t']).next())
        .filter(|key| key.contains("+@") && !key.starts_with('#'))
        .map(str::to_lowercase)
        .collect()
}

fn rule(
    key: &FieldText<'_>,
    value: &FieldText<'_>,
    spelt_out: &HashSet<String>,
    context: &mut Context<'_, '_>,
) {
    let Some(pattern) = pattern(key, context) else {
        return;
    };
    // `user++@` comes before `user+*@`, which then matches only the empty detail.
    let shadow = key.text.replacen("+*@", "++@", 1).to_lowercase();
    let shadowed = key.text.contains("+*@") && spelt_out.contains(&shadow);
    let for_empty_detail = |fills| {
        let user = if fills || shadowed { NO_PLUS } else { ANY };
        for_empty_detail(key, &pattern, user, spelt_out)
    };
    if refusal::is_refusal(&value.text) {
        if let Some(reply) = refusal::read(value, context) {
            let for_empty_detail = for_empty_detail(false);
            for pattern in own(pattern, shadowed).chain(for_empty_detail) {
                let action = Action::Refuse(reply.clone());
                context.rule(pattern, action, None, key.span, Origin::Map);
            }
        }
        return;
    }
    if value.text.contains([' ', '\t', ',']) {
        let message =
            "the value must be one address: everything to the end of the line belongs to it";
        let help = "move a comment to a line of its own; for several addresses, write an alias or a `.rules` file";
        return context.error(codes::ONE_ADDRESS, value.span, message, help);
    }
    let Some(right) = virtusertable_target::read(&pattern, value, context) else {
        return;
    };
    // If the target contains the detail, the second rule is only for an empty detail.
    let fills = matches!(right.target.kind, TargetKind::Template { .. });
    let second = for_empty_detail(fills).zip(right.for_empty_detail);
    for (pattern, target) in own((pattern, right.target), shadowed).chain(second) {
        let action = super::identity::action(&pattern, vec![target]);
        let detail = right.detail.filter(|_| action != Action::Keep);
        context.rule(pattern, action, detail, key.span, Origin::Map);
    }
}

/// Returns the rule of the line itself, unless another line wins for every detail that is not empty.
fn own<T>(rule: T, shadowed: bool) -> impl Iterator<Item = T> {
    std::iter::once(rule).filter(move |_| !shadowed)
}

/// Returns the pattern of a second rule for an empty detail, which `user+*@` and `+*@` match and `user++@`
/// and `++@` do not.
fn for_empty_detail(
    key: &FieldText<'_>,
    pattern: &Pattern,
    user: &str,
    spelt_out: &HashSet<String>,
) -> Option<Pattern> {
    if !key.text.contains("+*@") {
        return None;
    }
    match pattern {
        Pattern::AnyDetail { user, domain } => {
            let local = LocalPart::parse(&format!("{user}+")).ok()?;
            let mailbox = Mailbox {
                local,
                domain: domain.clone(),
            };
            let text = mailbox.to_string().to_lowercase();
            (!spelt_out.contains(&text)).then_some(Pattern::Mailbox(mailbox))
        }
        Pattern::Detailed(domain) => {
            let domain = domain.as_str().replace('.', "\\.");
            Some(Pattern::Regex(format!("{user}\\+@{domain}").into()))
        }
        _ => None,
    }
}

/// Reads the left side; `None` if it is a declaration or an error.
fn pattern(key: &FieldText<'_>, context: &mut Context<'_, '_>) -> Option<Pattern> {
    let Some((local, domain)) = key.text.rsplit_once('@') else {
        if key.text.contains('.') {
            let (domain, span) = context.domain(key)?;
            context.map_domain(domain, DomainClass::Secondary, span);
        } else {
            let help = "write `user@domain`; local users belong into an alias file";
            context.error(
                codes::NO_DOMAIN,
                key.span,
                format!("`{}` has no domain", key.text),
                help,
            );
        }
        return None;
    };
    let at = key.text.len() - domain.len();
    if domain.ends_with('.') {
        let end = key.text.len();
        let finding = Finding::error(
            codes::BAD_DOMAIN,
            key.part(at..end).span,
            "the domain ends in a dot",
        );
        context.findings.push(finding.suggest(
            "delete the dot: Sendmail never finds such a key",
            key.part(end - 1..end).span,
            "",
        ));
        return None;
    }
    let (domain, _) = context.domain(&key.part(at..key.text.len()))?;
    let user = local
        .strip_suffix("+*")
        .or_else(|| local.strip_suffix("++"));
    match (local, user) {
        ("", _) => return Some(Pattern::Domain(domain)),
        (_, Some("")) => return Some(Pattern::Detailed(domain)),
        _ => {}
    }
    if local.contains(['%', '!']) {
        routed(key.span, context);
        return None;
    }
    match (user, LocalPart::parse(user.unwrap_or(local))) {
        (Some(_), Ok(user)) => Some(Pattern::AnyDetail { user, domain }),
        (None, Ok(_)) => context
            .pattern(key)
            .map(|(mailbox, _)| Pattern::Mailbox(mailbox)),
        (_, Err(error)) => {
            context.error(
                codes::BAD_PATTERN,
                key.span,
                error.to_string(),
                "write `user@domain`",
            );
            None
        }
    }
}
