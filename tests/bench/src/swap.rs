//! The part about a reload under load: how long messages wait while a new table is read and swapped in.

use std::fs;
use std::io::{Error, Result};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::peers::{Kind, Peer};
use crate::plot::{Scale, svg};
use crate::report::{Goal, Report, figure};
use crate::traffic::{Load, run};
use crate::{Plan, world};

/// The number of connections that send all the time.
const CONNECTIONS: usize = 2;

/// Returns the time in milliseconds that this share of the times does not exceed.
fn percentile(mut times: Vec<f64>, share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = (times.len() as f64 * share) as usize;
    times
        .get(at.min(times.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// Measures messages before, during and after one reload of a changed directory.
pub fn swap(plan: &Plan, report: &mut Report) -> Result<()> {
    let count = if plan.quick {
        100_000
    } else {
        1_000_000.min(plan.rules)
    };
    let (rules, folder) = (tempfile::tempdir()?, tempfile::tempdir()?);
    world::write(rules.path(), count, count.div_ceil(4))?;
    let kind = Kind::Readdress(true, "warn");
    let peer = Peer::start(kind, &plan.built, folder.path(), rules.path(), false)?;
    // Under load, a reload takes longer: some 10 s for a million rules, on two processors.
    let seconds = plan.seconds * 6.0;
    let load = Load {
        socket: peer.socket.clone(),
        connections: CONNECTIONS,
        recipients: 5,
        fresh: false,
        seconds,
        rules: count,
        echo: false,
    };
    let sender = thread::spawn(move || run(&load));
    // The clock of the load starts a little later, when its messages are ready.
    let started = Instant::now();
    thread::sleep(Duration::from_secs_f64(seconds * 0.4));
    let line = format!(
        "edited@{} somebody@{}\n",
        world::SECONDARY[0],
        world::PRIMARY[0]
    );
    fs::write(rules.path().join("99-edit.rules"), line)?;
    let begun = started.elapsed().as_secs_f64();
    let reloaded = Command::new(plan.built.join("readdress"))
        .args(["reload", "--config"])
        .arg(folder.path().join("readdress.toml"))
        .output()?;
    let ended = started.elapsed().as_secs_f64();
    if !reloaded.status.success() {
        return Err(Error::other(format!("the reload failed: {reloaded:?}")));
    }
    let measured = sender.join().map_err(|_| Error::other("the load died"))??;
    let warm = seconds / 10.0;
    let (begun, ended) = (begun - warm, ended - warm);
    let times = |from: f64, to: f64| -> Vec<f64> {
        let within = measured
            .messages
            .iter()
            .filter(|message| (from..to).contains(&message.0));
        within.map(|message| message.1).collect()
    };
    let phases = [
        ("before", 0.0, begun),
        ("during", begun, ended),
        ("after", ended, seconds),
    ];
    report.say(&format!(
        "## A table is swapped\n\n{count} rules, {CONNECTIONS} connections that send all the while; one line is added and \
         read within {} s.\n\n| | messages | p50 ms | p99 ms | p99.9 ms |\n|---|---|---|---|---|",
        figure(ended - begun)
    ));
    let mut tails = Vec::new();
    for (name, from, to) in phases {
        let tail = percentile(times(from, to), 0.999);
        let cells = [
            percentile(times(from, to), 0.5),
            percentile(times(from, to), 0.99),
            tail,
        ];
        let cells = cells.map(figure).join(" | ");
        report.say(&format!("| {name} | {} | {cells} |", times(from, to).len()));
        tails.push(tail);
    }
    report.say("");
    let name = format!("{count} rules: p99.9 while a table is swapped, against before");
    report.row(&name, (tails[1], tails[0]), "ms", Goal::AtMost(2.0));
    let step = seconds / 100.0;
    let points = |share: f64| -> Vec<(f64, f64)> {
        let slices = (0..100).map(|at| f64::from(at) * step);
        slices
            .filter_map(|from| {
                let times = times(from, from + step);
                (!times.is_empty()).then(|| (from, percentile(times, share)))
            })
            .collect()
    };
    let high = percentile(times(0.0, seconds), 1.0);
    let lines = [
        ("p50".to_owned(), points(0.5)),
        ("longest".to_owned(), points(1.0)),
        (
            "reload begins".to_owned(),
            vec![(begun, 0.0), (begun, high)],
        ),
        (
            "new table serves".to_owned(),
            vec![(ended, 0.0), (ended, high)],
        ),
    ];
    let picture = svg(
        "Messages before, during and after a swap",
        ("seconds", Scale::Even),
        ("ms a message", Scale::Even),
        &lines,
    );
    report.plot(
        "swap.svg",
        "Messages before, during and after a swap",
        &picture,
    )
}
