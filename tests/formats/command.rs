//! `readdress import` as a command: what goes where, and how it ends.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

/// Runs `import` in a directory, with a file `input` that holds these bytes.
fn import(dir: &Path, arguments: &[&str], input: &[u8]) -> Output {
    fs::write(dir.join("input"), input).unwrap();
    fs::write(dir.join("readdress.toml"), "").unwrap();
    Command::new(env!("CARGO_BIN_EXE_readdress"))
        .current_dir(dir)
        .arg("import")
        .args(arguments)
        .args(["--config", "readdress.toml"])
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_rules_file_and_nothing_else_on_standard_output() {
    let dir = tempfile::tempdir().unwrap();
    let out = import(
        dir.path(),
        &["virtual", "input"],
        b"domain2.com x\nz@domain2.com b@company.com\na@domain2.com jdoe@company.com\n",
    );
    assert_eq!(
        text(&out.stdout),
        "# Imported from input (virtual).\n\
         company.com external\n\
         domain2.com secondary  # source: input:1\n\
         a@domain2.com jdoe@company.com  # source: input:3\n\
         z@domain2.com b@company.com  # source: input:2\n"
    );
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(
        text(&out.stderr).contains("input: read as UTF-8; 4 rule lines, 0 errors"),
        "{}",
        text(&out.stderr)
    );
}

#[test]
fn counts_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let out = import(
        dir.path(),
        &["ad", "input"],
        b"dn: CN=a\nproxyAddresses: SMTP:a@c.com\nproxyAddresses: sip:a@c.com\n",
    );
    assert!(
        text(&out.stderr).contains("skipped: 1 sip in input\n"),
        "{}",
        text(&out.stderr)
    );
    assert!(text(&out.stdout).ends_with("a@c.com mailbox  # source: input:2\n"));
}

#[test]
fn a_conflict_names_both_places_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let rows = b"Alias,Target\nx@d.com,anna@c.com\nx@d.com,bob@c.com\ny@d.com,bob@c.com\n";
    let out = import(dir.path(), &["google", "input"], rows);
    assert_eq!(
        (out.status.code(), text(&out.stdout)),
        (Some(1), String::new())
    );
    let told = text(&out.stderr);
    assert!(
        told.contains(
            "input:3:1: error: `x@d.com` is claimed by two mailboxes, `anna@c.com` and `bob@c.com`"
        ),
        "{told}"
    );
    assert!(
        told.contains("input:2:1: note: first claimed here"),
        "{told}"
    );
    let out = import(
        dir.path(),
        &["google", "input", "--partial", "--no-source"],
        rows,
    );
    assert_eq!(out.status.code(), Some(1));
    assert!(
        text(&out.stdout).ends_with("x@d.com anna@c.com\ny@d.com bob@c.com\n"),
        "{}",
        text(&out.stdout)
    );
}

#[test]
fn an_output_file_and_a_dry_run() {
    let dir = tempfile::tempdir().unwrap();
    let rows = b"from,to\nx@d.com,anna@c.com\n";
    let dry = import(
        dir.path(),
        &["pairs", "input", "--dry-run", "-o", "out.rules"],
        rows,
    );
    assert_eq!((dry.status.code(), dry.stdout.len()), (Some(0), 0));
    assert!(!dir.path().join("out.rules").exists());
    let out = import(dir.path(), &["pairs", "input", "-o", "out.rules"], rows);
    assert_eq!((out.status.code(), out.stdout.len()), (Some(0), 0));
    let written = fs::read_to_string(dir.path().join("out.rules")).unwrap();
    assert_eq!(
        written,
        "# Imported from input (pairs).\nx@d.com anna@c.com  # source: input:2\n"
    );
    assert!(!dir.path().join("out.rules.tmp").exists());
}

#[test]
fn encodings_and_what_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let ansi = b"from,to\nj\xf6rg@d.com,a@c.com\n";
    let out = import(dir.path(), &["pairs", "input"], ansi);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("--encoding windows-1252"));
    let out = import(
        dir.path(),
        &["pairs", "input", "--encoding", "windows-1252"],
        ansi,
    );
    assert!(
        text(&out.stdout).contains("jörg@d.com a@c.com"),
        "{}",
        text(&out.stderr)
    );
    assert!(text(&out.stderr).contains("read as windows-1252"));
    for wrong in [
        &["pairs", "missing.csv"][..],
        &["pairs", "input", "--encoding", "cp437"],
        &["pairs", "."],
        &["nonsense", "input"],
        &["exchange55", "input", "--mv-sep", "ab"],
        &["exchange55", "input", "--primary-from", "nobody"],
        &["virtual", "input", "--myorigin", "a b"],
    ] {
        let out = import(dir.path(), wrong, ansi);
        assert_eq!(
            (out.status.code(), out.stdout.len()),
            (Some(2), 0),
            "{wrong:?}"
        );
        assert!(!out.stderr.is_empty());
    }
}

