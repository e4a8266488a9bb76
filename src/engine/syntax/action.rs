//! What stands behind a pattern: an action, its reply and its options.

use super::{
    advice::{Side, bad_address},
    annotation,
    lexer::{Token, TokenKind},
    pattern::{self, FirstWord, bad_mailbox},
    target,
    target_words::words,
};
use crate::engine::{
    address::{LocalPart, Mailbox, MailboxError},
    diagnostic::{Finding, Span, codes, nearest},
    reply::{ReplyClass, ReplyError, SmtpReply},
    rule::{Action, ActionWord, Annotation, Arguments, Detail, Pattern, Target, TargetKind},
};

/// What a rule does.
#[derive(Debug)]
pub struct RuleBody {
    /// What happens to an address that matches the line's own pattern.
    pub action: Action,
    /// The option `detail=`.
    pub detail: Option<Detail>,
    /// The options `note=` and `owner=`.
    pub annotation: Annotation,
    /// The rules of the secondary addresses behind `mailbox`.
    pub secondaries: Vec<(Pattern, Span, Action)>,
}

/// Reads what stands behind a pattern. Returns `None` if there is an error, which is then in `found`.
pub fn parse(
    pattern: &Pattern,
    tokens: &[Token<'_>],
    found: &mut Vec<Finding>,
) -> Option<RuleBody> {
    let cut = tokens.iter().position(is_option).unwrap_or(tokens.len());
    let (body, options) = tokens.split_at(cut);
    let Some((head, tail)) = body.split_first() else {
        let span = tokens
            .first()
            .map_or(Span::whole_file(0), |token| token.span);
        found.push(
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
        Some(Arguments::Nothing(action)) => plain(head, tail, action),
        Some(Arguments::Reply(class)) => reply(*class, tail).map(Action::Refuse),
        Some(Arguments::NewAddress) => moved(head, tail).map(Action::Refuse),
        Some(Arguments::Secondaries) => mailbox(pattern, head, tail).map(|list| {
            secondaries = list;
            Action::Mailbox
        }),
        None => target::list(pattern, body, found).map(Action::Rewrite),
    };
    let action = match action {
        Ok(action) => action,
        Err(wrong) => {
            found.extend(wrong);
            return None;
        }
    };
    let has_targets = matches!(action, Action::Rewrite(_)) || !secondaries.is_empty();
    let (annotation, options) = annotation::take(options, found)?;
    let detail = detail_option(has_targets, &options, found)?;
    Some(RuleBody {
        action,
        detail,
        annotation,
        secondaries,
    })
}

/// Returns true if a token is an option: a lower-case name, `=`, a value, and no `@` that would make it an
/// address. Behind `note=` and `owner=` an `@` may stand.
pub(super) fn is_option(token: &Token<'_>) -> bool {
    let named = || {
        token.text.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        })
    };
    let is_word = token.kind == TokenKind::Word;
    is_word && (Annotation::is_option(token.text) || !token.text.contains('@') && named())
}

/// Returns the action of a word that has no arguments. What follows the word may be meant as a comment.
fn plain(head: &Token<'_>, tail: &[Token<'_>], action: &Action) -> Result<Action, Vec<Finding>> {
    let Some(token) = tail.first() else {
        return Ok(action.clone());
    };
    Err(vec![something_follows(head, token, tail).suggest(
        "put `#` and a space before a comment",
        token.span.begin(),
        "# ",
    )])
}

