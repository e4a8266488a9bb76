//! readdress and Sendmail read the same virtusertable, and answer alike.
//!
//! Sendmail is asked first, with a map that its own makemap made from the file. The table must give the same answer to
//! the client, or deliver to the same address.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use readdress::engine::{
    Settings, SourceText, Table,
    address::Mailbox,
    compile,
    diagnostic::Findings,
    format::{self, Options},
    rewrite::{Outcome, decide},
    rule::Action,
    store::Reuse,
};
use support::folder::Folder;
use support::peers::{self, Door};
use support::sendmail::{Plan, Sendmail};
use support::sink::Sink;
use support::smtp::{Client, Reply};

/// A client that the MTA does not trust.
const OUTSIDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// Values that both programs answer with the same code, enhanced code and text.
const ALIKE: &[&str] = &[
    "error:nouser 550 No such user here",
    "error:nouser 550 5.7.1 Denied",
    "error:nouser 550 5.7.1",
    "error:nouser 450 later",
    "error:nouser \"450 4.2.1 try later\"",
    "error:nouser \"550 5.7.1 No, Sir; not today\"",
    "error:nouser \"550 x\" y",
    "error:nouser 550 User unknown, sorry; ask info@company.com (or call)",
    "error:nouser 550 it's",
    "error:nouser 550 50% off %%",
    "error:nouser 550 back\\slash and \\\"quote",
    "error:nouser 550 http://x.example/~a?b=c&d",
    "error:nouser 550 x <y>",
    "error:nouser 551 5.1.6 <new@x.example>",
    "error:nouser 555 x",
    "error: nouser 550 gone",
    "error :nouser 550 x",
    "error : nouser 550 x",
    "ERROR:nouser 550 x",
    "Error:NoUser 550 x",
    "error:\"nouser\" 550 x",
    "error:whatever 550 x",
    "error:67 550 x",
    "error:D.S.N:550 x",
    "error:6.1.1:550 x",
    "error:5.1000.1:550 x",
    "error:5.1.6:\"551 moved to x\"",
    "error:4.2.1:\"450 4.2.1 Mailbox off\"",
    "error:4.1.1:450 x",
    "error:5.1.1:\"550 User unknown\"",
    "error:5.1.1:\"550 Try <a@b.c>  please\"",
    "error:5.1.1:550 Try a@b.c please",
    "error:5.1.1:550 Moved   to   there",
    "error:5.1.1:550 5.1.6 Moved",
    "error:5.1.1: 550 x",
    "error: 5.1.1 : 550 x",
    "error:5.7.0:550 Address invalid",
    "error:usage 550 x",
    "error:tempfail 450 later",
    "error:tempfail 451 4.7.1 later",
];

/// Values that both programs refuse with 553 5.3.0 and the same text. readdress warns about them.
const WITHOUT_A_CODE: &[&str] = &[
    "error:nouser 4.2.1 later",
    "error:nouser User unknown",
    "error:nouser 550",
    "error:nouser: 550 x",
    "error:nouser 550 \"x y\" z",
    "error:tempfail later",
    "error:tempfail:450 4.2.0 Try again",
    "error:protocol x",
    "error:550 x",
    "error:550 5.7.1 x",
    "error:5.7.0 550 Address invalid",
    "error:5.7.0",
    "error:5.1.1:User unknown",
    "error:5.1.1:\"User unknown\"",
    "error:4.1.1:x",
    "error:5.1:550 x",
    "error:5.1.1.1:550 x",
    "error:5.1.1:550-x",
    "error:5.1.1:550x",
    "error:5.1.1:550\"x y\"",
    "error:5.1.1:550 \"x y\"",
];

/// Values without any text: Sendmail shows a piece of its own workspace (`>v1<@virt.example.`).
const WITHOUT_A_TEXT: &[&str] = &["error:", "error:nouser", "error:5.7.0:", "error:\"550 x\""];

/// Values that Sendmail cannot read, or answers with something other than a reply that refuses one recipient.
const REFUSED: &[&str] = &[
    "error:nouser 550 unbalanced \"quote",
    "error:nouser 550 unbalanced (paren",
    "error:nouser 550 x > y",
    "error:4.1.1:550 x",
    "error:5.1.1:450 x",
    "error:5.1.1:421 bye",
    "error:nouser 521 5.1.1 x",
    "error:5.1.1:250 fine",
    "error:5.1.1:999 fine",
    "error:2.1.1:550 x",
    "error:nouser 565 x",
];

