//! Unusual spellings through both MTAs with a closed table. No spelling of an unknown user and no spelling with a route
//! reaches the next hop. A spelling of a known user is rewritten or refused, and never delivered to the secondary
//! address.
//!
//! The spellings are combined from pieces, each of which has once deceived a parser: quotes, escapes, comments, routes,
//! brackets within brackets, groups, dots, blanks, control characters, bytes beyond ASCII, `%`, `!`, missing pieces. An
//! MTA may refuse any of them.

#![allow(clippy::disallowed_macros, reason = "a test reports its measurements")]

mod support;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::thread;

use support::daemon::Daemon;
use support::folder::free_port;
use support::peers::{self, Door};
use support::postfix::Postfix;
use support::sendmail::{Plan, Sendmail};
use support::sink::Sink;
use support::smtp::Client;

const DOMAINS: &[&str] = &["domain2.com", "company.com"];

const RULES: &str = "\
company.com        primary  unknown=reject
domain2.com        secondary
jdoe@company.com   mailbox
jd@domain2.com     jdoe@company.com
postmaster@*       jdoe@company.com
abuse@*            jdoe@company.com
";

/// Spellings of one local-part. `{}` is the user, `{1}` its first letter, `{-}` the rest.
const LOCALS: &[&str] = &[
    "{}",
    "\"{}\"",
    "\"{1}\\{-}\"",
    "\\{}",
    "{1}\\{-}",
    "{}(c)",
    "(c){}",
    "{} ",
    " {}",
    "{}.",
    ".{}",
    "{1}..{-}",
    "\"{1}\"{-}",
    "{}\\",
    "\"{}\\\"",
    "{}\\\"",
    "{}\"",
    "\"{}",
    "\"\"{}",
    "{}+x",
    "\"{}+x\"",
    "{},x",
    "{};x",
    "x:{}",
    "{}[x]",
    "\"<{}>\"",
    "x {}",
    "{}(a(b)c)",
    "{}(a",
    "{}\\(c)",
    "{}@",
    "{}\\@",
    "\"{}@\"",
    "{}%x",
    "x!{}",
    "::{}",
    "{1}\u{1}{-}",
    "\"{1}\u{1}{-}\"",
    "{1}\t{-}",
    "\"{1}\t{-}\"",
    "{}\u{1b}",
    "\"{1}\u{7f}{-}\"",
    "{}\u{80}",
    "\"{1}\u{ff}{-}\"",
    "é{}",
    "*",
    "|{}",
    "'{}'",
];

/// Local-parts that a next host may take for `victim@elsewhere.example`.
const ROUTING: &[&str] = &[
    "victim%elsewhere.example",
    "elsewhere.example!victim",
    "\"victim@elsewhere.example\"",
    "victim@elsewhere.example",
    "victim\\@elsewhere.example",
    "\"victim\\@elsewhere.example\"",
    "\"victim%elsewhere.example\"",
    "\"victim\"@elsewhere.example",
    "victim\"@\"elsewhere.example",
    "victim\\%elsewhere.example",
    "victim(@elsewhere.example)",
    "victim @elsewhere.example",
    "@elsewhere.example:victim",
    "\"@elsewhere.example:victim\"",
    "victim@[203.0.113.9]",
    "\"victim@[203.0.113.9]\"",
    "<victim@elsewhere.example>",
    "victim@elsewhere.example,x",
    "victim\u{1}@elsewhere.example",
    "\"victim\u{1}@elsewhere.example\"",
    "victim%elsewhere.example\u{80}",
    "victim@@elsewhere.example",
    "victim@elsewhere.example.",
    "victim@\"elsewhere.example\"",
    "victim@elsewhere\\.example",
    "victim@#3405803785",
    "victim@*",
    "\"victim@elsewhere.example",
    "victim@elsewhere.example\"",
    "vic\"tim@elsewhere.example\"",
    "\"vic\\\"tim@elsewhere.example\"",
    "elsewhere.example::victim",
    "victim\\\\@elsewhere.example",
    "victim%elsewhere.example%company.com",
];

/// Spellings of the domain.
const SPELT: &[&str] = &[
    "domain2.com",
    "Domain2.COM.",
    "domain2.com..",
    "\"domain2.com\"",
    "domain2\\.com",
    "(c)domain2.com",
    "domain2.com(c)",
    "domain2 .com",
    "domain2.com\t",
    "[domain2.com]",
    "domain2.com@domain2.com",
    "domain2(c).com",
    "domain2.com\u{1}",
    "domain2.com\u{80}",
    "company.com",
    "domain2.com%company.com",
    "<domain2.com>",
    "domain2.com,",
    "d\\omain2.com",
];

/// The text around an address.
const AROUND: &[&str] = &[
    "<{}>",
    "{}",
    "<<{}>>",
    "<{}>>",
    "<<<{}>>>",
    "<x <{}>>",
    "<\"x y\" <{}>>",
    "<x:{};>",
    "<x: {};>",
    "<@r.example:{}>",
    "<@\"a\":{}>",
    "<@[IPv6:::1]:{}>",
    "<@domain2.com:{}>",
    "<<@r.example:{}>>",
    "<{} >",
    "<{};>",
    "<,{}>",
    "x<{}>",
    "<{}>x",
    "<mailto:{}>",
    "<\"{}\">",
    "<{}\\>",
    "<:{}>",
    "<{} (<x@y.example>)>",
    "<({}) x@domain2.com>",
    "<\u{1}{}>",
    "<{}@>",
    "<@{}>",
    "<\"x\"{}>",
];

