//! The part about the milter: messages per second, processor time and delays, compared with peers.

use std::fs;
use std::io::Result;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::peers::{Kind, Peer};
use crate::plot::{Scale, svg};
use crate::report::{Goal, Report, figure, medians};
use crate::traffic::{Connection, Load, run};
use crate::{Plan, process, world};

/// The figures of one line of the table.
#[derive(Clone, Copy, Debug)]
struct Figures {
    rate: f64,
    p50: f64,
    p99: f64,
    p999: f64,
    /// Seconds of processor time for a hundred thousand messages.
    cpu: f64,
    /// Voluntary context switches per message.
    switches: f64,
}

/// The connections over which messages come.
#[derive(Clone, Copy)]
struct Way {
    tcp: bool,
    connections: usize,
    /// True for a new connection for each message.
    fresh: bool,
}

const RULES: u64 = 100_000;

fn measure(plan: &Plan, rules: &Path, kind: Kind, way: Way) -> Result<Figures> {
    let folder = tempfile::tempdir()?;
    let peer = Peer::start(kind, &plan.built, folder.path(), rules, way.tcp)?;
    let load = Load {
        socket: peer.socket.clone(),
        connections: way.connections,
        recipients: 5,
        fresh: way.fresh,
        seconds: plan.seconds,
        rules: RULES,
        echo: kind == Kind::Echo,
    };
    let before = (process::seconds(peer.pid()), process::switches(peer.pid()));
    let measured = run(&load)?;
    // Figures can only be compared if both sides negotiated the same.
    let asked = match kind {
        Kind::Readdress(silent, _) | Kind::C(silent) | Kind::Python(silent) => Some(silent),
        Kind::Echo => None,
    };
    if asked.is_some_and(|silent| silent != measured.silent) {
        let name = kind.name();
        return Err(std::io::Error::other(format!(
            "{name} negotiated something else"
        )));
    }
    let messages = measured.sent as f64;
    let after = (process::seconds(peer.pid()), process::switches(peer.pid()));
    Ok(Figures {
        rate: measured.rate(),
        p50: measured.percentile(0.5),
        p99: measured.percentile(0.99),
        p999: measured.percentile(0.999),
        cpu: (after.0 - before.0) / messages * 1e5,
        switches: after.1.saturating_sub(before.1) as f64 / messages,
    })
}

fn line(report: &mut Report, kind: Kind, way: Way, f: Figures) {
    let socket = if way.tcp { "TCP" } else { "Unix" };
    let fresh = if way.fresh { "one a message" } else { "reused" };
    let cells = [f.rate, f.p50, f.p99, f.p999, f.cpu, f.switches]
        .map(figure)
        .join(" | ");
    report.say(&format!(
        "| {} | {socket} | {} {fresh} | {cells} |",
        kind.name(),
        way.connections
    ));
}

fn figures(
    plan: &Plan,
    report: &mut Report,
    rules: &Path,
    kind: Kind,
    way: Way,
) -> Result<Figures> {
    let figures = measure(plan, rules, kind, way)?;
    line(report, kind, way, figures);
    Ok(figures)
}

/// Measures two kinds in turns. Returns the median of each figure.
fn in_turns(plan: &Plan, rules: &Path, kinds: [Kind; 2], way: Way) -> Result<[Figures; 2]> {
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..plan.rounds {
        for (kind, rounds) in kinds.into_iter().zip(&mut rounds) {
            let f = measure(plan, rules, kind, way)?;
            rounds.push(vec![f.rate, f.p50, f.p99, f.p999, f.cpu, f.switches]);
        }
    }
    Ok(rounds.map(|rounds| {
        let middle = medians(&rounds);
        Figures {
            rate: middle[0],
            p50: middle[1],
            p99: middle[2],
            p999: middle[3],
            cpu: middle[4],
            switches: middle[5],
        }
    }))
}

/// Measures everything of this part.
pub fn milter(plan: &Plan, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let rules = folder.path();
    world::write(rules, RULES, RULES)?;
    report.say(&format!(
        "## Milter\n\n{RULES} rules, 5 recipients a message, all rewritten; every answer is checked. The same steps and\n\
         macros are asked for by all, and each is measured with and without a reply at RCPT; readdress and\n\
         libmilter in turns, of which the medians stand here.\n\n\
         | | socket | connections | messages/s | p50 ms | p99 ms | p99.9 ms | CPU s/100k | switches a message |\n\
         |---|---|---|---|---|---|---|---|---|"
    ));
    let way = |tcp, connections, fresh| Way {
        tcp,
        connections,
        fresh,
    };
    let ways = [
        ("Unix, 8 connections", way(false, 8, false)),
        ("one connection a message", way(false, 8, true)),
        ("TCP, 8 connections", way(true, 8, false)),
    ];
    let mut unix = [f64::NAN; 2];
    for (name, way) in ways {
        for silent in [true, false] {
            let pair = [Kind::Readdress(silent, "warn"), Kind::C(silent)];
            let [ours, theirs] = in_turns(plan, rules, pair, way)?;
            line(report, pair[0], way, ours);
            line(report, pair[1], way, theirs);
            if !way.fresh && !way.tcp {
                figures(plan, report, rules, Kind::Readdress(silent, "info"), way)?;
                figures(plan, report, rules, Kind::Python(silent), way)?;
                unix[usize::from(silent)] = ours.p99;
            }
            let replies = if silent {
                "no reply at RCPT"
            } else {
                "a reply at each RCPT"
            };
            let name = format!("{name}, {replies}");
            if way.tcp {
                let unix = unix[usize::from(silent)];
                let row = format!("{name}: p99 against libmilter's");
                report.row(&row, (ours.p99, theirs.p99), "ms", Goal::AtMost(0.1));
                let row = format!("{name}: p99 against our Unix socket");
                report.row(&row, (ours.p99, unix), "ms", Goal::AtMost(3.0));
                continue;
            }
            let times = if silent && !way.fresh { 3.0 } else { 2.0 };
            let rates = (ours.rate, theirs.rate);
            report.row(&name, rates, "messages/s", Goal::AtLeast(times));
            let row = format!("{name}: processor time");
            let cpu = (ours.cpu, theirs.cpu);
            report.row(&row, cpu, "s/100k", Goal::AtMost(1.0 / times));
        }
        figures(plan, report, rules, Kind::Echo, way)?;
    }
    calls(plan, report, rules)?;
    connections(plan, report, rules)?;
    idle(plan, report, rules)
}

