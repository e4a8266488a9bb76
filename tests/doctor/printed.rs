//! The lines of `doctor --print` connect a real Postfix and a real Sendmail to the daemon, and mail follows the
//! table.

use std::net::Ipv4Addr;
use std::process::Command;

use crate::machine::{Machine, Mta, last_wins, tools};
use crate::support::peers::{self, Door};
use crate::support::postfix::Postfix;
use crate::support::sendmail::{Plan, Sendmail};
use crate::support::sink::Sink;
use crate::support::smtp::Client;

/// Returns what doctor prints for a machine whose daemon runs.
fn printed(machine: &mut Machine, mta: &str) -> String {
    machine.start();
    let said = machine.diagnose(&["--print", mta]);
    assert_eq!((said.status, &*said.err), (Some(0), ""), "{said:?}");
    said.out
}

fn rcpt(client: &mut Client, address: &str) -> u16 {
    let command = format!("RCPT TO:<{address}>");
    let reply = client.command(command.as_bytes()).expect("a reply");
    assert!(
        reply.code != 550 || reply.text.starts_with("5.1.1"),
        "{address}: {reply}"
    );
    reply.code
}

/// Tries known and unknown recipients in both spellings, a subdomain, and a route through this MTA; then sends
/// mail.
fn mail_follows_the_table(
    source: Ipv4Addr,
    port: u16,
    sink: &Sink,
    drain: impl Fn() -> Result<(), String>,
    token: &str,
) {
    let mut client = Client::begin(source, port, "");
    for (address, known) in [
        ("jd@domain2.com", true),
        ("nosuch@domain2.com", false),
        ("jd+x@xn--exmple-cua.test", true),
        ("nosuch@xn--exmple-cua.test", false),
        ("postmaster@company.com", true),
        ("nosuch@company.com", false),
    ] {
        let code = rcpt(&mut client, address);
        assert_eq!(code, if known { 250 } else { 550 }, "{address}");
    }
    for elsewhere in [
        "jd@sub.domain2.com",
        "x%elsewhere.example@domain2.com",
        "x@elsewhere.example",
    ] {
        assert_ne!(rcpt_any(&mut client, elsewhere), 250, "{elsewhere}");
    }
    let reply = client.message(token).expect("a reply");
    assert_eq!(reply.code, 250, "{reply}");
    drain().unwrap_or_else(|error| panic!("{error}"));
    let mut copies: Vec<_> = sink
        .copies(token)
        .into_iter()
        .map(|copy| copy.address)
        .collect();
    copies.sort();
    let texts: Vec<_> = copies
        .iter()
        .map(|copy| String::from_utf8_lossy(copy))
        .collect();
    assert_eq!(
        texts,
        [
            "jdoe+x@company.com",
            "jdoe@company.com",
            "postmaster@company.com"
        ]
    );
}

fn rcpt_any(client: &mut Client, address: &str) -> u16 {
    let command = format!("RCPT TO:<{address}>");
    client.command(command.as_bytes()).expect("a reply").code
}

#[test]
fn postfix_follows_the_table_with_what_is_printed() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let mut machine = Machine::new(Mta::Postfix);
    // A Postfix that knows nothing of readdress.
    machine.main = machine
        .main
        .lines()
        .filter(|line| !line.contains("{m") && !line.starts_with("relay_domains"))
        .fold(String::new(), |main, line| main + line + "\n");
    // It relays for others as well, which must not change.
    machine.main += "relay_domains = other.example\n";
    let lines = printed(&mut machine, "postfix");
    let sink = Sink::start();
    let postfix = Postfix::start(&cache, vec![Door::new(&[])], sink.port, &[], &lines);
    let port = postfix.doors[0].port;
    mail_follows_the_table(
        Ipv4Addr::LOCALHOST,
        port,
        &sink,
        || postfix.drain(),
        "printed-for-postfix",
    );

    // The other spelling, which needs SMTPUTF8.
    let mut client = Client::begin(Ipv4Addr::LOCALHOST, port, "SMTPUTF8");
    assert_eq!(rcpt(&mut client, "jd@exämple.test"), 250);
    assert_eq!(rcpt(&mut client, "nosuch@exämple.test"), 550);
    assert_eq!(rcpt(&mut client, "anyone@other.example"), 250);
}

