//! `readdress explain`: the steps with their places, and the outcome, for people and programs.

use serde_json::{Value, json};

use crate::program::{Place, RULES, Said, said};

fn place() -> Place {
    Place::new(&[("10-a.rules", RULES)])
}

fn objects(said: &Said) -> Vec<Value> {
    let lines = said.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_text_shows_each_step_with_its_line() {
    let said = place().run(&["explain", "--rules", "rules", "jd+x@domain2.com"]);
    let wanted = "\
jd+x@domain2.com
  jd+x@domain2.com    10-a.rules:4   jd@domain2.com jdoe@company.com
  jdoe+x@company.com  10-a.rules:10  jdoe@company.com mailbox
  => replace by jdoe+x@company.com
";
    assert_eq!((said.status, &*said.out), (Some(0), wanted), "{said:?}");
}

#[test]
fn the_text_shows_every_kind_of_outcome() {
    for (address, outcome) in [
        (
            "sales@domain2.com",
            "replace by anna@company.com, bob@company.com",
        ),
        ("leaked@domain2.com", "reject 550 5.1.1 No such user"),
        ("later@domain2.com", "defer 451 4.3.0 "),
        ("moved@domain2.com", "reject 551 5.1.6 "),
        ("nosuch@domain2.com", "reject 550 5.1.1 "),
        ("spamtrap@domain2.com", "discard"),
        ("anna@company.com", "keep"),
        ("x@elsewhere.example", "keep"),
    ] {
        let said = place().run(&["explain", "--rules", "rules", address]);
        assert_eq!(said.status, Some(0), "{said:?}");
        let mut lines = said.out.lines();
        let told = lines.find(|line| line.starts_with("  => ")).unwrap();
        assert!(told.starts_with(&format!("  => {outcome}")), "{told}");
    }
}

/// The parameters in a line of a log have the effect that they would have in a transaction.
#[test]
fn a_line_of_a_log_is_told_to_its_end() {
    let line = "postfix/smtpd[7]: < unknown[192.0.2.1]: RCPT TO:<Sales@domain2.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;all@a.example";
    let said = place().run(&["explain", "--rules", "rules", line]);
    let wanted = "\
<Sales@domain2.com>
  Sales@domain2.com  10-a.rules:5   sales@domain2.com anna@company.com, bob@company.com
  anna@company.com   10-a.rules:11  anna@company.com mailbox
  bob@company.com    10-a.rules:12  bob@company.com mailbox
  => replace by anna@company.com, bob@company.com
     the MTA deletes <Sales@domain2.com>
     the MTA adds <anna@company.com> NOTIFY=DELAY ORCPT=rfc822;all@a.example
     the MTA adds <bob@company.com> NOTIFY=DELAY ORCPT=rfc822;all@a.example
     the MTA applies its own maps to what is added (Postfix: canonical, virtual; Sendmail: virtusertable, aliases)
";
    assert_eq!((said.status, &*said.out), (Some(0), wanted), "{said:?}");
}

#[test]
fn a_line_of_a_log_says_what_the_mta_does_with_each_outcome() {
    for (address, does) in [
        ("nosuch@domain2.com", "gives the client this reply at RCPT"),
        (
            "nosuch@domain2.com",
            "looks addresses up in the map `recipients`",
        ),
        ("spamtrap@domain2.com", "delivers nothing"),
        (
            "anna@company.com",
            "delivers it as all mail for company.com",
        ),
        (
            "x@elsewhere.example",
            "relays it for clients that may relay",
        ),
        ("postmaster", "as it would without readdress"),
    ] {
        let line = format!(
            "NOQUEUE: reject: RCPT from a[192.0.2.1]: 450; from=<s@a.example> to=<{address}> proto=ESMTP"
        );
        let said = place().run(&["explain", "--rules", "rules", &line]);
        let mut lines = said.out.lines();
        let found = lines.any(|line| line.starts_with("     the MTA ") && line.contains(does));
        assert!(found, "{address}: {said:?}");
    }
    let leaked = "to=<leaked@domain2.com>";
    let said = place().run(&["explain", "--rules", "rules", leaked]);
    assert!(
        !said.out.contains("recipients"),
        "its own rule refuses: {said:?}"
    );
}

/// The daemon looks up what the MTA made of the path, and so does `explain`.
#[test]
fn old_routing_spellings_are_read_as_the_mta_reads_them() {
    let said = place().run(&[
        "explain",
        "--json",
        "--rules",
        "rules",
        "<jd%domain2.com>",
        "domain2.com!jd",
        "x%elsewhere.example",
    ]);
    let objects = objects(&said);
    assert_eq!(objects[0]["to"], json!(["jdoe@company.com"]), "{said:?}");
    let note = |object: &Value| object["note"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        note(&objects[0]),
        "Postfix and Sendmail take this for jd@domain2.com"
    );
    assert_eq!(objects[1]["to"], json!(["jdoe@company.com"]), "{said:?}");
    assert!(note(&objects[1]).contains("Sendmail does not"), "{said:?}");
    assert_eq!(objects[2]["action"], "keep");
}

/// Holds every key of the JSON.
#[test]
fn json_has_the_documented_keys() {
    let said = place().run(&[
        "explain",
        "--json",
        "--rules",
        "rules",
        "sales@domain2.com",
        "leaked@domain2.com",
        "nosuch@domain2.com",
        "spamtrap@domain2.com",
        "later@domain2.com",
        "anna@company.com",
    ]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let objects = objects(&said);
    let short: Vec<_> = objects
        .iter()
        .map(|object| {
            let steps = object["steps"].as_array().unwrap().iter();
            let lines = steps.map(|step| step["line"].as_u64().unwrap());
            let lines: Vec<_> = lines.collect();
            json!([
                object["action"],
                object["to"],
                object["reply"]["enhanced"],
                lines
            ])
        })
        .collect();
    let targets = json!(["anna@company.com", "bob@company.com"]);
    assert_eq!(
        short,
        [
            json!(["replace", targets, null, [5, 11, 12]]),
            json!(["reject", [], "5.1.1", [6]]),
            json!(["reject", [], "5.1.1", [3, 1]]),
            json!(["discard", [], null, [9]]),
            json!(["defer", [], "4.3.0", [7]]),
            json!(["keep", ["anna@company.com"], null, [11]]),
        ]
    );
    let reply = json!({"code": 550, "enhanced": "5.1.1", "text": "No such user"});
    assert_eq!(objects[1]["reply"], reply);
    let step = &objects[1]["steps"][0];
    let rule = "leaked@domain2.com reject 550 5.1.1 \"No such user\"";
    assert_eq!(
        (&step["file"], &step["rule"]),
        (&"10-a.rules".into(), &rule.into())
    );
    for object in &objects {
        let keys = ["address", "action", "to", "reply", "steps", "generation"];
        let object = object.as_object().unwrap();
        assert!(
            keys.iter().all(|key| object.contains_key(*key)),
            "{object:?}"
        );
        assert_eq!(object["generation"], Value::Null, "files have none");
    }
}

/// Whatever stands in an envelope or is pasted from a log: one answer for each, in order.
#[test]
fn odd_addresses_have_an_answer_each() {
    let long = format!("{}@domain2.com", "x".repeat(100_000));
    let cases = [
        ("<jd@domain2.com>", "replace"),
        ("@relay.example:jd@domain2.com", "replace"),
        ("\"jd\"@domain2.com", "replace"),
        ("JD@DOMAIN2.COM", "replace"),
        ("\"j d\"@domain2.com", "reject"),
        ("user%x@domain2.com", "reject"),
        ("jd@domain2.com@domain2.com", ""),
        ("<postmaster>", "keep"),
        ("<>", "keep"),
        ("jd@[127.0.0.1]", "keep"),
        ("jd@bücher.example", "keep"),
        ("<\">", "keep"),
        (&long, ""),
    ];
    let mut arguments = vec!["explain", "--json", "--rules", "rules", "--"];
    arguments.extend(cases.iter().map(|(address, _)| *address));
    let said = place().run(&arguments);
    assert_eq!(said.status, Some(0), "{}", said.err);
    let objects = objects(&said);
    assert_eq!(objects.len(), cases.len());
    for (object, (address, action)) in objects.iter().zip(cases) {
        assert_eq!(object["address"], address);
        let got = object["action"].as_str().unwrap();
        assert!(got.starts_with(action), "{address}: {got}");
    }
}

/// An address out of a log or a complaint may hold what a terminal obeys.
#[test]
fn control_characters_are_shown_and_not_obeyed() {
    for flags in [&["explain"][..], &["explain", "--json"]] {
        let odd = "<\u{1b}[2J\r\u{7}\u{9b}x\"@domain2.com>";
        let said = place().run(&[flags, &["--rules", "rules", odd]].concat());
        assert_eq!(said.status, Some(0), "{said:?}");
        // JSON leaves the controls above 0x7f as they are, for programs.
        let json = flags.len() > 1;
        let obeyed = |c: char| c.is_control() && c != '\n' && (!json || c.is_ascii());
        assert!(!said.out.contains(obeyed), "{said:?}");
        assert!(said.out.contains("[2J"), "{said:?}");
    }
}

#[test]
fn both_spellings_of_a_domain_are_one() {
    let place = Place::new(&[(
        "a.rules",
        "company.com primary\nbücher.example secondary\n@bücher.example @company.com\n",
    )]);
    let said = place.run(&[
        "explain",
        "--json",
        "--rules",
        "rules",
        "a@bücher.example",
        "a@xn--bcher-kva.example",
    ]);
    for object in objects(&said) {
        assert_eq!(object["to"], json!(["a@company.com"]), "{object}");
    }
    assert_eq!(said.out.lines().count(), 2, "{said:?}");
}

#[test]
fn bytes_that_are_not_text_are_refused_with_a_message() {
    use std::os::unix::ffi::OsStrExt;
    let mut command = place().command(&["explain", "--rules", "rules"]);
    command.current_dir("/");
    command.arg(std::ffi::OsStr::from_bytes(b"\xff@domain2.com"));
    let said = crate::program::said(command);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("UTF-8"), "{said:?}");
}

/// Nothing is explained from rules that would not go live; a program that reads lines of JSON from
/// standard output is not given lines of something else.
#[test]
fn broken_rules_explain_nothing() {
    let place = Place::new(&[("a.rules", "jd@domain2.com rejct\n")]);
    for flags in [&["explain"][..], &["explain", "--json"]] {
        let said = place.run(&[flags, &["--rules", "rules", "jd@domain2.com"]].concat());
        assert_eq!((said.status, &*said.out), (Some(1), ""), "{said:?}");
        assert!(said.err.contains("rules/a.rules:1:16: error: "), "{said:?}");
    }
}

/// The running daemon tells of its own table and its number, whatever the files hold by now.
#[test]
fn the_daemon_explains_from_the_live_table() {
    let place = place();
    let serving = place.serve();
    let live =
        |place: &Place| objects(&place.ask(&["explain", "--live", "--json", "jd@domain2.com"]));
    let first = live(&place);
    assert_eq!((&first[0]["generation"], first.len()), (&1.into(), 1));
    assert_eq!(first[0]["to"], json!(["jdoe@company.com"]));

    place.save("20-b.rules", "carl@company.com mailbox carol@domain2.com\n");
    place.logged("table: generation=2");
    let said = place.ask(&[
        "explain",
        "--live",
        "--json",
        "jd@domain2.com",
        "to=<carol@domain2.com>,<sales@domain2.com>, stat=Sent",
    ]);
    let second = objects(&said);
    assert_eq!(second.len(), 3, "a line may hold several: {said:?}");
    assert_eq!(second[2]["mta"]["delete"], json!(["<sales@domain2.com>"]));
    assert_eq!(second[1]["to"], json!(["carl@company.com"]));
    assert!(
        second.iter().all(|object| object["generation"] == 2),
        "{said:?}"
    );

    place.save("20-b.rules", "broken\n");
    place.logged("still serving generation=2");
    assert_eq!(live(&place)[0]["generation"], 2);
    drop(serving);
    let said = place.ask(&["explain", "--live", "jd@domain2.com"]);
    assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
}

#[test]
fn a_daemon_without_a_table_says_so() {
    let place = Place::new(&[("a.rules", "broken\n")]);
    let _serving = place.serve();
    let said = place.ask(&["explain", "--live", "jd@domain2.com"]);
    assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("no table"), "{said:?}");
}

