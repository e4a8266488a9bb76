//! Writes the figures as Markdown: first those with a goal, then everything else, by part.

use std::fmt::Write as _;
use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why some goals are missed.
const LIMITS: &str = include_str!("../limits.md");

/// The goal of a figure, compared with that of the peer.
#[derive(Clone, Copy)]
pub enum Goal {
    /// At least this number of times the figure of the peer.
    AtLeast(f64),
    /// There is no goal; the figure is only shown.
    Shown,
    /// At most this number of times the figure of the peer.
    AtMost(f64),
}

/// The report, to which the parts add their text.
pub struct Report {
    folder: PathBuf,
    rows: String,
    parts: String,
    missed: u32,
}

impl Report {
    /// Returns an empty report, for a file in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            rows: String::new(),
            parts: String::new(),
            missed: 0,
        }
    }

    /// Adds text of the current part, and prints it.
    pub fn say(&mut self, text: &str) {
        println!("{text}");
        self.parts += text;
        self.parts.push('\n');
    }

    /// Adds a figure with a goal, and the figure of the peer.
    pub fn row(&mut self, name: &str, (ours, theirs): (f64, f64), unit: &str, goal: Goal) {
        let ratio = ours / theirs;
        let (reached, wish) = match goal {
            Goal::AtLeast(least) => (ratio >= least, format!(">= {least:.3}")),
            Goal::Shown => (true, String::new()),
            Goal::AtMost(most) => (ratio <= most, format!("<= {most:.3}")),
        };
        self.missed += u32::from(!reached);
        let word = match goal {
            Goal::Shown => "",
            _ if reached => "reached",
            _ => "**missed**",
        };
        let line = format!(
            "| {name} | {} | {} | {unit} | {ratio:.3} | {wish} | {word} |",
            figure(ours),
            figure(theirs)
        );
        println!("{line}");
        let _ = writeln!(self.rows, "{line}");
    }

    /// Writes a plot next to the report, and shows it in the current part.
    pub fn plot(&mut self, name: &str, title: &str, svg: &str) -> Result<()> {
        fs::write(self.folder.join(name), svg)?;
        self.say(&format!("\n![{title}]({name})\n"));
        Ok(())
    }

    /// Writes `REPORT.md`.
    pub fn write(&self, command: &str, quick: bool) -> Result<()> {
        let kind = if quick {
            "**A quick run: short, with small tables. Its figures are no measurement to quote.**\n\n"
        } else {
            ""
        };
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let text = format!(
            "# What readdress costs\n\n{kind}{}\nLoad of the machine at the end of the run (the run is part of it): {}\n\n\
             Command: `{command}`. Everything is a ratio of two figures of this one run; the load\n\
             generator shares the processors with what it measures.\n\n\
             ## What must be reached ({} missed)\n\n\
             | | readdress | against | unit | ratio | wanted | |\n|---|---|---|---|---|---|---|\n{}\n{LIMITS}\n{}",
            machine(),
            load.trim(),
            self.missed,
            self.rows,
            self.parts
        );
        fs::write(self.folder.join("REPORT.md"), text)
    }
}

/// Returns the median of each figure over several rounds.
pub fn medians(rounds: &[Vec<f64>]) -> Vec<f64> {
    let width = rounds.first().map_or(0, Vec::len);
    let middle = |at: usize| {
        let mut values: Vec<f64> = rounds.iter().map(|round| round[at]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    (0..width).map(middle).collect()
}

/// Returns a number as text, with as many digits as are meaningful.
pub fn figure(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map_or_else(|_| Vec::new(), |output| output.stdout);
    let text = String::from_utf8_lossy(&text);
    text.lines().next().unwrap_or("unknown").trim().to_owned()
}

fn after_colon(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':'));
    value
        .map_or("unknown", |(_, value)| value.trim())
        .to_owned()
}

fn version(package: &str) -> String {
    first_line("dpkg-query", &["-W", "-f", "${Version}", package])
}

/// Returns the versions of the most important crates, as they were built.
fn crates() -> String {
    let lock = include_str!("../Cargo.lock");
    let mut found = Vec::new();
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        for name in ["readdress", "indymilter", "tokio", "regex", "hashbrown"] {
            if line == format!("name = \"{name}\"") {
                let version = lines.next().and_then(|line| line.split('"').nth(1));
                found.push(format!("{name} {}", version.unwrap_or("?")));
            }
        }
    }
    found.join(", ")
}

fn machine() -> String {
    let rows = [
        ("Date", first_line("date", &["-u", "+%Y-%m-%d %H:%M UTC"])),
        ("Processor", after_colon("/proc/cpuinfo", "model name")),
        ("Cores", first_line("nproc", &[])),
        ("Memory", after_colon("/proc/meminfo", "MemTotal")),
        ("Kernel", first_line("uname", &["-sr"])),
        (
            "Commit",
            first_line("git", &["describe", "--always", "--dirty"]),
        ),
        ("rustc", first_line("rustc", &["--version"])),
        ("Crates", crates()),
        ("libmilter", version("libmilter-dev")),
        ("python3-milter", version("python3-milter")),
    ];
    let lines = rows.map(|(name, value)| format!("| {name} | {value} |\n"));
    format!("| | |\n|---|---|\n{}", lines.concat())
}
