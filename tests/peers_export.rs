//! Exported maps behind the real MTAs, without readdress: the MTAs do what the table decides.
//!
//! For rules that a map cannot express, the export says what to do instead. The tests try that as well.

mod support;

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use readdress::engine::{Settings, SourceText, Table, address::Domain, compile};
use readdress::export::{self, ExportFormat, Exported};
use support::folder::Folder;
use support::peers::{self, Door};
use support::postfix::Postfix;
use support::sendmail::{Plan, Sendmail};
use support::sink::Sink;
use support::smtp::{Client, Reply};

const RULES: &str = "\
company.com          primary  unknown=reject
domain2.com          secondary
jd@domain2.com       jdoe@company.com
sales@domain2.com    anna@company.com, bob@company.com
one@domain2.com      anna@company.com
old+*@domain2.com    new+*@company.com
leaked@domain2.com   reject 550 5.7.1 \"Has left the company\"
trap@domain2.com     discard
jdoe@company.com     mailbox
anna@company.com     mailbox
bob@company.com      mailbox
new@company.com      mailbox
";

struct World {
    sources: [SourceText; 1],
    table: Table,
}

impl World {
    fn new() -> Self {
        let sources = [SourceText::new("10.rules", RULES)];
        let compiled = compile(&sources, &Settings::default());
        let table = compiled.table.expect("a table");
        Self { sources, table }
    }

    fn export(&self, format: ExportFormat) -> Exported {
        let domain = Domain::parse("domain2.com").expect("a domain");
        let domain = (format == ExportFormat::Generic).then_some(&domain);
        export::export(&self.table, &self.sources, format, domain)
    }

    /// Writes an export into a folder.
    fn save(&self, format: ExportFormat, folder: &Folder) -> PathBuf {
        let path = folder.join(format.word());
        fs::write(&path, self.export(format).text).expect("an export");
        path
    }

    /// Returns the lines that the help for a rule tells to write, and the file for them.
    fn told(&self, format: ExportFormat, rule: &str) -> String {
        let found = self.export(format).diagnostics;
        let of_rule = found.iter().find(|f| f.excerpt.text.starts_with(rule));
        let help = of_rule.and_then(|found| found.help.clone()).expect("help");
        let told = help.split('`').nth(1).expect("something in quotes");
        told.to_owned()
    }
}

/// Sends one message to one recipient. Returns the answers to RCPT and to the end of the message.
fn send(port: u16, from: &str, to: &str, token: &str) -> (Reply, Option<Reply>) {
    let mut client = Client::greet(Ipv4Addr::LOCALHOST, port).expect("a greeting");
    let mail = format!("MAIL FROM:<{from}>");
    client.command(mail.as_bytes()).expect("a reply");
    let rcpt = format!("RCPT TO:<{to}>");
    let reply = client.command(rcpt.as_bytes()).expect("a reply");
    let end = (reply.code == 250).then(|| client.message(token).expect("a reply"));
    (reply, end)
}

fn addresses(sink: &Sink, token: &str) -> Vec<String> {
    let copies = sink.copies(token);
    let mut all: Vec<_> = copies
        .iter()
        .map(|copy| String::from_utf8_lossy(&copy.address).into_owned())
        .collect();
    all.sort();
    all
}

/// The recipients of the secondary domain, and who gets their mail.
const DELIVERED: [(&str, &str, &[&str]); 4] = [
    ("single", "JD@Domain2.com", &["jdoe@company.com"]),
    ("detail", "jd+tag@domain2.com", &["jdoe+tag@company.com"]),
    (
        "several",
        "sales@domain2.com",
        &["anna@company.com", "bob@company.com"],
    ),
    ("primary", "anna@company.com", &["anna@company.com"]),
];

#[test]
fn postfix_with_exported_maps_does_what_the_table_says() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (world, folder, sink) = (World::new(), Folder::new("export"), Sink::start());
    let map = |format| world.save(format, &folder).display().to_string();
    let text = |name: &str, line: &str| {
        let path = folder.join(name);
        fs::write(&path, format!("{line}\n")).expect("a map");
        path.display().to_string()
    };
    let extra = format!(
        "recipient_delimiter = +\n\
         virtual_alias_maps = texthash:{}\n\
         relay_recipient_maps = texthash:{}\n\
         transport_maps = texthash:{}\n\
         smtpd_recipient_restrictions = check_recipient_access texthash:{}, permit_mynetworks, reject_unauth_destination\n",
        map(ExportFormat::Virtual),
        map(ExportFormat::Recipients),
        text("transport", &world.told(ExportFormat::Virtual, "trap@")),
        text("access", &world.told(ExportFormat::Virtual, "leaked@")),
    );
    let doors = vec![Door::new(&[])];
    let postfix = Postfix::start(&cache, doors, sink.port, &["company.com"], &extra);
    let port = postfix.doors[0].port;
    for (token, to, _) in DELIVERED {
        let (reply, end) = send(port, "s@sender.example", to, token);
        assert!(end.is_some_and(|end| end.code == 250), "{to}: {reply}");
    }
    for (to, wanted) in [
        ("nosuch@domain2.com", "550 5.1.1 "),
        ("nosuch@company.com", "550 5.1.1 "),
    ] {
        let (reply, _) = send(port, "s@sender.example", to, "refused");
        assert!(reply.to_string().starts_with(wanted), "{to}: {reply}");
    }
    let (reply, _) = send(port, "s@sender.example", "leaked@domain2.com", "refused");
    let reply = reply.to_string();
    assert!(
        reply.starts_with("550 5.7.1 ") && reply.contains("Has left"),
        "{reply}"
    );
    let (reply, end) = send(port, "s@sender.example", "trap@domain2.com", "trapped");
    assert!(end.is_some_and(|end| end.code == 250), "{reply}");
    postfix.drain().unwrap();
    for (token, to, wanted) in DELIVERED {
        assert_eq!(addresses(&sink, token), wanted, "{to}");
    }
    assert_eq!(addresses(&sink, "trapped"), [""; 0]);
}

