//! Real MTAs that run with one mistake: doctor finds it, its commands are run as they are printed, and mail
//! arrives.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::machine::{Machine, Mta, Said, cache};
use crate::support::peers::{self, Door};
use crate::support::postfix::Postfix;
use crate::support::sendmail::{Plan, Sendmail};
use crate::support::sink::Sink;
use crate::support::smtp::Client;

/// The lines of a right Postfix. A case adds lines; the last line of a parameter counts.
const RIGHT: &str = "\
relay_domains = domain2.com, company.com, exämple.test, xn--exmple-cua.test
relay_recipient_maps = socketmap:inet:127.0.0.1:{map}:recipients
smtpd_milters = inet:127.0.0.1:{milter}
non_smtpd_milters = inet:127.0.0.1:{milter}
recipient_delimiter = +
address_verify_poll_delay = 1s
";

/// One mistake in Postfix' configuration.
struct Case {
    codes: &'static [&'static str],
    /// Lines at the end of `main.cf`.
    lines: &'static str,
    /// A file of the machine's folder.
    file: Option<(&'static str, &'static str)>,
    says: &'static [&'static str],
}

const POSTFIX: &[Case] = &[
    Case {
        codes: &["milter-dead"],
        lines: "smtpd_milters = inet:127.0.0.1:{dead}\n",
        file: None,
        says: &["Connection refused"],
    },
    Case {
        codes: &["milter-dead"],
        lines: "smtpd_milters = { inet:127.0.0.1:{dead}, connect_timeout=2s }, inet:127.0.0.1:{milter}\n",
        file: None,
        says: &["Connection refused"],
    },
    Case {
        codes: &["map-dead"],
        lines: "relay_recipient_maps = socketmap:inet:127.0.0.1:{dead}:recipients\n",
        file: None,
        says: &["Connection refused"],
    },
    Case {
        codes: &["map-dead"],
        lines: "transport_maps = proxy:socketmap:inet:127.0.0.1:{dead}:rewrite\n",
        file: None,
        says: &["`transport_maps`"],
    },
    Case {
        codes: &["probe-refused"],
        lines: "smtpd_recipient_restrictions = check_recipient_access texthash:{dir}/access, \
                permit_mynetworks, reject_unauth_destination\n",
        file: Some((
            "access",
            "# old\ndomain2.com REJECT\nother.example REJECT\n",
        )),
        says: &[
            "has `domain2.com REJECT`",
            "554 5.7.1 <jd@domain2.com>: Recipient address rejected",
        ],
    },
    Case {
        codes: &["probe-refused"],
        lines: "smtpd_recipient_restrictions = check_recipient_access static:{550 5.7.1 moved away}, \
                permit_mynetworks, reject_unauth_destination\n",
        file: None,
        says: &["moved away"],
    },
    Case {
        codes: &["probe-refused"],
        lines: "smtpd_relay_restrictions = permit_mynetworks, reject\n",
        file: None,
        says: &["refuses `jdoe@company.com`, `jd@domain2.com`, `jd@xn--exmple-cua.test`"],
    },
    Case {
        codes: &["verifies-recipients"],
        lines: "smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination, \
                reject_unverified_recipient\n",
        file: None,
        says: &[],
    },
    Case {
        codes: &["open-relay"],
        lines: "smtpd_relay_restrictions = check_client_access static:OK, reject_unauth_destination\n\
                smtpd_recipient_restrictions = reject_unlisted_recipient\n",
        file: None,
        says: &["`readdress0doctor@example.com`", "it is an open relay"],
    },
    Case {
        codes: &["open-relay"],
        lines: "mynetworks = 0.0.0.0/0\n",
        file: None,
        says: &["`mynetworks` holds every address"],
    },
];

/// Returns the codes that only a running MTA provokes.
pub fn provoked() -> impl Iterator<Item = &'static str> {
    let cases = POSTFIX.iter().flat_map(|case| case.codes).copied();
    cases.chain(["mta-down", "probe-greylisted", "unknown-accepted"])
}

fn codes(said: &Said) -> BTreeSet<String> {
    let findings = said.findings();
    let codes = findings
        .iter()
        .filter_map(|finding| finding["code"].as_str());
    // An MTA that was only unpacked belongs to other users than an installed one.
    let codes = codes.filter(|code| *code != "mta-check");
    codes.map(str::to_owned).collect()
}

