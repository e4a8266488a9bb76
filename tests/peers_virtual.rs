//! readdress and Postfix read the same virtual(5) file, and mail goes to the same addresses.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::net::Ipv4Addr;

use readdress::engine::{
    Settings, SourceText, Table,
    address::Mailbox,
    compile,
    diagnostic::Findings,
    format::{self, Options},
    rewrite::{Outcome, decide},
    store::Reuse,
};
use support::folder::Folder;
use support::peers::{self, Door};
use support::postfix::Postfix;
use support::sink::Sink;
use support::smtp::Client;

/// A client that the MTA does not trust.
const OUTSIDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// Values in which both programs find the same addresses.
const ALIKE: &[&str] = &[
    "anna@company.com",
    "<anna@company.com>",
    "< anna@company.com >",
    "anna@company.com (Anna)",
    "(Anna) anna@company.com",
    "anna@company.com (x (nested) y)",
    "anna@company.com (x, y) bob@company.com",
    "anna@company.com(x)",
    "\"Anna B\" <anna@company.com>",
    "\"A, B\" <anna@company.com>, bob@company.com",
    "Anna <anna@company.com>",
    "Anna<anna@company.com>",
    "Anna B <anna@company.com>",
    "Jörg <anna@company.com>",
    "O'Neil (x) <anna@company.com>",
    "=?utf-8?Q?J=C3=B6rg?= <anna@company.com>",
    "<anna@company.com> (Anna)",
    "anna@company.com, Bob <bob@company.com>",
    "Anna <anna@company.com> Bob <bob@company.com>",
    "anna@company.com bob@company.com",
    "anna@company.com; bob@company.com;",
    ", anna@company.com,,bob@company.com",
    "<anna@company.com> <bob@company.com>",
    "<anna@company.com>bob@company.com",
    "<@relay.example:anna@company.com>",
    "anna@company.com.",
    "Anna@COMPANY.com",
    "\"anna\"@company.com",
    "\"an na\"@company.com",
    "root@localhost",
    "root@host",
    "@company.com",
    "anna+x@company.com",
];

/// Values that send mail nowhere, or to another address than their writer means: errors here.
const REFUSED: &[&str] = &[
    "bob@company.com <anna@company.com>",
    "anna@company.com <bob@company.com> carl@company.com",
    "anna@company.com (unbalanced",
    "<anna@company.com",
    "\"anna@company.com\"",
    "\"Anna B\" anna@company.com",
    "'anna@company.com'",
    "mailto:anna@company.com",
    "A: anna@company.com",
    "Doe, John <anna@company.com>",
    "anna@company.com # Anna",
    "a@b@company.com",
    "\"a@b\"@company.com",
    "a..b@company.com",
    "anna@company.com:25",
    "anna@[127.0.0.1]",
    "root",
    "|/usr/bin/prog",
    "/var/mail/x",
    ":include:/etc/list",
    "<>",
];

/// Keys, and the addresses that are looked up, with `recipient_delimiter = .`.
const DOTS: &str = "\
virt.example anything
jd@virt.example jdoe@company.com
john.doe@virt.example jd2@company.com
list@virt.example anna@company.com, <bob@company.com>
@dom.example @company.com
kk@dom.example k2@company.com
own@dom.example own@dom.example
";

const ASKED: &[&str] = &[
    "jd@virt.example",
    "jd.news@virt.example",
    "jd.a.b@virt.example",
    "jd.@virt.example",
    "JD.News@virt.example",
    "john.doe@virt.example",
    "list.x@virt.example",
    "a.b@dom.example",
    "kk.b@dom.example",
    "KK@dom.example",
];

fn source(text: &str) -> SourceText {
    SourceText::new("a.virtual", text)
}

fn start(cache: &std::path::Path, folder: &Folder, text: &str, more: &str) -> (Postfix, Sink) {
    let map = folder.join("virtual");
    fs::write(&map, text).expect("the map");
    let sink = Sink::start();
    let extra = format!(
        "virtual_alias_maps = texthash:{}\n\
         virtual_alias_domains = virt.example, dom.example\n{more}",
        map.display()
    );
    let doors = vec![Door::new(&[])];
    let postfix = Postfix::start(cache, doors, sink.port, &["company.com"], &extra);
    (postfix, sink)
}