/// Returns the bytes of a text: a character up to U+00FF is one byte, as in Latin-1.
fn bytes(text: &str) -> Vec<u8> {
    let byte = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
    text.chars().map(byte).collect()
}

/// Returns the spellings of these local-parts: each with each domain in the simplest form, each in some other forms,
/// and the first ones in all forms.
fn spellings(locals: &[String]) -> Vec<Vec<u8>> {
    let mut all = BTreeSet::new();
    let mut add = |around: &str, local: &str, domain: &str| {
        all.insert(bytes(&around.replace("{}", &format!("{local}@{domain}"))));
    };
    for (at, local) in locals.iter().enumerate() {
        add("<{}>", local, "domain2.com");
        for step in 0..4 {
            let around = AROUND[(at * 7 + step * 5) % AROUND.len()];
            add(around, local, SPELT[(at * 5 + step * 11) % SPELT.len()]);
        }
        if at < 5 {
            AROUND
                .iter()
                .for_each(|around| add(around, local, "domain2.com"));
            SPELT.iter().for_each(|domain| add("<{}>", local, domain));
        }
    }
    for local in locals {
        for form in [
            "<{}%domain2.com>",
            "<domain2.com!{}>",
            "<\"{}@domain2.com\">",
            "<{}\\@domain2.com>",
            "<{}>",
        ] {
            all.insert(bytes(&form.replace("{}", local)));
        }
    }
    all.into_iter().collect()
}

fn of_user(user: &str) -> Vec<Vec<u8>> {
    let (first, rest) = user.split_at(1);
    let local = |form: &&str| {
        let form = form.replace("{}", user);
        form.replace("{1}", first).replace("{-}", rest)
    };
    spellings(&LOCALS.iter().map(local).collect::<Vec<_>>())
}

/// Sends one message for each spelling that is accepted. Returns how many are accepted.
fn send(source: Ipv4Addr, port: u16, kind: &str, spellings: &[Vec<u8>]) -> usize {
    let greet = || Client::greet(source, port).expect("a greeting");
    let mut client = greet();
    let mut accepted = 0;
    for (number, path) in spellings.iter().enumerate() {
        if client.command(b"MAIL FROM:<s@sender.example>").is_err() {
            client = greet();
            client
                .command(b"MAIL FROM:<s@sender.example>")
                .expect("a reply");
        }
        match client.command(&[b"RCPT TO:", path.as_slice()].concat()) {
            Ok(reply) if reply.code == 250 => {
                accepted += 1;
                let end = client
                    .message(&format!("{kind}-{number}-"))
                    .expect("a reply");
                assert_eq!(end.code, 250, "{}: {end}", path.escape_ascii());
            }
            Ok(_) => drop(client.command(b"RSET")),
            Err(_) => client = greet(),
        }
    }
    accepted
}

/// Returns the recipients that the next hop must not receive, with their spellings.
fn wrong(sink: &Sink, kind: &str, spellings: &[Vec<u8>]) -> Vec<String> {
    let mut found = Vec::new();
    for (number, path) in spellings.iter().enumerate() {
        for copy in sink.copies(&format!("{kind}-{number}-")) {
            let address = copy.address.to_ascii_lowercase();
            let rewritten = address.starts_with(b"jdoe") && address.ends_with(b"@company.com");
            if !rewritten || !kind.starts_with("known") {
                let (path, to) = (path.escape_ascii(), copy.address.escape_ascii());
                found.push(format!("{kind}: {path} went to {to}"));
            }
        }
    }
    found
}

#[test]
fn no_spelling_gets_round_the_table() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (sink, port) = (Sink::start(), free_port());
    let files = [("10.rules".to_owned(), RULES.to_owned())];
    let daemon = Daemon::start(&files, "[log]\nlevel = \"warn\"\n", &[port]);
    let _daemon = daemon.unwrap_or_else(|error| panic!("{error}"));
    let doors = || vec![Door::new(&[&format!("inet:127.0.0.1:{port}")])];
    let plan = Plan::of(DOMAINS, "");
    let postfix = Postfix::start(&cache, doors(), sink.port, DOMAINS, "");
    let sendmail = Sendmail::start(&cache, doors(), sink.port, &plan);
    let routing: Vec<_> = ROUTING.iter().map(|local| (*local).to_owned()).collect();
    let kinds = [
        ("unknown", of_user("nosuch")),
        ("routing", spellings(&routing)),
        ("known", of_user("jd")),
    ];
    let mtas = [
        ("postfix", Ipv4Addr::LOCALHOST, postfix.doors[0].port),
        (
            "sendmail",
            Ipv4Addr::new(127, 0, 0, 2),
            sendmail.doors[0].port,
        ),
    ];
    thread::scope(|scope| {
        for (mta, source, port) in mtas {
            let kinds = &kinds;
            scope.spawn(move || {
                for (kind, spellings) in kinds {
                    let accepted = send(source, port, &format!("{kind}-{mta}"), spellings);
                    println!("{mta}: {accepted} of {} {kind} accepted", spellings.len());
                    // At least one known address must be accepted, or the test tests nothing.
                    assert!(*kind != "known" || accepted > 50, "{mta}: {accepted}");
                }
            });
        }
    });
    postfix.drain().unwrap();
    sendmail.drain().unwrap();
    let mut all = Vec::new();
    for (mta, ..) in mtas {
        for (kind, spellings) in &kinds {
            all.extend(wrong(&sink, &format!("{kind}-{mta}"), spellings));
        }
    }
    assert!(
        all.is_empty(),
        "{} spellings:\n{}",
        all.len(),
        all.join("\n")
    );
}