fn wanted(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

const PROBE: &[&str] = &["--probe", "--format", "json"];

struct Running {
    machine: Machine,
    postfix: Postfix,
    sink: Sink,
}

impl Running {
    fn start(case: &Case) -> Self {
        let mut machine = Machine::new(Mta::Postfix);
        machine
            .files
            .extend(case.file.map(|(name, text)| (name, text.to_owned())));
        machine.start();
        let sink = Sink::start();
        let lines = machine.filled(&format!("{RIGHT}{}", case.lines));
        let postfix = Postfix::start(&cache(), vec![Door::new(&[])], sink.port, &[], &lines);
        machine.postfix = Some(postfix.config());
        Self {
            machine,
            postfix,
            sink,
        }
    }

    /// The lines that doctor prints for pasting.
    fn block(&self) -> Option<String> {
        let said = self.machine.diagnose(&["--probe"]).out;
        let (_, rest) = said.split_once("paste this:\n\n")?;
        let (block, _) = rest.split_once("\n\nLooked at:")?;
        Some(block.to_owned())
    }

    fn arrives(&self, token: &str) -> Result<(), String> {
        arrives(
            Ipv4Addr::LOCALHOST,
            self.postfix.doors[0].port,
            &self.sink,
            || self.postfix.drain(),
            token,
        )
    }
}

/// Mail for a secondary address arrives at the primary one.
fn arrives(
    source: Ipv4Addr,
    port: u16,
    sink: &Sink,
    drain: impl Fn() -> Result<(), String>,
    token: &str,
) -> Result<(), String> {
    let mut client = Client::greet(source, port).map_err(|error| error.to_string())?;
    let mut say = |line: &[u8]| {
        let reply = client.command(line).map_err(|error| error.to_string())?;
        match reply.code {
            250 => Ok(()),
            _ => Err(reply.to_string()),
        }
    };
    say(b"MAIL FROM:<s@sender.example>")?;
    say(b"RCPT TO:<jd@domain2.com>")?;
    let reply = client.message(token).map_err(|error| error.to_string())?;
    if reply.code != 250 {
        return Err(reply.to_string());
    }
    drain()?;
    let copies = sink.copies(token);
    let to: Vec<_> = copies
        .iter()
        .map(|copy| String::from_utf8_lossy(&copy.address).into_owned())
        .collect();
    match to.as_slice() {
        [one] if one == "jdoe@company.com" => Ok(()),
        _ => Err(format!("{to:?}")),
    }
}

fn complaint(number: usize, case: &Case) -> Result<(), String> {
    let running = Running::start(case);
    let said = running.machine.diagnose(PROBE);
    let wrong = |what: &str, said: &Said| {
        let log = peers::tail(&running.postfix.log());
        format!(
            "{:?} {:?}: {what}\n{said:#?}\n{log}",
            case.codes, case.lines
        )
    };
    if codes(&said) != wanted(case.codes) {
        return Err(wrong("other findings", &said));
    }
    for text in case.says {
        if !said.out.contains(&running.machine.filled(text)) {
            return Err(wrong(&format!("does not say {text:?}"), &said));
        }
    }
    let Some(cure) = running.block() else {
        return Err(wrong("nothing to paste", &said));
    };
    running.machine.script(&cure);
    // Processes that run already keep their configuration.
    let end = Instant::now() + Duration::from_secs(15);
    for attempt in 0.. {
        let said = running.machine.diagnose(PROBE);
        let arrived = running.arrives(&format!("live-{number}-{attempt}"));
        // A machine that may relay cannot know everything, which is a note.
        let right = codes(&said).iter().all(|code| code == "unseen");
        match (right, arrived) {
            (true, Ok(())) => return Ok(()),
            (_, arrived) if Instant::now() > end => {
                return Err(wrong(&format!("after {cure:?}: {arrived:?}"), &said));
            }
            _ => thread::sleep(Duration::from_millis(500)),
        }
    }
    Ok(())
}

#[test]
fn the_printed_commands_fix_postfix() {
    if peers::unpacked().is_none() {
        return;
    }
    let complaints: Vec<_> = POSTFIX
        .iter()
        .enumerate()
        .filter_map(|(number, case)| complaint(number, case).err())
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n\n"));
}

#[test]
fn a_right_postfix_has_no_findings() {
    if peers::unpacked().is_none() {
        return;
    }
    let running = Running::start(&Case {
        codes: &[],
        lines: "",
        file: None,
        says: &[],
    });
    let said = running.machine.diagnose(PROBE);
    assert_eq!(codes(&said), wanted(&[]), "{said:?}");
    let port = running.postfix.doors[0].port;
    let text = format!(
        "127.0.0.1:{port} (as a stranger) takes 3 of 3 that the table takes, refuses 3 of 3 that nobody \
         has, refuses 5 of 5 that lead elsewhere"
    );
    assert_eq!(said.look("probe"), [("right".to_owned(), text)]);
    assert_eq!(running.arrives("right"), Ok(()));
    // Nothing is in the queue because of the probe, and nothing was sent.
    assert_eq!(running.sink.deliveries(|_| true).len(), 1);
}

/// From a network that may relay, doctor learns nothing about strangers, and says so.
#[test]
fn a_trusted_machine_cannot_know_everything() {
    if peers::unpacked().is_none() {
        return;
    }
    let running = Running::start(&Case {
        codes: &[],
        lines: "mynetworks = 127.0.0.0/8\n",
        file: None,
        says: &[],
    });
    let said = running.machine.diagnose(PROBE);
    assert_eq!(codes(&said), wanted(&["unseen"]), "{said:?}");
    assert!(
        said.out.contains("`mynetworks` holds 127.0.0.1"),
        "{said:?}"
    );
}

#[test]
fn greylisting_is_recognised() {
    if peers::unpacked().is_none() {
        return;
    }
    let running = Running::start(&Case {
        codes: &[],
        lines: "smtpd_recipient_restrictions = reject_unauth_destination, check_recipient_access \
                texthash:{dir}/grey\n",
        file: Some(("grey", "domain2.com 450 4.2.0 Greylisted for 300 seconds\n")),
        says: &[],
    });
    let said = running.machine.diagnose(PROBE);
    assert_eq!(codes(&said), wanted(&["probe-greylisted"]), "{said:?}");
    assert!(said.out.contains("Greylisted for 300 seconds"), "{said:?}");
}

/// Starts a server that accepts everything, and returns its port.
fn yes() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut writer = stream.try_clone().expect("a second handle");
            let _ = writer.write_all(b"220 yes ESMTP\r\n");
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                assert!(!line.starts_with("DATA"), "nothing may be sent");
                let _ = writer.write_all(b"250 2.0.0 yes\r\n");
            }
        }
    });
    port
}

