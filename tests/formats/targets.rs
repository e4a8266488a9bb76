//! A domain that is found only as a target is external, whatever the format: that somebody forwards to
//! gmail.com must never make an MTA accept mail for gmail.com.

use std::{
    fs,
    process::{Command, Output},
};

use readdress::engine::{
    Settings, Table,
    address::{Domain, Mailbox},
    compile,
    rewrite::{Outcome, decide},
    rule::DomainClass,
};

use super::support::source;

/// Files whose rules lead to gmail.com and that say nothing else about it.
const ONLY_TARGETS: [(&str, &str); 14] = [
    ("a.virtual", "joe@oldacme.org joe@gmail.com\n"),
    (
        "a.virtual",
        "oldacme.org x\njoe@oldacme.org joe@gmail.com, anna@gmail.com\n",
    ),
    ("a.virtual", "@oldacme.org @gmail.com\n"),
    ("a.virtual", "/^(.*)@oldacme\\.org$/  ${1}@gmail.com\n"),
    ("a.virtusertable", "joe@oldacme.org joe@gmail.com\n"),
    (
        "a.virtusertable",
        "@oldacme.org %1@gmail.com\njoe+*@oldacme.org joe+%2@gmail.com\n",
    ),
    ("a.csv", "from,to\njoe@oldacme.org,joe@gmail.com\n"),
    (
        "a.csv",
        "address,goto,active\njoe@oldacme.org,joe@gmail.com,1\n",
    ),
    (
        "a.csv",
        "alias_domain,target_domain,active\noldacme.org,gmail.com,1\n",
    ),
    (
        "a.ldif",
        "dn: CN=joe\nobjectClass: contact\ntargetAddress: SMTP:joe@gmail.com\n\
         proxyAddresses: SMTP:joe@gmail.com\nproxyAddresses: smtp:joe@oldacme.org\n",
    ),
    ("a.rules", "joe@oldacme.org joe@gmail.com\n"),
    (
        "a.rules",
        "@oldacme.org @gmail.com\n@*.oldacme.org @gmail.com\njoe+*@oldacme.org joe+*@gmail.com\n",
    ),
    (
        "a.rules",
        "oldacme@oldacme.org keep\n/(joe)@oldacme\\.org/ $1@gmail.com\n",
    ),
    (
        "a.rules",
        "x@oldacme.org moved x@gmail.com\njoe@oldacme.org joe@gmail.com\n",
    ),
];

fn table(name: &str, text: &str) -> Table {
    let compiled = compile(&[source(name, text.as_bytes())], &Settings::default());
    compiled
        .table
        .unwrap_or_else(|| panic!("{text}{:?}", compiled.diagnostics))
}

fn class(table: &Table, domain: &str) -> Option<DomainClass> {
    table.class(&Domain::parse(domain).unwrap())
}

fn kept(table: &Table, address: &str) -> bool {
    decide(table, &Mailbox::parse(address).unwrap()).outcome == Outcome::Keep
}

