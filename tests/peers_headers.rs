//! Headers behind the real MTAs: the header that the next hop receives with the settings on, compared with the header
//! that the same MTA sends without a milter. Sendmail itself formats lists of addresses anew.

mod support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use support::daemon::Daemon;
use support::folder::free_port;
use support::peers::{self, Door};
use support::postfix::Postfix;
use support::sendmail::{Plan, Sendmail};
use support::sink::Sink;
use support::smtp::Client;

const RULES: &str = "\
company.com       primary
domain2.com       secondary
jd@domain2.com    jdoe@company.com
all@domain2.com   anna@company.com, bob@company.com
@domain2.com      @company.com
";

const ON: &str = "[headers]\nx_original_to = true\nrewrite = true\n";

const DOMAINS: [&str; 2] = ["domain2.com", "company.com"];

/// An MTA with two doors: one with the milter, one without.
struct Peer {
    with: u16,
    without: u16,
    sink: Sink,
    mta: Mta,
    _daemon: Daemon,
}

enum Mta {
    Postfix(Postfix),
    Sendmail(Sendmail),
}

impl Peer {
    fn start(name: &str, config: &str) -> Option<Self> {
        let cache = peers::unpacked()?;
        let (milter, sink) = (free_port(), Sink::start());
        let files = [("10.rules".to_owned(), RULES.to_owned())];
        let daemon = Daemon::start(&files, config, &[milter]);
        let daemon = daemon.unwrap_or_else(|error| panic!("{error}"));
        let milter = format!("inet:127.0.0.1:{milter}");
        let doors = vec![Door::new(&[&milter]), Door::new(&[])];
        let (with, without) = (doors[0].port, doors[1].port);
        let mta = match name {
            "postfix" => Mta::Postfix(Postfix::start(&cache, doors, sink.port, &DOMAINS, "")),
            _ => {
                let plan = Plan {
                    relayed: &DOMAINS,
                    local: &["localhost"],
                    virtusers: &[],
                    virtuser_domain: "",
                    extra: "",
                };
                Mta::Sendmail(Sendmail::start(&cache, doors, sink.port, &plan))
            }
        };
        Some(Self {
            with,
            without,
            sink,
            mta,
            _daemon: daemon,
        })
    }

    /// Sends a message through a door. Returns the header that the next hop receives.
    fn header(&self, port: u16, token: &str, recipients: &[&str], header: &str) -> String {
        let mut client = Client::greet(Ipv4Addr::LOCALHOST, port).expect("a greeting");
        let mut say = |line: &str| client.command(line.as_bytes()).expect("a reply");
        say("MAIL FROM:<s@sender.example>");
        for recipient in recipients {
            let reply = say(&format!("RCPT TO:<{recipient}>"));
            assert_eq!(reply.code, 250, "{recipient}: {reply}");
        }
        say("DATA");
        let text = format!(
            "From: s@sender.example\r\nMessage-ID: <{token}@sender.example>\r\n{header}\r\nHello\r\n."
        );
        let reply = say(&text);
        assert_eq!(reply.code, 250, "{reply}");
        match &self.mta {
            Mta::Postfix(postfix) => postfix.drain(),
            Mta::Sendmail(sendmail) => sendmail.drain(),
        }
        .unwrap_or_else(|error| panic!("{error}"));
        let deliveries = self
            .sink
            .deliveries(|delivery| delivery.header_holds(token));
        let data = String::from_utf8_lossy(&deliveries[0].data).into_owned();
        let (header, _) = data.split_once("\r\n\r\n").expect("a body");
        format!("{header}\r\n")
    }
}

/// Returns the fields of a name as the header has them, folds included.
fn fields(header: &str, name: &str) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for line in header.split_inclusive("\r\n") {
        match (line.starts_with([' ', '\t']), fields.last_mut()) {
            (true, Some(last)) => last.push_str(line),
            _ => fields.push(line.to_owned()),
        }
    }
    let prefix = format!("{}:", name.to_lowercase());
    fields.retain(|field| field.to_lowercase().starts_with(&prefix));
    fields
}

const LISTS: &str = "\
X-Original-To: forged@elsewhere.example\r\n\
To: \"Doe, John\" <jd@domain2.com> (at jd@domain2.com),\r\n\t=?utf-8?q?J=C3=B6rg?= <x@elsewhere.example>\r\n\
Subject: one\r\n\
x-original-to: forged@again.example\r\n\
Cc: Friends: anna@domain2.com, Bob <bob@y.example>;,\r\n all@domain2.com\r\n";

fn swapped(fields: Vec<String>) -> Vec<String> {
    let swap = |field: String| {
        field
            .replace("<jd@domain2.com>", "<jdoe@company.com>")
            .replace("anna@domain2.com", "anna@company.com")
    };
    fields.into_iter().map(swap).collect()
}

