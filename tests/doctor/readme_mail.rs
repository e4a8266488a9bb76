//! README's lines for Postfix and Sendmail, in real MTAs: mail follows README's rules, and goes where README
//! says that it goes after the milter.
//!
//! Ports, and the hosts behind the MTA, are those of the test; the lines are README's otherwise.

use std::net::Ipv4Addr;

use crate::machine::{Machine, Mta};
use crate::readme::{block, in_language};
use crate::support::peers::{self, Door};
use crate::support::postfix::Postfix;
use crate::support::sendmail::{Names, Plan, Sendmail};
use crate::support::sink::Sink;
use crate::support::smtp::Client;

/// A daemon with README's rules file.
fn machine(mta: Mta) -> Machine {
    let mut machine = Machine::new(mta);
    machine.rules = in_language("rules")[0].to_owned() + "\n";
    machine.mc = String::new();
    machine.start();
    machine
}

/// Sends one message from outside: known recipients are accepted, all others are refused, and the known
/// ones arrive under their primary addresses.
fn mail_arrives(
    source: Ipv4Addr,
    port: u16,
    sink: &Sink,
    drain: impl Fn() -> Result<(), String>,
    token: &str,
) {
    let mut client = Client::begin(source, port, "");
    for (address, accepted) in [
        ("jd@domain2.com", true),
        ("nosuch@domain2.com", false),
        ("leaked@domain2.com", false),
        ("sales@domain2.com", true),
        ("jd@sub.domain2.com", false),
        ("x@elsewhere.example", false),
    ] {
        let command = format!("RCPT TO:<{address}>");
        let reply = client.command(command.as_bytes()).expect("a reply");
        let expected = if accepted { 250 } else { 550 };
        let relaying = matches!(reply.code, 454 | 550 | 554);
        assert!(
            reply.code == expected || (!accepted && relaying),
            "{token}: {address}: {reply}"
        );
    }
    let reply = client.message(token).expect("a reply");
    assert_eq!(reply.code, 250, "{token}: {reply}");
    drain().unwrap_or_else(|error| panic!("{token}: {error}"));
    let copies = sink.copies(token).into_iter().map(|copy| copy.address);
    let mut copies: Vec<_> = copies
        .map(|address| String::from_utf8_lossy(&address).into_owned())
        .collect();
    copies.sort();
    let people = ["anna@company.com", "bob@company.com", "jdoe@company.com"];
    assert_eq!(copies, people, "{token}");
}

/// Each way that README names for mail behind the milter.
#[test]
fn postfix_sends_mail_on_as_readme_says() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let machine = machine(Mta::Postfix);
    let sink = Sink::start();
    let behind = format!("[127.0.0.1]:{}", sink.port);
    let attached = block("relay_domains = domain2.com, company.com");
    let asked = block("relay_recipient_maps = ");
    // The mailboxes of the last one are on this machine; the sink stands for what delivers into them.
    let alone = "relay_domains = domain2.com";
    assert!(in_language("ini").contains(&alone), "no block: {alone}");
    let local = format!(
        "{alone}\nmydestination = localhost, company.com\nmailbox_transport = relay:{behind}",
    );
    let ways = [
        block("transport_maps = inline:{ company.com=relay:[mailboxes.").to_owned(),
        block("transport_maps = inline:{ company.com=relay:[company-com.").to_owned()
            + "\n"
            + asked,
        block("relayhost = ").to_owned(),
        local,
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let lines = format!("relayhost =\nrelay_transport = relay\n{attached}\n{way}\n")
            .replace("127.0.0.1:8892", &machine.filled("127.0.0.1:{milter}"))
            .replace("127.0.0.1:8893", &machine.filled("127.0.0.1:{map}"))
            .replace("[mailboxes.company.com]", &behind)
            .replace("[company-com.mail.protection.outlook.com]", &behind)
            .replace("[mailhub.company.com]", &behind);
        let postfix = Postfix::start(&cache, vec![Door::new(&[])], sink.port, &[], &lines);
        let port = postfix.doors[0].port;
        let token = format!("readme-postfix-{number}");
        mail_arrives(Ipv4Addr::LOCALHOST, port, &sink, || postfix.drain(), &token);
    }
}

/// The mailertable, which the test keeps in a folder of its own, and the smart host.
#[test]
fn sendmail_sends_mail_on_as_readme_says() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let machine = machine(Mta::Sendmail);
    let sink = Sink::start();
    let attached = block("FEATURE(`relay_hosts_only')").to_owned() + "\n";
    let smart_host = block("define(`SMART_HOST'").replace("[mailhub.company.com]", "[127.0.0.1]");
    for (way, routed) in [("", &["company.com"][..]), (&smart_host, &[])] {
        let lines = format!("{attached}{way}\n")
            .replace("8892@127.0.0.1", &machine.filled("{milter}@127.0.0.1"));
        let plan = Plan::of(&[], &lines);
        let names = Names {
            smart_host: false,
            routed,
            ..Names::default()
        };
        let doors = vec![Door::new(&[])];
        let sendmail = Sendmail::start_with(&cache, doors, sink.port, &plan, names);
        let port = sendmail.doors[0].port;
        let outsider = Ipv4Addr::new(127, 0, 0, 2);
        let token = format!("readme-sendmail-{}", routed.len());
        mail_arrives(outsider, port, &sink, || sendmail.drain(), &token);
    }
}
