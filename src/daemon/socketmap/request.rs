//! Answers one request. Pure: `map key` and a table in, `OK value` or `NOTFOUND ` out.
//!
//! # The maps
//!
//! | map | OK for | NOTFOUND for |
//! |---|---|---|
//! | `domains` | primary and secondary domains | other domains |
//! | `secondary` | secondary domains | other domains |
//! | `recipients` | every address in these domains, also if its rule refuses or discards it: the milter then gives the rule's own text | addresses that `unknown=reject` refuses; addresses with a routing local-part; other domains |
//! | `rewrite` | an address that is rewritten: the value is its targets | everything else |
//!
//! The value of an OK is never empty: Postfix would report a configuration error. TEMP is the answer only if there is no
//! table at all, because smtpd remembers a TEMP until it ends.
//!
//! # OK means relay
//!
//! If the answer is OK, an MTA accepts the address from anybody. So an address whose local-part routes (`%`, `!` or `@`,
//! quoted or not) is OK only if a rule names it. In observe mode nothing would rewrite or refuse such an address, so
//! then it is never OK.
//!
//! # Letter case
//!
//! MTAs write their keys in lower case. If letter case counts, an address that exists in any letter case is OK in
//! `recipients`, and the milter decides by what the sender wrote. `rewrite` returns targets only if the letter case makes
//! no difference.

use crate::engine::{
    Table,
    address::{Domain, LocalCase, Mailbox},
    rewrite::{Decision, Outcome, Reason, decide, decide_in_any_case},
    rule::{DomainClass, Unknown},
};

const NOT_FOUND: &str = "NOTFOUND ";

/// Answers a request.
pub fn answer(table: Option<&Table>, observes: bool, request: &[u8]) -> String {
    let Some(table) = table else {
        return "TEMP no table yet".to_owned();
    };
    let Some((map, key)) = std::str::from_utf8(request)
        .ok()
        .and_then(|text| text.split_once(' '))
    else {
        return NOT_FOUND.to_owned();
    };
    let found = match map {
        "domains" => inbound(table, key).map(|class| class.word().to_owned()),
        "secondary" => inbound(table, key)
            .filter(|class| *class == DomainClass::Secondary)
            .map(|class| class.word().to_owned()),
        "recipients" => recipient(table, observes, key).map(|class| class.word().to_owned()),
        "rewrite" if observes => None,
        "rewrite" => targets(table, key),
        _ => {
            return format!(
                "PERM no map {}; the maps are domains, secondary, recipients, rewrite",
                printable(map)
            );
        }
    };
    found.map_or_else(|| NOT_FOUND.to_owned(), |value| format!("OK {value}"))
}

fn printable(map: &str) -> String {
    map.chars()
        .filter(char::is_ascii_graphic)
        .take(40)
        .collect()
}

fn inbound(table: &Table, key: &str) -> Option<DomainClass> {
    let class = table.class(&Domain::parse(key).ok()?);
    class.filter(|class| *class != DomainClass::External)
}

fn recipient(table: &Table, observes: bool, key: &str) -> Option<DomainClass> {
    let (local, domain) = key.rsplit_once('@')?;
    let class = inbound(table, domain).filter(|_| !local.is_empty())?;
    let routes = local.contains(['%', '!', '@']);
    if observes {
        return (!routes).then_some(class);
    }
    let known = match Mailbox::parse(key) {
        Ok(mailbox) => is_known(table, &mailbox),
        // No rule matches a key that fits no grammar.
        Err(_) => !routes && table.unknown(&Domain::parse(domain).ok()?) != Unknown::Reject,
    };
    known.then_some(class)
}

/// Returns true if the address exists as it is written or, if letter case counts, in another letter case.
fn is_known(table: &Table, mailbox: &Mailbox) -> bool {
    !is_unknown(table, &decide(table, mailbox))
        || (counts_case(table) && !is_unknown(table, &decide_in_any_case(table, mailbox)))
}

fn counts_case(table: &Table) -> bool {
    table.settings().local_case == LocalCase::Strict
}

/// Returns true if not a rule refuses the address, but `unknown=reject` of its domain, or its spelling.
fn is_unknown(table: &Table, decision: &Decision) -> bool {
    let reason = decision.decisive().map(|step| &step.reason);
    match (&decision.outcome, reason) {
        (Outcome::Refuse(_), Some(Reason::RoutingSpelling)) => true,
        (Outcome::Refuse(_), Some(Reason::Unknown(domain))) => {
            table.unknown(domain) == Unknown::Reject
        }
        _ => false,
    }
}

fn targets(table: &Table, key: &str) -> Option<String> {
    let mailbox = Mailbox::parse(key).ok()?;
    let decision = decide(table, &mailbox);
    let decision = match counts_case(table) {
        true => in_every_case(table, &mailbox, decision)?,
        false => decision,
    };
    match decision.outcome {
        Outcome::Replace(targets) => Some(
            targets
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(","),
        ),
        _ => None,
    }
}

