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
//! - `#` begins a comment in the first column only: behind a value it belongs to the value. Nothing
//!   continues a line. Trailing blanks and a CR would stay in the value: they are left out.
//! - A value is one address; one without a domain is a local user (`import --local-domain`).
//! - `%1` is the user, `%2` the detail, `%3` the `+` and the detail, `%%` a percent sign; `%0` and the
//!   rest are refused. `@dom %1@x` drops the detail, `@dom %1%3@x` keeps it, `jd@dom jdoe@x` drops it.
//! - `error:` values refuse: by an enhanced code or a name of `sysexits.h`, a code, a text.
//!
//! # Limits
//!
//! `user+*` also matches an empty detail in Sendmail, which here belongs to `user`'s own rule.

use super::{
    context::Context,
    refusal,
    value::{Value, lines},
};
use crate::engine::{
    address::{Domain, LocalPart},
    rule::{Action, Detail, DomainClass, Origin, Pattern, Piece, Span, Target, TargetKind},
};

/// Reads a file.
pub fn read(text: &str, context: &mut Context<'_, '_>) {
    for line in lines(context.file, text) {
        if line.text.trim().is_empty() || line.text.starts_with('#') {
            continue;
        }
        if line.text.starts_with([' ', '\t']) {
            let help = "begin the line in its first column: no line continues another here";
            context.error(
                "leading-space",
                line.trimmed().span,
                "the line begins with white space",
                help,
            );
            continue;
        }
        let end = line.text.find([' ', '\t']).unwrap_or(line.text.len());
        let key = line.part(0..end);
        let value = context.clean(&line.part(end..line.text.len()));
        if value.text.is_empty() {
            let message = format!("nothing stands behind `{}`", key.text);
            context.error(
                "no-action",
                key.span,
                message,
                "write its address, or delete the line",
            );
            continue;
        }
        rule(&key, &value, context);
    }
    for (domain, class) in &context.options.companions {
        let span = Span::whole_file(context.file);
        context.map_domain(domain.clone(), *class, span);
    }
}

fn rule(key: &Value<'_>, value: &Value<'_>, context: &mut Context<'_, '_>) {
    let Some(pattern) = pattern(key, context) else {
        return;
    };
    if let Some(error) = value.text.strip_prefix("error:") {
        let error = value.part(value.text.len() - error.len()..value.text.len());
        if let Some(reply) = refusal::read(&error, context) {
            context.rule(pattern, Action::Refuse(reply), None, key.span, Origin::Map);
        }
        return;
    }
    if value.text.contains([' ', '\t', ',']) {
        let message = "a value is one address, and everything to the end of the line belongs to it";
        let help = "put a comment on a line of its own; several addresses need an alias, or a `.rules` file";
        return context.error("one-address", value.span, message, help);
    }
    let Some((target, detail)) = target(&pattern, value, context) else {
        return;
    };
    let action = super::identity::action(&pattern, vec![target]);
    let detail = detail.filter(|_| action != Action::Keep);
    context.rule(pattern, action, detail, key.span, Origin::Map);
}

/// The left side; `None` where it is a declaration or an error.
fn pattern(key: &Value<'_>, context: &mut Context<'_, '_>) -> Option<Pattern> {
    let Some((local, domain)) = key.text.rsplit_once('@') else {
        if key.text.contains('.') {
            let (domain, span) = context.domain(key)?;
            context.map_domain(domain, DomainClass::Secondary, span);
        } else {
            let help = "write `user@domain`; local users belong into an alias file";
            context.error(
                "no-domain",
                key.span,
                format!("`{}` has no domain", key.text),
                help,
            );
        }
        return None;
    };
    let at = key.text.len() - domain.len();
    if domain.ends_with('.') {
        let help = "delete the dot: Sendmail never finds such a key";
        context.error(
            "bad-domain",
            key.part(at..key.text.len()).span,
            "the domain ends in a dot",
            help,
        );
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
                "bad-pattern",
                key.span,
                error.to_string(),
                "write `user@domain`",
            );
            None
        }
    }
}

fn routed(span: Span, context: &mut Context<'_, '_>) {
    let message = "a local-part with `%` or `!` is old routing";
    context.error(
        "routing-spelling",
        span,
        message,
        "write an address that has neither of them",
    );
}

/// A piece of a right side.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Text(String),
    User,
    Detail,
    PlusDetail,
}

