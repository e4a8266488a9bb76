//! The lines of `doctor --print` in a real Postfix and a real Sendmail: a stranger can send to addresses of the
//! table, and
//! every other address is refused.
//!
//! The addresses are those of nmap's smtp-open-relay, old routes at the table's domains, literals, quotes and
//! escapes,
//! and domains that a look-up finds or does not find.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use crate::machine::{Machine, Mta};
use crate::readme;
use crate::support::peers::{self, Door};
use crate::support::postfix::Postfix;
use crate::support::sendmail::{Names, Plan, Sendmail};
use crate::support::sink::Sink;
use crate::support::smtp::Client;

/// Everybody who exists is listed.
const CLOSED: &str = "\
company.com primary unknown=reject
domain2.com secondary
@domain2.com @company.com
jd@domain2.com jdoe@company.com
postmaster@* postmaster@company.com
abuse@* postmaster@company.com
jdoe@company.com mailbox
postmaster@company.com mailbox
";

/// Every address exists as far as the table knows.
const OPEN: &str = "\
company.com primary
domain2.com secondary
@domain2.com @company.com
@*.domain2.com @company.com
jd@domain2.com jdoe@company.com
/(\\w+)\\.(.*)@domain2\\.com/ jdoe@company.com
";

/// A directory without domain lines, whose target is in an external domain.
const UNDECLARED: &str = "\
@domain2.com @elsewhere.example
jd@domain2.com jdoe@company.com
jdoe@company.com mailbox
";

/// Domains elsewhere. A look-up finds only the first.
const FOREIGN: [&str; 2] = ["elsewhere.example", "nowhere.example"];

/// The name of the MTA and the table's domains: hosts through which a route may lead.
const HOSTS: [&str; 4] = [
    "domain2.com",
    "company.com",
    "mx.company.test",
    "sub.domain2.com",
];

/// Everything that must be refused.
fn foreign_forms() -> Vec<String> {
    let mut forms = Vec::new();
    for foreign in FOREIGN {
        forms.extend(plain(foreign));
        for host in HOSTS {
            forms.extend(through(foreign, host));
        }
        for literal in [
            "[127.0.0.1]",
            "[203.0.113.9]",
            "[IPv6:::1]",
            "[IPv6:2001:db8::7]",
        ] {
            forms.extend(through(foreign, literal));
        }
    }
    let literals = [
        "victim@[203.0.113.9]",
        "victim@[IPv6:2001:db8::7]",
        "\"victim\"@[203.0.113.9]",
        "victim@203.0.113.9",
        "victim@#3405803785",
        "victim@*",
        "victim@.",
        "victim@com",
        "victim@*.domain2.com",
        "victim@domain2.com.elsewhere.example",
        "victim@xdomain2.com",
    ];
    forms.extend(literals.map(str::to_owned));
    forms
}

/// Returns the forms without one of these hosts.
fn plain(foreign: &str) -> Vec<String> {
    let name = foreign.split('.').next().unwrap_or_default();
    let escaped = foreign.replace('.', "\\.");
    vec![
        format!("victim@{foreign}"),
        format!("VICTIM@{}", foreign.to_uppercase()),
        format!("victim@{foreign}."),
        format!("victim@{foreign}.."),
        format!("victim@sub.{foreign}"),
        format!("victim%{foreign}"),
        format!("\"victim@{foreign}\""),
        format!("\"victim%{foreign}\""),
        format!("\"vic\\@tim@{foreign}\""),
        format!("\"vic tim\"@{foreign}"),
        format!("victim@\"{foreign}\""),
        format!("victim@{escaped}"),
        format!("v\\ictim@{foreign}"),
        format!("victim\\@{foreign}"),
        format!("{foreign}!victim"),
        format!("{foreign}!victim@{foreign}"),
        format!("{name}!victim"),
        format!("{foreign}::victim"),
        format!("victim(jd@domain2.com)@{foreign}"),
        format!("victim@{foreign}(domain2.com)"),
        format!("victim @ {foreign}"),
        format!("<victim@{foreign}>"),
        format!("victim+jd@{foreign}"),
    ]
}

