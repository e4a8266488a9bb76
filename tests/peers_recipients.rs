//! The MTA and the milter use one table: a saved file changes recipient checks and rewriting together, without a
//! command in between. No spelling of an address makes the MTA a relay. Postfix runs in a chroot.
//!
//! Postfix: a static `relay_domains` and one `relay_recipient_maps` line. Sendmail: the ruleset
//! `Local_check_rcpt`, which asks the same maps.

mod support;

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::chown;
use std::path::Path;

use support::daemon::Daemon;
use support::folder::{Folder, free_port};
use support::peers::{self, Door};
use support::postfix::Postfix;
use support::sendmail::{Plan, Sendmail};
use support::sink::Sink;
use support::smtp::{Client, Reply};

const RULES: &str = "\
company.com         primary  unknown=reject
domain2.com         secondary
postmaster@*        jdoe@company.com
jd@domain2.com      jdoe@company.com
jdoe@company.com    mailbox
anna@company.com    mailbox
";

/// Every address at domain2.com whose user exists at company.com.
const WHOLE_DOMAIN: &str = "@domain2.com  @company.com\n";

/// A client that neither MTA trusts.
const OUTSIDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// What asks the maps, and lets in whom they know.
const RULESET: &str = "\
LOCAL_RULESETS
SLocal_check_rcpt
R$*\t$: $>canonify $1
R$* < @ $+ >\t$: $1 < @ $2 . >
R$* < @ $+ . . >\t$: $1 < @ $2 . >
R$+ < @ $+ . >\t$: <$(domains $2 $: NO $)> $1 @ $2
R<$* <TMPF>> $*\t$#error $@ 4.3.0 $: \"451 temporary lookup failure\"
R<NO> $*\t$@ $1
R<$*> $+ @ $+\t$: <$(recipients $2@$3 $: NO $)> $2 @ $3
R<$* <TMPF>> $*\t$#error $@ 4.3.0 $: \"451 temporary lookup failure\"
R<NO> $*\t$#error $@ 5.1.1 $: \"550 User unknown\"
R<$+> $+ @ $+\t$# OK
";

/// A daemon with both listeners on free ports.
struct Both {
    daemon: Daemon,
    milter: u16,
    map: u16,
}

impl Both {
    /// The tests take away addresses that just got mail, which the guard would hold back.
    fn start(rules: &str) -> Self {
        Self::configured("10.rules", rules, "[traffic]\nmax_refused = 100\n")
    }

    /// Starts a daemon with a rules file of another name, and with more configuration.
    fn configured(file: &str, rules: &str, config: &str) -> Self {
        let (milter, map) = (free_port(), free_port());
        let files = [(file.to_owned(), rules.to_owned())];
        let config = format!("[socketmap]\nlisten = [\"inet:127.0.0.1:{map}\"]\n{config}");
        let daemon = Daemon::start(&files, &config, &[milter]);
        Self {
            daemon: daemon.unwrap_or_else(|error| panic!("{error}")),
            milter,
            map,
        }
    }

    fn door(&self) -> Door {
        Door::new(&[&format!("inet:127.0.0.1:{}", self.milter)])
    }

    fn save(&self, rules: &str) {
        let saved = self.daemon.edit("10.rules", rules);
        saved.unwrap_or_else(|error| panic!("{error}"));
    }

    fn postfix(&self, cache: &Path, sink: &Sink) -> Postfix {
        let map = format!("socketmap:inet:127.0.0.1:{}:recipients", self.map);
        let extra = format!("relay_recipient_maps = {map}\n");
        let domains = ["domain2.com", "company.com"];
        Postfix::start(cache, vec![self.door()], sink.port, &domains, &extra)
    }

