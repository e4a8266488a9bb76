//! Postfix virtual(5), as postmap reads it, and as `postmap -s` prints it.
//!
//! ```text
//! domain2.com             anything
//! sales@domain2.com       anna@company.com, bob@company.com,
//!         carol@company.com
//! @domain2.com            @company.com
//! ```
//!
//! # Traps
//!
//! - A comment is a line whose first character that is not blank is `#`, between continuation lines
//!   too; there is none behind a rule.
//! - postmap drops a line that it cannot read and goes on; here it is an error.
//! - A key without `@` is a domain if it has a dot and other keys are in it; otherwise it is a user,
//!   which needs `import --local-domain`.
//! - `a a` means *keep*. `key: value` is aliases(5), `|command` and `/file` as well: errors.
//!
//! # Limits
//!
//! Of regexp and pcre tables only `/^(.*)@domain2\.com$/ ${1}@company.com` is understood.

use std::collections::HashSet;

use super::{
    Options,
    context::{BareKey, Context},
    identity, regex_table,
    value::{Value, lines},
};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    rule::{
        Declaration, DomainClass, Finding, Findings, Origin, Parsed, Pattern, Rule, Span, Target,
        TargetKind,
    },
};

/// Reads a file.
pub fn read(text: &str, context: &mut Context<'_, '_>) {
    let mut current: Vec<Value<'_>> = Vec::new();
    for line in lines(context.file, text) {
        let trimmed = line.text.trim_start_matches([' ', '\t']);
        if trimmed.trim_end().is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if trimmed.len() == line.text.len() {
            logical(&current, context);
            current.clear();
        } else if current.is_empty() {
            let help = "begin the line in its first column";
            let message =
                "a line that begins with white space continues a rule, and there is none above";
            context.error("continuation", line.trimmed().span, message, help);
            continue;
        }
        current.push(line);
    }
    logical(&current, context);
}

/// A line and those that continue it.
fn logical(lines: &[Value<'_>], context: &mut Context<'_, '_>) {
    let Some((first, rest)) = lines.split_first() else {
        return;
    };
    if regex_table::is_line(&first.text) {
        return regex_table::read(first, context);
    }
    let Some(end) = key_end(&first.text) else {
        let help = "close it with `\"`; inside quotes write `\\\"` for a quote";
        return context.error(
            "unclosed-quote",
            first.span,
            "a quote is not closed on its line",
            help,
        );
    };
    let key = first.part(0..end);
    let mut words = words(&first.part(end..first.text.len()));
    rest.iter().for_each(|line| words.extend(self::words(line)));
    if key.text.ends_with(':') && !key.text.contains('@') {
        let message = "`key: value` is the form of an alias file";
        return context.error(
            "alias-file",
            key.span,
            message,
            "write `user@domain value`; aliases(5) is another format",
        );
    }
    if words.is_empty() {
        let message = format!("nothing stands behind `{}`", key.text);
        return context.error(
            "no-action",
            key.span,
            message,
            "write its address, or delete the line",
        );
    }
    if key.text.contains('@') {
        rule(&key, &words, context);
    } else {
        bare(&key, &words, context);
    }
}

/// Where the key ends: at the first white space outside of quotes.
fn key_end(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return Some(at),
            _ => {}
        }
    }
    (!quoted).then_some(text.len())
}

/// The values of a line, between commas and white space outside of quotes.
fn words<'t>(value: &Value<'t>) -> Vec<Value<'t>> {
    let mut words = Vec::new();
    let (mut quoted, mut escaped, mut start) = (false, false, 0);
    for (at, c) in value.text.char_indices().chain([(value.text.len(), ' ')]) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' | ',' if !quoted || at == value.text.len() => {
                if at > start {
                    words.push(value.part(start..at));
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    words
}

/// A rule for an address or a whole domain.
fn rule(key: &Value<'_>, words: &[Value<'_>], context: &mut Context<'_, '_>) {
    if let Some(domain) = key.text.strip_prefix('@') {
        let value = key.part(1..1 + domain.len());
        if let Some((domain, _)) = context.domain(&value) {
            add(Pattern::Domain(domain), key.span, words, context);
        }
    } else if let Some((mailbox, span)) = context.pattern(key) {
        add(Pattern::Mailbox(mailbox), span, words, context);
    }
}