/// Keys with details, and all addresses that are looked up.
const DETAILS: &str = "\
virt.example\tanything
two.example\tanything
a+*@virt.example\ta2-%2@company.com
b++@virt.example\tb2-%2@company.com
k+*@virt.example\tk2%3@company.com
lit+*@virt.example\tstar%3@company.com
lit+@virt.example\tliteral@company.com
m@virt.example\tm2%3@company.com
both+*@virt.example\tboth2-%2@company.com
both@virt.example\tplain@company.com
u+*@virt.example\terror:5.7.1:550 no details of u
+*@virt.example\terror:5.7.1:550 no details
y@two.example\ty2@company.com
+*@two.example\tbox+%2@company.com
@two.example\trest@company.com
+*@three.example\t%1%3@company.com
@three.example\t%1@company.com
++@four.example\tdetailed@company.com
+*@four.example\tempty@company.com
w+*@virt.example\tw-empty@company.com
w++@virt.example\tw-%2@company.com
@four.example\trest@company.com
";

const ASKED: &[&str] = &[
    "a+@virt.example",
    "a+x@virt.example",
    "b+x@virt.example",
    "k+@virt.example",
    "k+a@virt.example",
    "lit+@virt.example",
    "lit+z@virt.example",
    "m@virt.example",
    "m+@virt.example",
    "m+a@virt.example",
    "both@virt.example",
    "both+@virt.example",
    "both+a@virt.example",
    "u+@virt.example",
    "u+x@virt.example",
    "z+@virt.example",
    "b+@virt.example",
    "y+@two.example",
    "y+a@two.example",
    "z@two.example",
    "z+@two.example",
    "z+a@two.example",
    "z+a+@two.example",
    "z@three.example",
    "z+@three.example",
    "z+a+@three.example",
    "z+a@four.example",
    "z+@four.example",
    "z+a+@four.example",
    "z@four.example",
    "w+@virt.example",
    "w+a@virt.example",
];

/// Compiles a source as an administrator does.
fn makemap(cache: &Path, folder: &Folder, source: &str) {
    let path = folder.join("source");
    fs::write(&path, source).expect("the source");
    let program = cache.join("sendmail/usr/libexec/sendmail/makemap");
    let made = Command::new(program)
        // makemap asks sendmail.cf who may own a map; there is no sendmail.cf here.
        .args(["-C", "/dev/null"])
        .args(["hash".as_ref(), folder.join("virtusers").as_os_str()])
        .stdin(fs::File::open(path).expect("the source"))
        .output()
        .expect("makemap");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success() && said.is_empty(), "makemap: {said}");
}

fn source(text: &str) -> SourceText {
    SourceText::new("a.virtusertable", text)
}

/// One key for each value: `v0@virt.example`, `v1@virt.example`, …
fn lines(values: &[&str]) -> String {
    let mut text = String::new();
    for (number, value) in values.iter().enumerate() {
        let _ = writeln!(text, "v{number}@virt.example\t{value}");
    }
    text
}

/// A Sendmail with this virtusertable, and the place where its mail arrives.
fn start(cache: &Path, folder: &Folder, table: &str) -> (Sendmail, Sink) {
    makemap(cache, folder, table);
    let sink = Sink::start();
    let mut extra = format!(
        "FEATURE(`virtusertable', `hash -o {}')dnl\n",
        folder.join("virtusers").display()
    );
    let domains = [
        "virt.example",
        "two.example",
        "three.example",
        "four.example",
    ];
    for domain in domains {
        let _ = writeln!(extra, "VIRTUSER_DOMAIN(`{domain}')dnl");
    }
    let relayed: Vec<_> = domains.into_iter().chain(["company.com"]).collect();
    let plan = Plan {
        relayed: &relayed,
        local: &[],
        virtusers: &[],
        virtuser_domain: "",
        extra: &extra,
    };
    let sendmail = Sendmail::start(cache, vec![Door::new(&[])], sink.port, &plan);
    (sendmail, sink)
}