    fn sendmail(&self, cache: &Path, sink: &Sink, local: &[&str]) -> Sendmail {
        let map = |name| format!("K{name} socket -T<TMPF> inet:{}@127.0.0.1\n", self.map);
        let extra = format!(
            "LOCAL_CONFIG\n{}{}{RULESET}",
            map("domains"),
            map("recipients")
        );
        let plan = Plan {
            relayed: &[],
            local,
            virtusers: &[],
            virtuser_domain: "",
            extra: &extra,
        };
        Sendmail::start(cache, vec![self.door()], sink.port, &plan)
    }
}

/// Sends one message to one recipient from a stranger. Returns the answer to RCPT, and the last answer.
fn send(port: u16, to: &str, token: &str) -> (Reply, Option<Reply>) {
    let mut client = Client::begin(OUTSIDER, port, "");
    let rcpt = format!("RCPT TO:<{to}>");
    let reply = client.command(rcpt.as_bytes()).expect("a reply");
    let end = (reply.code == 250).then(|| client.message(token).expect("a reply"));
    (reply, end)
}

fn addresses(sink: &Sink, token: &str) -> Vec<String> {
    let copies = sink.copies(token).into_iter();
    copies
        .map(|copy| String::from_utf8_lossy(&copy.address).into_owned())
        .collect()
}

fn delivers(port: u16, to: &str, token: &str) {
    let (reply, end) = send(port, to, token);
    assert!(end.is_some_and(|end| end.code == 250), "{to}: {reply}");
}

fn refuses(port: u16, to: &str) {
    let (reply, _) = send(port, to, "refused");
    assert!(reply.to_string().starts_with("550 5.1.1 "), "{to}: {reply}");
}

/// An address is added and removed while the MTA runs; no command is needed.
fn one_save_changes_all(both: &Both, port: u16, sink: &Sink, drain: &dyn Fn()) {
    refuses(port, "new@domain2.com");
    both.save(&format!("{RULES}new@domain2.com  anna@company.com\n"));
    delivers(port, "new@domain2.com", "added");
    delivers(port, "New+Tag@domain2.com", "detailed");
    both.save(RULES);
    refuses(port, "new@domain2.com");
    delivers(port, "jd@domain2.com", "stayed");
    // The list of mailboxes is checked as well.
    refuses(port, "max@company.com");
    both.save(&format!("{RULES}max@company.com mailbox m@domain2.com\n"));
    delivers(port, "m@domain2.com", "mailbox");
    drain();
    assert_eq!(addresses(sink, "added"), ["anna@company.com"]);
    assert_eq!(addresses(sink, "detailed"), ["anna+Tag@company.com"]);
    assert_eq!(addresses(sink, "stayed"), ["jdoe@company.com"]);
    assert_eq!(addresses(sink, "mailbox"), ["max@company.com"]);
}

/// All rules are lost, in two ways: the MTA asks the maps and the milter, and gets the same answers as before.
fn lost_rules_change_nothing(both: &Both, port: u16, sink: &Sink, drain: &dyn Fn()) {
    let emptied = both.daemon.break_rules("10.rules", "");
    emptied.unwrap_or_else(|error| panic!("{error}"));
    delivers(port, "jd@domain2.com", "emptied");
    refuses(port, "nosuch@domain2.com");
    let (rules, moved) = (
        both.daemon.rules(),
        both.daemon.rules().with_extension("moved"),
    );
    fs::rename(&rules, &moved).expect("a rename");
    let said = "the rules directory does not exist any more";
    both.daemon
        .says(said)
        .unwrap_or_else(|error| panic!("{error}"));
    delivers(port, "jd@domain2.com", "vanished");
    refuses(port, "nosuch@domain2.com");
    fs::rename(&moved, &rules).expect("a rename");
    both.save(&format!("{RULES}new@domain2.com  anna@company.com\n"));
    delivers(port, "new@domain2.com", "back");
    drain();
    assert_eq!(addresses(sink, "emptied"), ["jdoe@company.com"]);
    assert_eq!(addresses(sink, "vanished"), ["jdoe@company.com"]);
    assert_eq!(addresses(sink, "back"), ["anna@company.com"]);
}