#[test]
fn an_mta_that_takes_everything_asks_nobody() {
    if peers::unpacked().is_none() {
        return;
    }
    let mut machine = Machine::new(Mta::Postfix);
    machine.main += "mynetworks = 127.0.0.2/32\n";
    machine.start();
    let at = format!("--probe=127.0.0.1:{}", yes());
    let said = machine.diagnose(&[&at, "--format", "json"]);
    assert_eq!(
        codes(&said),
        wanted(&["open-relay", "unknown-accepted"]),
        "{said:?}"
    );
    let at = machine.filled("--probe=127.0.0.1:{dead}");
    let said = machine.diagnose(&[&at, "--format", "json"]);
    assert_eq!(codes(&said), wanted(&["mta-down"]), "{said:?}");
}

/// Starts a Sendmail for a machine, with these lines at the end of `sendmail.mc`.
fn sendmail(machine: &mut Machine, lines: &str) -> (Sendmail, Sink) {
    let sink = Sink::start();
    let lines = machine.filled(lines);
    let plan = Plan::of(
        &[
            "domain2.com",
            "company.com",
            "exämple.test",
            "xn--exmple-cua.test",
        ],
        &lines,
    );
    let sendmail = Sendmail::start(&cache(), vec![Door::new(&[])], sink.port, &plan);
    machine.sendmail = Some(sendmail.cf());
    (sendmail, sink)
}

const FILTER: &str = "INPUT_MAIL_FILTER(`readdress', `S=inet:{milter}@127.0.0.1, F=T, T=C:5s;S:10s;R:10s;E:10s')dnl\n";

/// A rule set that an older version printed. It said OK to every address that it did not understand.
const OPEN: &str = "\
LOCAL_CONFIG
Kdomains socket -T<TMPF> inet:{map}@127.0.0.1
Krecipients socket -T<TMPF> inet:{map}@127.0.0.1
LOCAL_RULESETS
SLocal_check_rcpt
R$*\t$: $>canonify $1
R$+ < @ $+ . >\t$: <$(domains $2 $: NO $)> $1 @ $2
R<$* <TMPF>> $*\t$#error $@ 4.3.0 $: \"451 temporary lookup failure\"
R<NO> $*\t$@ $1
R<$*> $+ @ $+\t$: <$(recipients $2@$3 $: NO $)> $2 @ $3
R<$* <TMPF>> $*\t$#error $@ 4.3.0 $: \"451 temporary lookup failure\"
R<NO> $*\t$#error $@ 5.1.1 $: \"550 User unknown\"
R$*\t$# OK
";

