//! Right sides: actions, their replies and options.

use super::{
    lexer::{Token, TokenKind},
    pattern::{self, Left, bad_mailbox},
    target,
};
use crate::engine::{
    address::{LocalPart, Mailbox},
    diagnostic::{Finding, Findings, Span, codes, nearest},
    reply::{ReplyClass, ReplyError, SmtpReply},
    rule::{Action, ActionWord, Arguments, Detail, Pattern, Target, TargetKind},
};

/// A right side, read.
#[derive(Debug)]
pub struct Right {
    /// What happens to an address that matches the line's own pattern.
    pub action: Action,
    /// The option `detail=`.
    pub detail: Option<Detail>,
    /// The rules of the secondary addresses behind `mailbox`.
    pub secondaries: Vec<(Pattern, Span, Action)>,
}

/// Reads what stands behind a pattern; `None` where there is an error, which is then among the findings.
pub fn parse(
    pattern: &Pattern,
    tokens: &[Token<'_>],
    findings: &mut Findings<'_>,
) -> Option<Right> {
    let cut = tokens.iter().position(is_option).unwrap_or(tokens.len());
    let (body, options) = tokens.split_at(cut);
    let Some((head, tail)) = body.split_first() else {
        let span = tokens
            .first()
            .map_or(Span::whole_file(0), |token| token.span);
        findings.push(
            Finding::error(
                codes::NO_ACTION,
                span,
                "an option stands where the action should",
            )
            .help("write the action before its options"),
        );
        return None;
    };
    let mut secondaries = Vec::new();
    let action = match ActionWord::find(head.text).map(|entry| &entry.arguments) {
        Some(Arguments::Nothing(action)) => nothing_follows(head, tail, action.clone()),
        Some(Arguments::Reply(class)) => reply(*class, tail).map(Action::Refuse),
        Some(Arguments::NewAddress) => moved(head, tail).map(Action::Refuse),
        Some(Arguments::Secondaries) => mailbox(pattern, head, tail).map(|list| {
            secondaries = list;
            Action::Mailbox
        }),
        None => target::list(pattern, body, findings).map(Action::Rewrite),
    };
    let action = match action {
        Ok(action) => action,
        Err(found) => {
            findings.extend(found);
            return None;
        }
    };
    let has_targets = matches!(action, Action::Rewrite(_)) || !secondaries.is_empty();
    let detail = detail_option(has_targets, options, findings)?;
    Some(Right {
        action,
        detail,
        secondaries,
    })
}

/// Whether a token is an option: a lower-case name, `=`, a value, and no `@` that would make it an address.
pub(super) fn is_option(token: &Token<'_>) -> bool {
    token.kind == TokenKind::Word
        && !token.text.contains('@')
        && token.text.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        })
}

