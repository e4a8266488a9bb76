//! Directories of several formats: classes of domains, conflicts, and the road of the daemon.

use std::{fs, sync::Arc};

use super::support::{sample, source};
use readdress::{
    daemon::{
        reload::{ReloadOptions, ReloadOutcome, Reloader},
        source::{self as files, Limits},
        state::live::LiveTable,
    },
    engine::{
        Compiled, Settings, SourceText, Table,
        address::{Domain, Mailbox},
        compile,
        rewrite::{Outcome, decide},
        rule::Unknown,
    },
};

fn compiled(files: &[(&str, &str)]) -> Compiled {
    let sources: Vec<SourceText> = files
        .iter()
        .map(|(name, text)| source(name, text.as_bytes()))
        .collect();
    compile(&sources, &Settings::default())
}

/// The table; any error fails the test.
#[track_caller]
fn table(files: &[(&str, &str)]) -> Table {
    let compiled = compiled(files);
    compiled
        .table
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics))
}

fn errors(files: &[(&str, &str)]) -> Vec<String> {
    let found = compiled(files).diagnostics;
    let errors = found
        .iter()
        .filter(|d| d.severity == readdress::engine::Severity::Error);
    errors
        .map(|d| {
            format!(
                "{}:{}:{} {}",
                d.excerpt.file, d.excerpt.line, d.excerpt.column, d.code
            )
        })
        .collect()
}

fn class(table: &Table, domain: &str) -> String {
    let domain = Domain::parse(domain).unwrap();
    let unknown = match table.unknown(&domain) {
        Unknown::Keep => "keep",
        Unknown::Reject => "reject",
        Unknown::Defer => "defer",
    };
    format!(
        "{} {unknown}",
        table.class(&domain).map_or("none", |class| class.word())
    )
}

/// What comes out for an address.
fn outcome(table: &Table, address: &str) -> String {
    match decide(table, &Mailbox::parse(address).unwrap()).outcome {
        Outcome::Replace(targets) => targets
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
        other => format!("{other:?}")
            .split('(')
            .next()
            .unwrap_or("")
            .to_lowercase(),
    }
}

#[test]
fn in_a_map_only_a_whole_domain_is_secondary() {
    let one = table(&[("a.virtual", "jd@domain2.com jdoe@company.com\n")]);
    assert_eq!(class(&one, "domain2.com"), "primary keep");
    assert_eq!(outcome(&one, "nosuch@domain2.com"), "keep");
    let whole = table(&[(
        "a.virtual",
        "jd@domain2.com jdoe@company.com\n@domain2.com all@company.com\n",
    )]);
    assert_eq!(class(&whole, "domain2.com"), "secondary reject");
    // A bare domain always does, even if targets are in it.
    let bare = table(&[(
        "a.virtual",
        "domain2.com x\njd@domain2.com kim@domain2.com\nkim@domain2.com kim@company.com\n",
    )]);
    assert_eq!(class(&bare, "domain2.com"), "secondary reject");
    assert_eq!(class(&bare, "company.com"), "external keep");
    let sendmail = table(&[(
        "a.virtusertable",
        "jd@domain2.com jdoe@company.com\n@domain3.com jane@company.com\n",
    )]);
    assert_eq!(
        (
            class(&sendmail, "domain2.com"),
            class(&sendmail, "domain3.com")
        ),
        ("primary keep".into(), "secondary reject".into())
    );
    let row = table(&[("a.csv", "from,to\njd@domain2.com,jdoe@company.com\n")]);
    assert_eq!(class(&row, "domain2.com"), "secondary reject");
}

#[test]
fn a_bare_domain_may_stand_in_another_file_than_its_addresses() {
    let table = table(&[
        ("1.virtual", "domain2.com x\n"),
        ("2.virtual", "jd@domain2.com jdoe@company.com\n"),
    ]);
    assert_eq!(class(&table, "domain2.com"), "secondary reject");
}