#[test]
fn sendmail_is_asked_as_a_stranger() {
    if peers::unpacked().is_none() {
        return;
    }
    for (lines, codes_wanted, says) in [
        (
            format!("{FILTER}{OPEN}").replace("R$*\t$# OK", "R<$+> $+ @ $+\t$# OK"),
            &[] as &[&str],
            "",
        ),
        (format!("{FILTER}{OPEN}"), &["open-relay"], "@[192.0.2.1]"),
        (
            format!("{FILTER}{OPEN}define(`confPRIVACY_FLAGS', `noreceipts')dnl\n")
                .replace("R$*\t$# OK", "R<$+> $+ @ $+\t$# OK"),
            &["dsn-off"],
            "noreceipts",
        ),
        (
            format!("{FILTER}{OPEN}")
                .replace("R$*\t$# OK", "R<$+> $+ @ $+\t$# OK")
                .replace(
                    "Krecipients socket -T<TMPF> inet:{map}",
                    "Krecipients socket -T<TMPF> inet:{dead}",
                ),
            &["map-dead"],
            "Krecipients socket -T<TMPF> inet:{map}@127.0.0.1",
        ),
        (
            format!("{FILTER}{OPEN}")
                .replace("R$*\t$# OK", "R<$+> $+ @ $+\t$# OK")
                .replace("{milter}", "{dead}"),
            &["milter-dead"],
            "INPUT_MAIL_FILTER(`readdress', `S=inet:{milter}@127.0.0.1",
        ),
    ] {
        let mut machine = Machine::new(Mta::Sendmail);
        machine.start();
        let (sendmail, sink) = sendmail(&mut machine, &lines);
        let said = machine.diagnose(PROBE);
        assert_eq!(codes(&said), wanted(codes_wanted), "{lines}\n{said:#?}");
        assert!(said.out.contains(&machine.filled(says)), "{said:#?}");
        if codes_wanted.is_empty() {
            let source = Ipv4Addr::new(127, 0, 0, 2);
            let port = sendmail.doors[0].port;
            assert_eq!(
                arrives(source, port, &sink, || sendmail.drain(), "sendmail"),
                Ok(())
            );
        }
    }
}

/// Sendmail does not start with a socket in Postfix' spelling. With the spelling of the help it starts, and mail
/// arrives.
#[test]
fn sendmail_starts_with_the_spelling_of_the_help() {
    if peers::unpacked().is_none() {
        return;
    }
    let mut machine = Machine::new(Mta::Sendmail);
    machine.mc("inet:{milter}@127.0.0.1", "inet:127.0.0.1:{milter}");
    machine.start();
    let said = machine.diagnose(&["--format", "json"]);
    assert_eq!(codes(&said), wanted(&["socket-misspelt"]), "{said:?}");
    // The help names the right text and the wrong one, in this order.
    let help = said.findings()[0]["help"]
        .as_str()
        .expect("a help")
        .to_owned();
    let parts: Vec<_> = help.split('`').collect();
    let (right, wrong) = (parts[1], parts[3]);
    let lines = machine.filled(&FILTER.replace("{milter}@127.0.0.1", "127.0.0.1:{milter}"));
    assert!(lines.contains(wrong), "{help}");
    let lines = lines.replace(wrong, right);
    let (sendmail, sink) = sendmail(&mut machine, &lines);
    let source = Ipv4Addr::new(127, 0, 0, 2);
    let port = sendmail.doors[0].port;
    let arrived = arrives(source, port, &sink, || sendmail.drain(), "spelt");
    assert_eq!(arrived, Ok(()));

    let text = std::fs::read(sendmail.cf()).expect("sendmail.cf");
    let text = String::from_utf8_lossy(&text).replace(right, wrong);
    let broken = machine.folder.join("broken.cf");
    std::fs::write(&broken, text).expect("a file");
    let program = cache().join("sendmail/usr/libexec/sendmail/sendmail");
    // Without a dot in the name of the host it would wait for a minute.
    let script = "hostname mx.company.test; exec \"$@\"";
    let output = Command::new("unshare")
        .args(["--uts", "sh", "-c", script, "sh"])
        .arg(program)
        .args(["-bt", "-C"])
        .arg(broken)
        .stdin(Stdio::null())
        .output()
        .expect("sendmail");
    let said = format!("{output:?}");
    assert!(
        !output.status.success() && said.contains("bad address"),
        "{said}"
    );
}
