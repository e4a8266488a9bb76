//! Postfix checks recipients with the table, and a broken file that is saved does not change the answers.
//!
//! smtpd remembers a temporary failure of a map until the process ends. So the daemon answers from the live table,
//! even while the saved files have errors.

mod support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use support::daemon::Daemon;
use support::folder::free_port;
use support::peers::{self, Door};
use support::postfix::Postfix;
use support::sink::Sink;
use support::smtp::Client;

const RULES: &str = "\
company.com        primary
domain2.com        secondary
jd@domain2.com     jdoe@company.com
gone@domain2.com   reject 550 5.1.1 \"Has left the company\"
";

/// Asks one question and returns the answer, without its netstring.
fn ask(port: u16, map: &str, key: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the socketmap's port");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a time-out");
    let question = format!("{map} {key}");
    stream
        .write_all(format!("{}:{question},", question.len()).as_bytes())
        .expect("asking");
    let mut answer = String::new();
    while !answer.ends_with(',') {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a whole netstring");
        answer.push(char::from(byte[0]));
    }
    let (length, text) = answer.split_once(':').expect("a netstring");
    let text = text.trim_end_matches(',');
    assert_eq!(length, text.len().to_string(), "{answer}");
    text.to_owned()
}

fn rcpt(client: &mut Client, address: &str) -> String {
    let reply = client
        .command(format!("RCPT TO:<{address}>").as_bytes())
        .expect("a reply");
    reply.to_string()
}

#[test]
fn postfix_checks_recipients_by_the_table_also_while_the_rules_are_broken() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (sink, milter, map) = (Sink::start(), free_port(), free_port());
    let files = [("10.rules".to_owned(), RULES.to_owned())];
    let config = format!("[socketmap]\nlisten = [\"inet:127.0.0.1:{map}\"]\n");
    let daemon =
        Daemon::start(&files, &config, &[milter]).unwrap_or_else(|error| panic!("{error}"));
    let doors = vec![Door::new(&[&format!("inet:127.0.0.1:{milter}")])];
    let extra = format!("relay_recipient_maps = socketmap:inet:127.0.0.1:{map}:recipients\n");
    let domains = ["domain2.com", "company.com"];
    let postfix = Postfix::start(&cache, doors, sink.port, &domains, &extra);
    let mut client = Client::begin(Ipv4Addr::LOCALHOST, postfix.doors[0].port, "");

    let check = |client: &mut Client| {
        for known in ["jd@domain2.com", "JD+Tag@Domain2.com", "anyone@company.com"] {
            let reply = rcpt(client, known);
            assert!(reply.starts_with("250 "), "{known}: {reply}");
        }
        let reply = rcpt(client, "nosuch@domain2.com");
        assert!(reply.starts_with("550 5.1.1 "), "{reply}");
        // The map says OK, so that the client gets the text of the rule.
        let reply = rcpt(client, "gone@domain2.com");
        assert!(
            reply.starts_with("550 5.1.1 ") && reply.contains("Has left"),
            "{reply}"
        );
        assert!(ask(map, "domains", "domain2.com").starts_with("OK "));
        assert!(ask(map, "domains", "elsewhere.example").starts_with("NOTFOUND"));
        assert!(ask(map, "recipients", "nosuch@domain2.com").starts_with("NOTFOUND"));
        assert!(ask(map, "recipients", "victim%x.example@domain2.com").starts_with("NOTFOUND"));
    };
    check(&mut client);
    let broken = format!("{RULES}jd@domain2.com\n");
    daemon
        .break_rules("10.rules", &broken)
        .unwrap_or_else(|error| panic!("{error}"));
    check(&mut client);

    // One saved file changes both the check and the rewriting.
    let more = format!("{RULES}new@domain2.com  anna@company.com\n");
    daemon
        .edit("10.rules", &more)
        .unwrap_or_else(|error| panic!("{error}"));
    check(&mut client);
    client.command(b"RSET").expect("a reply");
    client
        .command(b"MAIL FROM:<s@sender.example>")
        .expect("a reply");
    assert!(rcpt(&mut client, "new@domain2.com").starts_with("250 "));
    let reply = client.message("after-the-edit").expect("a reply");
    assert_eq!(reply.code, 250, "{reply}");
    postfix.drain().unwrap();
    let copies = sink.copies("after-the-edit");
    assert_eq!(copies.len(), 1);
    assert_eq!(copies[0].address, b"anna@company.com");
}
