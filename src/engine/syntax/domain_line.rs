//! Lines whose first word is a domain, and lines that use a class of domains for something else.

use super::{
    action::unknown_option,
    advice::{Side, without_domain},
    annotation,
    lexer::Token,
    pattern::FirstWord,
};
use crate::engine::{
    address::Domain,
    diagnostic::{Finding, Names, Span, codes, nearest},
    rule::{ActionWord, Declaration, DomainClass, Pattern, Unknown},
};

/// Reads what follows the class of a domain. If there is an error, returns `None` and adds it to `found`.
pub(super) fn declaration(
    (domain, first): (Domain, &Token<'_>),
    class: DomainClass,
    options: &[Token<'_>],
    found: &mut Vec<Finding>,
) -> Option<Declaration> {
    let mut unknown = None;
    let (annotation, options) = annotation::take(options, found)?;
    for token in &options {
        match option(class, unknown, token) {
            Ok(value) => unknown = Some(value),
            Err(finding) => {
                found.push(finding);
                return None;
            }
        }
    }
    found.extend(odd_domain(&domain, class, first.span));
    Some(Declaration {
        domain,
        class,
        unknown,
        annotation,
        span: first.span,
    })
}

/// The option `unknown=`, whose value so far is `before`.
fn option(
    class: DomainClass,
    before: Option<Unknown>,
    token: &Token<'_>,
) -> Result<Unknown, Finding> {
    let span = token.span;
    let delete = format!("delete `{}`", token.text);
    let Some((name, value)) = token.text.split_once('=') else {
        let message = "nothing but options may follow the class of a domain";
        return Err(Finding::error(codes::SYNTAX, span, message)
            .suggest(delete, span, "")
            .help("write an option: `unknown=reject`, `unknown=defer` or `unknown=keep`"));
    };
    if name != "unknown" {
        return Err(unknown_option(token, name, &["unknown", "note", "owner"]));
    }
    if class == DomainClass::External {
        let message = "nobody here knows the users of an external domain";
        return Err(Finding::error(codes::USELESS_OPTION, span, message)
            .suggest(delete, span, "")
            .help("declare the domain primary or secondary"));
    }
    if before.is_some() {
        return Err(
            Finding::error(codes::REPEATED_OPTION, span, "`unknown=` is written twice")
                .suggest(delete, span, ""),
        );
    }
    match Unknown::from_word(value) {
        Some(value) => Ok(value),
        None => {
            let message = format!("`{value}` is not a value of `unknown=`");
            let finding = Finding::error(codes::BAD_OPTION, span, message);
            Err(
                match nearest(&value.to_lowercase(), Unknown::ALL.map(Unknown::word)) {
                    Some(meant) => finding.suggest(
                        format!("write `unknown={meant}`"),
                        span,
                        format!("unknown={meant}"),
                    ),
                    None => {
                        finding.help("write `unknown=reject`, `unknown=defer` or `unknown=keep`")
                    }
                },
            )
        }
    }
}

/// A domain for which no mail arrives from other hosts.
fn odd_domain(domain: &Domain, class: DomainClass, span: Span) -> Option<Finding> {
    let name = domain.as_str();
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = format!("`{name}` is an IP address, and an IP address is not a mail domain");
        return Some(
            Finding::warning(codes::ODD_DOMAIN, span, message)
                .help("write the domain after the `@` of the addresses"),
        );
    }
    if name.contains('.') || class == DomainClass::External {
        return None;
    }
    let message = format!("`{name}` has no dot: other hosts send no mail to such a domain");
    Some(
        Finding::warning(codes::ODD_DOMAIN, span, message).help(format!(
            "write the whole domain, or, if `{name}` is a user, a rule for `{name}@*`"
        )),
    )
}

/// A line with one word.
pub(super) fn no_action(first: &Token<'_>, left: &FirstWord) -> Finding {
    let help = match left {
        FirstWord::Domain(_) => "write `primary`, `secondary` or `external` after it".to_owned(),
        FirstWord::Pattern(_) => {
            let words = ActionWord::list(|_| true);
            format!("write a target address, or {words} after it")
        }
    };
    let message = format!(
        "`{}` has no action: nothing says what happens to it",
        first.text
    );
    Finding::error(codes::NO_ACTION, first.span, message).help(help)
}

/// A domain with something else than its class behind it.
pub(super) fn not_declared(first: &Token<'_>, head: &Token<'_>, domain: &Domain) -> Finding {
    let (text, span) = (first.text, first.span);
    if let Some(meant) = nearest(
        &head.text.to_lowercase(),
        DomainClass::ALL.map(DomainClass::word),
    ) {
        let message = format!("`{}` is not a class of domains", head.text);
        return Finding::error(codes::BARE_DOMAIN, head.span, message).suggest(
            format!("write `{meant}`"),
            head.span,
            meant,
        );
    }
    if !domain.as_str().contains('.') {
        return without_domain(codes::BARE_DOMAIN, Side::Pattern, (text, span), text);
    }
    let (name, value) = (domain.as_str().to_owned(), head.text.to_owned());
    let place = head.span;
    if !value.contains('@') {
        let message = format!("`{value}` is not a class of domains");
        let finding = Finding::error(codes::BARE_DOMAIN, place, message);
        return finding.later(move |finding, names| match names.knows_domain(&name) {
            true => finding.suggest_line_deleted(
                format!("delete the line: another one declares `{name}`"),
                span,
            ),
            false => finding
                .suggest(
                    format!("write `{name} secondary` to declare it"),
                    place,
                    "secondary",
                )
                .help("keep lines of Postfix's virtual(5) in a file `NAME.virtual`"),
        });
    }
    let message = format!("`{text}` is a domain, and a rule is for addresses");
    Finding::error(codes::BARE_DOMAIN, span, message)
        .later(move |finding, names| bare_domain(finding, names, &name, span))
}

fn bare_domain(finding: Finding, names: &dyn Names, name: &str, span: Span) -> Finding {
    let message = format!("write `@{name}` for every address of `{name}`");
    if names.knows_domain(name) {
        return finding.suggest(message, span, format!("@{name}"));
    }
    finding.help(format!(
        "{message} and declare it by a line `{name} secondary`, or, if `{name}` is a user, write `{name}@*`"
    ))
}

/// A pattern with a class of domains behind it.
pub(super) fn not_a_domain(pattern: &Pattern, first: &Token<'_>, head: &Token<'_>) -> Finding {
    let message = format!("only a domain can be declared {}", head.text);
    let finding = Finding::error(codes::NOT_A_DOMAIN, first.span, message);
    match pattern {
        Pattern::Domain(domain) => {
            finding.suggest(format!("write `{domain}`"), first.span, domain.as_str())
        }
        Pattern::Subdomains(domain) => finding.help(format!(
            "write a rule `@*.{domain} …`: it makes every subdomain secondary"
        )),
        Pattern::Mailbox(_) if head.text == "primary" => finding.suggest(
            "write `mailbox` if the address exists",
            head.span,
            "mailbox",
        ),
        _ => finding.help("write the domain alone, without `@`"),
    }
}
