//! The benchmark: the time and memory that messages and rules take, in readdress and in its peers.
//!
//! `tests/bench/run` starts it. Without names of parts it runs all parts. Each figure is compared with that of a
//! peer from the same run. No figure makes the benchmark fail, but a wrong answer does.

mod milter;
mod parts;
mod peers;
mod plot;
mod postfix;
mod process;
mod report;
mod swap;
mod table;
mod traffic;
mod world;

/// The private Postfix and the next hop of the tests.
#[path = "../../support"]
mod support {
    #![allow(dead_code, reason = "the tests use the rest")]

    pub mod folder;
    pub mod peers;
    pub mod postfix;
    pub mod process;
    pub mod sink;
    pub mod smtp;
}

use std::path::{Path, PathBuf};

use report::Report;

/// How long and with how many rules to measure.
pub struct Plan {
    /// True for short measurements and small tables.
    pub quick: bool,
    /// The number of rules of the largest table.
    pub rules: u64,
    /// The length of one measurement, in seconds.
    pub seconds: f64,
    /// How often readdress and its peer are measured in turn for a figure with a goal; the medians count.
    pub rounds: usize,
    /// The directory of the programs that were built.
    pub built: PathBuf,
}

const PARTS: [&str; 4] = ["table", "milter", "swap", "postfix"];

const USAGE: &str =
    "usage: tests/bench/run [--quick] [--rules COUNT] [table|milter|swap|postfix]...";

fn usage() -> ! {
    eprintln!("{USAGE}");
    std::process::exit(2)
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Each table is measured in a separate process.
    if let [kind @ ("one-table" | "mixed-table"), folder, count] = words[..] {
        let count = count.parse().unwrap_or_else(|_| usage());
        let runtime = tokio::runtime::Runtime::new()?;
        let folder = Path::new(folder);
        let value = runtime.block_on(async {
            match kind {
                "one-table" => table::one(folder, count).await,
                _ => table::mixed(folder, count).await,
            }
        });
        println!("{value}");
        return Ok(());
    }
    // For a profiler: write rules, and send messages without a report.
    if let ["rules", folder, count] = words[..] {
        let count = count.parse().unwrap_or_else(|_| usage());
        return world::write(Path::new(folder), count, count).map(drop);
    }
    if let ["load", socket, count, seconds] = words[..] {
        let number = |text: &str| text.parse().unwrap_or_else(|_| usage());
        let load = traffic::Load {
            socket: socket.to_owned(),
            connections: 8,
            recipients: 5,
            fresh: false,
            seconds: number(seconds) as f64,
            rules: number(count),
            echo: false,
        };
        println!("{:.0} messages a second", traffic::run(&load)?.rate());
        return Ok(());
    }
    if let ["echo", socket] = words[..] {
        return peers::echo(socket);
    }
    let (mut quick, mut rules, mut parts) = (false, None, Vec::new());
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "--quick" => quick = true,
            "--rules" => {
                let count = rest.next().and_then(|count| count.parse().ok());
                rules = Some(
                    count
                        .filter(|count| *count >= 1000)
                        .unwrap_or_else(|| usage()),
                );
            }
            part if PARTS.contains(&part) => parts.push(part),
            _ => usage(),
        }
    }
    if parts.is_empty() {
        parts = PARTS.to_vec();
    }
    let plan = Plan {
        quick,
        rules: rules.unwrap_or(if quick { 200_000 } else { 10_000_000 }),
        seconds: if quick { 1.0 } else { 4.0 },
        rounds: if quick { 1 } else { 3 },
        built: std::env::current_exe()?
            .parent()
            .map_or_else(PathBuf::new, Path::to_owned),
    };
    let mut report = Report::new(Path::new("tests/bench"));
    for part in parts {
        match part {
            "table" => parts::table(&plan, &mut report)?,
            "milter" => milter::milter(&plan, &mut report)?,
            "postfix" => postfix::postfix(&plan, &mut report)?,
            _ => swap::swap(&plan, &mut report)?,
        }
    }
    let command = format!("tests/bench/run {}", words.join(" "));
    report.write(command.trim(), quick)
}