fn rcpt(port: u16, to: &str) -> (Client, Reply) {
    let mut client = Client::begin(OUTSIDER, port, "");
    let reply = client
        .command(format!("RCPT TO:<{to}>").as_bytes())
        .expect("a reply");
    (client, reply)
}

/// Returns the reply of Sendmail, without the recipient that is at the front of most texts.
fn bare(reply: &Reply, to: &str) -> String {
    let shown = reply.to_string();
    shown.replacen(&format!("<{to}>... "), "", 1)
}

/// Returns what readdress does with one value: its reply, or the codes of its findings.
fn ours(value: &str) -> (Option<String>, Vec<&'static str>) {
    let sources = [source(&lines(&[value]))];
    let mut findings = Findings::new(&sources);
    let parsed = format::parse(
        &sources,
        &Options::default(),
        &Reuse::default(),
        &mut findings,
    );
    let rule = parsed.rules.iter().next().map(|rule| match rule.action {
        Action::Refuse(reply) => reply.to_string(),
        other => panic!("{value}: {other:?}"),
    });
    let codes = findings
        .into_diagnostics()
        .iter()
        .map(|d| d.code.word())
        .collect();
    (rule, codes)
}

#[test]
fn error_values_are_answered_as_sendmail_answers_them() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let all: Vec<_> = [ALIKE, WITHOUT_A_CODE, WITHOUT_A_TEXT, REFUSED]
        .concat()
        .into_iter()
        .collect();
    let folder = Folder::new("virtusers");
    let (sendmail, _sink) = start(&cache, &folder, &lines(&all));
    let port = sendmail.doors[0].port;
    let mut wrong = Vec::new();
    for (number, value) in all.iter().enumerate() {
        let to = format!("v{number}@virt.example");
        let theirs = bare(&rcpt(port, &to).1, &to);
        let (reply, codes) = ours(value);
        let right = if ALIKE.contains(value) {
            reply.as_deref() == Some(&theirs) && codes.is_empty()
        } else if WITHOUT_A_CODE.contains(value) {
            reply.as_deref() == Some(&theirs)
                && theirs.starts_with("553 5.3.0 ")
                && codes == ["no-reply-code"]
        } else if WITHOUT_A_TEXT.contains(value) {
            theirs.starts_with("553 5.3.0 ")
                && reply.as_deref() == Some("553 5.3.0 User unknown")
                && codes == ["no-reply-code"]
        } else {
            reply.is_none() && codes == ["bad-reply"]
        };
        if !right {
            wrong.push(format!(
                "{value}\n  Sendmail  {theirs}\n  readdress {reply:?} {codes:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Returns what the table does with an address: its target, or the reply.
fn decided(table: &Table, to: &str) -> String {
    match decide(table, &Mailbox::parse(to).expect("a mailbox")).outcome {
        Outcome::Replace(targets) => {
            let targets: Vec<_> = targets.iter().map(ToString::to_string).collect();
            targets.join(" ")
        }
        Outcome::Refuse(reply) => reply.to_string(),
        Outcome::Keep => to.to_owned(),
        Outcome::Discard => "discard".to_owned(),
    }
}

#[test]
fn details_go_where_sendmail_sends_them() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let folder = Folder::new("virtusers");
    let (sendmail, sink) = start(&cache, &folder, DETAILS);
    let port = sendmail.doors[0].port;
    let compiled = compile(&[source(DETAILS)], &Settings::default());
    let table = compiled
        .table
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let mut theirs = Vec::new();
    for (number, to) in ASKED.iter().enumerate() {
        let (mut client, reply) = rcpt(port, to);
        if reply.code == 250 {
            let token = format!("detail{number}x");
            assert_eq!(client.message(&token).expect("a reply").code, 250, "{to}");
            theirs.push(token);
        } else {
            theirs.push(bare(&reply, to));
        }
    }
    sendmail.drain().unwrap();
    for (to, theirs) in ASKED.iter().zip(theirs) {
        let copies: Vec<_> = sink
            .copies(&theirs)
            .into_iter()
            .map(|copy| String::from_utf8_lossy(&copy.address).into_owned())
            .collect();
        let theirs = if copies.is_empty() {
            theirs
        } else {
            copies.join(" ")
        };
        assert_eq!(decided(&table, to), theirs, "{to}");
    }
}