fn headers_are_changed(name: &str) {
    let Some(peer) = Peer::start(name, ON) else {
        return;
    };
    let plain = peer.header(peer.without, "plain", &["jd@domain2.com"], LISTS);
    let changed = peer.header(peer.with, "changed", &["JD+x@domain2.com"], LISTS);
    let original = fields(&changed, "X-Original-To");
    assert_eq!(
        original,
        ["X-Original-To: JD+x@domain2.com\r\n"],
        "{changed}"
    );
    for name in ["To", "Cc"] {
        let (was, is) = (fields(&plain, name), fields(&changed, name));
        assert_eq!((was.len(), &is), (1, &swapped(was.clone())), "{changed}");
        assert_ne!(was, is);
    }
    assert_eq!(fields(&changed, "Subject"), ["Subject: one\r\n"]);

    // Two recipients: one may be a blind copy.
    let several = ["jd@domain2.com", "anna@domain2.com"];
    let two = peer.header(peer.with, "two", &several, LISTS);
    assert_eq!(fields(&two, "X-Original-To"), [""; 0], "{two}");

    // Signed fields are left alone: To is signed, Cc is not.
    let signed = format!("DKIM-Signature: v=1; a=rsa-sha256; h=from:\r\n\t To; b=x\r\n{LISTS}");
    let signed = peer.header(peer.with, "signed", &["jd@domain2.com"], &signed);
    assert_eq!(fields(&signed, "To"), fields(&plain, "To"));
    assert_eq!(fields(&signed, "Cc"), fields(&changed, "Cc"));

    // A header that is longer than the former limit for a packet of the protocol. The message passes all the same.
    let long = format!(
        "To: {}jd@domain2.com\r\n",
        "a@b.example,\r\n\t".repeat(2000)
    );
    let long = peer.header(peer.with, "long", &["jd@domain2.com"], &long);
    assert!(!fields(&long, "To").is_empty());
}

#[test]
fn postfix_hands_on_what_was_changed() {
    headers_are_changed("postfix");
}

#[test]
fn sendmail_hands_on_what_was_changed() {
    headers_are_changed("sendmail");
}

/// Returns what the daemon requests from an MTA that offers everything: actions and protocol bits.
fn negotiated(config: &str) -> (u32, u32) {
    let port = free_port();
    let daemon = Daemon::start(
        &[("10.rules".to_owned(), RULES.to_owned())],
        config,
        &[port],
    );
    let _daemon = daemon.unwrap_or_else(|error| panic!("{error}"));
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the milter's port");
    let offer = [13_u32, 0x0000_01ff, 0x001f_ffff].map(u32::to_be_bytes);
    let offer = [
        &offer[0][..],
        b"O",
        &6_u32.to_be_bytes(),
        &offer[1],
        &offer[2],
    ]
    .concat();
    stream.write_all(&offer).expect("the offer");
    let mut reply = [0; 17];
    stream.read_exact(&mut reply).expect("the reply");
    let word = |at: usize| u32::from_be_bytes(reply[at..at + 4].try_into().expect("four bytes"));
    assert_eq!(reply[4], b'O');
    (word(9), word(13))
}

const NO_HEADER: u32 = 0x20;
const NO_EOH: u32 = 0x40;
const NO_BODY: u32 = 0x10;
const HEADER_ACTIONS: u32 = 0x01 | 0x10;

#[test]
fn no_header_crosses_the_socket_unless_it_is_wanted() {
    let (actions, protocol) = negotiated("");
    assert_eq!(actions & HEADER_ACTIONS, 0);
    assert_eq!(
        protocol & (NO_HEADER | NO_EOH | NO_BODY),
        NO_HEADER | NO_EOH | NO_BODY
    );
    for config in [ON, "[headers]\nrewrite = true\n"] {
        let (actions, protocol) = negotiated(config);
        assert_eq!(actions & HEADER_ACTIONS, HEADER_ACTIONS);
        assert_eq!(protocol & (NO_HEADER | NO_EOH | NO_BODY), NO_EOH | NO_BODY);
    }
    let observed = format!("mode = \"observe\"\n{ON}");
    assert_eq!(negotiated(&observed).1 & NO_HEADER, NO_HEADER);
}

#[test]
fn without_the_settings_nothing_is_changed() {
    for name in ["postfix", "sendmail"] {
        let Some(peer) = Peer::start(name, "") else {
            return;
        };
        let plain = peer.header(peer.without, "plain", &["jd@domain2.com"], LISTS);
        let through = peer.header(peer.with, "through", &["jd@domain2.com"], LISTS);
        for name in ["To", "Cc", "X-Original-To"] {
            assert_eq!(fields(&plain, name), fields(&through, name));
        }
    }
}
