//! Pastes what doctor prints: a running Postfix gets one mistake, doctor finds it, a shell runs doctor's block,
//! and then
//! mail follows the table.
//!
//! Each Postfix is connected as doctor recommends; then postconf(1) makes the mistake.

use std::fs;
use std::net::Ipv4Addr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::machine::{Machine, Mta, Said, tools};
use crate::support::peers::{self, Door};
use crate::support::postfix::Postfix;
use crate::support::sink::Sink;
use crate::support::smtp::Client;

/// How long a Postfix takes until every smtpd has read its new configuration.
const PATIENCE: Duration = Duration::from_secs(15);

/// The block, behind its heading and up to the summary.
const HEADING: &str = "To fix errors and warnings as far as commands can, paste this:\n\n";

/// A running Postfix, the daemon, and the next hop.
struct World {
    machine: Machine,
    postfix: Postfix,
    sink: Sink,
    messages: u32,
}

impl World {
    /// Starts a right Postfix, then makes these mistakes.
    fn broken(lines: &str) -> Option<Self> {
        Self::with(lines, |_| {})
    }

    /// The same with another daemon.
    fn with(lines: &str, change: impl FnOnce(&mut Machine)) -> Option<Self> {
        let cache = peers::unpacked()?;
        let mut machine = Machine::new(Mta::Postfix);
        change(&mut machine);
        machine.rules += "other@domain2.com postmaster@company.com\n";
        machine.start();
        let sink = Sink::start();
        let doors = vec![Door::new(&[]), Door::new(&[])];
        let domains = [
            "domain2.com",
            "company.com",
            "exämple.test",
            "xn--exmple-cua.test",
        ];
        let postfix = Postfix::start(&cache, doors, sink.port, &domains, "");
        machine.postfix = Some(postfix.config());
        let world = Self {
            machine,
            postfix,
            sink,
            messages: 0,
        };
        // One reload only: after a second one at once this Postfix waits for its own log forever.
        world.paste(&format!(
            "postconf -e 'smtpd_milters = inet:127.0.0.1:{{milter}}' recipient_delimiter=+
             postconf -e 'relay_recipient_maps = socketmap:inet:127.0.0.1:{{map}}:recipients'
             postconf -e 'non_smtpd_milters = inet:127.0.0.1:{{milter}}' service_throttle_time=1s
             {lines}",
        ));
        Some(world)
    }

    /// Runs lines in a shell.
    fn paste(&self, lines: &str) {
        let door = |number: usize| self.postfix.doors[number].port.to_string();
        let lines = lines
            .replace("{door}", &door(0))
            .replace("{second}", &door(1))
            .replace("{sink}", &self.sink.port.to_string());
        let tools = tools();
        let path = format!("PATH={}:$PATH; export PATH", tools.display());
        // The block has a reload of its own.
        let reload = if lines.contains(" reload") {
            ""
        } else {
            "postfix reload"
        };
        self.machine.script(&format!("{path}\n{lines}\n{reload}"));
    }

    fn doctor(&self) -> Said {
        self.machine.diagnose(&[])
    }

    /// Returns the block that doctor prints about this finding.
    fn block(&self, code: &str) -> String {
        let said = self.doctor();
        assert!(said.out.contains(&format!("[{code}]")), "{code}: {said:?}");
        let (_, rest) = said
            .out
            .split_once(HEADING)
            .unwrap_or_else(|| panic!("{said:?}"));
        let (block, _) = rest
            .split_once("\n\n")
            .unwrap_or_else(|| panic!("{said:?}"));
        let reload = format!("postfix -c {} reload", self.postfix.config().display());
        assert!(block.contains(&reload), "{block}");
        assert!(!said.err.contains("warning"), "{said:?}");
        block.to_owned()
    }

    /// Pastes the block; then doctor finds no error and no warning.
    fn cured(&self, code: &str) {
        let block = self.block(code);
        self.paste(&block);
        let said = self.doctor();
        assert!(
            said.out.contains("0 errors, 0 warnings"),
            "{block}\n{said:?}"
        );
    }

    /// Sends a message, and returns who got it, or the reply that refused it.
    fn send(&mut self, recipient: &str) -> Result<Vec<String>, String> {
        self.messages += 1;
        let token = format!("pasted-{}-{}", self.messages, self.sink.port);
        let port = self.postfix.doors[0].port;
        let mut client = Client::greet(Ipv4Addr::LOCALHOST, port).map_err(|e| e.to_string())?;
        for command in [
            "MAIL FROM:<s@sender.example>",
            &format!("RCPT TO:<{recipient}>"),
        ] {
            let reply = client
                .command(command.as_bytes())
                .map_err(|e| e.to_string())?;
            if reply.code != 250 {
                return Err(reply.to_string());
            }
        }
        let reply = client.message(&token).map_err(|error| error.to_string())?;
        if reply.code != 250 {
            return Err(reply.to_string());
        }
        self.postfix.drain()?;
        let copies = self.sink.copies(&token).into_iter();
        let mut copies: Vec<_> = copies
            .map(|copy| String::from_utf8_lossy(&copy.address).into_owned())
            .collect();
        copies.sort();
        Ok(copies)
    }

