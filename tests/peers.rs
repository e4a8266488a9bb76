//! Behaviour that only a real MTA can show, and that does not fit a scenario file.

#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]

mod support;

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use support::daemon::Daemon;
use support::folder::free_port;
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
    extra: "",
};

/// The address at which Sendmail sees a stranger; Postfix is told to see one at 127.0.0.1.
const OUTSIDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The rules for all tests here that need the daemon.
const RULES: &str = "\
company.com        primary
domain2.com        secondary
jd@domain2.com     jdoe@company.com
gone@domain2.com   reject
";

fn daemon(port: u16) -> Daemon {
    let files = [("10.rules".to_owned(), RULES.to_owned())];
    Daemon::start(&files, "", &[port]).unwrap_or_else(|error| panic!("{error}"))
}

fn inet(port: u16) -> String {
    format!("inet:127.0.0.1:{port}")
}

/// One of the two MTAs, with the address from which it sees a stranger.
enum Mta {
    Postfix(Postfix),
    Sendmail(Sendmail),
}

impl Mta {
    /// Starts both MTAs with these doors each. The lists name the milters of a door.
    fn both(sink: &Sink, doors: &[&[&str]]) -> Vec<Self> {
        let Some(cache) = peers::unpacked() else {
            return Vec::new();
        };
        let doors = || doors.iter().map(|milters| Door::new(milters)).collect();
        vec![
            Self::Postfix(Postfix::start(&cache, doors(), sink.port, DOMAINS, "")),
            Self::Sendmail(Sendmail::start(&cache, doors(), sink.port, &PLAN)),
        ]
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Postfix(_) => "postfix",
            Self::Sendmail(_) => "sendmail",
        }
    }

    fn greet(&self, door: usize) -> Client {
        let (source, port) = match self {
            Self::Postfix(mta) => (Ipv4Addr::LOCALHOST, mta.doors[door].port),
            Self::Sendmail(mta) => (OUTSIDER, mta.doors[door].port),
        };
        Client::greet(source, port).expect("a greeting")
    }

    fn drain(&self) {
        let drained = match self {
            Self::Postfix(mta) => mta.drain(),
            Self::Sendmail(mta) => mta.drain(),
        };
        drained.unwrap_or_else(|error| panic!("{}: {error}", self.name()));
    }
}

/// Sends one line and returns the code of the reply.
fn say(client: &mut Client, line: &str) -> u16 {
    client.command(line.as_bytes()).expect("a reply").code
}

/// Sends MAIL and RCPT for an address that the rules rewrite.
fn begin(client: &mut Client) {
    assert_eq!(say(client, "MAIL FROM:<s@sender.example>"), 250);
    assert_eq!(say(client, "RCPT TO:<jd@domain2.com>"), 250);
}

/// Sends one message and returns the last reply.
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

/// How a plan must look if Sendmail takes two recipients for one (both domains are in class w): a milter that deletes
/// one of them has deleted both, so the recipient that stays must be added again.
#[test]
fn sendmail_deletes_both_recipients_that_it_holds_to_be_one() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (second, first) = ("mail@local2.example", "mail@local.example");
    // Received, deleted, added, delivered. Packets are sent in the order in which they are listed.
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

/// Starts a milter that sends these changes for every message: `+address` adds, `-address` deletes.
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

/// If the daemon dies in the middle of a message, the client gets a 451, and the message is not lost.
#[test]
fn a_daemon_that_is_killed_costs_a_451_and_no_mail() {
    let (sink, port) = (Sink::start(), free_port());
    for mta in Mta::both(&sink, &[&[&inet(port)]]) {
        let name = mta.name();
        let mut daemon = daemon(port);
        let mut client = mta.greet(0);
        begin(&mut client);
        daemon.kill();
        let reply = client.message(&format!("killed-{name}")).unwrap();
        assert_eq!(reply.code, 451, "{name}: {reply}");
        // A new session while no daemon runs, and one when it runs again.
        let mut client = mta.greet(0);
        assert_eq!(
            say(&mut client, "MAIL FROM:<s@sender.example>"),
            451,
            "{name}"
        );
        daemon.restart().unwrap_or_else(|error| panic!("{error}"));
        let mut client = mta.greet(0);
        begin(&mut client);
        assert_eq!(
            client.message(&format!("again-{name}")).unwrap().code,
            250,
            "{name}"
        );
        drop(client);
        mta.drain();
        assert_eq!(
            addresses(&sink.copies(&format!("killed-{name}"))),
            [""; 0],
            "{name}"
        );
        assert_eq!(
            addresses(&sink.copies(&format!("again-{name}"))),
            ["jdoe@company.com"]
        );
    }
}

