//! Envelopes behind real MTAs with a special configuration: Sendmail without DSN, and MTAs that make a copy of each
//! message for an archive.

mod support;

use std::net::Ipv4Addr;

use support::daemon::Daemon;
use support::folder::free_port;
use support::peers::{self, Door};
use support::postfix::Postfix;
use support::sendmail::{Plan, Sendmail};
use support::sink::Sink;
use support::smtp::Client;

const DOMAINS: &[&str] = &["domain2.com", "company.com"];

const RULES: &str = "\
company.com         primary
domain2.com         secondary
jd@domain2.com      jdoe@company.com
john@domain2.com    jdoe@company.com
sales@domain2.com   anna@company.com, bob@company.com
trap@domain2.com    discard
";

/// The address at which Sendmail sees a stranger.
const OUTSIDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn daemon(port: u16) -> Daemon {
    let files = [("10.rules".to_owned(), RULES.to_owned())];
    Daemon::start(&files, "", &[port]).unwrap_or_else(|error| panic!("{error}"))
}

fn plan(extra: &'static str) -> Plan<'static> {
    Plan::of(DOMAINS, extra)
}

/// Sends one message. Every recipient must be accepted, and every reply must be well formed.
fn send(client: &mut Client, recipients: &[&str], token: &str) {
    let mut say = |line: &str| client.command(line.as_bytes()).expect("a reply");
    assert_eq!(say("MAIL FROM:<s@sender.example>").code, 250);
    for recipient in recipients {
        let reply = say(&format!("RCPT TO:{recipient}"));
        assert_eq!(reply.code, 250, "{recipient}: {reply}");
    }
    let reply = client.message(token).expect("a reply");
    assert_eq!(reply.code, 250, "{token}: {reply}");
}

fn addresses(sink: &Sink, token: &str) -> Vec<String> {
    let copies = sink.copies(token).into_iter();
    let mut all: Vec<_> = copies
        .map(|copy| String::from_utf8_lossy(&copy.address).into_owned())
        .collect();
    all.sort();
    all
}

/// The recipients of one message, and the recipients that get it.
const CASES: &[(&[&str], &[&str])] = &[
    (&["<jd@domain2.com>"], &["jdoe@company.com"]),
    (
        &["<sales@domain2.com>"],
        &["anna@company.com", "bob@company.com"],
    ),
    (
        &[
            "<jd@domain2.com>",
            "<kept@company.com>",
            "<sales@domain2.com>",
        ],
        &[
            "anna@company.com",
            "bob@company.com",
            "jdoe@company.com",
            "kept@company.com",
        ],
    ),
    (
        &["<jd@domain2.com>", "<john@domain2.com>"],
        &["jdoe@company.com"],
    ),
    (
        &["<x <jd@domain2.com>>", "<kept@company.com>"],
        &["jdoe@company.com", "kept@company.com"],
    ),
];

/// Sendmail without DSN still offers additions with parameters, drops each recipient that comes with one, and accepts
/// the message.
#[test]
fn sendmail_without_dsn_loses_nobody() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (sink, port) = (Sink::start(), free_port());
    let daemon = daemon(port);
    let doors = vec![Door::new(&[&format!("inet:127.0.0.1:{port}")])];
    let plan = plan("define(`confPRIVACY_FLAGS', `noreceipts')dnl\n");
    let sendmail = Sendmail::start(&cache, doors, sink.port, &plan);
    let mut client = Client::greet(OUTSIDER, sendmail.doors[0].port).expect("a greeting");
    for (number, (recipients, _)) in CASES.iter().enumerate() {
        send(&mut client, recipients, &format!("noreceipts-{number}-"));
    }
    // Sendmail refuses the parameters of a client, which proves that it works without DSN.
    let mut say = |line: &str| client.command(line.as_bytes()).expect("a reply").code;
    assert_eq!(say("MAIL FROM:<s@sender.example> RET=HDRS"), 504);
    assert_eq!(say("MAIL FROM:<s@sender.example>"), 250);
    assert_eq!(say("RCPT TO:<jd@domain2.com> NOTIFY=NEVER"), 504);
    assert_eq!(
        say("RCPT TO:<sales@domain2.com> ORCPT=rfc822;a@b.example"),
        504
    );
    assert_eq!(say("RCPT TO:<jd@domain2.com>"), 250);
    assert_eq!(
        client.message("noreceipts-refused-").expect("a reply").code,
        250
    );
    sendmail.drain().unwrap();
    for (number, (_, expected)) in CASES.iter().enumerate() {
        let came = addresses(&sink, &format!("noreceipts-{number}-"));
        assert_eq!(came, *expected, "{number}\n{}", daemon.log());
    }
    assert_eq!(
        addresses(&sink, "noreceipts-refused-"),
        ["jdoe@company.com"]
    );
}

/// `discard` removes a recipient; the MTA itself makes the copy for the archive.
#[test]
fn the_copy_for_an_archive_survives_a_discard() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (sink, port) = (Sink::start(), free_port());
    let daemon = daemon(port);
    let doors = vec![Door::new(&[&format!("inet:127.0.0.1:{port}")])];
    let extra = "always_bcc = archive@company.com\n";
    let postfix = Postfix::start(&cache, doors, sink.port, DOMAINS, extra);
    let port = postfix.doors[0].port;
    let mut client = Client::greet(Ipv4Addr::LOCALHOST, port).expect("a greeting");
    send(&mut client, &["<trap@domain2.com>"], "archived-alone-");
    send(
        &mut client,
        &["<trap@domain2.com>", "<kept@company.com>"],
        "archived-kept-",
    );
    send(&mut client, &["<jd@domain2.com>"], "archived-rewritten-");
    postfix.submit(
        "s@sender.example",
        "trap@domain2.com",
        "archived-submitted-",
    );
    postfix.drain().unwrap();
    for (token, expected) in [
        ("archived-alone-", &["archive@company.com"][..]),
        (
            "archived-kept-",
            &["archive@company.com", "kept@company.com"],
        ),
        (
            "archived-rewritten-",
            &["archive@company.com", "jdoe@company.com"],
        ),
        ("archived-submitted-", &["archive@company.com"]),
    ] {
        assert_eq!(
            addresses(&sink, token),
            expected,
            "{token}\n{}",
            daemon.log()
        );
    }
}