/// A finding about words behind a word that has no arguments; `first` is the first of them.
pub(super) fn something_follows(head: &Token<'_>, first: &Token<'_>, all: &[Token<'_>]) -> Finding {
    let message = format!("nothing may follow `{}`", head.text);
    Finding::error(codes::SYNTAX, first.span, message).suggest_edits(
        format!("delete what follows `{}`", head.text),
        all.iter().map(|token| (token.span, String::new())),
    )
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
                .help("write the new address behind `moved`, and nothing else"),
        ]);
    };
    let mailbox = Mailbox::parse_strict(token.text).map_err(|error| {
        let word = (token.text, token.span);
        vec![bad_address(
            codes::BAD_TARGET,
            Side::Target(None),
            word,
            error,
        )]
    })?;
    SmtpReply::moved(&mailbox.to_string()).map_err(|_| {
        vec![
            Finding::error(
                codes::BAD_TARGET,
                token.span,
                "a reply cannot name the new address: it is not ASCII",
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
    for token in words(tail)? {
        match pattern::parse(token) {
            Ok(FirstWord::Pattern(secondary @ Pattern::Mailbox(_))) => {
                let own = secondary == *pattern;
                if !own {
                    list.push((secondary, token.span, Action::Rewrite(vec![target.clone()])));
                }
            }
            Ok(word) => found.push(not_one_address(&token, word, primary)),
            Err(finding) => found.push(finding),
        }
    }
    if found.is_empty() {
        Ok(list)
    } else {
        Err(found)
    }
}

/// A finding about a secondary address that is none. `primary` is the address of the mailbox.
fn not_one_address(token: &Token<'_>, word: FirstWord, primary: &Mailbox) -> Finding {
    let message = "a secondary address of a mailbox is one full address";
    let finding = Finding::error(codes::BAD_SECONDARY, token.span, message);
    match word {
        FirstWord::Pattern(Pattern::Domain(domain)) => finding.help(format!(
            "write `@{domain} @{}` as a rule of its own for the whole domain",
            primary.domain
        )),
        FirstWord::Domain(domain) if !domain.as_str().contains('.') => {
            let (word, error) = ((token.text, token.span), MailboxError::NoDomain);
            bad_address(codes::BAD_SECONDARY, Side::Received, word, error)
        }
        _ => finding.help("write the whole address, or a rule of its own for many addresses"),
    }
}

/// Reads the option `detail=`. Returns `None` if an option is an error.
fn detail_option(
    has_targets: bool,
    options: &[Token<'_>],
    found: &mut Vec<Finding>,
) -> Option<Option<Detail>> {
    let mut detail = None;
    for token in options {
        match option(has_targets, detail, token) {
            Ok(value) => detail = Some(value),
            Err(finding) => {
                found.push(finding);
                return None;
            }
        }
    }
    Some(detail)
}

/// Reads one option of a rule. `before` is the value of `detail=` so far.
fn option(has_targets: bool, before: Option<Detail>, token: &Token<'_>) -> Result<Detail, Finding> {
    let span = token.span;
    let delete = || format!("delete `{}`", token.text);
    match token.text.split_once('=') {
        Some(("detail", _)) if !has_targets => {
            let message = "`detail=` says what a target gets, and there is no target";
            Err(Finding::error(codes::USELESS_OPTION, span, message).suggest(delete(), span, ""))
        }
        Some(("detail", _)) if before.is_some() => {
            let message = "`detail=` is written twice";
            Err(Finding::error(codes::REPEATED_OPTION, span, message).suggest(delete(), span, ""))
        }
        Some(("detail", "keep")) => Ok(Detail::Keep),
        Some(("detail", "drop")) => Ok(Detail::Drop),
        Some(("detail", value)) => {
            let message = format!("`{value}` is not a value of `detail=`");
            let finding = Finding::error(codes::BAD_OPTION, span, message);
            let write = |finding: Finding, value: &str| {
                let text = format!("detail={value}");
                finding.suggest(format!("write `{text}`"), span, text)
            };
            Err(match nearest(&value.to_lowercase(), ["keep", "drop"]) {
                Some(meant) => write(finding, meant),
                None => write(write(finding, "keep"), "drop"),
            })
        }
        Some(("unknown", _)) => {
            let message = "`unknown=` belongs to a domain, not to an address";
            Err(Finding::error(codes::UNKNOWN_OPTION, span, message)
                .help("write it behind the line that declares the domain primary or secondary"))
        }
        Some((name, _)) if is_option(token) => {
            Err(unknown_option(token, name, &["detail", "note", "owner"]))
        }
        _ => {
            let message = "only options may follow an option";
            Err(Finding::error(codes::SYNTAX, span, message)
                .help("write all targets before the first option"))
        }
    }
}

/// A finding about an option whose name means nothing here.
pub(super) fn unknown_option(token: &Token<'_>, name: &str, known: &[&str]) -> Finding {
    let message = format!("there is no option `{name}=` here");
    let finding = Finding::error(codes::UNKNOWN_OPTION, token.span, message);
    match nearest(name, known.iter().copied()) {
        Some(meant) => finding.suggest(
            format!("write `{meant}=`"),
            token.span.part(0, name.len()),
            meant,
        ),
        None => finding
            .suggest(format!("delete `{}`", token.text), token.span, "")
            .help(format!("the options here are `{}=`", known.join("=`, `"))),
    }
}