/// A text that is not an address is never explained as an address that is kept.
#[test]
fn a_text_that_is_not_an_address_is_an_error_and_the_others_are_explained() {
    for text in ["", " ", "anna", "anna@", "Anna Lee", "a\u{1b}[2J"] {
        let said = place().run(&["explain", "--rules", "rules", "jd@domain2.com", text]);
        assert_eq!(said.status, Some(2), "{text:?} {said:?}");
        assert!(
            said.out.contains("=> replace by jdoe@company.com"),
            "{said:?}"
        );
        assert!(said.err.contains(" an address"), "{said:?}");
        assert!(said.err.contains("; write LOCAL@DOMAIN"), "{said:?}");
        assert!(!said.err.contains('\u{1b}'), "{said:?}");
    }
}

#[test]
fn addresses_are_taken_as_people_have_them() {
    for text in [
        "Joe <jd@domain2.com>",
        "mailto:jd@domain2.com?subject=hello",
        " jd@domain2.com ",
        "jd@domain2.com (Joe)",
    ] {
        let said = place().run(&["explain", "--rules", "rules", text]);
        assert_eq!(said.status, Some(0), "{said:?}");
        assert!(
            said.out.ends_with("=> replace by jdoe@company.com\n"),
            "{said:?}"
        );
    }
    let said = place().run(&[
        "explain",
        "--rules",
        "rules",
        "jd@domain2.com, leaked@domain2.com",
    ]);
    assert_eq!(said.out.matches("=> ").count(), 2, "{said:?}");
}

