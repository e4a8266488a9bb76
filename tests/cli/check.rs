//! `readdress check`: every finding in one pass, for people and for programs.

use serde_json::Value;

use crate::program::{BASE, Place, RULES};

/// Five findings in four files, each at a place that was counted by hand.
fn broken() -> Place {
    Place::new(&[
        (
            "10-a.rules",
            "company.com primary\ndomain2.com secondary\n\njd@domain2.com jdoe@company.com\n\
             jd@domain2.com other@company.com\nsales@domain2.com   anna@compny.com\n\
             postmaster@* postmaster@company.com\n",
        ),
        ("20-b.rules", "abuse@domain2.com  rejct\n"),
        ("30-c.rules", "# ours\n\nx@domain3.com    @company.com\n"),
        ("notes.txt", "hello\n"),
    ])
}

/// File, line, column, severity and code.
const FINDINGS: [(&str, u64, u64, &str, &str); 5] = [
    ("10-a.rules", 5, 1, "error", "conflict"),
    ("10-a.rules", 6, 21, "error", "undeclared-domain"),
    ("20-b.rules", 1, 20, "error", "bad-target"),
    ("30-c.rules", 3, 1, "error", "undeclared-domain"),
    ("notes.txt", 0, 0, "warning", "unknown-extension"),
];