/// Returns the decision that holds for the address in every letter case in which it exists. Returns `None` if the decisions
/// differ, because mail for one mailbox must not go to another.
fn in_every_case(table: &Table, mailbox: &Mailbox, exact: Decision) -> Option<Decision> {
    let any = decide_in_any_case(table, mailbox);
    let differs = any.steps.iter().any(|step| match step.reason {
        Reason::Rule(id) => table.is_ambiguous_without_case(id),
        _ => false,
    });
    let alike = any.outcome == exact.outcome || is_unknown(table, &exact);
    (alike && !differs).then_some(any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Settings, SourceText, compile};

    const RULES: &str = "\
        company.com primary unknown=reject\ndomain2.com secondary\nlater.example secondary unknown=defer\npartner.example external\n\
        @domain2.com @company.com\n@*.domain2.com @company.com\njdoe@company.com mailbox\nanna@company.com mailbox\n\
        jd@domain2.com jdoe@company.com\nall@domain2.com jdoe@company.com, anna@company.com\n\
        gone@domain2.com reject\nmoved@domain2.com moved x@partner.example\ntrap@domain2.com discard\nslow@domain2.com defer\n\
        here@domain2.com keep\n\"a%b\"@domain2.com jdoe@company.com\n";

    fn table(rules: &str, local_case: LocalCase) -> Table {
        let sources = [SourceText::new("a.rules", rules)];
        let settings = Settings {
            local_case,
            ..Settings::default()
        };
        let compiled = compile(&sources, &settings);
        compiled
            .table
            .unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
    }

    fn ask(observes: bool, request: &str) -> String {
        let table = table(RULES, LocalCase::Ignore);
        answer(Some(&table), observes, request.as_bytes())
    }

    #[test]
    fn domains() {
        assert_eq!(ask(false, "domains company.com"), "OK primary");
        assert_eq!(ask(false, "domains DOMAIN2.com"), "OK secondary");
        assert_eq!(ask(false, "domains any.domain2.com"), "OK secondary");
        assert_eq!(ask(false, "secondary company.com"), NOT_FOUND);
        for elsewhere in [
            "partner.example",
            "nowhere.example",
            "jd@domain2.com",
            "",
            "*",
        ] {
            assert_eq!(
                ask(false, &format!("domains {elsewhere}")),
                NOT_FOUND,
                "{elsewhere}"
            );
        }
    }

    #[test]
    fn recipients_are_known_unless_unknown_or_routed() {
        for known in [
            "jd", "JD+tag", "gone", "moved", "trap", "slow", "here", "anna", "\"a%b\"", "a%b",
        ] {
            assert_eq!(
                ask(false, &format!("recipients {known}@domain2.com")),
                "OK secondary",
                "{known}"
            );
        }
        assert_eq!(ask(false, "recipients x@later.example"), "OK secondary");
        let refused = [
            "nosuch@domain2.com",
            "nosuch@company.com",
            "victim%elsewhere.example@domain2.com",
            "\"a@b\"@domain2.com",
            "a!b@company.com",
            "x@partner.example",
            "domain2.com",
            "x@nowhere.example",
        ];
        for refused in refused {
            assert_eq!(
                ask(false, &format!("recipients {refused}")),
                NOT_FOUND,
                "{refused}"
            );
        }
        assert_eq!(ask(true, "recipients nosuch@domain2.com"), "OK secondary");
    }

    #[test]
    fn rewrite_gives_targets() {
        assert_eq!(
            ask(false, "rewrite jd+x@domain2.com"),
            "OK jdoe+x@company.com"
        );
        assert_eq!(
            ask(false, "rewrite all@domain2.com"),
            "OK jdoe@company.com,anna@company.com"
        );
        for nothing in [
            "here@domain2.com",
            "gone@domain2.com",
            "trap@domain2.com",
            "domain2.com",
            "jdoe@company.com",
        ] {
            assert_eq!(
                ask(false, &format!("rewrite {nothing}")),
                NOT_FOUND,
                "{nothing}"
            );
        }
        assert_eq!(ask(true, "rewrite jd@domain2.com"), NOT_FOUND);
    }

    #[test]
    fn what_cannot_be_answered() {
        assert_eq!(
            answer(None, false, b"domains company.com"),
            "TEMP no table yet"
        );
        assert!(ask(false, "nomap key").starts_with("PERM "));
        assert_eq!(ask(false, "domains"), NOT_FOUND);
    }

    /// The local-parts that route, in the forms in which MTAs write their keys.
    const ROUTES: [&str; 14] = [
        "victim%elsewhere.example",
        "elsewhere.example!victim",
        "victim@elsewhere.example",
        "\"victim@elsewhere.example\"",
        "\"victim%elsewhere.example\"",
        "\"elsewhere.example!victim\"",
        "\"vic\\@tim\"",
        "victim\\@elsewhere.example",
        "victim\\%elsewhere.example",
        "victim%elsewhere.example%domain2.com",
        "@elsewhere.example:victim",
        "jd+x%elsewhere.example",
        "victim elsewhere.example!",
        "VICTIM%ELSEWHERE.EXAMPLE",
    ];

    #[test]
    fn a_spelling_that_routes_is_ok_in_no_map() {
        let rules = "company.com primary\ndomain2.com secondary\n@domain2.com @company.com\n\
                     @*.domain2.com @company.com\njd@domain2.com jdoe@company.com\nx+*@domain2.com x@company.com\n\
                     victim@* jdoe@company.com\n/.*@domain2\\.com/ jdoe@company.com\n";
        for case in [LocalCase::Ignore, LocalCase::Strict] {
            let table = table(rules, case);
            for (observes, local) in [true, false]
                .into_iter()
                .flat_map(|o| ROUTES.map(|r| (o, r)))
            {
                for domain in ["domain2.com", "sub.domain2.com", "company.com"] {
                    for map in ["recipients", "rewrite", "domains", "secondary"] {
                        let request = format!("{map} {local}@{domain}");
                        let said = answer(Some(&table), observes, request.as_bytes());
                        assert_eq!(said, NOT_FOUND, "{request} observes: {observes}");
                    }
                }
            }
        }
    }

    /// A rule that names such an address counts, if rules are carried out.
    #[test]
    fn a_spelling_that_a_rule_spells_out_is_known_unless_nothing_is_rewritten() {
        for local in ["a%b", "\"a%b\"", "\"a\\%b\""] {
            let request = format!("recipients {local}@domain2.com");
            assert_eq!(ask(false, &request), "OK secondary", "{request}");
            assert_eq!(ask(true, &request), NOT_FOUND, "{request}");
        }
    }

    /// No rule matches a key that fits no grammar, so the line of its domain decides. In observe mode nothing is refused.
    #[test]
    fn a_key_that_fits_no_grammar() {
        let table = table(
            "company.com primary\ndomain2.com secondary\n",
            LocalCase::Ignore,
        );
        for (observes, key, said) in [
            (false, "j d@domain2.com", NOT_FOUND),
            (false, "j\\d@company.com", "OK primary"),
            (true, "j d@domain2.com", "OK secondary"),
            (true, "@domain2.com", NOT_FOUND),
            (false, "@company.com", NOT_FOUND),
            (true, "x@[192.0.2.1]", NOT_FOUND),
            (true, "domain2.com", NOT_FOUND),
        ] {
            let request = format!("recipients {key}");
            assert_eq!(
                answer(Some(&table), observes, request.as_bytes()),
                said,
                "{request}"
            );
        }
    }

    /// Although MTAs write keys in lower case, no valid mail is refused, and no mail goes to another mailbox.
    #[test]
    fn keys_in_lower_case_where_letter_case_counts() {
        let rules = "company.com primary unknown=reject\ndomain2.com secondary\nd3.example secondary\n\
            JDoe@company.com mailbox\nanna@company.com mailbox\nAnna.B@company.com mailbox\n\
            JD@domain2.com JDoe@company.com\nAnna@domain2.com anna@company.com\nanna@domain2.com JDoe@company.com\n\
            Old+*@domain2.com anna@company.com\nInfo@* anna@company.com\n@d3.example @company.com\n\
            \"A%B\"@domain2.com anna@company.com\n";
        let table = table(rules, LocalCase::Strict);
        let ask = |request: &str| answer(Some(&table), false, request.as_bytes());
        for known in [
            "jd@domain2.com",
            "JD@domain2.com",
            "jd+x@domain2.com",
            "anna@domain2.com",
            "old+x@domain2.com",
            "info@domain2.com",
            "jdoe@company.com",
            "jdoe@d3.example",
            "anna.b@d3.example",
            "a%b@domain2.com",
        ] {
            assert!(
                ask(&format!("recipients {known}")).starts_with("OK "),
                "{known}"
            );
        }
        for unknown in [
            "nosuch@domain2.com",
            "nosuch@d3.example",
            "b@company.com",
            "b%a@domain2.com",
        ] {
            assert_eq!(
                ask(&format!("recipients {unknown}")),
                NOT_FOUND,
                "{unknown}"
            );
        }
        assert_eq!(ask("rewrite jd+x@domain2.com"), "OK JDoe+x@company.com");
        assert_eq!(ask("rewrite old+x@domain2.com"), "OK anna@company.com");
        // There are two mailboxes, and the key does not say which one is meant.
        assert_eq!(ask("rewrite anna@domain2.com"), NOT_FOUND);
        assert_eq!(ask("rewrite Anna@domain2.com"), NOT_FOUND);
    }
}
