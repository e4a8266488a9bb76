//! The routing table of the Exchange 5.5 Internet Mail Service (Q169683, Q174351).
//!
//! ```text
//! company.com    <Inbound>
//! domain2.com    <Inbound>
//! #exact.com     <Inbound>
//! cpandl.net     adatum.com
//! ```
//!
//! # Traps
//!
//! - A domain includes its subdomains, unless it begins with `#`.
//! - The table does not say which domains are primary: `import --primary-domain company.com` does. The other
//!   inbound domains are then secondary. Without that option nothing is guessed.
//! - A domain with a route to another host is external.

use super::{
    context::Context,
    field_text::{FieldText, lines},
};
use crate::engine::diagnostic::codes;
use crate::engine::rule::{
    Action, Annotation, Declaration, DomainClass, Origin, Pattern, Target, TargetKind,
};

/// Reads a table. Its domain lines count as those of `.rules` files.
pub fn read(text: &str, context: &mut Context<'_, '_>) {
    for line in lines(context.file, text) {
        let words = line.split(char::is_whitespace);
        match words.as_slice() {
            [] => {}
            [domain, host] => route(domain, host, context),
            [first, ..] => {
                let message = "a route must be a domain and `<Inbound>`, or a domain and a host";
                context.error(
                    codes::SYNTAX,
                    first.span,
                    message,
                    "write `domain2.com <Inbound>`",
                );
            }
        }
    }
    let named = &context.options.primary_domains;
    let missing: Vec<_> = named
        .iter()
        .filter(|domain| {
            !context
                .parsed
                .declarations
                .iter()
                .any(|line| line.domain == **domain)
        })
        .map(ToString::to_string)
        .collect();
    if !missing.is_empty() {
        let span = crate::engine::diagnostic::Span::whole_file(context.file);
        let message = format!("no route is for {}", missing.join(", "));
        context.error(
            codes::UNKNOWN_DOMAIN,
            span,
            message,
            "name an inbound domain with `--primary-domain`",
        );
    }
}

fn route(domain: &FieldText<'_>, host: &FieldText<'_>, context: &mut Context<'_, '_>) {
    let exact = domain.text.starts_with('#');
    let value = domain.part(usize::from(exact)..domain.text.len());
    let Some((name, span)) = context.domain(&value) else {
        return;
    };
    let inbound = host.text.eq_ignore_ascii_case("<inbound>");
    let class = if !inbound {
        DomainClass::External
    } else if context.options.primary_domains.is_empty() {
        let message = "the table does not say in which inbound domain the mailboxes live";
        let help = "give the domain: `readdress import exchange55-routing --primary-domain company.com FILE`";
        return context.error(codes::NO_PRIMARY, span, message, help);
    } else if context.options.primary_domains.contains(&name) {
        DomainClass::Primary
    } else {
        DomainClass::Secondary
    };
    context.parsed.declarations.push(Declaration {
        domain: name.clone(),
        class,
        unknown: None,
        annotation: Annotation::default(),
        span,
    });
    if inbound && !exact {
        let target = Target {
            kind: TargetKind::Domain(name.clone()),
            span,
        };
        let action = Action::Rewrite(vec![target]);
        context.rule(Pattern::Subdomains(name), action, None, span, Origin::Map);
    }
}