fn send(port: u16, to: &str, token: &str) {
    let mut client = Client::greet(OUTSIDER, port).expect("a greeting");
    for line in [
        "MAIL FROM:<s@sender.example>".to_owned(),
        format!("RCPT TO:<{to}>"),
    ] {
        let reply = client.command(line.as_bytes()).expect("a reply");
        assert_eq!(reply.code, 250, "{line}: {reply}");
    }
    assert_eq!(client.message(token).expect("a reply").code, 250, "{to}");
}

fn delivered(sink: &Sink, token: &str) -> Vec<String> {
    let copies = sink.copies(token).into_iter();
    let mut addresses: Vec<_> = copies
        .map(|copy| String::from_utf8_lossy(&copy.address).into_owned())
        .collect();
    addresses.sort();
    addresses
}

fn decided(table: &Table, to: &str) -> Vec<String> {
    let decision = decide(table, &Mailbox::parse(to).expect("a mailbox"));
    match decision.outcome {
        Outcome::Replace(targets) => {
            let mut targets: Vec<_> = targets.iter().map(ToString::to_string).collect();
            targets.sort();
            targets
        }
        other => panic!("{to}: {other:?}"),
    }
}

/// Postfix ignores upper and lower case when it compares domains, and sends domains on as they are written.
fn lower(addresses: &[String]) -> Vec<String> {
    addresses
        .iter()
        .map(|address| address.to_lowercase())
        .collect()
}

#[test]
fn values_are_read_as_postfix_reads_them() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let mut text = String::from("virt.example anything\n");
    for (number, value) in ALIKE.iter().enumerate() {
        let _ = writeln!(text, "v{number}@virt.example {value}");
    }
    let compiled = compile(&[source(&text)], &Settings::default());
    let table = compiled
        .table
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let folder = Folder::new("virtual");
    // Mail for localhost goes to the sink as well.
    let (postfix, sink) = start(&cache, &folder, &text, "mydestination =\n");
    let port = postfix.doors[0].port;
    for number in 0..ALIKE.len() {
        send(
            port,
            &format!("v{number}@virt.example"),
            &format!("value{number}x"),
        );
    }
    postfix.drain().unwrap();
    for (number, value) in ALIKE.iter().enumerate() {
        let ours = decided(&table, &format!("v{number}@virt.example"));
        let theirs = delivered(&sink, &format!("value{number}x"));
        assert_eq!(lower(&ours), lower(&theirs), "{value}");
    }
}

#[test]
fn values_that_lose_mail_are_errors() {
    for value in REFUSED {
        let sources = [source(&format!("v@virt.example {value}\n"))];
        let mut findings = Findings::new(&sources);
        let parsed = format::parse(
            &sources,
            &Options::default(),
            &Reuse::default(),
            &mut findings,
        );
        assert!(findings.has_errors(), "{value}");
        assert_eq!(parsed.rules.iter().count(), 0, "{value}");
    }
}

#[test]
fn a_dot_may_part_user_and_detail() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let settings = Settings {
        recipient_delimiter: ".".to_owned(),
        ..Settings::default()
    };
    let compiled = compile(&[source(DOTS)], &settings);
    let table = compiled
        .table
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let folder = Folder::new("virtual");
    let (postfix, sink) = start(&cache, &folder, DOTS, "recipient_delimiter = .\n");
    let port = postfix.doors[0].port;
    for (number, to) in ASKED.iter().enumerate() {
        send(port, to, &format!("dot{number}x"));
    }
    postfix.drain().unwrap();
    for (number, to) in ASKED.iter().enumerate() {
        let theirs = delivered(&sink, &format!("dot{number}x"));
        assert_eq!(lower(&decided(&table, to)), lower(&theirs), "{to}");
    }
}