#[test]
fn postfix_follows_every_save() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (both, sink) = (Both::start(RULES), Sink::start());
    let postfix = both.postfix(&cache, &sink);
    let drain = || postfix.drain().unwrap();
    one_save_changes_all(&both, postfix.doors[0].port, &sink, &drain);
    lost_rules_change_nothing(&both, postfix.doors[0].port, &sink, &drain);
}

#[test]
fn sendmail_follows_every_save() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (both, sink) = (Both::start(RULES), Sink::start());
    let sendmail = both.sendmail(&cache, &sink, &["localhost"]);
    let drain = || sendmail.drain().unwrap();
    one_save_changes_all(&both, sendmail.doors[0].port, &sink, &drain);
    lost_rules_change_nothing(&both, sendmail.doors[0].port, &sink, &drain);
}

/// Old ways to write a route through a host, with a rule for every address of the domain.
const ROUTES: [&str; 8] = [
    "victim%elsewhere.example@domain2.com",
    "elsewhere.example!victim@domain2.com",
    "\"victim@elsewhere.example\"@domain2.com",
    "victim%elsewhere.example%company.com@domain2.com",
    "victim%elsewhere.example@company.com",
    "\"victim@elsewhere.example\"@company.com",
    "@domain2.com:victim@elsewhere.example",
    "victim@elsewhere.example",
];

fn relays_nothing(port: u16, sink: &Sink, drain: &dyn Fn()) {
    for route in ROUTES {
        let (reply, _) = send(port, route, "relayed");
        assert!(reply.code >= 400, "{route}: {reply}");
    }
    // Mail still passes, so the refusals above have another reason.
    delivers(port, "anna@domain2.com", "sound");
    drain();
    assert_eq!(addresses(sink, "sound"), ["anna@company.com"]);
    assert_eq!(addresses(sink, "relayed"), [""; 0]);
}

#[test]
fn no_spelling_relays_through_postfix() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let rules = format!("{RULES}{WHOLE_DOMAIN}");
    let (both, sink) = (Both::start(&rules), Sink::start());
    let postfix = both.postfix(&cache, &sink);
    let drain = || postfix.drain().unwrap();
    relays_nothing(postfix.doors[0].port, &sink, &drain);
}

#[test]
fn no_spelling_relays_through_sendmail() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let rules = format!("{RULES}{WHOLE_DOMAIN}");
    let (both, sink) = (Both::start(&rules), Sink::start());
    let sendmail = both.sendmail(&cache, &sink, &["localhost"]);
    let drain = || sendmail.drain().unwrap();
    relays_nothing(sendmail.doors[0].port, &sink, &drain);
}

/// The table distinguishes upper and lower case, and the MTA asks in lower case.
const CASE: &str = "\
company.com         primary  unknown=reject
domain2.com         secondary
postmaster@*        JDoe@company.com
@domain2.com        @company.com
JD@domain2.com      JDoe@company.com
jd@domain2.com      anna@company.com
Kim@domain2.com     anna@company.com
JDoe@company.com    mailbox
anna@company.com    mailbox
";

fn letter_case_counts(port: u16, sink: &Sink, drain: &dyn Fn()) {
    delivers(port, "JD@domain2.com", "upper");
    delivers(port, "jd@domain2.com", "lower");
    delivers(port, "Kim+Tag@domain2.com", "detail");
    delivers(port, "JDoe@domain2.com", "whole-domain");
    delivers(port, "JDoe@company.com", "primary");
    // The map says that the address exists in some spelling of upper and lower case; the milter knows in which.
    for unknown in ["kim@domain2.com", "jdoe@domain2.com", "nosuch@domain2.com"] {
        refuses(port, unknown);
    }
    drain();
    for (token, to) in [
        ("upper", "JDoe@company.com"),
        ("lower", "anna@company.com"),
        ("detail", "anna+Tag@company.com"),
        ("whole-domain", "JDoe@company.com"),
        ("primary", "JDoe@company.com"),
    ] {
        assert_eq!(addresses(sink, token), [to], "{token}");
    }
}