/// Returns the forms with one of these hosts, or with a literal.
fn through(foreign: &str, host: &str) -> Vec<String> {
    vec![
        format!("victim%{foreign}@{host}"),
        format!("victim%{foreign}%{host}"),
        format!("victim%{foreign}%company.com@{host}"),
        format!("victim@{foreign}@{host}"),
        format!("victim@{foreign}%{host}"),
        format!("\"victim@{foreign}\"@{host}"),
        format!("\"victim%{foreign}\"@{host}"),
        format!("\"vic\\@tim@{foreign}\"@{host}"),
        format!("\"{foreign}!victim\"@{host}"),
        format!("victim\\@{foreign}@{host}"),
        format!("victim\\%{foreign}@{host}"),
        format!("VICTIM%{}@{}", foreign.to_uppercase(), host.to_uppercase()),
        format!("victim%{foreign}@{host}."),
        format!("jd+victim%{foreign}@{host}"),
        format!("{foreign}!victim@{host}"),
        format!("{host}!victim@{foreign}"),
        format!("{host}!{foreign}!victim"),
        format!("{foreign}!victim%{host}@{host}"),
        format!("@{host}:victim@{foreign}"),
        format!("@{host},@company.com:victim@{foreign}"),
        format!("@{foreign}:victim@{foreign}"),
        format!("@{host}:victim%{foreign}@{host}"),
        format!("@{host}:\"victim@{foreign}\"@{host}"),
        format!("@{foreign}:{foreign}!victim@{host}"),
        format!("<jd@{host}>,<victim@{foreign}>"),
        format!("jd@{host}, victim@{foreign}"),
        format!("victim@{foreign}\0@{host}"),
    ]
}

/// Senders that nmap tries as well: nobody, us, the server itself.
const SENDERS: [&str; 4] = ["s@sender.example", "", "jdoe@company.com", "s@[127.0.0.1]"];

/// Spellings of addresses that exist in every table here.
const OURS: [&str; 5] = [
    "jd@domain2.com",
    "JD+x@Domain2.COM",
    "\"jd\"@domain2.com",
    "jd@domain2.com.",
    "jdoe@company.com",
];

/// A stranger, who tries all forms.
struct Outsider<'s> {
    name: String,
    source: Ipv4Addr,
    port: u16,
    sink: &'s Sink,
    /// Where the MTA logs, if it does.
    log: Option<PathBuf>,
}

impl Outsider<'_> {
    fn rcpt(&self, client: &mut Client, form: &str) -> String {
        let command = format!("RCPT TO:<{form}>");
        let reply = client.command(command.as_bytes());
        let reply = reply.unwrap_or_else(|error| panic!("{}: {form}: {error}", self.name));
        reply.to_string()
    }

    fn begin(&self, sender: &str) -> Client {
        let greeted = Client::greet(self.source, self.port).and_then(|mut client| {
            let reply = client.command(format!("MAIL FROM:<{sender}>").as_bytes())?;
            Ok((client, reply))
        });
        let (client, reply) = greeted.unwrap_or_else(|error| {
            let log = self.log.as_deref().map(peers::tail);
            panic!(
                "{}: {sender}: {error}\n{}",
                self.name,
                log.unwrap_or_default()
            )
        });
        assert_eq!(reply.code, 250, "{}: {sender}: {reply}", self.name);
        client
    }

    /// Tries every form, then sends to addresses of the table in the same transaction.
    fn tries(&self, senders: &[&str], unknown: Unknown, drain: impl Fn() -> Result<(), String>) {
        let (mut accepted, forms) = (Vec::new(), foreign_forms());
        for sender in senders {
            let mut client = self.begin(sender);
            for form in &forms {
                let reply = self.rcpt(&mut client, form);
                if reply.starts_with('2') {
                    accepted.push(format!("from <{sender}> to <{form}>: {reply}"));
                }
            }
            for own in OURS {
                let reply = self.rcpt(&mut client, own);
                assert!(reply.starts_with("250 "), "{}: {own}: {reply}", self.name);
            }
            if unknown == Unknown::Refused {
                for nobody in ["nosuch@domain2.com", "nosuch@company.com"] {
                    let reply = self.rcpt(&mut client, nobody);
                    assert!(
                        reply.starts_with("550 5.1.1 "),
                        "{}: {nobody}: {reply}",
                        self.name
                    );
                }
            }
            let reply = client.message("relay").expect("a reply");
            assert_eq!(reply.code, 250, "{}: {reply}", self.name);
        }
        assert!(
            accepted.is_empty(),
            "{}:\n{}",
            self.name,
            accepted.join("\n")
        );
        drain().unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let mut sent: Vec<_> = self
            .sink
            .deliveries(|_| true)
            .into_iter()
            .flat_map(|delivery| delivery.copies)
            .map(|copy| String::from_utf8_lossy(&copy.address).to_lowercase())
            .collect();
        sent.sort();
        sent.dedup();
        let own = |address: &String| {
            let (local, domain) = address.rsplit_once('@').unwrap_or_default();
            !local.contains(['%', '!', '@']) && ["company.com", "domain2.com"].contains(&domain)
        };
        assert!(sent.iter().all(own), "{}: {sent:?}", self.name);
        assert!(sent.len() > 1, "{}: {sent:?}", self.name);
    }
}

/// What the MTA does with addresses that no rule matches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unknown {
    Refused,
    Taken,
}