/// Counts the system calls and the memory allocations per message. strace slows everything down, so only its counts
/// are used, no times.
fn calls(plan: &Plan, report: &mut Report, rules: &Path) -> Result<()> {
    report.say(
        "\nSystem calls and allocations a message of 5 recipients, one connection, Unix. `futex` and a `write`\n\
         to an eventfd are what wakes another thread.\n\n\
         | | messages | calls a message | allocations a message |\n|---|---|---|---|",
    );
    for kind in [
        Kind::Readdress(true, "warn"),
        Kind::Readdress(false, "warn"),
        Kind::C(true),
        Kind::C(false),
    ] {
        let (sent, calls) = system_calls(plan, rules, kind)?;
        let memory = figure(allocations(plan, rules, kind)?);
        report.say(&format!(
            "| {} | {sent} | {calls} | {memory} |",
            kind.name()
        ));
    }
    report.say("");
    Ok(())
}

/// Returns a load of half a second on one connection.
fn short_load(socket: &str) -> Load {
    Load {
        socket: socket.to_owned(),
        connections: 1,
        recipients: 5,
        fresh: false,
        seconds: 0.5,
        rules: RULES,
        echo: false,
    }
}

fn system_calls(plan: &Plan, rules: &Path, kind: Kind) -> Result<(usize, String)> {
    let folder = tempfile::tempdir()?;
    let peer = Peer::start(kind, &plan.built, folder.path(), rules, false)?;
    let counted = folder.path().join("calls");
    let mut strace = Command::new("strace")
        .args(["-f", "-c", "-U", "name,calls", "-o"])
        .arg(&counted)
        .args(["-p", &peer.pid().to_string()])
        .stderr(Stdio::null())
        .spawn()?;
    thread::sleep(Duration::from_millis(500));
    let measured = run(&short_load(&peer.socket))?;
    Command::new("sh")
        .args(["-c", &format!("kill -INT {}", strace.id())])
        .status()?;
    strace.wait()?;
    let text = fs::read_to_string(&counted)?;
    let mut found = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let count = words.get(1).and_then(|count| count.parse::<f64>().ok());
        let each = count.unwrap_or(0.0) / measured.sent as f64;
        if words.len() == 2 && words[0] != "total" && each >= 0.05 {
            found.push(format!("{} {each:.1}", words[0]));
        }
    }
    Ok((measured.sent, found.join(", ")))
}

fn allocations(plan: &Plan, rules: &Path, kind: Kind) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let counter = folder.path().join("allocations");
    let peer = Peer::counted(kind, &plan.built, folder.path(), rules, &counter)?;
    let asked = || -> Result<u64> {
        let bytes = fs::read(&counter)?.try_into();
        bytes
            .map(u64::from_ne_bytes)
            .map_err(|_| std::io::Error::other("no count"))
    };
    let before = asked()?;
    let measured = run(&short_load(&peer.socket))?;
    Ok((asked()? - before) as f64 / measured.sent as f64)
}

/// Measures the throughput with different numbers of connections.
fn connections(plan: &Plan, report: &mut Report, rules: &Path) -> Result<()> {
    let mut lines = Vec::new();
    for kind in [
        Kind::Readdress(true, "warn"),
        Kind::Readdress(false, "warn"),
        Kind::C(true),
        Kind::C(false),
        Kind::Python(true),
    ] {
        let mut points = Vec::new();
        for connections in [1, 2, 4, 8, 16, 64] {
            let way = Way {
                tcp: false,
                connections,
                fresh: false,
            };
            points.push((connections as f64, measure(plan, rules, kind, way)?.rate));
        }
        lines.push((kind.name().replace(" reply at RCPT", " reply"), points));
    }
    let picture = svg(
        "Messages a second, Unix socket, 5 recipients",
        ("connections", Scale::Log),
        ("messages a second", Scale::Even),
        &lines,
    );
    report.plot(
        "connections.svg",
        "Messages a second over connections",
        &picture,
    )
}

/// Measures the memory of an idle connection.
fn idle(plan: &Plan, report: &mut Report, rules: &Path) -> Result<()> {
    let count = if plan.quick { 1000 } else { 10_000 };
    for kind in [Kind::Readdress(true, "warn"), Kind::C(true)] {
        let folder = tempfile::tempdir()?;
        let peer = Peer::start(kind, &plan.built, folder.path(), rules, false)?;
        let before = process::resident(peer.pid());
        let held: Result<Vec<_>> = (0..count)
            .map(|_| Connection::negotiated(&peer.socket))
            .collect();
        let held = held?;
        let each = process::resident(peer.pid()).saturating_sub(before) as f64 / f64::from(count);
        report.say(&format!(
            "{}: {} bytes an idle connection, {} held.\n",
            kind.name(),
            figure(each),
            held.len()
        ));
        if matches!(kind, Kind::Readdress(_, _)) {
            report.row(
                "idle connection, against 16 KiB",
                (each, 16384.0),
                "bytes",
                Goal::AtMost(1.0),
            );
        }
    }
    Ok(())
}
