//! Connections that say nothing, ask for much or read nothing: no other connection waits for them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::program::{BASE, Place, RULES, message};

/// Far less than the minute that each test here once took, and far more than a busy machine needs.
const SOON: Duration = Duration::from_secs(20);

/// Asks the socketmap for an address of [`RULES`] on an open connection. Returns the answer.
fn ask(stream: &mut UnixStream, question: &str) -> Option<String> {
    stream.set_read_timeout(Some(SOON)).unwrap();
    write!(stream, "{}:{question},", question.len()).ok()?;
    let mut answer = Vec::new();
    while answer.last() != Some(&b',') {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        answer.push(byte[0]);
    }
    String::from_utf8(answer).ok()
}

/// Returns the most memory that the daemon has held so far, in KiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.unwrap().trim().strip_suffix(" kB").unwrap();
    number.parse().unwrap()
}

#[test]
fn idle_control_connections_do_not_delay_a_command() {
    let place = Place::new(&[("a.rules", RULES)]);
    let _serving = place.serve();
    let control = place.join("control.sock");
    let idle: Vec<_> = (0..20)
        .map(|_| UnixStream::connect(&control).unwrap())
        .collect();
    let begun = Instant::now();
    let status = place.ask(&["status"]);
    assert_eq!(status.status, Some(0), "{}", status.err);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    drop(idle);
}

#[test]
fn whoever_does_not_send_a_request_is_let_go() {
    let place = Place::new(&[("a.rules", RULES)]);
    let _serving = place.serve();
    let mut silent = UnixStream::connect(place.join("control.sock")).unwrap();
    silent.write_all(b"{\"command\":").unwrap();
    silent.set_read_timeout(Some(SOON)).unwrap();
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
}

/// More clients connect than are served at one time; the first client asks again between two others.
#[tokio::test]
async fn idle_socketmap_clients_delay_nobody() {
    let place = Place::new(&[("a.rules", RULES)]);
    place.configure(&format!("{BASE}[socketmap]\nlisten = \"unix:map.sock\"\n"));
    let serving = place.serve();
    let map = place.join("map.sock");
    let connect = || UnixStream::connect(&map);
    let begun = Instant::now();
    let mut idle = Vec::new();
    for _ in 0..1100 {
        match connect() {
            Ok(stream) => idle.push(stream),
            Err(error) => {
                println!("SKIPPED: this process may not open 1100 files: {error}");
                return;
            }
        }
    }
    let found = ask(&mut connect().unwrap(), "recipients jd@domain2.com");
    assert!(found.is_some_and(|answer| answer.contains("OK ")));
    message(&mut serving.client().await, "4b", &["jd@domain2.com"]).await;
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    // The first connections had to give way, the last ones are served.
    let mut answered = idle
        .iter_mut()
        .map(|one| ask(one, "recipients jd@domain2.com").is_some());
    assert!(!answered.next().unwrap());
    assert!(answered.next_back().unwrap());
}

/// A recipient that becomes a list, `to=<…>,<…>,…`: a request of 42 KiB once took 2.6 GB and a minute in which no
/// client was served.
#[test]
fn one_large_question_is_bounded_and_delays_nobody() {
    let targets: Vec<_> = (0..500).map(|n| format!("m{n}@company.com")).collect();
    let mut rules = "company.com primary\ndomain2.com secondary\n".to_owned();
    rules += &format!("all@domain2.com {}\n", targets.join(", "));
    let place = Place::new(&[("a.rules", &rules)]);
    let serving = place.serve();
    let line = format!("to={}", vec!["<all@domain2.com>"; 2400].join(","));
    let request = serde_json::json!({ "command": "explain", "addresses": [line] });
    let mut client = UnixStream::connect(place.join("control.sock")).unwrap();
    client.write_all(format!("{request}\n").as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut lines = BufReader::new(client).lines();
    assert!(
        lines
            .next()
            .unwrap()
            .unwrap()
            .contains("\"action\":\"replace\"")
    );
    let begun = Instant::now();
    let status = place.ask(&["status"]);
    assert_eq!(status.status, Some(0), "{}", status.err);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    // The answer ends at the limit, and says so.
    let lines: Vec<_> = lines.map(|line| line.unwrap()).collect();
    let last = lines.last().unwrap();
    assert!(
        last.contains("recipients are explained: ask about the others apart"),
        "{last}"
    );
    assert!(lines.len() <= 1000, "{} lines", lines.len());
    let peak = peak(serving.pid());
    assert!(peak < 200 << 10, "{peak} KiB");
}

#[test]
fn a_client_that_reads_nothing_costs_little() {
    let targets: Vec<_> = (0..500).map(|n| format!("m{n}@company.com")).collect();
    let mut rules = "company.com primary\ndomain2.com secondary\n".to_owned();
    rules += &format!("all@domain2.com {}\n", targets.join(", "));
    let place = Place::new(&[("a.rules", &rules)]);
    let serving = place.serve();
    let line = format!("to={}", vec!["<all@domain2.com>"; 1000].join(","));
    let request = serde_json::json!({ "command": "explain", "addresses": [line] });
    let unread: Vec<_> = (0..10)
        .map(|_| {
            let mut client = UnixStream::connect(place.join("control.sock")).unwrap();
            client.write_all(format!("{request}\n").as_bytes()).unwrap();
            client
        })
        .collect();
    assert_eq!(place.ask(&["status"]).status, Some(0));
    let peak = peak(serving.pid());
    assert!(peak < 200 << 10, "{peak} KiB");
    drop(unread);
}

#[test]
fn a_request_that_is_too_long_is_told_so() {
    let place = Place::new(&[("a.rules", RULES)]);
    let _serving = place.serve();
    let mut client = UnixStream::connect(place.join("control.sock")).unwrap();
    let long = format!(
        "{{\"command\":\"explain\",\"addresses\":[\"{}\"]}}\n",
        "x".repeat(300 << 10)
    );
    // The daemon does not read the request to its end.
    let _ = client.write_all(long.as_bytes());
    let mut answer = String::new();
    let _ = client.read_to_string(&mut answer);
    assert!(
        answer.contains("the request is longer than 262144 bytes"),
        "{answer}"
    );
}

/// Many addresses are several requests. A list of 500 addresses and single addresses give the same answers.
#[test]
fn explain_live_takes_as_many_addresses_as_the_command_line() {
    let place = Place::new(&[("a.rules", RULES)]);
    let _serving = place.serve();
    let mut arguments = vec!["explain", "--live", "--json", "--config", "readdress.toml"];
    arguments.extend(std::iter::repeat_n("jd@domain2.com", 2500));
    let said = place.run(&arguments);
    assert_eq!((said.status, &*said.err), (Some(0), ""));
    assert_eq!(said.out.lines().count(), 2500);
}

/// An MTA that offers nothing connects again for every message.
#[test]
fn refused_negotiations_are_one_line() {
    let place = Place::new(&[("a.rules", RULES)]);
    let _serving = place.serve();
    for _ in 0..30 {
        let mut mta = UnixStream::connect(place.join("milter.sock")).unwrap();
        mta.write_all(b"\0\0\0\x0dO\0\0\0\x06\0\0\0\x01\0\x1f\xff\xff")
            .unwrap();
        mta.set_read_timeout(Some(SOON)).unwrap();
        mta.read_to_end(&mut Vec::new())
            .expect("the connection is closed");
    }
    let log = place.logged("milter: connection refused");
    let lines = log
        .lines()
        .filter(|line| line.contains("connection refused"));
    assert_eq!(lines.count(), 1, "{log}");
}