/// The reverse map is for mail that leaves. Inbound mail that goes on by SMTP is exempt, as the head of the export
/// says.
#[test]
fn postfix_shows_the_secondary_address_in_replies_alone() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (world, folder, sink) = (World::new(), Folder::new("export"), Sink::start());
    let map = world.save(ExportFormat::Generic, &folder);
    let extra = format!("smtp_generic_maps = texthash:{}\n", map.display());
    let doors = vec![Door::new(&[])];
    let postfix = Postfix::start(&cache, doors, sink.port, &["company.com"], &extra);
    let port = postfix.doors[0].port;
    let (reply, _) = send(port, "s@sender.example", "jdoe@company.com", "inbound");
    assert_eq!(reply.code, 250, "{reply}");
    postfix.submit("jdoe@company.com", "you@elsewhere.example", "outbound");
    postfix.drain().unwrap();
    assert_eq!(addresses(&sink, "inbound"), ["jdoe@company.com"]);
    assert_eq!(addresses(&sink, "outbound"), ["you@elsewhere.example"]);
    let replies = sink.deliveries(|delivery| delivery.header_holds("outbound"));
    assert_eq!(replies[0].sender, b"jd@domain2.com");
}

/// Compiles a source as an administrator does.
fn makemap(cache: &Path, folder: &Folder, source: &Path) {
    let program = cache.join("sendmail/usr/libexec/sendmail/makemap");
    let made = Command::new(program)
        // makemap asks sendmail.cf who may own a map; there is no sendmail.cf here.
        .args(["-C", "/dev/null"])
        .args(["hash".as_ref(), folder.join("virtusers").as_os_str()])
        .stdin(fs::File::open(source).expect("the export"))
        .output()
        .expect("makemap");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success() && said.is_empty(), "makemap: {said}");
}

#[test]
fn sendmail_with_an_exported_virtusertable_does_what_the_table_says() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let (world, folder, sink) = (World::new(), Folder::new("export"), Sink::start());
    let source = world.save(ExportFormat::Virtusertable, &folder);
    makemap(&cache, &folder, &source);
    let extra = format!(
        "FEATURE(`virtusertable', `hash -o {}')dnl\nVIRTUSER_DOMAIN(`domain2.com')dnl\n",
        folder.join("virtusers").display()
    );
    let plan = Plan {
        relayed: &["company.com", "domain2.com"],
        local: &[],
        virtusers: &[],
        virtuser_domain: "",
        extra: &extra,
    };
    let sendmail = Sendmail::start(&cache, vec![Door::new(&[])], sink.port, &plan);
    let port = sendmail.doors[0].port;
    // A virtusertable can give only one address for each line, and the export says so for `sales`.
    assert!(
        world
            .told(ExportFormat::Virtusertable, "sales@")
            .contains("bob@company.com")
    );
    let said = DELIVERED.iter().filter(|(token, ..)| *token != "several");
    let said: Vec<_> = said
        .copied()
        .chain([("named", "old+x@domain2.com", &["new+x@company.com"][..])])
        .collect();
    for (token, to, _) in &said {
        let (reply, end) = send(port, "s@sender.example", to, token);
        assert!(end.is_some_and(|end| end.code == 250), "{to}: {reply}");
    }
    let (reply, _) = send(port, "s@sender.example", "leaked@domain2.com", "refused");
    let reply = reply.to_string();
    assert!(
        reply.starts_with("550 5.7.1 ") && reply.contains("Has left"),
        "{reply}"
    );
    let (reply, _) = send(port, "s@sender.example", "nosuch@domain2.com", "refused");
    assert!(reply.to_string().starts_with("550 5.1.1 "), "{reply}");
    sendmail.drain().unwrap();
    for (token, to, wanted) in said {
        assert_eq!(addresses(&sink, token), wanted, "{to}");
    }
}
