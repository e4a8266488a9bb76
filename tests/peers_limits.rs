//! One sender cannot use up the memory and the time: a message with very many recipients, each of them a list of a
//! thousand members, by the milter protocol and through a real Sendmail.
//!
//! # What the numbers mean
//!
//! Without a limit for the whole message, 10,000 such recipients took 1.5 to 4 GiB, and other messages waited for 35 s.
//! [`MEMORY`] is for one message at the default limit, without optimisation, with a wide margin. [`WAIT`] is for a busy
//! machine that runs other tests at the same time.

mod support;

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use support::daemon::Daemon;
use support::fake::Fake;
use support::folder::free_port;
use support::peers::{self, Door};
use support::sendmail::{Plan, Sendmail};
use support::sink::Sink;
use support::smtp::Client;

/// Members of the list.
const MEMBERS: usize = 1000;

/// How much more memory than before one message may take, in KiB.
const MEMORY: usize = 64 << 10;

/// How long another message may wait.
const WAIT: Duration = Duration::from_secs(5);

fn rules() -> String {
    let members: Vec<_> = (0..MEMBERS)
        .map(|number| format!("member{number}@company.com"))
        .collect();
    format!(
        "company.com primary\ndomain2.com secondary\njd@domain2.com jdoe@company.com\n\
         list@domain2.com {}\n",
        members.join(", ")
    )
}

fn daemon(config: &str, ports: &[u16]) -> Daemon {
    let files = [("10.rules".to_owned(), rules())];
    Daemon::start(&files, config, ports).unwrap_or_else(|error| panic!("{error}"))
}

/// Sends small messages until it is told to stop. Returns how many, and the longest time of one.
fn others(daemon: &Daemon, stop: &AtomicBool) -> (usize, Duration) {
    let mut fake = Fake::connect(&daemon.socket(), &[]).expect("a connection");
    let (mut count, mut longest) = (0, Duration::ZERO);
    while !stop.load(Relaxed) {
        let start = Instant::now();
        assert_eq!(fake.mail(b"<s@sender.example>").unwrap().code, 250);
        assert_eq!(fake.rcpt(b"<jd@domain2.com>").unwrap().code, 250);
        assert_eq!(fake.end().unwrap().code, 250);
        assert_eq!(fake.delivered[0].address, b"jdoe@company.com");
        longest = longest.max(start.elapsed());
        count += 1;
    }
    (count, longest)
}

#[test]
fn ten_thousand_lists_cost_what_the_limit_says() {
    let daemon = daemon("", &[]);
    let (_, before) = daemon.memory();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        // Two clients, for both threads of a machine with two processors.
        let beside: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| others(&daemon, &stop)))
            .collect();
        let mut fake = Fake::connect(&daemon.socket(), &[]).expect("a connection");
        assert_eq!(fake.mail(b"<s@sender.example>").unwrap().code, 250);
        let (mut accepted, mut refused) = (0, 0);
        // With a detail, every target is a different address.
        for number in 0..10_000 {
            let reply = fake.rcpt(format!("<list+{number}@domain2.com>").as_bytes());
            match reply.unwrap().to_string() {
                reply if reply.starts_with("250 ") => accepted += 1,
                reply if reply.starts_with("452 4.5.3 ") => refused += 1,
                reply => panic!("{reply}"),
            }
        }
        // 30000 lookups: one for the list, and one for each member.
        assert_eq!((accepted, refused), (29, 9971));
        assert_eq!(fake.end().unwrap().code, 250);
        assert_eq!(fake.delivered.len(), 29 * MEMBERS);
        stop.store(true, Relaxed);
        for other in beside {
            let (count, longest) = other.join().expect("the other messages are answered");
            assert!(count > 0 && longest < WAIT, "{count} messages, {longest:?}");
        }
        // The connection is still open.
        let (most, after) = daemon.memory();
        let took = format!("{before} KiB before, {most} at most, {after} after");
        assert!(most - before < MEMORY, "{took}");
        assert!(after < before + MEMORY / 2, "{took}");
    });
}

#[test]
fn long_paths_and_macros_cost_what_the_limit_says() {
    let daemon = daemon("", &[]);
    let (_, before) = daemon.memory();
    let mut fake = Fake::connect(&daemon.socket(), &[]).expect("a connection");
    assert_eq!(fake.mail(b"<s@sender.example>").unwrap().code, 250);
    let long = "x".repeat(60_000);
    let replies: Vec<_> = (0..300)
        .map(|number| fake.rcpt(format!("<{number}{long}@elsewhere.example>").as_bytes()))
        .map(|reply| reply.unwrap().code)
        .collect();
    // Path and macro take 120 kB of 8 MiB.
    let accepted = replies.iter().filter(|code| **code == 250).count();
    assert_eq!(accepted, 70);
    assert!(replies[70..].iter().all(|code| *code == 452));
    let (most, _) = daemon.memory();
    assert!(
        most - before < MEMORY,
        "{before} KiB before, {most} at most"
    );
    // A path that is longer than any line of an MTA ends the connection.
    let longer = "x".repeat(70_000);
    let mut fake = Fake::connect(&daemon.socket(), &[]).expect("a connection");
    fake.mail(b"<s@sender.example>").unwrap();
    assert!(
        fake.rcpt(format!("<{longer}@elsewhere.example>").as_bytes())
            .is_err()
    );
}

#[test]
fn sendmail_tells_its_client_to_send_the_rest_later() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (sink, port) = (Sink::start(), free_port());
    let daemon = daemon("[milter]\nmessage_limit = 3100\n", &[port]);
    let (_, before) = daemon.memory();
    let plan = Plan::of(&["domain2.com", "company.com"], "");
    let doors = vec![Door::new(&[&format!("inet:127.0.0.1:{port}")])];
    let sendmail = Sendmail::start(&cache, doors, sink.port, &plan);
    let outsider = Ipv4Addr::new(127, 0, 0, 2);
    let mut client = Client::greet(outsider, sendmail.doors[0].port).expect("a greeting");
    let mut say = |line: &str| client.command(line.as_bytes()).expect("a reply");
    assert_eq!(say("MAIL FROM:<s@sender.example>").code, 250);
    let replies: Vec<_> = (0..2000)
        .map(|number| say(&format!("RCPT TO:<list+{number}@domain2.com>")))
        .collect();
    let accepted = replies.iter().take_while(|reply| reply.code == 250).count();
    assert_eq!(accepted, 3);
    for reply in &replies[accepted..] {
        assert!(reply.to_string().starts_with("452 4.5.3 "), "{reply}");
    }
    // Another client sends messages meanwhile.
    let mut second = Client::greet(outsider, sendmail.doors[0].port).expect("a greeting");
    for (line, code) in [
        ("MAIL FROM:<s@sender.example>", 250),
        ("RCPT TO:<jd@domain2.com>", 250),
    ] {
        assert_eq!(second.command(line.as_bytes()).unwrap().code, code);
    }
    assert_eq!(second.message("limits-other-").unwrap().code, 250);
    assert_eq!(client.message("limits-lists-").unwrap().code, 250);
    drop((client, second));
    sendmail.drain().unwrap();
    assert_eq!(sink.copies("limits-lists-").len(), 3 * MEMBERS);
    assert_eq!(sink.copies("limits-other-").len(), 1);
    let (most, _) = daemon.memory();
    assert!(
        most - before < MEMORY,
        "{before} KiB before, {most} at most"
    );
}
