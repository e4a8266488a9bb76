//! The right side of a virtusertable line: one address, with parts of the key filled in.
//!
//! `%1` is the user, `%2` the detail, `%3` the `+` and the detail, `%%` a percent sign. A right side
//! becomes a native target, or is an error: `@dom %1@x` is `@x detail=drop`, `@dom %1%3@x` is
//! `@x detail=keep`, `old+*@dom new+%2@x` is `new+*@x`.
//!
//! `user+*@` and `+*@` also match an empty detail (`jd+@domain2.com`) in Sendmail, and native rules of
//! that form do not. [`RightSide::for_empty_detail`] is the target of a second rule for this address.

use super::{context::Context, field_text::FieldText};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    diagnostic::{Span, codes},
    rule::{Detail, Pattern, Piece, Target, TargetKind},
};

/// The meaning of a right side.
#[derive(Debug)]
pub struct RightSide {
    /// The target.
    pub target: Target,
    /// What becomes of its detail.
    pub detail: Option<Detail>,
    /// The target of an address with an empty detail, if the pattern is `user+*@` or `+*@`.
    pub for_empty_detail: Option<Target>,
}

/// A piece of a right side.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Text(String),
    User,
    Detail,
    PlusDetail,
}

/// Reads the right side of a line with this pattern.
pub fn read(
    pattern: &Pattern,
    value: &FieldText<'_>,
    context: &mut Context<'_, '_>,
) -> Option<RightSide> {
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
            context.error(codes::NO_DOMAIN, value.span, message, help);
            return None;
        }
    };
    let parts = parts(local, value, context)?;
    let for_empty_detail = for_empty_detail(pattern, &parts, &domain);
    let Some((kind, detail)) = shape(pattern, parts, &domain) else {
        let message = format!(
            "a rule for `{pattern}` has no equivalent of `{}`",
            value.text
        );
        let help = "write `%1@x`, `%1%3@x`, `user@x`, `user%3@x`, and `%2`, `%3` after `user+*@`";
        context.error(codes::BAD_TARGET, value.span, message, help);
        return None;
    };
    let target = checked(kind, value, context)?;
    let for_empty_detail = for_empty_detail.and_then(|kind| checked(kind, value, context));
    Some(RightSide {
        target,
        detail,
        for_empty_detail,
    })
}

/// Returns the target of an address whose detail is empty; `None` if there is none.
fn for_empty_detail(pattern: &Pattern, parts: &[Part], domain: &Domain) -> Option<TargetKind> {
    let user = match pattern {
        Pattern::AnyDetail { user, .. } => user.as_str(),
        Pattern::Detailed(_) if parts.first() == Some(&Part::User) => {
            return Some(TargetKind::Domain(domain.clone()));
        }
        Pattern::Detailed(_) => "",
        _ => return None,
    };
    let text: String = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text,
            Part::User => user,
            Part::Detail => "",
            Part::PlusDetail => "+",
        })
        .collect();
    let local = LocalPart::parse(&text).ok()?;
    let domain = domain.clone();
    Some(TargetKind::Mailbox(Mailbox { local, domain }))
}

/// Splits the local-part of a right side into its parts.
fn parts(local: &str, value: &FieldText<'_>, context: &mut Context<'_, '_>) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = local.chars();
    while let Some(c) = rest.next() {
        let part = match (c, if c == '%' { rest.next() } else { None }) {
            ('%', Some('1')) => Part::User,
            ('%', Some('2')) => Part::Detail,
            ('%', Some('3')) => Part::PlusDetail,
            ('%', Some(digit @ ('0' | '4'..='9'))) => {
                let message = format!("`%{digit}` has no equivalent in a rule");
                context.error(
                    codes::BAD_CAPTURE,
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

/// Returns what a right side means for a pattern; `None` if no rule has the same meaning.
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

/// Returns a full address, with or without parts to fill in.
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
        return Some(TargetKind::Mailbox(Mailbox { local, domain }));
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.into()));
    }
    Some(TargetKind::Template { pieces, domain })
}

/// Checks that a constant target is a forward-path of RFC 5321.
fn checked(
    kind: TargetKind,
    value: &FieldText<'_>,
    context: &mut Context<'_, '_>,
) -> Option<Target> {
    if let TargetKind::Mailbox(mailbox) = &kind {
        let text = FieldText {
            text: mailbox.to_string().into(),
            span: value.span,
        };
        return context.target(&text);
    }
    Some(Target {
        kind,
        span: value.span,
    })
}

/// Reports a local-part that a next host may take for a route.
pub fn routed(span: Span, context: &mut Context<'_, '_>) {
    let message = "a local-part with `%` or `!` is source routing";
    context.error(
        codes::ROUTING_SPELLING,
        span,
        message,
        "write an address without `%` and `!`",
    );
}
