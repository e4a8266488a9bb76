//! The benchmark: what a message and a rule cost, here and elsewhere, on this machine.
//!
//! `tests/bench/run` calls it; without a name it runs all parts. Figures are held against peers that
//! are measured in the same run; no figure makes it fail, but a wrong answer does.

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

/// What the tests know of a private Postfix and a next hop.
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

/// How much is measured.
pub struct Plan {
    /// Short figures and small tables.
    pub quick: bool,
    /// Rules of the largest table.
    pub rules: u64,
    /// Seconds of one figure.
    pub seconds: f64,
    /// How often what must be reached is measured, in turns with its peer; the medians count.
    pub rounds: usize,
    /// Where what was built lies.
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
    // A table is measured by a process of its own.
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
    // For a profile: rules, and a load without measurements.
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