#[test]
fn maps_do_not_declare_a_directory_and_a_declared_one_has_the_say() {
    let map = "domain2.com x\njd@domain2.com jdoe@company.com\n";
    let rules = "company.com primary\ndomain2.com primary\n";
    assert_eq!(
        class(
            &table(&[("a.rules", rules), ("b.virtual", map)]),
            "domain2.com"
        ),
        "primary keep"
    );
    assert_eq!(
        errors(&[("a.rules", "company.com primary\n"), ("b.virtual", map)]),
        [
            "b.virtual:1:1 undeclared-domain",
            "b.virtual:2:1 undeclared-domain"
        ]
    );
}

#[test]
fn repetitions_are_silent_and_contradictions_name_both_places() {
    let twice = compiled(&[
        (
            "a.csv",
            "from,to\njd@domain2.com,jdoe@company.com\njd@domain2.com,JDoe@company.com\n",
        ),
        ("b.rules", "jd@domain2.com jdoe@company.com\n"),
    ]);
    // Targets are compared as mailboxes: letter case makes no other action.
    assert_eq!(
        twice
            .diagnostics
            .iter()
            .filter(|d| d.code.word() == "conflict")
            .count(),
        0
    );
    let same = compiled(&[
        (
            "a.virtual",
            "jd@domain2.com jdoe@company.com\njd@domain2.com jdoe@company.com\n",
        ),
        ("b.rules", "jd@domain2.com jdoe@company.com\n"),
    ]);
    assert!(
        same.table.is_some()
            && !same
                .diagnostics
                .iter()
                .any(|d| d.code.word() == "repeated-rule"),
        "{:?}",
        same.diagnostics
    );
    let claimed = compiled(&[
        (
            "a.csv",
            "PrimarySmtpAddress,EmailAddresses\nanna@company.com,SMTP:anna@company.com;smtp:x@domain2.com\n",
        ),
        (
            "b.ldif",
            "dn: CN=bob\nproxyAddresses: SMTP:bob@company.com\nproxyAddresses: smtp:x@domain2.com\n",
        ),
    ]);
    let printed = claimed
        .diagnostics
        .iter()
        .find(|d| d.code.word() == "claimed-twice")
        .map_or_else(String::new, |d| d.render(""));
    assert!(printed.starts_with("b.ldif:3:22: error: `x@domain2.com` is claimed by two mailboxes, `anna@company.com` and `bob@company.com` [claimed-twice]\n"), "{printed}");
    assert!(
        printed.contains("a.csv:2:45: note: first claimed here\nanna@company.com,SMTP"),
        "{printed}"
    );
}

#[test]
fn a_secondary_address_that_is_another_owners_primary_one() {
    assert_eq!(
        errors(&[(
            "a.csv",
            "PrimarySmtpAddress,EmailAddresses\nanna@company.com,SMTP:anna@company.com;smtp:bob@company.com\nbob@company.com,SMTP:bob@company.com\n"
        )]),
        ["a.csv:3:22 conflict"]
    );
}

#[test]
fn details_as_sendmail_treats_them() {
    let table = table(&[("a.virtusertable", &sample("example.virtusertable"))]);
    for (address, wanted) in [
        ("jd+x@domain2.com", "jdoe@company.com"),
        ("jd@domain2.com", "jdoe@company.com"),
        ("old+x@domain2.com", "new+x@company.com"),
        ("x+y@domain2.com", "Z+y@company.com"),
        ("any@domain2.com", "any@company.com"),
        ("any+x@domain3.com", "jane@company.com"),
        ("joe@domain2.com", "refuse"),
    ] {
        assert_eq!(outcome(&table, address), wanted, "{address}");
    }
}

