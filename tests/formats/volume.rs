//! Many rows of every format: some thousand always; a million, in seconds, by hand, with
//! `--release --ignored`.

use std::time::{Duration, Instant};

use super::support::source;
use readdress::engine::{
    diagnostic::Findings,
    format::{self, ImportFormat, Options},
};

/// Makes a file of a head and so many rows.
fn file(rows: usize, head: &str, row: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    (0..rows).for_each(|n| text.push_str(&row(n)));
    text
}

/// Name, format and content of a file.
type Sample = (&'static str, ImportFormat, String);

/// Maps of MTAs.
fn maps(rows: usize) -> Vec<Sample> {
    vec![
        (
            "a.virtual",
            ImportFormat::Virtual,
            file(rows, "d.com x\n", |n| format!("u{n}@d.com v{n}@c.com\n")),
        ),
        (
            "a.virtusertable",
            ImportFormat::Virtusertable,
            file(rows, "", |n| format!("u{n}@d.com\tv{n}@c.com\n")),
        ),
    ]
}

/// Tables told by their header rows.
fn tables(rows: usize) -> Vec<Sample> {
    vec![
        (
            "p.csv",
            ImportFormat::Csv,
            file(rows, "from,to\n", |n| format!("u{n}@d.com,v{n}@c.com\n")),
        ),
        (
            "m.csv",
            ImportFormat::Csv,
            file(rows, "PrimarySmtpAddress,EmailAddresses\n", |n| {
                format!("\"v{n}@c.com\",\"SMTP:v{n}@c.com;smtp:u{n}@d.com;SIP:v{n}@c.com\"\n")
            }),
        ),
        (
            "e.csv",
            ImportFormat::Csv,
            file(
                rows,
                "Obj-Class,E-mail Addresses,Secondary-Proxy-Addresses\n",
                |n| format!("Mailbox,SMTP:v{n}@c.com%X400:c=US;,smtp:u{n}@d.com\n"),
            ),
        ),
        (
            "g.csv",
            ImportFormat::Csv,
            file(rows, "Alias,Target,TargetType\n", |n| {
                format!("u{n}@d.com,v{n}@c.com,User\n")
            }),
        ),
    ]
}

/// Records and statements.
fn rest(rows: usize) -> Vec<Sample> {
    vec![
        (
            "a.ldif",
            ImportFormat::Ldif,
            file(rows, "", |n| {
                format!(
                    "dn: CN={n}\nproxyAddresses: SMTP:v{n}@c.com\nproxyAddresses: smtp:u{n}@d.\n com\n\n"
                )
            }),
        ),
        (
            "dump",
            ImportFormat::Postfixadmin,
            file(
                rows,
                "INSERT INTO alias (address, goto, domain, created, modified, active) VALUES ('a@c.com','a@c.com','c.com',NOW(),NOW(),1)",
                |n| format!(",\n('u{n}@d.com','v{n}@c.com','d.com',NOW(),NOW(),1)"),
            ) + ";\n",
        ),
    ]
}

/// Reads one file of each format; how long each took.
fn all_rows(rows: usize) -> Vec<(String, Duration)> {
    let samples = maps(rows).into_iter().chain(tables(rows)).chain(rest(rows));
    let read = samples.map(|(name, format, text)| {
        let sources = [source(name, text.as_bytes())];
        let mut findings = Findings::new(&sources);
        let started = Instant::now();
        let parsed = format::import(&sources[0], format, &Options::default(), &mut findings);
        let took = started.elapsed();
        assert!(
            !findings.has_errors() && parsed.rules.len() >= rows,
            "{name}"
        );
        let (size, count) = (text.len() / 1_000_000, parsed.rules.len());
        (format!("{name}: {size} MB, {count} rules"), took)
    });
    read.collect()
}

#[test]
fn some_thousand_rows() {
    assert_eq!(all_rows(3000).len(), 8);
}

#[test]
#[ignore = "needs a release build and a quiet machine"]
fn a_million_rows() {
    for (what, took) in all_rows(1_000_000) {
        // Shown with --nocapture; the macros of std are for programs forbidden, not for tests.
        std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{what} in {took:?}\n"))
            .unwrap();
        assert!(took < Duration::from_secs(10), "{what}: {took:?}");
    }
}