/// A machine with these rules, in this mode, with the socketmap or without.
fn machine(mta: Mta, (rules, mode, map): (&str, &str, bool)) -> Machine {
    let mut machine = Machine::new(mta);
    machine.rules = rules.to_owned();
    machine.configure("rules = ", &format!("mode = \"{mode}\"\nrules = "));
    if !map {
        machine.configure("[socketmap]\nlisten = [\"inet:127.0.0.1:{map}\"]\n", "");
    }
    machine.mc = String::new();
    // A Postfix that knows nothing of readdress.
    let lines = machine.main.lines();
    let lines = lines.filter(|line| !line.contains("{m") && !line.starts_with("relay_domains"));
    machine.main = lines.fold(String::new(), |main, line| main + line + "\n");
    machine
}

fn printed(machine: &mut Machine, mta: &str) -> String {
    machine.start();
    let said = machine.diagnose(&["--print", mta]);
    assert_eq!((said.status, &*said.err), (Some(0), ""), "{said:?}");
    said.out
}

/// Rules, mode, socketmap, and what becomes of unknown addresses.
const CASES: [((&str, &str, bool), Unknown); 8] = [
    ((CLOSED, "rewrite", true), Unknown::Refused),
    ((CLOSED, "rewrite", false), Unknown::Refused),
    ((CLOSED, "observe", true), Unknown::Taken),
    ((OPEN, "rewrite", true), Unknown::Taken),
    ((OPEN, "rewrite", false), Unknown::Taken),
    ((OPEN, "observe", true), Unknown::Taken),
    ((OPEN, "observe", false), Unknown::Taken),
    ((UNDECLARED, "rewrite", true), Unknown::Taken),
];

/// Returns every sender for the first case, and one for the others: no restriction here depends on the sender.
fn senders(number: usize) -> &'static [&'static str] {
    if number == 0 { &SENDERS } else { &SENDERS[..1] }
}

#[test]
fn sendmail_relays_nothing_with_what_is_printed() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    for (number, (case, unknown)) in CASES.into_iter().enumerate() {
        let mut machine = machine(Mta::Sendmail, case);
        let lines = printed(&mut machine, "sendmail");
        for (canonify, smart_host) in [(false, true), (true, false), (true, true), (false, false)] {
            let names = Names {
                canonify,
                smart_host,
                routed: &[
                    "company.com",
                    "domain2.com",
                    "elsewhere.example",
                    "nowhere.example",
                ],
                found: &FOREIGN[..1],
            };
            let plan = Plan::of(&[], &lines);
            let sink = Sink::start();
            let sendmail =
                Sendmail::start_with(&cache, vec![Door::new(&[])], sink.port, &plan, names);
            let outsider = Outsider {
                name: format!("case {number}, {names:?}\n{lines}"),
                source: Ipv4Addr::new(127, 0, 0, 2),
                port: sendmail.doors[0].port,
                sink: &sink,
                log: None,
            };
            outsider.tries(senders(number), unknown, || sendmail.drain());
        }
    }
}

#[test]
fn postfix_relays_nothing_with_what_is_printed() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    // Without a smart host in every other case. A Postfix takes seconds to start: not every case.
    for (number, relay_host) in [
        (0, true),
        (1, false),
        (3, false),
        (5, true),
        (6, true),
        (7, false),
    ] {
        let (case, unknown) = CASES[number];
        let mut machine = machine(Mta::Postfix, case);
        let lines = printed(&mut machine, "postfix");
        let extra = if relay_host { "" } else { "relayhost =\n" };
        let sink = Sink::start();
        let doors = vec![Door::new(&[])];
        let postfix = Postfix::start(&cache, doors, sink.port, &[], &format!("{extra}{lines}"));
        let outsider = Outsider {
            name: format!("case {number}\n{extra}{lines}"),
            source: Ipv4Addr::LOCALHOST,
            port: postfix.doors[0].port,
            sink: &sink,
            log: Some(postfix.log()),
        };
        outsider.tries(senders(number), unknown, || postfix.drain());
    }
}

/// The lines of the README name the domains in class R and ask no map. The filter refuses addresses that would
/// route.
#[test]
fn sendmail_relays_nothing_with_the_lines_of_the_readme() {
    let Some(cache) = peers::unpacked() else {
        return;
    };
    let mut machine = machine(Mta::Sendmail, (CLOSED, "rewrite", false));
    machine.start();
    let block = readme::block("FEATURE(`relay_hosts_only')dnl");
    let block = block.replace("8892", &machine.filled("{milter}"));
    // The peer has this feature above its mailers, where it belongs.
    let lines = block
        .lines()
        .filter(|line| !line.contains("relay_hosts_only"));
    let lines = lines.fold(String::new(), |lines, line| lines + line + "\n");
    let plan = Plan::of(&[], &lines);
    let sink = Sink::start();
    let sendmail = Sendmail::start(&cache, vec![Door::new(&[])], sink.port, &plan);
    let outsider = Outsider {
        name: lines,
        source: Ipv4Addr::new(127, 0, 0, 2),
        port: sendmail.doors[0].port,
        sink: &sink,
        log: None,
    };
    outsider.tries(&SENDERS[..1], Unknown::Refused, || sendmail.drain());
}
