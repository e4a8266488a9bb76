//! Writes lists of domains, one a line, for `relay_domains` and Sendmail's relay-domains.
//!
//! Both spellings of an internationalised domain are listed: Postfix compares the spelling of the client. In
//! a domain list of Postfix, `.domain` matches all subdomains, `!domain` is an exception, and the first match
//! wins.

use super::{output::Output, queries::TableQueries};
use crate::engine::{
    Table,
    diagnostic::Span,
    rule::{DomainClass, Pattern, Rule},
};

/// Which domains are listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DomainList {
    /// Primary and secondary domains.
    Inbound,
    /// Secondary domains.
    Secondary,
}

const HEAD: &str = "\
One domain a line, for Postfix: `relay_domains = FILE` with the whole path.
`.domain` matches all its subdomains: remove relay_domains from parent_domain_matches_subdomains.";

/// Writes a list.
pub fn write(table: &Table, list: DomainList, output: &mut Output<'_>) {
    let queries = TableQueries::new(table);
    output.head(HEAD);
    let is_listed = |class: DomainClass| match list {
        DomainList::Inbound => class != DomainClass::External,
        DomainList::Secondary => class == DomainClass::Secondary,
    };
    for (domain, class) in table.inbound_domains() {
        if is_listed(class) {
            for spelling in domain.spellings() {
                output.line(queries.declaration(domain).span, spelling);
            }
        }
    }
    for rule in table.rules() {
        let rule = &rule;
        if let Pattern::Subdomains(domain) = &rule.pattern {
            for spelling in domain.spellings() {
                output.line(rule.span, format!(".{spelling}"));
            }
            exceptions(&queries, rule, is_listed, output);
        }
    }
}

/// Writes the domains below a wildcard that are not listed. They come before all other lines.
fn exceptions(
    queries: &TableQueries<'_>,
    rule: &Rule,
    is_listed: impl Fn(DomainClass) -> bool,
    output: &mut Output<'_>,
) {
    let Pattern::Subdomains(above) = &rule.pattern else {
        return;
    };
    let known = queries.table.known_domains().into_iter();
    let excepted = known.filter(|(domain, class)| {
        !is_listed(*class) && domain.parents().any(|parent| parent == above.as_str())
    });
    for (domain, _) in excepted {
        for spelling in domain.spellings() {
            output.line(Span::whole_file(0), format!("!{spelling}"));
        }
    }
}