fn add(pattern: Pattern, span: Span, words: &[Value<'_>], context: &mut Context<'_, '_>) {
    let mut targets: Vec<Target> = Vec::new();
    let mut sound = true;
    for (at, word) in words.iter().enumerate() {
        match target(word, at == 0, context) {
            Some(target) if !targets.contains(&target) => targets.push(target),
            Some(_) => {}
            None => sound = false,
        }
    }
    if sound {
        let action = identity::action(&pattern, targets);
        context.rule(pattern, action, None, span, Origin::Map);
    }
}

fn target(word: &Value<'_>, first: bool, context: &mut Context<'_, '_>) -> Option<Target> {
    let text = &*word.text;
    if text.starts_with('#') {
        let help = "put the comment on a line of its own; Postfix would send mail to it";
        context.error(
            "inline-comment",
            word.span,
            "a comment cannot stand behind a rule",
            help,
        );
        return None;
    }
    if text.starts_with(['|', '/', '"']) && !text.contains('@') || text.starts_with(":include:") {
        let help = "commands, files and lists are for aliases(5) only; write an address";
        context.error(
            "not-an-address",
            word.span,
            format!("`{text}` is no address"),
            help,
        );
        return None;
    }
    if let Some(domain) = text.strip_prefix('@') {
        if !first {
            let help = "write it first";
            context.error(
                "bad-target",
                word.span,
                "`@domain` counts only as the first value",
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
        Some(whole) => context.target(&Value {
            text: whole.into(),
            span: word.span,
        }),
        None => context.target(word),
    }
}

/// What stands behind an address in relay_recipient_maps, relay_domains and access(5).
const LISTED: [&str; 11] = [
    "ok", "x", "1", "yes", "relay", "valid", "permit", "reject", "dunno", "hold", "discard",
];

/// What Postfix appends to an address that is not whole; `Some(None)` for one that is.
fn completed(text: &str, span: Span, context: &mut Context<'_, '_>) -> Option<Option<String>> {
    match (
        text.rsplit_once('@'),
        &context.options.myorigin,
        &context.options.mydomain,
    ) {
        (None, Some(origin), _) => Some(Some(format!("{text}@{origin}"))),
        (None, None, _) if LISTED.iter().any(|word| text.eq_ignore_ascii_case(word)) => {
            let message = format!("`{text}` is no address: this looks like a list of who exists");
            let help = "relay_recipient_maps and access tables name no targets; save the source of virtual_alias_maps here";
            context.error("not-an-address", span, message, help);
            None
        }
        (None, None, _) => {
            let message = format!("`{text}` has no domain: Postfix appends its `myorigin`");
            let help =
                "write the whole address, or use `readdress import virtual --myorigin DOMAIN`";
            context.error("no-domain", span, message, help);
            None
        }
        (Some((_, domain)), _, _) if domain.contains('.') => Some(None),
        (Some(_), _, Some(mydomain)) => Some(Some(format!("{text}.{mydomain}"))),
        (Some(_), _, None) => {
            let message =
                format!("the domain of `{text}` has no dot: Postfix appends its `mydomain`");
            let help =
                "write the whole domain, or use `readdress import virtual --mydomain DOMAIN`";
            context.error("no-domain", span, message, help);
            None
        }
    }
}

/// A key without `@`: other keys tell later what it is.
fn bare(key: &Value<'_>, words: &[Value<'_>], context: &mut Context<'_, '_>) {
    let key = context.clean(key);
    let Some(value) = words.first() else { return };
    if let Some(local) = &context.options.local_domain
        && !key.text.contains('.')
    {
        let domain = local.clone();
        return match LocalPart::parse(&key.text) {
            Ok(local) => add(
                Pattern::Mailbox(Mailbox { local, domain }),
                key.span,
                words,
                context,
            ),
            Err(error) => context.error(
                "bad-pattern",
                key.span,
                error.to_string(),
                "write `user@domain`",
            ),
        };
    }
    context.yielded.other();
    context.bare.push(BareKey {
        key: key.text.to_string(),
        span: key.span,
        value: (value.text.to_string(), value.span),
    });
}

/// What `readdress export virtual` writes behind a domain: it declares one in which nobody has an
/// address, too.
const DECLARED: &str = "secondary";

/// Tells bare keys by the other keys: a domain that addresses are in is one.
pub fn settle(
    bare: Vec<BareKey>,
    options: &Options,
    parsed: &mut Parsed,
    findings: &mut Findings<'_>,
) {
    if bare.is_empty() {
        return;
    }
    let mapped = |rule: &Rule| rule.origin == Origin::Map;
    let domains: HashSet<Domain> = parsed
        .rules
        .iter()
        .filter(mapped)
        .filter_map(|rule| rule.pattern.domain().cloned())
        .collect();
    let meant = findings.words_in_error();
    for key in bare {
        let domain = Domain::parse(&key.key)
            .ok()
            .filter(|_| key.key.contains('.'));
        // Behind a user stands an address; behind a domain anything at all.
        let (value, value_span) = &key.value;
        match domain {
            Some(domain)
                if value == DECLARED
                    || domains.contains(&domain)
                    || meant
                        .iter()
                        .any(|word| word.ends_with(&format!("@{domain}"))) =>
            {
                parsed.domains.push(Declaration {
                    domain,
                    class: DomainClass::Secondary,
                    unknown: None,
                    span: key.span,
                });
            }
            Some(_) if options.local_domain.is_some() => {
                user(&key, value, *value_span, options, parsed, findings);
            }
            _ => findings.push(no_such_domain(&key)),
        }
    }
}

/// A user whose name has a dot, where `--local-domain` says whose users they are.
fn user(
    key: &BareKey,
    value: &str,
    span: Span,
    options: &Options,
    parsed: &mut Parsed,
    findings: &mut Findings<'_>,
) {
    let mut bare = Vec::new();
    let mut context = Context::new(key.span.file, options, parsed, &mut bare, findings);
    let Some(local) = &options.local_domain else {
        return;
    };
    let whole = format!("{}@{local}", key.key);
    let pattern = Value {
        text: whole.into(),
        span: key.span,
    };
    rule(&pattern, &[Value::new(value, span)], &mut context);
}

fn no_such_domain(key: &BareKey) -> Finding {
    let message = format!(
        "`{}` has no `@`, and no other key is in a domain of that name",
        key.key
    );
    Finding::error("bare-key", key.span, message).help(format!(
        "if it is a domain, write `{0} secondary`, or an address in it; if it is a local user, use `readdress import virtual --local-domain DOMAIN`",
        key.key
    ))
}
