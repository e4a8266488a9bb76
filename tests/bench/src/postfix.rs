//! The part about Postfix: messages per second through a real Postfix without a milter, with its own maps, and with
//! readdress.
//!
//! Each way of rewriting has its own Postfix. All of them run, but only one is busy: they take turns, so that other
//! work of the machine slows all of them alike. The differences between the turns of Postfix without a milter are the
//! noise of the measurement. A message is one SMTP session, as an MX host sees it, with one recipient and 2 KiB; it
//! counts when Postfix has accepted it. The next hop belongs to the benchmark: if it gets a wrong recipient, the
//! benchmark fails.

use std::fs;
use std::io::{Error, Result};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use crate::peers::{Kind, Peer};
use crate::report::{Goal, Report, figure};
use crate::support::folder::Folder;
use crate::support::peers::Door;
use crate::support::postfix::Postfix;
use crate::support::sink::Sink;
use crate::support::smtp::Client;
use crate::{Plan, process, world};

const RULES: u64 = 100_000;

/// The numbers of sessions at the same time.
const SESSIONS: [usize; 2] = [1, 10];

/// A way of rewriting recipients.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    /// Nothing is rewritten.
    Nobody,
    /// `virtual_alias_maps` with maps of this type.
    Map(&'static str),
    /// A milter in C without replies at RCPT, on a Unix socket: shows what any milter costs Postfix.
    Libmilter,
    /// readdress; true for TCP, false for a Unix socket.
    Milter(bool),
}

const WAYS: [Way; 6] = [
    Way::Nobody,
    Way::Map("lmdb"),
    Way::Map("cdb"),
    Way::Libmilter,
    Way::Milter(false),
    Way::Milter(true),
];

impl Way {
    fn name(self) -> String {
        match self {
            Way::Nobody => "no milter, nothing rewritten".to_owned(),
            Way::Map(kind) => format!("virtual_alias_maps, {kind}"),
            Way::Libmilter => "libmilter C, Unix".to_owned(),
            Way::Milter(false) => "readdress, Unix".to_owned(),
            Way::Milter(true) => "readdress, TCP".to_owned(),
        }
    }
}

/// A Postfix with its milter and its next hop. The fields are dropped in this order.
struct Set {
    way: Way,
    postfix: Postfix,
    peer: Option<Peer>,
    sink: Sink,
    wanted: Vec<String>,
    _folder: Folder,
}

impl Set {
    fn start(plan: &Plan, cache: &Path, rules: &Path, maps: &Path, way: Way) -> Result<Self> {
        let folder = Folder::new("bench");
        let sink = Sink::start();
        let (mut door, mut extra, mut peer) = (Door::new(&[]), String::new(), None);
        match way {
            Way::Nobody => {}
            Way::Map(kind) => {
                extra = format!("virtual_alias_maps = {kind}:{}\n", maps.display());
            }
            Way::Libmilter | Way::Milter(_) => {
                let (kind, tcp) = match way {
                    Way::Milter(tcp) => (Kind::Readdress(false, "info"), tcp),
                    _ => (Kind::C(true), false),
                };
                let started = Peer::start(kind, &plan.built, folder.path(), rules, tcp)?;
                let socket = match started.socket.strip_prefix("inet:") {
                    Some(port) => format!("inet:127.0.0.1:{port}"),
                    None => {
                        // Postfix connects as another user.
                        let open = fs::Permissions::from_mode(0o666);
                        fs::set_permissions(&started.socket["unix:".len()..], open)?;
                        started.socket.clone()
                    }
                };
                door = Door::new(&[&socket]);
                peer = Some(started);
            }
        }
        let domains = [&world::SECONDARY[..], &world::PRIMARY[..]].concat();
        let postfix = Postfix::start(cache, vec![door], sink.port, &domains, &extra);
        Ok(Self {
            way,
            postfix,
            peer,
            sink,
            wanted: Vec::new(),
            _folder: folder,
        })
    }

    /// Returns the messages per second, and the processor time of the milter per message in milliseconds.
    fn measure(&mut self, sessions: usize, messages: u64, turn: u64) -> Result<(f64, f64)> {
        let cpu = || {
            let pid = self.peer.as_ref().map(Peer::pid);
            pid.map_or(0.0, process::seconds)
        };
        let numbers: Vec<u64> = (0..messages)
            .map(|at| world::mix(turn << 32 | at) % RULES)
            .collect();
        let port = self.postfix.doors[0].port;
        let (before, started) = (cpu(), Instant::now());
        let share = numbers.len().div_ceil(sessions);
        let threads: Vec<_> = numbers
            .chunks(share)
            .map(|some| {
                let some = some.to_vec();
                thread::spawn(move || some.iter().try_for_each(|number| send(port, *number)))
            })
            .collect();
        for thread in threads {
            thread.join().map_err(|_| Error::other("a client died"))??;
        }
        let took = started.elapsed().as_secs_f64();
        self.postfix.drain().map_err(Error::other)?;
        let used = (cpu() - before) * 1e3 / messages as f64;
        self.wanted
            .extend(numbers.iter().map(|number| match self.way {
                Way::Nobody => world::key(*number),
                _ => world::target(*number),
            }));
        self.check()?;
        Ok((messages as f64 / took, used))
    }