#[test]
fn letter_case_counts_although_postfix_asks_in_lower_case() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let config = "[rewrite]\nlocal_part_case = \"strict\"\n";
    let (both, sink) = (Both::configured("10.rules", CASE, config), Sink::start());
    let postfix = both.postfix(&cache, &sink);
    let drain = || postfix.drain().unwrap();
    letter_case_counts(postfix.doors[0].port, &sink, &drain);
}

#[test]
fn letter_case_counts_although_sendmail_asks_in_lower_case() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let config = "[rewrite]\nlocal_part_case = \"strict\"\n";
    let (both, sink) = (Both::configured("10.rules", CASE, config), Sink::start());
    let sendmail = both.sendmail(&cache, &sink, &["localhost"]);
    let drain = || sendmail.drain().unwrap();
    letter_case_counts(sendmail.doors[0].port, &sink, &drain);
}

/// A map of an MTA forwards an address to a foreign domain: mail for that address goes there, and no stranger may send
/// to that domain.
fn forwards_and_relays_nothing(port: u16, sink: &Sink, drain: &dyn Fn()) {
    for others in ["joe@gmail.com", "anybody@gmail.com"] {
        let (reply, _) = send(port, others, "relayed");
        assert!(reply.code >= 400, "{others}: {reply}");
    }
    delivers(port, "joe@oldacme.org", "forwarded");
    // The MTA decides which other addresses exist there.
    delivers(port, "unknown@oldacme.org", "kept");
    drain();
    assert_eq!(addresses(sink, "forwarded"), ["joe@gmail.com"]);
    assert_eq!(addresses(sink, "kept"), ["unknown@oldacme.org"]);
}

const FORWARD: &str = "joe@oldacme.org  joe@gmail.com\n";

#[test]
fn postfix_accepts_no_mail_for_the_domain_of_a_target() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (both, sink) = (Both::configured("a.virtual", FORWARD, ""), Sink::start());
    // The broadest list that can be made from the table: both domains of the file.
    let map = format!("socketmap:inet:127.0.0.1:{}", both.map);
    let extra = format!("relay_domains = {map}:domains\nrelay_recipient_maps = {map}:recipients\n");
    let postfix = Postfix::start(&cache, vec![both.door()], sink.port, &[], &extra);
    let drain = || postfix.drain().unwrap();
    forwards_and_relays_nothing(postfix.doors[0].port, &sink, &drain);
}

#[test]
fn sendmail_accepts_no_mail_for_the_domain_of_a_target() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (both, sink) = (Both::configured("a.virtual", FORWARD, ""), Sink::start());
    let sendmail = both.sendmail(&cache, &sink, &["localhost"]);
    let drain = || sendmail.drain().unwrap();
    forwards_and_relays_nothing(sendmail.doors[0].port, &sink, &drain);
}

/// Sendmail then takes an address and its target for one recipient; one copy is delivered.
#[test]
fn sendmail_with_both_domains_in_class_w_delivers() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let rules = format!("{RULES}{WHOLE_DOMAIN}");
    let (both, sink) = (Both::start(&rules), Sink::start());
    let local = ["localhost", "domain2.com", "company.com"];
    let sendmail = both.sendmail(&cache, &sink, &local);
    let port = sendmail.doors[0].port;
    // Local users that exist on every machine.
    both.save(&format!("{rules}mail@company.com mailbox\n"));
    delivers(port, "mail@domain2.com", "class-w");
    refuses(port, "nosuch@domain2.com");
    sendmail.drain().unwrap();
    let copies = sendmail.local_copies("class-w");
    assert_eq!(copies.len(), 1);
    assert_eq!(copies[0].address, b"mail");
}