    /// Sends until the result is right: a reload reaches each smtpd when its session has ended.
    fn expect(&mut self, recipient: &str, wanted: Result<&[&str], &str>) {
        let end = Instant::now() + PATIENCE;
        loop {
            let got = self.send(recipient);
            let right = match (&got, wanted) {
                (Ok(copies), Ok(wanted)) => copies == wanted,
                (Err(reply), Err(wanted)) => reply.contains(wanted),
                _ => false,
            };
            if right {
                return;
            }
            let log = || peers::tail(&self.postfix.log());
            assert!(Instant::now() < end, "{recipient}: {got:?}\n{}", log());
            sleep(Duration::from_millis(200));
        }
    }

    /// Mail follows the table.
    fn follows(&mut self) {
        self.expect("jd@domain2.com", Ok(&["jdoe@company.com"]));
        self.expect("postmaster@company.com", Ok(&["postmaster@company.com"]));
        self.expect("nosuch@domain2.com", Err("550"));
        self.expect("x@elsewhere.example", Err("Relay access denied"));
    }
}

/// Makes a mistake, checks that `recipient` then gets `before`, pastes the block, and checks that mail follows the
/// table.
fn case(lines: &str, code: &str, recipient: &str, before: Result<&[&str], &str>) {
    let Some(mut world) = World::broken(lines) else {
        return;
    };
    world.expect(recipient, before);
    world.cured(code);
    world.follows();
}

#[test]
fn the_spelling_of_the_other_mta() {
    // smtpd ends, and the client gets no reply.
    case(
        "postconf -e 'smtpd_milters = inet:{milter}@127.0.0.1'",
        "socket-misspelt",
        "jd@domain2.com",
        Err(""),
    );
}

#[test]
fn a_wrong_port_of_the_milter() {
    case(
        "postconf -e 'smtpd_milters = inet:127.0.0.1:{dead}'",
        "milter-dead",
        "jd@domain2.com",
        Err("451"),
    );
}

#[test]
fn a_wrong_port_of_the_socketmap() {
    case(
        "postconf -e 'relay_recipient_maps = socketmap:inet:127.0.0.1:{dead}:recipients'",
        "map-dead",
        "jd@domain2.com",
        Err("451"),
    );
}

#[test]
fn clients_that_pass_unasked() {
    case(
        "echo '127.0.0.0/8 DISABLE' >clients
         postconf -e \"smtpd_milter_maps = cidr:$PWD/clients\"",
        "clients-pass",
        "jd@domain2.com",
        Ok(&["jd@domain2.com"]),
    );
}

#[test]
fn a_relay_transport_that_leads_back() {
    // It loops until it bounces.
    case(
        "postconf -e 'relay_transport = relay:[127.0.0.1]:{door}' hopcount_limit=5",
        "route-loops",
        "jd@domain2.com",
        Ok(&[]),
    );
}

#[test]
fn a_domain_that_transport_maps_refuses() {
    case(
        "printf 'elsewhere.example smtp:\\ndomain2.com error:gone\\n' >transport
         postmap hash:transport
         postconf -e \"transport_maps = hash:$PWD/transport\"",
        "route-refuses",
        "jd@domain2.com",
        Err("gone"),
    );
}

#[test]
fn a_postfix_that_knows_nothing_of_readdress() {
    let Some(mut world) = World::broken(
        "postconf -X smtpd_milters relay_recipient_maps non_smtpd_milters
         postconf -e 'relay_domains =' 'parent_domain_matches_subdomains = relay_domains' \\
             milter_default_action=accept",
    ) else {
        return;
    };
    world.expect("jd@domain2.com", Err("Relay access denied"));
    let block = world.block("domain-not-accepted");
    let lines = block.matches("'relay_domains = ").count();
    assert_eq!(lines, 1, "{block}");
    world.paste(&block);
    world.follows();
    world.expect("jd@sub.domain2.com", Err("Relay access denied"));
}

#[test]
fn relay_domains_from_the_socketmap() {
    case(
        "postconf -e 'relay_domains = socketmap:inet:127.0.0.1:{map}:domains'",
        "relay-domains-live",
        "jd@domain2.com",
        Ok(&["jdoe@company.com"]),
    );
}

#[test]
fn a_primary_domain_that_is_delivered_here_stays_here() {
    let Some(mut world) = World::broken(
        "postconf -e 'mydestination = localhost, company.com' \\
             'local_transport = relay:[127.0.0.1]:{sink}'",
    ) else {
        return;
    };
    world.cured("domain-in-two-classes");
    world.expect("jd@domain2.com", Ok(&["jdoe@company.com"]));
    let main = fs::read_to_string(world.postfix.config().join("main.cf")).expect("main.cf");
    assert!(
        main.contains("mydestination = localhost, company.com\n"),
        "{main}"
    );
}

