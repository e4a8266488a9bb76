//! A million rows of any format, in seconds: run by hand, with `--release --ignored`.

use std::time::{Duration, Instant};

use super::support::source;
use readdress::engine::{
    format::{self, ImportFormat, Options},
    rule::Findings,
};

/// Rows of each file.
const ROWS: usize = 1_000_000;

/// Makes a file of a head and [`ROWS`] rows.
fn file(head: &str, row: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    (0..ROWS).for_each(|n| text.push_str(&row(n)));
    text
}

/// Name, format and content of a file.
type Sample = (&'static str, ImportFormat, String);

/// Maps of MTAs.
fn maps() -> Vec<Sample> {
    vec![
        (
            "a.virtual",
            ImportFormat::Virtual,
            file("d.com x\n", |n| format!("u{n}@d.com v{n}@c.com\n")),
        ),
        (
            "a.virtusertable",
            ImportFormat::Virtusertable,
            file("", |n| format!("u{n}@d.com\tv{n}@c.com\n")),
        ),
    ]
}

/// Tables told by their header rows.
fn tables() -> Vec<Sample> {
    vec![
        (
            "p.csv",
            ImportFormat::Csv,
            file("from,to\n", |n| format!("u{n}@d.com,v{n}@c.com\n")),
        ),
        (
            "m.csv",
            ImportFormat::Csv,
            file("PrimarySmtpAddress,EmailAddresses\n", |n| {
                format!("\"v{n}@c.com\",\"SMTP:v{n}@c.com;smtp:u{n}@d.com;SIP:v{n}@c.com\"\n")
            }),
        ),
        (
            "e.csv",
            ImportFormat::Csv,
            file(
                "Obj-Class,E-mail Addresses,Secondary-Proxy-Addresses\n",
                |n| format!("Mailbox,SMTP:v{n}@c.com%X400:c=US;,smtp:u{n}@d.com\n"),
            ),
        ),
        (
            "g.csv",
            ImportFormat::Csv,
            file("Alias,Target,TargetType\n", |n| {
                format!("u{n}@d.com,v{n}@c.com,User\n")
            }),
        ),
    ]
}

/// Records and statements.
fn rest() -> Vec<Sample> {
    vec![
        (
            "a.ldif",
            ImportFormat::Ldif,
            file("", |n| {
                format!(
                    "dn: CN={n}\nproxyAddresses: SMTP:v{n}@c.com\nproxyAddresses: smtp:u{n}@d.\n com\n\n"
                )
            }),
        ),
        (
            "dump",
            ImportFormat::Postfixadmin,
            file(
                "INSERT INTO alias VALUES ('a@c.com','a@c.com','c.com',NOW(),NOW(),1)",
                |n| format!(",\n('u{n}@d.com','v{n}@c.com','d.com',NOW(),NOW(),1)"),
            ),
        ),
    ]
}

#[test]
#[ignore = "needs a release build and a quiet machine"]
fn a_million_rows() {
    for (name, format, text) in maps().into_iter().chain(tables()).chain(rest()) {
        let sources = [source(name, text.as_bytes())];
        let mut findings = Findings::new(&sources);
        let started = Instant::now();
        let parsed = format::import(&sources[0], format, &Options::default(), &mut findings);
        let took = started.elapsed();
        assert!(
            !findings.has_errors() && parsed.rules.len() >= ROWS,
            "{name}"
        );
        // Shown with --nocapture; the macros of std are for programs forbidden, not for tests.
        std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!(
                "{name}: {} MB, {} rules in {took:?}\n",
                text.len() / 1_000_000,
                parsed.rules.len()
            ),
        )
        .unwrap();
        assert!(took < Duration::from_secs(10), "{name}: {took:?}");
    }
}