fn nothing_follows(
    head: &Token<'_>,
    tail: &[Token<'_>],
    action: Action,
) -> Result<Action, Vec<Finding>> {
    match tail.first() {
        None => Ok(action),
        Some(token) => Err(vec![
            Finding::error(
                codes::SYNTAX,
                token.span,
                format!("nothing may follow `{}`", head.text),
            )
            .help("leave it out, or put `#` and a space before a comment"),
        ]),
    }
}

/// Code, enhanced code and text of `reject` and `defer`, each of which may be left out.
fn reply(class: ReplyClass, tokens: &[Token<'_>]) -> Result<SmtpReply, Vec<Finding>> {
    let mut rest = tokens.iter().peekable();
    let (mut code, mut enhanced, mut text) = (None, None, None);
    let digits = |t: &Token<'_>| t.text.starts_with(|c: char| c.is_ascii_digit());
    if let Some(token) = rest.next_if(|t| digits(t) && !t.text.contains('.')) {
        code = Some(
            class
                .parse_code(token.text)
                .map_err(|error| bad_reply(class, token, error))?,
        );
    }
    if let Some(token) = rest.next_if(|t| digits(t)) {
        enhanced = Some(
            class
                .parse_enhanced(token.text)
                .map_err(|error| bad_reply(class, token, error))?,
        );
    }
    if let Some(token) = rest.next_if(|t| t.text.starts_with('"')) {
        let plain = LocalPart::parse(token.text)
            .map_err(|_| bad_reply(class, token, ReplyError::BadText))?;
        let whole = SmtpReply::new(class, None, None, Some(plain.as_str()));
        whole.map_err(|error| bad_reply(class, token, error))?;
        text = Some(plain);
    }
    if let Some(token) = rest.next() {
        let finding = Finding::error(
            codes::SYNTAX,
            token.span,
            format!("`{}` cannot follow here", token.text),
        )
        .help(format!(
            "write `{} CODE ENHANCED \"text\"`, each of them optional, the text in quotes",
            class.word()
        ));
        return Err(vec![finding]);
    }
    let span = tokens
        .first()
        .map_or(Span::whole_file(0), |token| token.span);
    SmtpReply::new(class, code, enhanced, text.as_ref().map(LocalPart::as_str))
        .map_err(|error| vec![Finding::error(codes::BAD_REPLY, span, error.to_string())])
}

fn bad_reply(class: ReplyClass, token: &Token<'_>, error: ReplyError) -> Vec<Finding> {
    let finding = Finding::error(codes::BAD_REPLY, token.span, error.to_string());
    let help = match (class, error) {
        (_, ReplyError::WrongClass(ReplyClass::Reject)) => {
            "write a code such as 550, or `defer` for a temporary refusal"
        }
        (_, ReplyError::WrongClass(ReplyClass::Defer)) => {
            "write a code such as 450, or `reject` for a permanent refusal"
        }
        (ReplyClass::Reject, ReplyError::EndsSession | ReplyError::BadCode) => {
            "write 550, or another code from 500 to 559"
        }
        (ReplyClass::Defer, ReplyError::EndsSession | ReplyError::BadCode) => {
            "write 451, or another code from 400 to 459"
        }
        (ReplyClass::Reject, ReplyError::BadEnhanced | ReplyError::OtherClass) => {
            "write 5, a subject and a detail: 5.1.1"
        }
        (ReplyClass::Defer, ReplyError::BadEnhanced | ReplyError::OtherClass) => {
            "write 4, a subject and a detail: 4.3.0"
        }
        (_, ReplyError::BadText) => "SMTP replies carry visible ASCII only",
        (_, ReplyError::LongText) => "shorten it",
    };
    vec![finding.help(help)]
}

fn moved(head: &Token<'_>, tail: &[Token<'_>]) -> Result<SmtpReply, Vec<Finding>> {
    let [token] = tail else {
        let span = tail.get(1).map_or(head.span, |token| token.span);
        return Err(vec![
            Finding::error(codes::SYNTAX, span, "`moved` names one new address")
                .help("write `moved ann@partner.example`"),
        ]);
    };
    let mailbox = Mailbox::parse_strict(token.text)
        .map_err(|error| vec![bad_mailbox(codes::BAD_TARGET, token.span, error)])?;
    SmtpReply::moved(&mailbox.to_string()).map_err(|_| {
        vec![
            Finding::error(
                codes::BAD_TARGET,
                token.span,
                "the new address cannot be told in a reply: it is not ASCII",
            )
            .help("write `reject 551 5.1.6 \"…\"` with a text of your own"),
        ]
    })
}

/// The secondary addresses behind `mailbox`, as rules of their own.
fn mailbox(
    pattern: &Pattern,
    head: &Token<'_>,
    tail: &[Token<'_>],
) -> Result<Vec<(Pattern, Span, Action)>, Vec<Finding>> {
    let Pattern::Mailbox(primary) = pattern else {
        return Err(vec![
            Finding::error(
                codes::BAD_MAILBOX,
                head.span,
                "`mailbox` says that one address exists, and the pattern is for many",
            )
            .help("write the primary address in full"),
        ]);
    };
    if tail.is_empty() {
        return Ok(Vec::new());
    }
    let strict = primary
        .check_strict()
        .map_err(|error| vec![bad_mailbox(codes::BAD_TARGET, head.span, error)]);
    strict?;
    if primary.local.routes() {
        return Err(vec![target::routes(head.span)]);
    }
    let target = Target {
        kind: TargetKind::Mailbox(primary.clone()),
        span: head.span,
    };
    let mut list = Vec::new();
    let mut found = Vec::new();
    for token in target::words(tail)? {
        match pattern::parse(token) {
            Ok(Left::Pattern(secondary @ Pattern::Mailbox(_))) => {
                let own = secondary == *pattern;
                if !own {
                    list.push((secondary, token.span, Action::Rewrite(vec![target.clone()])));
                }
            }
            Ok(_) => found.push(
                Finding::error(
                    codes::BAD_SECONDARY,
                    token.span,
                    "a secondary address of a mailbox is one full address",
                )
                .help("write `@domain2.com @company.com` as a rule of its own for a whole domain"),
            ),
            Err(finding) => found.push(finding),
        }
    }
    if found.is_empty() {
        Ok(list)
    } else {
        Err(found)
    }
}

/// The option `detail=`; `None` where an option is an error.
fn detail_option(
    has_targets: bool,
    options: &[Token<'_>],
    findings: &mut Findings<'_>,
) -> Option<Option<Detail>> {
    let mut detail = None;
    for token in options {
        let finding = match token.text.split_once('=') {
            Some(("detail", _)) if !has_targets => Finding::error(
                codes::USELESS_OPTION,
                token.span,
                "`detail=` says what a target gets, and there is no target",
            )
            .help("leave it out"),
            Some(("detail", _)) if detail.is_some() => Finding::error(
                codes::REPEATED_OPTION,
                token.span,
                "`detail=` is written twice",
            )
            .help("keep one of the two"),
            Some(("detail", "keep")) => {
                detail = Some(Detail::Keep);
                continue;
            }
            Some(("detail", "drop")) => {
                detail = Some(Detail::Drop);
                continue;
            }
            Some(("detail", value)) => Finding::error(
                codes::BAD_OPTION,
                token.span,
                format!("`{value}` is no value of `detail=`"),
            )
            .help("write `detail=keep` or `detail=drop`"),
            Some(("unknown", _)) => Finding::error(
                codes::UNKNOWN_OPTION,
                token.span,
                "`unknown=` belongs to a domain, not to an address",
            )
            .help("write it behind the line that declares the domain primary or secondary"),
            Some((name, _)) if is_option(token) => unknown_option(token.span, name, &["detail"]),
            _ => Finding::error(
                codes::SYNTAX,
                token.span,
                "only options may follow an option",
            )
            .help("write all targets before the first option"),
        };
        findings.push(finding);
        return None;
    }
    Some(detail)
}

/// An option whose name means nothing here.
pub(super) fn unknown_option(span: Span, name: &str, known: &[&str]) -> Finding {
    let finding = Finding::error(
        codes::UNKNOWN_OPTION,
        span,
        format!("there is no option `{name}=` here"),
    );
    match (nearest(name, known.iter().copied()), known) {
        (Some(meant), _) => finding.help(format!("did you mean `{meant}=`?")),
        (None, []) => finding.help("leave it out"),
        (None, known) => finding.help(format!("the option here is `{}=`", known.join("=`, `"))),
    }
}