#[test]
fn the_lines_of_standard_input_are_explained() {
    let place = place();
    let lines = "jd@domain2.com\n\npostfix/smtpd[7]: to=<leaked@domain2.com> proto=ESMTP\r\n";
    std::fs::write(place.join("lines"), lines).unwrap();
    let mut command = place.command(&["explain", "--rules", "rules", "-"]);
    command.stdin(std::fs::File::open(place.join("lines")).unwrap());
    let said = said(command);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(
        said.out.contains("=> replace by jdoe@company.com"),
        "{said:?}"
    );
    assert!(
        said.out.contains("=> reject 550 5.1.1 No such user"),
        "{said:?}"
    );
}

#[test]
fn a_domain_is_explained_as_a_domain() {
    let said = place().run(&["explain", "--rules", "rules", "domain2.com"]);
    let first = "@domain2.com (secondary), for an address that no rule names\n";
    assert!(said.out.starts_with(first), "{said:?}");
    assert!(said.out.contains("=> reject 550 5.1.1"), "{said:?}");
    let said = place().run(&["explain", "--json", "--rules", "rules", "@domain2.com"]);
    let object = &objects(&said)[0];
    assert_eq!(
        (&object["address"], &object["class"]),
        (&json!("@domain2.com"), &json!("secondary"))
    );
    assert!(!said.out.contains("anybody"), "{said:?}");
}

#[test]
fn a_domain_nearly_spelt_is_asked_back() {
    for text in ["jd@domian2.com", "domian2.com"] {
        let said = place().run(&["explain", "--rules", "rules", text]);
        assert!(said.out.contains("did you mean `domain2.com`?"), "{said:?}");
    }
}

/// It is then that somebody asks.
#[test]
fn a_broken_expectation_does_not_forbid_the_answer() {
    let place = Place::new(&[
        ("10-a.rules", RULES),
        ("90-a.expect", "jd@domain2.com bob@company.com\n"),
    ]);
    let said = place.run(&["explain", "--rules", "rules", "jd@domain2.com"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(
        said.out.contains("=> replace by jdoe@company.com"),
        "{said:?}"
    );
    assert!(said.err.contains("[expectation]"), "{said:?}");
    assert!(said.err.contains("would not go live"), "{said:?}");
    let said = place.run(&["check", "rules"]);
    assert_eq!(said.status, Some(1), "{said:?}");
}