/// The right side as a target and what becomes of the detail.
fn target(
    pattern: &Pattern,
    value: &Value<'_>,
    context: &mut Context<'_, '_>,
) -> Option<(Target, Option<Detail>)> {
    let local_domain = context.options.local_domain.as_ref();
    let (local, domain) = match (value.text.rsplit_once('@'), local_domain) {
        (Some((local, domain)), _) => {
            let at = value.text.len() - domain.len();
            (local, context.domain(&value.part(at..value.text.len()))?.0)
        }
        (None, Some(domain)) => (&*value.text, domain.clone()),
        (None, None) => {
            let message = format!("`{}` has no domain: it is a local user", value.text);
            let help = "write the whole address, or use `readdress import virtusertable --local-domain DOMAIN`";
            context.error("no-domain", value.span, message, help);
            return None;
        }
    };
    let parts = parts(local, value, context)?;
    match shape(pattern, parts, &domain) {
        Some((kind, detail)) => checked(kind, detail, value, context),
        None => {
            let message = format!("`{}` cannot be said by a rule for `{pattern}`", value.text);
            let help = "understood are `%1@x`, `%1%3@x`, `user@x`, `user%3@x`, and `%2`, `%3` behind `user+*@`";
            context.error("bad-target", value.span, message, help);
            None
        }
    }
}

/// Takes the local-part of a right side apart.
fn parts(local: &str, value: &Value<'_>, context: &mut Context<'_, '_>) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = local.chars();
    while let Some(c) = rest.next() {
        let part = match (c, if c == '%' { rest.next() } else { None }) {
            ('%', Some('1')) => Part::User,
            ('%', Some('2')) => Part::Detail,
            ('%', Some('3')) => Part::PlusDetail,
            ('%', Some(digit @ ('0' | '4'..='9'))) => {
                let message = format!("`%{digit}` stands for nothing that a rule can say");
                context.error(
                    "bad-capture",
                    value.span,
                    message,
                    "write `%1`, `%2` or `%3`",
                );
                return None;
            }
            // `%%` is a percent sign, and so is one before anything else.
            ('%', _) | ('!', _) => {
                routed(value.span, context);
                return None;
            }
            (c, _) => {
                match parts.last_mut() {
                    Some(Part::Text(text)) => text.push(c),
                    _ => parts.push(Part::Text(c.to_string())),
                }
                continue;
            }
        };
        parts.push(part);
    }
    Some(parts)
}

/// What a right side means behind a pattern, if a rule can say it.
fn shape(
    pattern: &Pattern,
    mut parts: Vec<Part>,
    domain: &Domain,
) -> Option<(TargetKind, Option<Detail>)> {
    let whole = TargetKind::Domain(domain.clone());
    match (pattern, parts.as_slice()) {
        (Pattern::Domain(_), [Part::User, Part::PlusDetail]) => {
            return Some((whole, Some(Detail::Keep)));
        }
        (Pattern::Detailed(_), [Part::User, Part::PlusDetail]) => return Some((whole, None)),
        (Pattern::Domain(_) | Pattern::Detailed(_), [Part::User]) => {
            return Some((whole, Some(Detail::Drop)));
        }
        _ => {}
    }
    // The user that the pattern names; of a whole domain there is none.
    let user = match pattern {
        Pattern::Mailbox(mailbox) => Some(mailbox.local.as_str()),
        Pattern::AnyDetail { user, .. } => Some(user.as_str()),
        _ => None,
    };
    for part in &mut parts {
        if *part == Part::User {
            *part = Part::Text(user?.to_owned());
        }
    }
    if matches!(pattern, Pattern::AnyDetail { .. } | Pattern::Detailed(_)) {
        return Some((template(parts, domain.clone())?, None));
    }
    let keeps = parts.last() == Some(&Part::PlusDetail);
    let literal =
        matches!(pattern, Pattern::Mailbox(mailbox) if mailbox.local.as_str().contains('+'));
    if keeps {
        parts.pop();
    }
    let kind =
        template(parts, domain.clone()).filter(|kind| matches!(kind, TargetKind::Mailbox(_)))?;
    match (keeps, literal) {
        (true, false) => Some((kind, Some(Detail::Keep))),
        (true, true) => None,
        (false, _) => Some((kind, Some(Detail::Drop))),
    }
}

/// A full address, with or without something to fill in.
fn template(parts: Vec<Part>, domain: Domain) -> Option<TargetKind> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(more) => text.push_str(&more),
            Part::Detail | Part::PlusDetail => {
                if part == Part::PlusDetail {
                    text.push('+');
                }
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text).into()));
                }
                pieces.push(Piece::Detail);
            }
            Part::User => return None,
        }
    }
    if pieces.is_empty() {
        let local = LocalPart::parse(&text).ok()?;
        return Some(TargetKind::Mailbox(crate::engine::address::Mailbox {
            local,
            domain,
        }));
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.into()));
    }
    Some(TargetKind::Template { pieces, domain })
}

/// A constant target is a forward-path as RFC 5321 wants it.
fn checked(
    kind: TargetKind,
    detail: Option<Detail>,
    value: &Value<'_>,
    context: &mut Context<'_, '_>,
) -> Option<(Target, Option<Detail>)> {
    if let TargetKind::Mailbox(mailbox) = &kind {
        let text = Value {
            text: mailbox.to_string().into(),
            span: value.span,
        };
        return context.target(&text).map(|target| (target, detail));
    }
    Some((
        Target {
            kind,
            span: value.span,
        },
        detail,
    ))
}
