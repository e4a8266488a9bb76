//! One rule in each format, row by row: what virtual(5), the virtusertable and RFC 4180 have for it, and
//! which rules a format cannot express.

use super::*;
use crate::engine::{Settings, compile};

/// The rules around the one that is looked at.
const AROUND: &str = "\
company.com primary unknown=reject
domain2.com secondary
partner.example external
anna@company.com mailbox
bob@company.com mailbox
jdoe@company.com mailbox
";

/// The line of the rule that is looked at.
const LINE: u32 = 7;

fn exported(rule: &str, format: ExportFormat) -> Exported {
    let sources = [SourceText::new("a.rules", format!("{AROUND}{rule}\n"))];
    let compiled = compile(&sources, &Settings::default());
    let found = compiled.diagnostics;
    let table = compiled
        .table
        .unwrap_or_else(|| panic!("{rule}: {found:#?}"));
    export(&table, &sources, format, None)
}

/// Returns the rows of a map with this key, with one space between key and value.
fn rows(text: &str, key: &str) -> Vec<String> {
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let rows = rows.filter_map(|line| {
        let value = line.strip_prefix(key)?.strip_prefix([' ', '\t'])?;
        Some(format!("{key} {}", value.trim_start()))
    });
    rows.collect()
}

/// One rule in the formats that are tables.
struct Case {
    rule: &'static str,
    key: &'static str,
    /// Its row in virtual(5), and whether something of the rule is lost.
    postfix: (Option<&'static str>, bool),
    /// The same for the virtusertable.
    sendmail: (Option<&'static str>, bool),
    csv: &'static str,
    /// True if `relay_recipient_maps` must accept the address.
    accepted: bool,
}

/// A virtusertable defers what it cannot express, so that no mail is lost or goes to somebody else.
const DEFERRED: Option<&str> = Some("error:4.3.0:\"451 Address not in this table\"");

const CASES: &[Case] = &[
    Case {
        rule: "jd@domain2.com jdoe@company.com",
        key: "jd@domain2.com",
        postfix: (Some("jdoe@company.com"), false),
        // %3 is the detail with its separator (cf/README of Sendmail).
        sendmail: (Some("jdoe%3@company.com"), false),
        csv: "jd@domain2.com,jdoe@company.com",
        accepted: true,
    },
    Case {
        rule: "JD@Domain2.COM JDoe@Company.com",
        // postmap and makemap write keys in lower case.
        key: "JD@domain2.com",
        postfix: (Some("JDoe@company.com"), false),
        sendmail: (Some("JDoe%3@company.com"), false),
        csv: "JD@domain2.com,JDoe@company.com",
        accepted: true,
    },
    Case {
        rule: "sales@domain2.com anna@company.com, bob@company.com",
        key: "sales@domain2.com",
        postfix: (Some("anna@company.com, bob@company.com"), false),
        sendmail: (DEFERRED, true),
        csv: "sales@domain2.com,\"anna@company.com, bob@company.com\"",
        accepted: true,
    },
    Case {
        rule: "press@domain2.com anna@company.com detail=drop",
        key: "press@domain2.com",
        postfix: (Some("anna@company.com"), true),
        sendmail: (Some("anna@company.com"), false),
        csv: "press@domain2.com,anna@company.com detail=drop",
        accepted: true,
    },
    Case {
        rule: "ann@domain2.com ann@partner.example",
        key: "ann@domain2.com",
        postfix: (Some("ann@partner.example"), false),
        sendmail: (Some("ann%3@partner.example"), false),
        csv: "ann@domain2.com,ann@partner.example",
        accepted: true,
    },
    Case {
        rule: "here@domain2.com keep",
        key: "here@domain2.com",
        postfix: (Some("here@domain2.com"), false),
        sendmail: (DEFERRED, true),
        csv: "here@domain2.com,keep",
        accepted: true,
    },
    Case {
        rule: "trap@domain2.com discard",
        key: "trap@domain2.com",
        postfix: (Some("trap@domain2.com"), true),
        sendmail: (DEFERRED, true),
        csv: "trap@domain2.com,discard",
        accepted: true,
    },
    Case {
        rule: "gone@domain2.com reject",
        key: "gone@domain2.com",
        // An address without a row does not exist.
        postfix: (None, false),
        sendmail: (Some("error:5.1.1:\"550 User unknown\""), false),
        csv: "gone@domain2.com,\"reject 550 5.1.1 \"\"User unknown\"\"\"",
        accepted: false,
    },
    Case {
        rule: "left@domain2.com reject 554 5.7.1 \"Left in May\"",
        key: "left@domain2.com",
        postfix: (None, true),
        sendmail: (Some("error:5.7.1:\"554 Left in May\""), false),
        csv: "left@domain2.com,\"reject 554 5.7.1 \"\"Left in May\"\"\"",
        accepted: false,
    },
    Case {
        rule: "slow@domain2.com defer 450 4.2.1 \"Later\"",
        key: "slow@domain2.com",
        postfix: (None, true),
        sendmail: (Some("error:4.2.1:\"450 Later\""), false),
        csv: "slow@domain2.com,\"defer 450 4.2.1 \"\"Later\"\"\"",
        accepted: true,
    },
    Case {
        rule: "old@domain2.com moved ann@partner.example",
        key: "old@domain2.com",
        postfix: (None, true),
        sendmail: (
            Some("error:5.1.6:\"551 User has moved; please try <ann@partner.example>\""),
            false,
        ),
        csv: "old@domain2.com,\"reject 551 5.1.6 \"\"User has moved; please try <ann@partner.example>\"\"\"",
        accepted: false,
    },
    Case {
        rule: "\"a b\"@domain2.com anna@company.com",
        key: "\"a b\"@domain2.com",
        postfix: (Some("anna@company.com"), false),
        sendmail: (None, true),
        csv: "\"\"\"a b\"\"@domain2.com\",anna@company.com",
        accepted: true,
    },
];

#[track_caller]
fn holds(case: &Case, format: ExportFormat, (value, lost): (Option<&str>, bool)) {
    let exported = exported(case.rule, format);
    let wanted: Vec<_> = value
        .map(|value| format!("{} {value}", case.key))
        .into_iter()
        .collect();
    let (rule, text) = (case.rule, &exported.text);
    assert_eq!(rows(text, case.key), wanted, "{rule}\n{text}");
    let lines = exported.diagnostics.iter().map(|one| one.excerpt.line);
    let wanted = Vec::from_iter(lost.then_some(LINE));
    assert_eq!(
        lines.collect::<Vec<_>>(),
        wanted,
        "{rule}: {:#?}",
        exported.diagnostics
    );
}

#[test]
fn each_rule_in_the_form_of_virtual() {
    for case in CASES {
        holds(case, ExportFormat::Virtual, case.postfix);
    }
}

#[test]
fn each_rule_in_the_form_of_the_virtusertable() {
    for case in CASES {
        holds(case, ExportFormat::Virtusertable, case.sendmail);
    }
}

#[test]
fn each_rule_in_the_form_of_rfc_4180() {
    for case in CASES {
        let exported = exported(case.rule, ExportFormat::Csv);
        let lines: Vec<_> = exported.text.lines().collect();
        assert_eq!(lines.first(), Some(&"from,to"));
        assert!(lines.contains(&case.csv), "{}\n{}", case.csv, exported.text);
        assert_eq!(exported.diagnostics, [], "pairs express every rule");
    }
}

#[test]
fn the_list_of_recipients_has_exactly_those_who_are_accepted() {
    for case in CASES {
        let text = exported(case.rule, ExportFormat::Recipients).text;
        let listed = rows(&text, case.key);
        let wanted = case.accepted.then(|| format!("{} OK", case.key));
        assert_eq!(listed, Vec::from_iter(wanted), "{}\n{text}", case.rule);
        for mailbox in ["anna@company.com", "bob@company.com", "jdoe@company.com"] {
            assert_eq!(rows(&text, mailbox).len(), 1, "{mailbox}\n{text}");
        }
    }
}

/// A rule that is lost stands in the text as a comment at its place, with what to do instead.
#[test]
fn a_rule_that_a_format_cannot_express_is_a_comment_and_a_finding_that_helps() {
    for case in CASES {
        for format in [ExportFormat::Virtual, ExportFormat::Virtusertable] {
            let exported = exported(case.rule, format);
            let comment = format!("# a.rules:{LINE}: ");
            let is_said = exported.text.contains(&comment);
            assert_eq!(
                is_said,
                !exported.diagnostics.is_empty(),
                "{}",
                exported.text
            );
            for finding in &exported.diagnostics {
                assert!(finding.advice().is_some(), "{finding:#?}");
            }
        }
    }
}

/// No format makes an external domain one of ours: an MTA would relay for it.
#[test]
fn no_export_makes_an_mta_accept_an_external_domain() {
    // CSV lists all domains with their class, external ones too: no MTA reads it.
    let for_mtas = ExportFormat::ALL.into_iter();
    for format in for_mtas.filter(|format| *format != ExportFormat::Csv) {
        let text = exported("ann@domain2.com ann@partner.example", format).text;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let key = line.split([' ', '\t']).next().unwrap_or_default();
            assert!(!key.ends_with("partner.example"), "{format:?}: {line}");
        }
    }
}

#[test]
fn each_format_has_its_own_word() {
    let words = ExportFormat::ALL.map(ExportFormat::word);
    let wanted = [
        "virtual",
        "virtusertable",
        "csv",
        "domains",
        "secondary",
        "recipients",
        "generic",
        "genericstable",
    ];
    assert_eq!(words, wanted);
}