#[test]
fn the_options_reach_the_readers() {
    let dir = tempfile::tempdir().unwrap();
    let out = import(
        dir.path(),
        &["virtual", "input", "--myorigin", "c.com", "--no-source"],
        b"a@d.com postmaster\n",
    );
    assert!(
        text(&out.stdout).ends_with("a@d.com postmaster@c.com\n"),
        "{}",
        text(&out.stderr)
    );
    // Decimal codes, as the import file of Exchange 5.5 has them.
    let out = import(
        dir.path(),
        &["exchange55", "input", "--column-sep", "9", "--mv-sep", "38", "--quote", "'", "--no-source"],
        b"Obj-Class\tE-mail Addresses\tSecondary-Proxy-Addresses\nMailbox\tSMTP:a@c.com\tsmtp:x@d.com&smtp:y@d.com\n",
    );
    assert!(
        text(&out.stdout).ends_with("a@c.com mailbox\nx@d.com a@c.com\ny@d.com a@c.com\n"),
        "{}",
        text(&out.stderr)
    );
    let out = import(
        dir.path(),
        &[
            "exchange55-routing",
            "input",
            "--primary-domain",
            "c.com",
            "--no-source",
        ],
        b"c.com <Inbound>\n#d.com <Inbound>\n",
    );
    assert!(
        text(&out.stdout).ends_with("c.com primary\nd.com secondary\n@*.c.com @c.com\n"),
        "{}{}",
        text(&out.stdout),
        text(&out.stderr)
    );
}

#[test]
fn standard_input() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("none.toml"), "").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_readdress"))
        .current_dir(dir.path())
        .args(["import", "postfixadmin", "-", "--config", "none.toml"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"address\tgoto\tactive\njd@d.com\ta@c.com\t1\n")
        .unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(
        text(&out.stdout).ends_with("jd@d.com a@c.com  # source: stdin:2\n"),
        "{}",
        text(&out.stderr)
    );
}

#[test]
fn check_says_what_was_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules");
    fs::create_dir(&rules).unwrap();
    fs::write(
        rules.join("users.csv"),
        "PrimarySmtpAddress,EmailAddresses\na@c.com,SMTP:a@c.com;SIP:a@c.com;X500:/o=x\n",
    )
    .unwrap();
    fs::write(dir.path().join("readdress.toml"), "").unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_readdress"))
        .current_dir(dir.path())
        .args(["check", "rules", "--config", "readdress.toml"])
        .output()
        .unwrap();
    assert!(
        text(&out.stdout).contains("skipped: 1 sip, 1 x500 in users.csv\n"),
        "{}",
        text(&out.stdout)
    );
    let out = Command::new(env!("CARGO_BIN_EXE_readdress"))
        .current_dir(dir.path())
        .args([
            "check",
            "rules",
            "--format=json",
            "--config",
            "readdress.toml",
        ])
        .output()
        .unwrap();
    let out = text(&out.stdout);
    let objects = out.lines().map(|line| serde_json::from_str(line).unwrap());
    let note = objects
        .into_iter()
        .find(|object: &serde_json::Value| object["code"] == "skipped")
        .expect("a note about what was skipped");
    assert_eq!(note["file"], "rules/users.csv");
    assert_eq!(note["counts"], serde_json::json!({"sip": 1, "x500": 1}));
}

/// Two maps of one company name the same domains; what `import` makes of both lives in one directory.
#[test]
fn two_imports_live_together() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules");
    fs::create_dir(&rules).unwrap();
    for (name, map) in [
        (
            "10-a.rules",
            "domain2.com x\njd@domain2.com jdoe@company.com\n",
        ),
        (
            "20-b.rules",
            "domain2.com x\nanna@domain2.com anna@company.com\n",
        ),
    ] {
        let out = import(dir.path(), &["virtual", "input"], map.as_bytes());
        fs::write(rules.join(name), out.stdout).unwrap();
    }
    let out = Command::new(env!("CARGO_BIN_EXE_readdress"))
        .current_dir(dir.path())
        .args(["check", "rules", "--config", "readdress.toml"])
        .output()
        .unwrap();
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{said}");
    assert!(
        said.contains("2 rules in 2 files, 0 expectations, 0 errors"),
        "{said}"
    );
}

/// Sendmail's files beside the table say what its domains are.
#[test]
fn companion_files_of_a_virtusertable() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    fs::write(
        path("virtuser-domains"),
        "# hosted\nd.com\nempty.com # nobody yet\n",
    )
    .unwrap();
    fs::write(path("local-host-names"), "c.com\n\nmx.c.com\n").unwrap();
    fs::write(path("relay-domains"), "r.com\nall.com\n").unwrap();
    let table = b"jd@d.com a@c.com\njd@r.com a@c.com\n@all.com %1%3@c.com\n";
    let out = import(
        dir.path(),
        &[
            "virtusertable",
            "input",
            "--no-source",
            "--virtuser-domains",
            &path("virtuser-domains"),
            "--local-host-names",
            &path("local-host-names"),
            "--relay-domains",
            &path("relay-domains"),
        ],
        table,
    );
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert_eq!(
        text(&out.stdout),
        "# Imported from input (virtusertable).\n\
         all.com secondary\nc.com primary\nd.com secondary\nempty.com secondary\n\
         mx.c.com primary\nr.com primary\n\
         @all.com @c.com detail=keep\njd@d.com a@c.com detail=drop\n\
         jd@r.com a@c.com detail=drop\n"
    );
    fs::write(path("virtuser-domains"), "d.com\nnot a domain\n").unwrap();
    let flags = [
        "virtusertable",
        "input",
        "--virtuser-domains",
        "virtuser-domains",
    ];
    let out = import(dir.path(), &flags, table);
    assert_eq!(out.status.code(), Some(2));
    assert!(
        text(&out.stderr).contains("virtuser-domains:2: `not a domain`"),
        "{}",
        text(&out.stderr)
    );
}