    /// Checks that the next hop got exactly the recipients that the rules give.
    fn check(&mut self) -> Result<()> {
        let deliveries = self.sink.deliveries(|_| true);
        let copies = deliveries.iter().flat_map(|delivery| &delivery.copies);
        let mut seen: Vec<String> = copies
            .map(|copy| String::from_utf8_lossy(&copy.address).into_owned())
            .collect();
        seen.sort();
        self.wanted.sort();
        if seen == self.wanted {
            return Ok(());
        }
        Err(Error::other(format!(
            "{}: the next hop got other recipients than the rules give ({} of {})",
            self.way.name(),
            seen.len(),
            self.wanted.len()
        )))
    }
}

fn send(port: u16, number: u64) -> Result<()> {
    let mut client = Client::greet(Ipv4Addr::LOCALHOST, port)?;
    let recipient = format!("RCPT TO:<{}>", world::key(number));
    let body = format!(
        "From: s@sender.example\r\nSubject: {number}\r\n\r\n{}.",
        "Hello, this is a line of a message of two kilobytes in all.\r\n".repeat(32)
    );
    let steps: [(&[u8], u16); 5] = [
        (b"MAIL FROM:<s@sender.example>", 250),
        (recipient.as_bytes(), 250),
        (b"DATA", 354),
        (body.as_bytes(), 250),
        (b"QUIT", 221),
    ];
    for (command, code) in steps {
        let reply = client.command(command)?;
        if reply.code != code {
            return Err(Error::other(format!("Postfix said {reply}")));
        }
    }
    Ok(())
}

/// Writes the rules as maps of Postfix. Returns the path of the maps without its extension.
fn maps(cache: &Path, folder: &Path) -> Result<PathBuf> {
    let prefix = cache.join("postfix");
    let main = format!(
        "compatibility_level = 3.6\nmyhostname = mx.company.test\nmail_owner = mail\n\
         setgid_group = games\ndaemon_directory = {0}/usr/lib/postfix/sbin\n\
         shlib_directory = {0}/usr/lib/postfix\nmeta_directory = {0}/etc/postfix\n",
        prefix.display()
    );
    fs::write(folder.join("main.cf"), main)?;
    let path = folder.join("virtual");
    let lines = (0..RULES).map(|n| format!("{} {}\n", world::key(n), world::target(n)));
    fs::write(&path, lines.collect::<String>())?;
    for way in WAYS {
        let Way::Map(kind) = way else { continue };
        let output = Command::new(prefix.join("usr/sbin/postmap"))
            .arg("-c")
            .arg(folder)
            .arg(format!("{kind}:{}", path.display()))
            .env("LD_LIBRARY_PATH", prefix.join("usr/lib/postfix"))
            .output()?;
        if !output.status.success() {
            return Err(Error::other(format!("postmap {kind}: {output:?}")));
        }
    }
    Ok(path)
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Returns half the difference between the smallest and the largest value, divided by the median.
fn noise(values: &[f64]) -> f64 {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    (high - low) / 2.0 / median(values)
}

/// Measures everything of this part.
pub fn postfix(plan: &Plan, report: &mut Report) -> Result<()> {
    let (turns, messages) = if plan.quick { (1, 50) } else { (5, 500) };
    let cache = plan.built.parent().unwrap_or(Path::new(".")).join("peers");
    let rules = tempfile::tempdir()?;
    world::write(rules.path(), RULES, RULES)?;
    let folder = Folder::new("bench-maps");
    let maps = maps(&cache, folder.path())?;
    let mut sets = WAYS
        .iter()
        .map(|way| Set::start(plan, &cache, rules.path(), &maps, *way))
        .collect::<Result<Vec<_>>>()?;
    report.say(&format!(
        "## Through Postfix\n\n{RULES} rules; {turns} turns of {messages} messages a way, medians. The noise is that of\n\
         Postfix without a milter: half the distance between its slowest and its fastest turn.\n\n\
         | | sessions | messages/s | noise | milter's CPU ms a message |\n|---|---|---|---|---|"
    ));
    for sessions in SESSIONS {
        let mut rates = vec![(Vec::new(), Vec::new()); sets.len()];
        // The first turn warms up, and is not counted.
        for turn in 0..=turns {
            for (set, (rates, used)) in sets.iter_mut().zip(&mut rates) {
                let measured = set.measure(sessions, messages, turn)?;
                if turn > 0 {
                    rates.push(measured.0);
                    used.push(measured.1);
                }
            }
        }
        rows(report, sessions, &sets, &rates);
    }
    report.say("");
    Ok(())
}

fn rows(report: &mut Report, sessions: usize, sets: &[Set], rates: &[(Vec<f64>, Vec<f64>)]) {
    let found = |way: Way| {
        let mut both = sets.iter().zip(rates).filter(|(set, _)| set.way == way);
        both.next()
            .map_or(f64::NAN, |(_, (rates, _))| median(rates))
    };
    for (set, (rates, used)) in sets.iter().zip(rates) {
        let cpu = if set.peer.is_some() {
            figure(median(used))
        } else {
            String::new()
        };
        report.say(&format!(
            "| {} | {sessions} | {} | {} | {cpu} |",
            set.way.name(),
            figure(median(rates)),
            figure(noise(rates))
        ));
    }
    let least = 1.0 - rates.first().map_or(0.0, |(rates, _)| noise(rates));
    let native = found(Way::Map("lmdb")).max(found(Way::Map("cdb")));
    for tcp in [false, true] {
        let name = format!(
            "Postfix, {sessions} session(s): {}",
            Way::Milter(tcp).name()
        );
        let ours = found(Way::Milter(tcp));
        for (against, theirs) in [
            ("no milter", found(Way::Nobody)),
            ("the faster of its own maps", native),
        ] {
            let name = format!("{name}, against {against}");
            report.row(&name, (ours, theirs), "messages/s", Goal::AtLeast(least));
        }
    }
}
