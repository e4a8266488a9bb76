//! The table to lists of domains, one a line, for `relay_domains` and Sendmail's relay-domains.
//!
//! Both spellings of an internationalised domain are listed: Postfix compares the client's. A domain
//! list of Postfix has `.domain` for all subdomains and `!domain` for an exception, first match wins.

use super::{
    sheet::{Sheet, spellings},
    survey::Survey,
};
use crate::engine::{
    Table,
    diagnostic::Span,
    rule::{DomainClass, Pattern, Rule},
};

/// Which domains are listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Which {
    /// Primary and secondary ones.
    Inbound,
    /// Secondary ones.
    Secondary,
}

const HEAD: &str = "\
One domain a line, for Postfix: `relay_domains = FILE` with the whole path.
`.domain` is all subdomains of it: take relay_domains out of parent_domain_matches_subdomains.";

/// Writes a list.
pub fn write(table: &Table, which: Which, sheet: &mut Sheet<'_>) {
    let survey = Survey::new(table);
    sheet.head(HEAD);
    let wanted = |class: DomainClass| match which {
        Which::Inbound => class != DomainClass::External,
        Which::Secondary => class == DomainClass::Secondary,
    };
    for (domain, class) in table.inbound_domains() {
        if wanted(class) {
            for spelling in spellings(domain) {
                sheet.line(survey.declaration(domain).span, spelling);
            }
        }
    }
    for rule in table.rules() {
        let rule = &rule;
        if let Pattern::Subdomains(domain) = &rule.pattern {
            for spelling in spellings(domain) {
                sheet.line(rule.span, format!(".{spelling}"));
            }
            exceptions(&survey, rule, wanted, sheet);
        }
    }
}

/// Domains below a wildcard that do not belong into the list; they stand before everything else.
fn exceptions(
    survey: &Survey<'_>,
    rule: &Rule,
    wanted: impl Fn(DomainClass) -> bool,
    sheet: &mut Sheet<'_>,
) {
    let Pattern::Subdomains(above) = &rule.pattern else {
        return;
    };
    let known = survey.table.known_domains().into_iter();
    let excepted = known.filter(|(domain, class)| {
        !wanted(*class) && domain.parents().any(|parent| parent == above.as_str())
    });
    for (domain, _) in excepted {
        for spelling in spellings(domain) {
            sheet.line(Span::whole_file(0), format!("!{spelling}"));
        }
    }
}