#[test]
fn all_findings_come_in_one_pass_with_their_places() {
    let said = broken().run(&["check", "rules"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    for (file, line, column, severity, code) in FINDINGS {
        let place = match line {
            0 => format!("rules/{file}: {severity}: "),
            _ => format!("rules/{file}:{line}:{column}: {severity}: "),
        };
        let found = said.out.lines().find(|line| line.starts_with(&place));
        let found = found.unwrap_or_else(|| panic!("no {place}\n{}", said.out));
        assert!(found.contains(&format!("[{code}")), "{found}");
    }
    let summary = said.out.lines().last().unwrap();
    assert!(summary.contains("4 errors, 1 warning;"), "{summary}");
    assert_eq!(said.err, "");
}

#[test]
fn the_line_the_caret_and_the_help_stand_below() {
    let said = broken().run(&["check", "rules"]);
    let wanted = "\
rules/10-a.rules:6:21: error: the target is in `compny.com`, which no line declares [undeclared-domain]
sales@domain2.com   anna@compny.com
                    ^^^^^^^^^^^^^^^
help: write `company.com` if it is meant
help: or write a line `compny.com external`
";
    assert!(said.out.contains(wanted), "{}", said.out);
    let both = "rules/10-a.rules:4:1: note: ";
    assert!(said.out.contains(both), "{}", said.out);
}

#[test]
fn json_tells_the_same_one_object_a_line() {
    let said = broken().run(&["check", "--format", "json", "rules"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    let objects: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects.len(), FINDINGS.len() + 1, "{}", said.out);
    for (file, line, column, severity, code) in FINDINGS {
        let found = objects.iter().find(|object| {
            object["file"] == format!("rules/{file}")
                && object["line"].as_u64().unwrap_or(0) == line
        });
        let found = found.unwrap_or_else(|| panic!("no {file}:{line}\n{}", said.out));
        assert_eq!(found["column"].as_u64().unwrap_or(0), column, "{found}");
        assert_eq!(found["severity"], severity, "{found}");
        assert!(found["code"].as_str().unwrap().starts_with(code), "{found}");
        assert!(!found["message"].as_str().unwrap().is_empty(), "{found}");
        assert!(found["suggestions"].is_array(), "{found}");
    }
    let target = &objects[2];
    assert_eq!(target["source"].as_str().unwrap().len(), 35, "{target}");
    assert_eq!(target["end_column"], 36, "{target}");
    let summary = &objects.last().unwrap()["summary"];
    let (errors, warnings) = (&summary["errors"], &summary["warnings"]);
    assert_eq!(
        (errors.as_u64(), warnings.as_u64()),
        (Some(4), Some(1)),
        "{summary}"
    );
    assert_eq!(summary["live"], false, "{summary}");
}

#[test]
fn json_of_a_good_directory_is_its_summary() {
    let place = Place::new(&[("a.rules", RULES)]);
    let said = place.run(&["check", "--format", "json", "--strict", "rules"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let object: Value = serde_json::from_str(&said.out).expect("one object");
    assert_eq!(object["summary"]["live"], true, "{object}");
    assert_eq!(object["summary"]["rules"], 12, "{object}");
}

#[test]
fn warnings_are_errors_only_if_it_is_said() {
    let place = Place::new(&[("a.rules", RULES), ("b.txt", "")]);
    for (arguments, status) in [
        (&["check", "rules"][..], 0),
        (&["check", "--strict", "rules"], 1),
        (&["check", "--strict", "--format=json", "rules"], 1),
    ] {
        let said = place.run(arguments);
        assert_eq!(said.status, Some(status), "{arguments:?} {said:?}");
        assert!(said.out.contains("b.txt"), "{said:?}");
    }
}

#[test]
fn what_is_no_directory_cannot_be_checked() {
    let place = Place::new(&[("a.rules", RULES)]);
    let said = place.run(&["check", "missing"]);
    assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("missing does not exist"), "{said:?}");
}

/// As an editor or a deployment tool calls it, before the file is in its place.
#[test]
fn a_file_is_checked_by_itself_or_in_its_place() {
    let place = Place::new(&[
        (
            "10-a.rules",
            "company.com primary\ndomain2.com secondary\npostmaster@* jd@company.com\nabuse@* jd@company.com\n",
        ),
        ("20-b.rules", "jd@domain2.com jdoe@company.com\n"),
    ]);
    let said = place.run(&["check", "rules/20-b.rules"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let summary = said.out.lines().last().unwrap_or_default();
    assert!(
        summary.starts_with("rules/20-b.rules: 1 rule in 1 file"),
        "{said:?}"
    );
    std::fs::write(place.join("new"), "jd@domain3.com jdoe@company.com\n").unwrap();
    let said = place.run(&["check", "new"]);
    assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("--as rules"), "{said:?}");
    let said = place.run(&["check", "--as", "rules", "new"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    // Among the others it is in a domain that no line declares.
    let said = place.run(&["check", "--as", "20-b.rules", "--in", "rules", "new"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(
        said.out
            .contains("new:1:1: error: the pattern is in `domain3.com`"),
        "{said:?}"
    );
    assert!(!said.out.contains("20-b.rules"), "{said:?}");
    // An error in another file is shown with the path of that file.
    std::fs::write(place.join("rules/10-a.rules"), "company.com primry\n").unwrap();
    let said = place.run(&["check", "--in", "rules", "rules/20-b.rules"]);
    assert!(said.out.contains("rules/10-a.rules:1:"), "{said:?}");
}

/// The directory of the configuration, from wherever it is asked.
#[test]
fn without_a_name_the_configured_directory_is_checked() {
    let place = Place::new(&[("a.rules", RULES)]);
    let config = place.text("readdress.toml");
    let mut command = place.command(&["check", "--config", &config]);
    command.current_dir("/");
    let said = crate::program::said(command);
    assert_eq!(said.status, Some(0), "{said:?}");
    let directory = place.text("rules/");
    assert!(said.out.starts_with(&directory), "{said:?}");
    assert!(said.out.contains("in 1 file"), "{said:?}");
}

/// A table is cut after every byte. Every beginning of it gets an answer.
#[test]
fn every_beginning_of_a_file_is_checked() {
    let text = "domain2.com secondary\n\"j d\"@domain2.com \"x\"@company.com, b@company.com # x\n\
                /(\\w+)@domain2\\.com/ $1@company.com detail=drop\nx@domain2.com reject 550 5.1.1 \"No\"\n";
    let place = Place::new(&[]);
    for end in (0..=text.len()).step_by(7) {
        place.save("a.rules", &text[..end]);
        let said = place.run(&["check", "rules"]);
        assert!(matches!(said.status, Some(0 | 1)), "{end} {said:?}");
        assert_eq!(
            said.status == Some(1),
            said.out.contains(": error: "),
            "{said:?}"
        );
        assert_eq!(said.err, "", "{end}");
    }
}

/// What follows from a file that was not read whole is not said: its cause is, and first.
#[test]
fn a_cause_is_shown_first_and_its_consequences_not_at_all() {
    let place = Place::new(&[
        (
            "10-a.rules",
            "jd@domain2.com jdoe@company.com\nx@domain2.com jd@company.com,\n",
        ),
        (
            "20-b.rules",
            "company.com primary\ndomain2.com secondary\n\0\0\0\0\0\0\0\0\0\0",
        ),
        ("30-c.expect", "jd@domain2.com jdoe@company.com\n"),
    ]);
    let said = place.run(&["check", "rules"]);
    let heads: Vec<_> = said
        .out
        .lines()
        .filter(|line| line.starts_with("rules/"))
        .collect();
    assert!(
        heads[0].starts_with("rules/20-b.rules: error: ") && heads[0].ends_with("[binary-file]")
    );
    assert!(
        heads[1].starts_with("rules/20-b.rules: note: ") && heads[1].ends_with("[consequences]")
    );
    assert!(
        heads[2].starts_with("rules/10-a.rules:2:29: error: "),
        "{said:?}"
    );
    assert!(heads[3].contains(": 2 errors, 0 warnings;"), "{said:?}");
    assert_eq!(heads.len(), 4, "{said:?}");
}

/// What cannot follow from the file that was not read is shown beside it.
#[test]
fn findings_that_do_not_follow_from_a_cause_are_shown() {
    let binary = "\0".repeat(10);
    let rules = "company.com primary\npostmaster@company.com mailbox\nabuse@company.com mailbox\n\
        /x@company\\.com/ a@company.com\n/x@company\\.com/ b@company.com\njd@compny.com a@company.com\n";
    for (unread, shown, hidden) in [
        (
            "20-b.expect",
            &["[never-matches]", "[undeclared-domain]"][..],
            &["[consequences]"][..],
        ),
        (
            "20-b.rules",
            &["[never-matches]", "[consequences]"],
            &["[undeclared-domain]"],
        ),
        (
            "20-b.csv",
            &["[never-matches]", "[consequences]"],
            &["[undeclared-domain]"],
        ),
    ] {
        let place = Place::new(&[("10-a.rules", rules), (unread, &binary)]);
        let said = place.run(&["check", "rules"]);
        let first = said.out.lines().next().unwrap_or_default();
        assert!(
            first.starts_with(&format!("rules/{unread}:")),
            "{first}\n{}",
            said.out
        );
        for code in shown {
            assert!(said.out.contains(code), "{unread}: {code}\n{}", said.out);
        }
        for code in hidden {
            assert!(!said.out.contains(code), "{unread}: {code}\n{}", said.out);
        }
    }
}

/// What is wrong with a line or a file by itself is shown, whatever a file holds that was not read.
#[test]
fn a_finding_that_no_other_file_can_make_untrue_is_shown() {
    let mailboxes = "dn: uid=a,dc=company,dc=com\nmail: a@company.com\n";
    let declared = "company.com primary\ndomain2.com secondary\npartner.example external\n\
        postmaster@* a@company.com\nabuse@* a@company.com\n";
    let with = |line: &str| format!("{declared}{line}\n");
    for (name, text, code) in [
        ("10-a.virtual", "info jd@company.com\n", "[bare-key]"),
        ("10-a.virtual", "# none\n", "[nothing-read]"),
        ("10-a.ldif", mailboxes, "[no-secondaries]"),
        (
            "10-a.rules",
            &with("jd@domain2.com mailbox"),
            "[mailbox-class]",
        ),
        (
            "10-a.rules",
            &with("/x@partner\\.example/ a@company.com"),
            "[never-matches]",
        ),
        (
            "10-a.rules",
            &with("user+*@domain2.com a@company.com"),
            "[never-matches]",
        ),
    ] {
        let place = Place::new(&[(name, text)]);
        place.configure(&format!("{BASE}[rewrite]\nrecipient_delimiter = \"\"\n"));
        let check = ["check", "-c", "readdress.toml", "rules"];
        let alone = place.run(&check);
        assert!(alone.out.contains(code), "{text}\n{}", alone.out);
        place.save("20-b.rules", &"\0".repeat(10));
        let said = place.run(&check);
        assert!(said.out.contains("[binary-file]"), "{text}\n{}", said.out);
        assert!(said.out.contains(code), "{text}\n{}", said.out);
    }
}

/// What another file may make untrue is not shown.
#[test]
fn a_finding_that_another_file_may_make_untrue_is_not_shown() {
    let declared = "company.com primary\na@company.com mailbox\n";
    let with = |line: &str| format!("{declared}{line}\n");
    for (name, text, code) in [
        // The other file may hold an address in this domain, the domain's line, or its class.
        (
            "10-a.virtual",
            "sub.domain2.com jd@company.com\n",
            "[bare-key]",
        ),
        (
            "10-a.rules",
            &with("jd@domain2.com a@company.com"),
            "[undeclared-domain]",
        ),
        (
            "10-a.rules",
            &with("local@* a@company.com"),
            "[never-matches]",
        ),
        (
            "10-a.rules",
            &with("@*.company.com a@company.com\nx@sub.company.com mailbox"),
            "[mailbox-class]",
        ),
    ] {
        let place = Place::new(&[(name, text)]);
        let alone = place.run(&["check", "rules"]);
        assert!(alone.out.contains(code), "{text}\n{}", alone.out);
        place.save("20-b.rules", &"\0".repeat(10));
        let said = place.run(&["check", "rules"]);
        assert!(!said.out.contains(code), "{text}\n{}", said.out);
        assert!(said.out.contains("[consequences]"), "{text}\n{}", said.out);
    }
}

#[test]
fn three_thousand_findings_are_three_thousand_errors() {
    let text = "company.com primary\n".to_owned() + &"x@company.com rejct\n".repeat(3000);
    let place = Place::new(&[("a.rules", &text)]);
    let said = place.run(&["check", "rules"]);
    let summary = said.out.lines().last().unwrap_or_default();
    assert!(summary.contains(": 3000 errors, 0 warnings;"), "{summary}");
    let said = place.run(&["check", "--format", "json", "rules"]);
    let last = said.out.lines().last().unwrap_or_default();
    assert!(last.contains("\"errors\":3000,"), "{last}");
}