/// A daemon that is stopped finishes the message that it has begun.
#[test]
fn a_daemon_that_is_stopped_finishes_open_messages() {
    let (sink, port) = (Sink::start(), free_port());
    for mta in Mta::both(&sink, &[&[&inet(port)]]) {
        let name = mta.name();
        let mut daemon = daemon(port);
        let mut client = mta.greet(0);
        begin(&mut client);
        daemon.signal("TERM");
        std::thread::sleep(Duration::from_millis(500));
        let reply = client.message(&format!("stopped-{name}")).unwrap();
        assert_eq!(reply.code, 250, "{name}: {reply}\n{}", daemon.log());
        assert_eq!(say(&mut client, "QUIT"), 221);
        daemon
            .wait_for_the_end()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        mta.drain();
        let copies = sink.copies(&format!("stopped-{name}"));
        assert_eq!(addresses(&copies), ["jdoe@company.com"], "{name}");
    }
}

/// A milter that rejects recipients must be listed before readdress. Then readdress never sees them. If it were listed
/// after readdress, readdress would not see the rejection, and the target would get the mail.
#[test]
fn a_recipient_that_an_earlier_milter_rejects_is_not_delivered() {
    let (sink, port) = (Sink::start(), free_port());
    let other = Milter::start(
        |rcpt| match rcpt {
            b"<jd@domain2.com>" => (b'y', b"550 5.7.1 Not today\0".to_vec()),
            _ => (b'c', Vec::new()),
        },
        Vec::new,
    );
    for mta in Mta::both(&sink, &[&[&other.socket, &inet(port)]]) {
        let name = mta.name();
        let _daemon = daemon(port);
        let mut client = mta.greet(0);
        assert_eq!(say(&mut client, "MAIL FROM:<s@sender.example>"), 250);
        assert_eq!(say(&mut client, "RCPT TO:<jd@domain2.com>"), 550, "{name}");
        assert_eq!(say(&mut client, "RCPT TO:<JD@domain2.com>"), 250, "{name}");
        assert_eq!(
            say(&mut client, "RCPT TO:<anna@company.com>"),
            250,
            "{name}"
        );
        let token = format!("second-milter-{name}");
        assert_eq!(client.message(&token).unwrap().code, 250);
        drop(client);
        mta.drain();
        let copies = addresses(&sink.copies(&token));
        assert_eq!(copies, ["anna@company.com", "jdoe@company.com"], "{name}");
    }
    assert!(!other.seen().is_empty() || peers::unpacked().is_none());
}

/// Mail that sendmail(1) hands to Postfix can neither be rejected nor deferred: Postfix would try again for ever. Such
/// a recipient is rewritten or kept.
#[test]
fn mail_from_local_programs_is_never_rejected() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (sink, port) = (Sink::start(), free_port());
    let daemon = daemon(port);
    let doors = vec![Door::new(&[&inet(port)])];
    let postfix = Postfix::start(&cache, doors, sink.port, DOMAINS, "");
    postfix.submit("s@sender.example", "jd@domain2.com", "submitted-jd");
    postfix.submit("s@sender.example", "gone@domain2.com", "submitted-gone");
    postfix.submit("s@sender.example", "nosuch@domain2.com", "submitted-nosuch");
    postfix.drain().unwrap();
    assert_eq!(
        addresses(&sink.copies("submitted-jd")),
        ["jdoe@company.com"],
        "{}",
        daemon.log()
    );
    assert_eq!(
        addresses(&sink.copies("submitted-gone")),
        ["gone@domain2.com"]
    );
    assert_eq!(
        addresses(&sink.copies("submitted-nosuch")),
        ["nosuch@domain2.com"]
    );
}

/// Over TCP, each step stalls for 40 ms if the MTA writes macros and command separately and the milter waits with its
/// acknowledgement. A stall takes twenty times as long as the Unix socket. A busy machine does not slow every message
/// down, so the best of several messages is compared.
#[test]
fn tcp_is_not_much_slower_than_a_unix_socket() {
    const MESSAGES: usize = 15;
    let (sink, port) = (Sink::start(), free_port());
    let daemon = daemon(port);
    let unix = format!("unix:{}", daemon.socket().display());
    for mta in Mta::both(&sink, &[&[&inet(port)], &[&unix]]) {
        let best = |door: usize| -> Duration {
            let mut client = mta.greet(door);
            let times = (0..MESSAGES).map(|number| {
                let start = Instant::now();
                begin(&mut client);
                let reply = client.message(&format!("timed-{door}-{number}-")).unwrap();
                assert_eq!(reply.code, 250, "{}: {reply}", mta.name());
                start.elapsed()
            });
            times.min().expect("some messages")
        };
        let (tcp, local) = (best(0), best(1));
        println!(
            "{}: {tcp:?} over TCP, {local:?} over a Unix socket",
            mta.name()
        );
        let limit = local * 5 + Duration::from_millis(15);
        assert!(
            tcp < limit,
            "{}: {tcp:?} over TCP, {local:?} over Unix",
            mta.name()
        );
    }
}