#[test]
fn sendmail_follows_the_table_with_what_is_printed() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let mut machine = Machine::new(Mta::Sendmail);
    machine.mc = String::new();
    let lines = printed(&mut machine, "sendmail");
    let sink = Sink::start();
    let plan = Plan::of(&[], &lines);
    let sendmail = Sendmail::start(&cache, vec![Door::new(&[])], sink.port, &plan);
    let outsider = Ipv4Addr::new(127, 0, 0, 2);
    let port = sendmail.doors[0].port;
    mail_follows_the_table(
        outsider,
        port,
        &sink,
        || sendmail.drain(),
        "printed-for-sendmail",
    );

    // The other spelling: this Sendmail does not know SMTPUTF8, but it accepts the bytes.
    let mut client = Client::begin(outsider, port, "");
    assert_eq!(rcpt(&mut client, "jd@exämple.test"), 250);
    assert_eq!(rcpt(&mut client, "nosuch@exämple.test"), 550);
}

/// With the printed lines the machine has no findings, and doctor prints the same lines again.
#[test]
fn the_printed_lines_fix_the_machine() {
    if peers::unpacked().is_none() {
        return;
    }
    for (socket, chroot) in [
        ("inet:127.0.0.1:{milter}", "n"),
        ("unix:{dir}/spool/rw/m.sock", "y"),
    ] {
        let mut machine = Machine::new(Mta::Postfix);
        machine.main = machine
            .main
            .lines()
            .filter(|line| !line.contains("{m") && !line.starts_with("relay_domains"))
            .fold(String::new(), |main, line| main + line + "\n");
        machine.main += "relay_domains = other.example\nmilter_default_action = accept\nsmtpd_milters = \
                         inet:127.0.0.1:{other}\n\
                         mydestination = localhost, company.com\n";
        machine.files.push(("spool/rw/x", String::new()));
        machine.configure("inet:127.0.0.1:{milter}", socket);
        machine.master = machine
            .master
            .replacen("n - n", &format!("n - {chroot}"), 1);
        machine.then = "[ ! -e spool/rw/m.sock ] || chgrp mail spool/rw/m.sock".to_owned();
        let lines = printed(&mut machine, "postfix");
        assert!(
            lines.contains("relay_domains = other.example, domain2.com, "),
            "{lines}"
        );
        assert!(!lines.contains("company.com"), "{lines}");
        let main = machine.folder.join("etc/main.cf");
        let old = std::fs::read_to_string(&main).expect("main.cf");
        std::fs::write(&main, last_wins(&(old + &lines))).expect("main.cf");
        machine.script("");
        let said = machine.diagnose(&["--strict"]);
        assert!(
            said.status == Some(0) && said.out.ends_with("\n0 errors, 0 warnings, 0 notes\n"),
            "{said:?}\n{lines}"
        );
        assert_eq!(machine.diagnose(&["--print", "postfix"]).out, lines);
    }
    let mut machine = Machine::new(Mta::Sendmail);
    machine.mc = String::new();
    machine.relay_hosts_only = false;
    machine.start();
    machine.script("echo >>sendmail.mc");
    let lines = machine.diagnose(&["--print", "sendmail"]).out;
    let mc = machine.folder.join("sendmail.mc");
    let old = std::fs::read_to_string(&mc).expect("sendmail.mc");
    std::fs::write(&mc, old + &lines).expect("sendmail.mc");
    machine.script("m4 sendmail.mc >sendmail.cf");
    let said = machine.diagnose(&["--strict"]);
    assert!(
        said.status == Some(0) && said.out.ends_with("\n0 errors, 0 warnings, 0 notes\n"),
        "{said:?}\n{lines}"
    );
    assert_eq!(machine.diagnose(&["--print", "sendmail"]).out, lines);
}

/// Rules with an error have no domains to print.
#[test]
fn broken_rules_print_nothing() {
    if peers::unpacked().is_none() {
        return;
    }
    let mut machine = Machine::new(Mta::Postfix);
    machine.rules += "jd@domain2.com\n";
    machine.daemon = false;
    machine.start();
    let said = machine.diagnose(&["--print", "postfix"]);
    assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("readdress check"), "{said:?}");
}

/// The lines can be pasted in any directory, however the configuration was named.
#[test]
fn printed_paths_are_absolute() {
    if peers::unpacked().is_none() {
        return;
    }
    for (mta, wanted) in [
        ("postfix", "unix:{dir}/m.sock"),
        ("sendmail", "local:{dir}/m.sock"),
    ] {
        let mut machine = Machine::new(Mta::Postfix);
        machine.configure("inet:127.0.0.1:{milter}", "unix:m.sock");
        machine.daemon = false;
        machine.start();
        let output = Command::new(env!("CARGO_BIN_EXE_readdress"))
            .args(["doctor", "-c", "./readdress.toml", "--print", mta])
            .arg("--postconf")
            .arg(tools().join("postconf"))
            .args(["--postfix-config", "etc"])
            .env("LD_LIBRARY_PATH", tools().join("../lib/postfix"))
            .current_dir(machine.folder.path())
            .output()
            .expect("readdress");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains(&machine.filled(wanted)), "{mta}: {output:?}");
    }
}
