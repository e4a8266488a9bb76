//! What only a real MTA can show, and what does not fit a scenario file.

mod support;

use std::net::Ipv4Addr;

use support::milter::{Milter, Packet};
use support::peers::{self, Door};
use support::postfix::Postfix;
use support::sendmail::{Plan, Sendmail};
use support::sink::Sink;
use support::smtp::Client;

const DOMAINS: &[&str] = &["domain2.com", "company.com"];

const PLAN: Plan<'static> = Plan {
    relayed: DOMAINS,
    local: &["local2.example", "local.example"],
    virtusers: &[],
    virtuser_domain: "",
};

/// Where Sendmail sees a stranger; Postfix is told to see one at 127.0.0.1.
const OUTSIDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Sends one message and gives the last reply.
fn send(source: Ipv4Addr, port: u16, recipients: &[&str], token: &str) -> String {
    let mut client = Client::greet(source, port).expect("a greeting");
    let mut say = |line: &str| client.command(line.as_bytes()).expect("a reply");
    assert_eq!(say("MAIL FROM:<s@sender.example>").code, 250);
    for recipient in recipients {
        let reply = say(&format!("RCPT TO:<{recipient}>"));
        assert_eq!(reply.code, 250, "{recipient}: {reply}");
    }
    client.message(token).expect("a reply").to_string()
}

fn addresses(copies: &[support::sink::Copy]) -> Vec<String> {
    let mut all: Vec<_> = copies
        .iter()
        .map(|copy| String::from_utf8_lossy(&copy.address).into_owned())
        .collect();
    all.sort();
    all
}

#[test]
fn both_mtas_deliver_without_a_milter() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let sink = Sink::start();
    let postfix = Postfix::start(&cache, vec![Door::new(&[])], sink.port, DOMAINS, "");
    let sendmail = Sendmail::start(&cache, vec![Door::new(&[])], sink.port, &PLAN);
    let to = ["jd@domain2.com", "Anna@Company.com"];
    let reply = send(
        Ipv4Addr::LOCALHOST,
        postfix.doors[0].port,
        &to,
        "through-postfix",
    );
    assert!(reply.starts_with("250 "), "{reply}");
    let reply = send(OUTSIDER, sendmail.doors[0].port, &to, "through-sendmail");
    assert!(reply.starts_with("250 "), "{reply}");
    postfix.drain().unwrap();
    sendmail.drain().unwrap();
    for token in ["through-postfix", "through-sendmail"] {
        assert_eq!(
            addresses(&sink.copies(token)),
            ["Anna@Company.com", "jd@domain2.com"],
            "{token}"
        );
    }
}

/// What a plan may look like when Sendmail holds two recipients to be one (both domains in
/// class w): whoever deletes one of them has deleted both, so the survivor must be added again.
#[test]
fn sendmail_deletes_both_recipients_that_it_holds_to_be_one() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (second, first) = ("mail@local2.example", "mail@local.example");
    // Received, deleted, added, delivered; packets in the order in which they are listed.
    let cases: &[(&[&str], &[&str], &[&str])] = &[
        (&[second, first], &["-mail@local2.example"], &[]),
        (&[first, second], &["-mail@local2.example"], &[]),
        (
            &[second],
            &["+mail@local.example", "-mail@local2.example"],
            &[],
        ),
        (
            &[second],
            &["-mail@local2.example", "+mail@local.example"],
            &["mail"],
        ),
        (
            &[second, first],
            &[
                "-mail@local2.example",
                "-mail@local.example",
                "+mail@local.example",
            ],
            &["mail"],
        ),
    ];
    let sink = Sink::start();
    let milters: Vec<Milter> = cases.iter().map(|case| changing(case.1)).collect();
    let doors = milters
        .iter()
        .map(|milter| Door::new(&[&milter.socket]))
        .collect();
    let sendmail = Sendmail::start(&cache, doors, sink.port, &PLAN);
    for (number, (to, _, _)) in cases.iter().enumerate() {
        let token = format!("one-of-two-{number}");
        let reply = send(OUTSIDER, sendmail.doors[number].port, to, &token);
        assert!(reply.starts_with("250 "), "{reply}");
    }
    sendmail.drain().unwrap();
    for (number, case) in cases.iter().enumerate() {
        let copies = sendmail.local_copies(&format!("one-of-two-{number}"));
        assert_eq!(addresses(&copies), case.2, "{case:?}");
        for seen in milters[number].seen() {
            assert_eq!(seen.macros["{rcpt_addr}"], "mail");
            assert_eq!(seen.macros["{rcpt_mailer}"], "local");
        }
    }
}

/// A milter that sends these changes for every message: `+address` adds, `-address` deletes.
fn changing(changes: &'static [&'static str]) -> Milter {
    let packet = |change: &&str| -> Packet {
        (
            change.as_bytes()[0],
            format!("<{}>\0", &change[1..]).into_bytes(),
        )
    };
    Milter::start(
        |_| (b'c', Vec::new()),
        move || changes.iter().map(packet).collect(),
    )
}
