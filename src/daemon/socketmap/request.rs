//! One question to one answer, pure: `map key` and a table in, `OK value` or `NOTFOUND ` out.
//!
//! # The maps (spec section 5)
//!
//! | map | OK for | NOTFOUND for |
//! |---|---|---|
//! | `domains` | primary and secondary domains | the rest |
//! | `secondary` | secondary domains | the rest |
//! | `recipients` | every address in them, also where its rule refuses or discards: the milter gives the rule's own text | where `unknown=reject` or a routing spelling decides; other domains |
//! | `rewrite` | an address that is rewritten: its targets | everything else |
//!
//! An OK is never empty: Postfix would call that a configuration error. TEMP is said only where
//! there is no table at all, since smtpd remembers it for as long as it lives.

use crate::engine::{
    Table,
    address::{Domain, Mailbox},
    rewrite::{Outcome, Reason, decide},
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
    let mailbox = Mailbox::parse(key).ok()?;
    let class = table
        .class(&mailbox.domain)
        .filter(|class| *class != DomainClass::External)?;
    if observes {
        return Some(class);
    }
    let decision = decide(table, &mailbox);
    let refused = match (
        &decision.outcome,
        decision.decisive().map(|step| &step.reason),
    ) {
        (Outcome::Refuse(_), Some(Reason::RoutingSpelling)) => true,
        (Outcome::Refuse(_), Some(Reason::Unknown(domain))) => {
            table.unknown(domain) == Unknown::Reject
        }
        _ => false,
    };
    (!refused).then_some(class)
}

fn targets(table: &Table, key: &str) -> Option<String> {
    match decide(table, &Mailbox::parse(key).ok()?).outcome {
        Outcome::Replace(targets) => Some(
            targets
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(","),
        ),
        Outcome::Keep | Outcome::Discard | Outcome::Refuse(_) => None,
    }
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

    fn ask(observes: bool, request: &str) -> String {
        let sources = [SourceText {
            name: "a.rules".into(),
            bytes: RULES.into(),
        }];
        let compiled = compile(&sources, &Settings::default());
        assert!(compiled.table.is_some(), "{:#?}", compiled.diagnostics);
        answer(compiled.table.as_ref(), observes, request.as_bytes())
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
}