fn run(arguments: &[&str], name: &str, text: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules");
    fs::create_dir(&rules).unwrap();
    fs::write(rules.join(name), text).unwrap();
    fs::write(dir.path().join("readdress.toml"), "").unwrap();
    Command::new(env!("CARGO_BIN_EXE_readdress"))
        .current_dir(dir.path())
        .args(arguments)
        .args(["--config", "readdress.toml"])
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_domain_that_is_only_a_target_is_external() {
    for (name, text) in ONLY_TARGETS {
        let table = table(name, text);
        assert_eq!(
            class(&table, "gmail.com"),
            Some(DomainClass::External),
            "{text}"
        );
        assert_ne!(
            class(&table, "oldacme.org"),
            Some(DomainClass::External),
            "{text}"
        );
        assert!(kept(&table, "anybody@gmail.com"), "{text}");
        for list in ["domains", "secondary", "recipients"] {
            let said = out(&run(&["export", list, "--rules", "rules"], name, text));
            let named = said.lines().filter(|line| !line.starts_with('#'));
            assert!(
                named.clone().all(|line| !line.contains("gmail.com")),
                "{text}{said}"
            );
        }
    }
}

/// What nothing but the file says is the MTA's business: it knows who exists.
#[test]
fn a_map_that_names_one_user_leaves_the_others_to_the_mta() {
    for name in ["a.virtual", "a.virtusertable"] {
        let table = table(name, "joe@oldacme.org joe@gmail.com\n");
        assert!(kept(&table, "unknown@oldacme.org"), "{name}");
        assert!(!kept(&table, "joe@oldacme.org"), "{name}");
        let said = out(&run(
            &["export", "secondary", "--rules", "rules"],
            name,
            "joe@oldacme.org joe@gmail.com\n",
        ));
        assert!(!said.contains("\noldacme.org"), "{said}");
    }
}

#[test]
fn mailboxes_patterns_and_wildcards_say_whose_a_domain_is() {
    for (text, domain, wanted) in [
        // Its mailboxes live here.
        (
            "joe@gmail.com mailbox joe@oldacme.org\n",
            "gmail.com",
            DomainClass::Primary,
        ),
        (
            "joe@gmail.com mailbox joe@oldacme.org\n",
            "oldacme.org",
            DomainClass::Secondary,
        ),
        // Mail for it is received, and sent on to it.
        (
            "@oldacme.org @acme.com\ninfo@acme.com anna@acme.com\n",
            "acme.com",
            DomainClass::Primary,
        ),
        // A target equal to its pattern means `keep`, and is none.
        (
            "joe@oldacme.org joe@oldacme.org\n",
            "oldacme.org",
            DomainClass::Secondary,
        ),
        // `@*.` makes every subdomain that is not declared secondary, in every respect.
        (
            "@*.oldacme.org @acme.com\njoe@x.example joe@mail.oldacme.org\n",
            "mail.oldacme.org",
            DomainClass::Secondary,
        ),
        (
            "@*.oldacme.org @acme.com\nj@mail.oldacme.org mailbox\n",
            "mail.oldacme.org",
            DomainClass::Primary,
        ),
    ] {
        assert_eq!(
            class(&table("a.rules", text), domain),
            Some(wanted),
            "{text}"
        );
    }
}

/// Imported rules declare every domain, and what a target is in as external.
#[test]
fn import_declares_a_target_external() {
    let (name, text) = ONLY_TARGETS[0];
    for format in ["virtual", "virtusertable"] {
        let import = ["import", format, "--no-source", "rules/a.virtual"];
        let said = out(&run(&import, name, text));
        assert!(
            said.ends_with("gmail.com external\noldacme.org primary\njoe@oldacme.org joe@gmail.com\n")
                || said.ends_with("gmail.com external\noldacme.org primary\njoe@oldacme.org joe@gmail.com detail=drop\n"),
            "{said}"
        );
    }
}

/// No line that the program writes offers such a domain as one of ours.
#[test]
fn no_help_offers_a_targets_domain_as_primary() {
    for (name, text) in ONLY_TARGETS {
        let said = run(&["check", "rules"], name, text);
        assert!(!out(&said).contains("gmail.com primary"), "{}", out(&said));
    }
    let declared =
        "oldacme.org secondary\n@oldacme.org @gmail.com\njoe@oldacme.org joe@gmail.com\n";
    let said = out(&run(&["check", "rules"], "a.rules", declared));
    assert!(
        said.contains("help: write a line `gmail.com external`\n"),
        "{said}"
    );
    assert!(!said.contains("gmail.com primary"), "{said}");
}

/// A list of replies has nothing to say where nobody knows whose mailboxes are here, and says so.
#[test]
fn a_list_of_replies_says_why_it_is_empty() {
    for format in ["generic", "genericstable"] {
        let (name, text) = ONLY_TARGETS[1];
        let said = run(&["export", format, "--rules", "rules"], name, text);
        assert_eq!(said.status.code(), Some(1));
        let finding = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(finding.contains("no domain is primary"), "{finding}");
    }
}