/// Debian's smtpd runs in a chroot, the queue directory. Either proxymap, which runs without a chroot, asks for it, or
/// the socket is in the queue directory.
#[test]
fn a_chrooted_smtpd_asks_through_proxymap_and_through_the_spool() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (milter, sink, folder) = (free_port(), Sink::start(), Folder::new("chroot"));
    let sockets = ["outside.sock", "inside.sock"].map(|name| folder.join(name));
    let files = [("10.rules".to_owned(), RULES.to_owned())];
    let listen = sockets
        .each_ref()
        .map(|path| format!("\"unix:{}\"", path.display()));
    let config = format!("[socketmap]\nlisten = [{}]\n", listen.join(", "));
    let daemon = Daemon::start(&files, &config, &[milter]);
    let _daemon = daemon.unwrap_or_else(|error| panic!("{error}"));
    for socket in &sockets {
        // The group of mail_owner, as `postfix` is on Debian.
        chown(socket, None, Some(8)).expect("chgrp mail");
    }
    let [outside, inside] = sockets;
    for (token, map) in [
        (
            "proxymap",
            format!("proxy:socketmap:unix:{}:recipients", outside.display()),
        ),
        (
            "spool",
            "socketmap:unix:readdress/map.sock:recipients".to_owned(),
        ),
    ] {
        let door = Door::new(&[&format!("inet:127.0.0.1:{milter}")]).chrooted();
        let extra = format!("relay_recipient_maps = {map}\n");
        let domains = ["domain2.com", "company.com"];
        let postfix = Postfix::start(&cache, vec![door], sink.port, &domains, &extra);
        if token == "spool" {
            let place = postfix.spool().join("readdress");
            fs::create_dir(&place).expect("a folder in the spool");
            fs::rename(&inside, place.join("map.sock")).expect("the socket in the spool");
        }
        let port = postfix.doors[0].port;
        delivers(port, "jd@domain2.com", token);
        refuses(port, "nosuch@domain2.com");
        postfix.drain().unwrap();
        assert_eq!(addresses(&sink, token), ["jdoe@company.com"], "{map}");
    }
}

/// The notification of success that the sender requested names the address that the sender wrote, and the address that
/// got the mail.
fn success_is_told(sink: &Sink, port: u16, to: &str, drain: &dyn Fn(), action: &str) {
    let mut client = Client::greet(OUTSIDER, port).expect("a greeting");
    let rcpt = format!("RCPT TO:<{to}> NOTIFY=SUCCESS");
    for command in ["MAIL FROM:<s@sender.example> RET=HDRS", &rcpt] {
        let reply = client.command(command.as_bytes()).expect("a reply");
        assert_eq!(reply.code, 250, "{command}: {reply}");
    }
    client.message("success").expect("a reply");
    drain();
    let told = sink.deliveries(|delivery| delivery.holds(&format!("Action: {action}")));
    assert_eq!(told.len(), 1, "{action}");
    assert_eq!(told[0].copies[0].address, b"s@sender.example");
    assert!(told[0].sender.is_empty());
    assert!(told[0].holds(&format!("Original-Recipient: rfc822;{to}")));
}

#[test]
fn postfix_tells_of_a_success_where_the_next_hop_cannot() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (both, sink) = (Both::start(RULES), Sink::start());
    let extra = "smtp_discard_ehlo_keywords = dsn\n";
    let domains = ["domain2.com", "company.com"];
    let postfix = Postfix::start(&cache, vec![both.door()], sink.port, &domains, extra);
    let drain = || postfix.drain().unwrap();
    success_is_told(
        &sink,
        postfix.doors[0].port,
        "jd@domain2.com",
        &drain,
        "relayed",
    );
}

#[test]
fn sendmail_tells_of_a_success_of_its_own() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let rules = format!("{RULES}mail@company.com mailbox m@domain2.com\n");
    let (both, sink) = (Both::start(&rules), Sink::start());
    let sendmail = both.sendmail(&cache, &sink, &["localhost", "company.com"]);
    let drain = || sendmail.drain().unwrap();
    success_is_told(
        &sink,
        sendmail.doors[0].port,
        "m@domain2.com",
        &drain,
        "delivered",
    );
}
