//! Keys without `@` in virtual(5) files. A key is a domain or a local user; other keys of the directory decide.
//!
//! - A key without a dot is a local user.
//! - A key with a dot is a domain if another key is an address in this domain, if `secondary` follows, or if
//!   the line has no target.
//! - Any other key could be both, which is an error.

use std::collections::HashSet;

use super::{
    Options,
    context::{BareKey, Context},
    field_text::FieldText,
    postfix_rule::{add, rule},
};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox, last_at},
    diagnostic::{Finding, Findings, codes},
    rule::{Annotation, Declaration, DomainClass, Origin, Pattern, Rule},
    syntax::Parsed,
};

/// Returns the values of a line, between commas and white space outside of quotes.
pub fn words<'t>(value: &FieldText<'t>) -> Vec<FieldText<'t>> {
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

/// Stores a key without `@` until all other keys are known.
pub fn bare(key: &FieldText<'_>, value: &[FieldText<'_>], context: &mut Context<'_, '_>) {
    let key = context.clean(key);
    if let Some(local) = &context.options.local_domain
        && !key.text.contains('.')
    {
        let domain = local.clone();
        return match LocalPart::parse(&key.text) {
            Ok(local) => add(
                Pattern::Mailbox(Mailbox { local, domain }),
                key.span,
                value,
                context,
            ),
            Err(error) => context.error(
                codes::BAD_PATTERN,
                key.span,
                error.to_string(),
                "write `user@domain`",
            ),
        };
    }
    context.rule_count.other();
    context.bare.push(BareKey {
        key: key.text.to_string(),
        span: key.span,
        value: value
            .iter()
            .map(|part| (part.text.to_string(), part.span))
            .collect(),
    });
}

/// The word that `readdress export virtual` writes behind a domain. It also declares a domain without
/// addresses.
const DECLARED: &str = "secondary";

/// Decides what the keys without `@` are. A key is a domain if another key is an address in it.
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
        let Some(domain) = domain else {
            findings.push(no_domain(&key));
            continue;
        };
        let parts = key.value.iter();
        let parts = parts.map(|(text, span)| FieldText::new(text, *span));
        let words: Vec<_> = parts.flat_map(|part| words(&part)).collect();
        let named = matches!(words.as_slice(), [word] if word.text == DECLARED);
        let inhabited = domains.contains(&domain)
            || meant
                .iter()
                .any(|word| word.ends_with(&format!("@{domain}")));
        // An address follows a user. Anything may follow a domain.
        let address = words.iter().any(|word| last_at(&word.text).is_some());
        if !named && !inhabited {
            if options.local_domain.is_some() {
                user(&key, options, parsed, findings);
                continue;
            }
            if address {
                findings.push(domain_or_user(&key));
                continue;
            }
            findings.push(nobody_in(&key));
        }
        parsed.domains.push(Declaration {
            domain,
            class: DomainClass::Secondary,
            unknown: None,
            annotation: Annotation::default(),
            span: key.span,
        });
    }
}

/// Adds a user whose name has a dot, in the domain of `--local-domain`.
fn user(key: &BareKey, options: &Options, parsed: &mut Parsed, findings: &mut Findings<'_>) {
    let mut bare = Vec::new();
    let mut context = Context::new(key.span.file, options, parsed, &mut bare, findings);
    let Some(local) = &options.local_domain else {
        return;
    };
    let pattern = FieldText {
        text: format!("{}@{local}", key.key).into(),
        span: key.span,
    };
    let parts = key.value.iter();
    let value: Vec<_> = parts
        .map(|(text, span)| FieldText::new(text, *span))
        .collect();
    rule(&pattern, &value, &mut context);
}

/// What to do about a user without a domain.
const LOCAL_USER: &str = "`readdress import virtual --local-domain DOMAIN FILE`";

fn no_domain(key: &BareKey) -> Finding {
    let key_text = &key.key;
    let message = format!("`{key_text}` has no domain: Postfix takes it for a local user");
    let help = format!("write `{key_text}@` and the domain, or use {LOCAL_USER}");
    Finding::error(codes::BARE_KEY, key.span, message)
        .help(help)
        .regardless()
}

fn domain_or_user(key: &BareKey) -> Finding {
    let key_text = &key.key;
    let message =
        format!("`{key_text}` may be a domain or a local user: no other key is in such a domain");
    Finding::error(codes::BARE_KEY, key.span, message).help(format!(
        "if it is a domain, write `{key_text} secondary`; if it is a user, write `{key_text}@` and the domain, or use {LOCAL_USER}"
    ))
}

fn nobody_in(key: &BareKey) -> Finding {
    let key_text = &key.key;
    let message =
        format!("`{key_text}` counts as a domain without addresses: all its mail is refused");
    Finding::warning(codes::EMPTY_DOMAIN, key.span, message).help(format!(
        "write `{key_text} secondary` if that is meant; if it is a local user, use {LOCAL_USER}"
    ))
}