#[test]
fn a_canonical_map_that_leads_back() {
    case(
        "postconf -e 'canonical_maps = inline:{ @company.com=@domain2.com }'",
        "rewritten-again",
        "jd@domain2.com",
        Ok(&["jdoe@domain2.com"]),
    );
}

/// The setting of readdress comes first, as doctor prints it.
#[test]
fn another_delimiter() {
    let Some(mut world) = World::broken("postconf -e recipient_delimiter=-") else {
        return;
    };
    world.expect("jd-x@domain2.com", Err("550 5.1.1"));
    let said = world.doctor();
    let help = said
        .out
        .lines()
        .find(|line| line.contains("recipient_delimiter = "));
    let line = help
        .and_then(|help| help.split('`').nth(1))
        .expect("a setting");
    let add = format!("printf '%s\\n' '[rewrite]' '{line}' >>readdress.toml");
    world.paste(&add);
    world.expect("jd-x@domain2.com", Ok(&["jdoe-x@company.com"]));
    assert!(world.doctor().out.contains("0 errors, 0 warnings"));
    world.follows();
}

#[test]
fn a_copy_for_a_secondary_address() {
    let Some(mut world) = World::broken("postconf -e always_bcc=abuse@domain2.com") else {
        return;
    };
    let both = ["abuse@domain2.com", "jdoe@company.com"];
    world.expect("jd@domain2.com", Ok(&both));
    let said = world.doctor();
    assert!(said.out.contains("[copy-not-rewritten]"), "{said:?}");
    let line = said
        .out
        .split('`')
        .find(|text| text.contains("'always_bcc = "));
    world.paste(line.expect("a command"));
    let both = ["jdoe@company.com", "postmaster@company.com"];
    world.expect("jd@domain2.com", Ok(&both));
}

/// The second pass removes what the first one has added.
#[test]
fn a_content_filter_behind_which_readdress_is_asked_again() {
    let Some(mut world) = World::broken(
        "printf '[headers]\\nx_original_to = true\\n' >>readdress.toml
         postconf -P '127.0.0.1:{door}/inet/content_filter=smtp:[127.0.0.1]:{second}'
         postconf -e smtpd_authorized_xforward_hosts=127.0.0.0/8",
    ) else {
        return;
    };
    let original = |world: &mut World| {
        world.expect("jd@domain2.com", Ok(&["jdoe@company.com"]));
        let all = world
            .sink
            .deliveries(|delivery| !delivery.sender.is_empty());
        all.last()
            .expect("a message")
            .header_holds("X-Original-To: jd@domain2.com")
    };
    assert!(!original(&mut world));
    world.cured("asked-twice");
    let end = Instant::now() + PATIENCE;
    while !original(&mut world) {
        assert!(Instant::now() < end);
    }
}

#[test]
fn a_socket_that_postfix_may_not_open() {
    let world = World::with(
        "postconf -e \"smtpd_milters = unix:$PWD/m.sock\" \"non_smtpd_milters = unix:$PWD/m.sock\"",
        |machine| {
            machine.configure("inet:127.0.0.1:{milter}", "unix:{dir}/m.sock");
            machine.then = "chmod 0600 m.sock".to_owned();
        },
    );
    let Some(mut world) = world else {
        return;
    };
    world.expect("jd@domain2.com", Err("451"));
    world.cured("socket-closed");
    world.follows();
}

/// doctor shows the message of `postfix check`. The running Postfix keeps the configuration that it has read.
#[test]
fn a_syntax_error() {
    let Some(world) = World::broken("true") else {
        return;
    };
    let main = world.postfix.config().join("main.cf");
    let old = fs::read_to_string(&main).expect("main.cf");
    fs::write(&main, old.clone() + "smtpd_milters inet:127.0.0.1:1\n").expect("main.cf");
    let said = world.doctor();
    let wanted = "missing '=' after attribute name: \"smtpd_milters inet:127.0.0.1:1\"";
    assert!(said.out.contains(wanted), "{said:?}");
    assert_eq!(said.status, Some(1), "{said:?}");
    let said = world.machine.diagnose(&["--print", "postfix"]);
    assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("missing '='"), "{said:?}");
    fs::write(&main, old).expect("main.cf");
    assert!(world.doctor().out.contains("0 errors, 0 warnings"));
}

/// doctor changes nothing of a running Postfix, although it runs `postfix check`.
#[test]
fn nothing_of_it_is_changed() {
    let Some(world) = World::broken("postconf -e milter_default_action=accept") else {
        return;
    };
    let state = || {
        let mut files = peers::files(&world.postfix.config());
        let spool = peers::files(&world.postfix.spool());
        files.extend(spool.into_iter().filter(|path| !path.starts_with("pid")));
        files.sort();
        let texts: Vec<_> = files.iter().map(|path| fs::read(path).ok()).collect();
        (files, texts)
    };
    let before = state();
    assert_eq!(world.doctor().status, Some(1));
    assert!(before == state());
}