#[test]
fn every_format_in_one_directory_through_the_daemons_reader() {
    let dir = tempfile::tempdir().unwrap();
    let wide: Vec<u8> = std::iter::once(0xfeff)
        .chain("PrimarySmtpAddress;EmailAddresses\nkim@company.com;\"SMTP:kim@company.com\nsmtp:kïm@domain4.com\"\n".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let files_in: [(&str, &[u8]); 5] = [
        ("1.rules", b"boss@domain1.com anna@company.com\n"),
        ("2.virtual", b"domain2.com x\njd@domain2.com jdoe@company.com\n"),
        ("3.virtusertable", b"@domain3.com bob@company.com\n"),
        ("4.csv", &wide),
        ("5.ldif", b"dn: CN=eva\nproxyAddresses: SMTP:eva@company.com\nproxyAddresses: smtp:eva@domain5.com\nproxyAddresses: sip:eva@company.com\n"),
    ];
    for (name, bytes) in files_in {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    let reading = files::read_directory(dir.path(), &Limits::default());
    assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    let compiled = compile(&reading.sources, &Settings::default());
    let table = compiled
        .table
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    for (address, wanted) in [
        ("boss@domain1.com", "anna@company.com"),
        ("jd+x@domain2.com", "jdoe+x@company.com"),
        ("nosuch@domain2.com", "refuse"),
        ("any@domain3.com", "bob@company.com"),
        ("kïm@domain4.com", "kim@company.com"),
        ("eva@domain5.com", "eva@company.com"),
    ] {
        assert_eq!(outcome(&table, address), wanted, "{address}");
    }
    let skipped: Vec<_> = compiled.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(skipped, ["skipped: 1 sip in 5.ldif"]);
}

/// Windows programs write extensions in capitals, and `.ldf`.
#[test]
fn extensions_in_any_letter_case() {
    let dir = tempfile::tempdir().unwrap();
    let files_in = [
        ("1.RULES", "boss@domain1.com anna@company.com\n"),
        (
            "2.Virtual",
            "domain2.com x\njd@domain2.com jdoe@company.com\n",
        ),
        ("3.VirtUserTable", "@domain3.com bob@company.com\n"),
        ("4.CSV", "from,to\nkim@domain4.com,kim@company.com\n"),
        (
            "5.LDF",
            "dn: CN=eva\nmail: eva@company.com\nmailAlias: eva@domain5.com\n\n",
        ),
        ("6.EXPECT", "boss@domain1.com anna@company.com\n"),
        ("7.rules.BAK", "this is no rule\n"),
        ("8.CSV~", "this is no rule\n"),
    ];
    for (name, text) in files_in {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let reading = files::read_directory(dir.path(), &Limits::default());
    assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    let compiled = compile(&reading.sources, &Settings::default());
    assert_eq!(compiled.expectations, 1);
    let table = compiled
        .table
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    for (address, wanted) in [
        ("boss@domain1.com", "anna@company.com"),
        ("jd@domain2.com", "jdoe@company.com"),
        ("any@domain3.com", "bob@company.com"),
        ("kim@domain4.com", "kim@company.com"),
        ("eva@domain5.com", "eva@company.com"),
    ] {
        assert_eq!(outcome(&table, address), wanted, "{address}");
    }
}

/// U+200C is a letter of Persian words, in a domain and in a local-part; around an address it came along
/// when it was copied.
#[test]
fn joiners_are_part_of_a_word_or_left_out() {
    let (user, domain) = ("خانه\u{200c}ها", "نامه\u{200c}ای.com");
    let address = format!("{user}@{domain}");
    let files = [
        ("a.rules", format!("{address} anna@company.com\n")),
        (
            "a.virtual",
            format!("{domain} x\n{address} anna@company.com\n"),
        ),
        (
            "a.virtusertable",
            format!("{domain} x\n{address} anna@company.com\n"),
        ),
        ("a.csv", format!("from,to\n{address},anna@company.com\n")),
        (
            "b.csv",
            format!(
                "PrimarySmtpAddress,EmailAddresses\nanna@company.com,SMTP:anna@company.com;smtp:{address}\n"
            ),
        ),
        (
            "a.ldif",
            format!("dn: CN=a\nmail: anna@company.com\nmailAlias: {address}\n\n"),
        ),
    ];
    for (name, text) in &files {
        let compiled = compiled(&[(name, text)]);
        let unseen = compiled
            .diagnostics
            .iter()
            .find(|d| d.code.word() == "unseen-character");
        assert!(unseen.is_none(), "{name}: {unseen:?}");
        let table = compiled
            .table
            .unwrap_or_else(|| panic!("{name}: {:?}", compiled.diagnostics));
        // The same domain as A-labels; the user without the joiner is another one.
        let a_labels = format!("{user}@xn--mgba3gch31f060k.com");
        for address in [&address, &a_labels] {
            assert_eq!(
                outcome(&table, address),
                "anna@company.com",
                "{name}: {address}"
            );
        }
        let another = format!("خانهها@{domain}");
        assert_ne!(outcome(&table, &another), "anna@company.com", "{name}");
    }
    // As before: left out at the ends with a warning, refused inside.
    for (name, text) in &files[1..] {
        let around = text.replace(&address, "\u{200c}jd@domain2.com\u{200d}");
        let codes: Vec<_> = compiled(&[(name, &around)])
            .diagnostics
            .iter()
            .map(|d| d.code.word())
            .collect();
        assert!(codes.contains(&"unseen-character"), "{name}: {codes:?}");
        let inside = text.replace(&address, "j\u{200d}d@domain2.com");
        assert!(compiled(&[(name, &inside)]).table.is_none(), "{name}");
    }
}

#[test]
fn the_daemons_reader_refuses_what_is_no_text() {
    let dir = tempfile::tempdir().unwrap();
    let long: Vec<u8> = "from,to\n"
        .chars()
        .chain("x".repeat(70_000).chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(dir.path().join("1.csv"), [0_u8; 100]).unwrap();
    fs::write(dir.path().join("2.csv"), b"from,to\na\0b\n").unwrap();
    fs::write(dir.path().join("3.csv"), long).unwrap();
    fs::write(dir.path().join("4.ldif"), "x".repeat(70_000)).unwrap();
    fs::write(dir.path().join("5.csv"), "from,to\r".repeat(20_000)).unwrap();
    fs::write(dir.path().join("6.rules"), [0_u8; 100]).unwrap();
    let reading = files::read_directory(dir.path(), &Limits::default());
    let codes: Vec<_> = reading
        .diagnostics
        .iter()
        .map(|d| (d.excerpt.file.as_str(), d.code.word()))
        .collect();
    assert_eq!(
        codes,
        [
            ("1.csv", "binary-file"),
            ("2.csv", "binary-file"),
            ("3.csv", "line-too-long"),
            ("4.ldif", "line-too-long"),
            ("6.rules", "binary-file"),
        ]
    );
}

#[tokio::test]
async fn a_foreign_file_that_is_saved_is_live() {
    let dir = tempfile::tempdir().unwrap();
    let users = |address: &str| {
        let text = format!(
            "PrimarySmtpAddress,EmailAddresses\nkim@company.com,\"SMTP:kim@company.com;smtp:{address}\"\n"
        );
        std::iter::once(0xfeff)
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let path = dir.path().join("users.csv");
    fs::write(&path, users("one@domain2.com")).unwrap();
    let live = Arc::new(LiveTable::new());
    let options = ReloadOptions::new(dir.path(), Settings::default());
    let (mut reloader, handle) = Reloader::new(options, Arc::clone(&live)).unwrap();
    reloader.load().await;
    let task = tokio::spawn(async move { reloader.run().await });
    let now = |address: &str| outcome(live.pin().table.as_ref().unwrap(), address);
    assert_eq!(now("one@domain2.com"), "kim@company.com");
    fs::write(&path, users("two@domain2.com")).unwrap();
    let outcome = handle.reload().await.unwrap();
    assert!(
        matches!(
            outcome,
            ReloadOutcome::Live { generation: 2, .. } | ReloadOutcome::Unchanged { generation: 2 }
        ),
        "{outcome:?}"
    );
    assert_eq!(
        (now("two@domain2.com"), now("one@domain2.com")),
        ("kim@company.com".into(), "refuse".into())
    );
    // A cut file is refused, and the table that serves stays.
    fs::write(
        &path,
        "PrimarySmtpAddress,EmailAddresses\nkim@company.com,System.String[]\n",
    )
    .unwrap();
    let outcome = handle.reload().await.unwrap();
    assert!(
        matches!(outcome, ReloadOutcome::Refused { serving: 2, .. }),
        "{outcome:?}"
    );
    assert_eq!(now("two@domain2.com"), "kim@company.com");
    task.abort();
}
