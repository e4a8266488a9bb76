//! What was measured, as Markdown: what must be reached first, then everything else, by part.

use std::fmt::Write as _;
use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why what is missed is missed.
const LIMITS: &str = include_str!("../limits.md");

/// What a figure must be, against its peer.
#[derive(Clone, Copy)]
pub enum Wanted {
    /// At least so many times the peer's.
    AtLeast(f64),
    /// Nothing is laid down: it is shown.
    Shown,
    /// At most so many times the peer's.
    AtMost(f64),
}

/// The report, as it grows.
pub struct Report {
    folder: PathBuf,
    rows: String,
    parts: String,
    missed: u32,
}

impl Report {
    /// One that will be written into `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            rows: String::new(),
            parts: String::new(),
            missed: 0,
        }
    }

    /// Text of the part that is being measured; also shown at once.
    pub fn say(&mut self, text: &str) {
        println!("{text}");
        self.parts += text;
        self.parts.push('\n');
    }

    /// A figure that must be reached, and what it is held against.
    pub fn row(&mut self, name: &str, (ours, theirs): (f64, f64), unit: &str, wanted: Wanted) {
        let ratio = ours / theirs;
        let (reached, wish) = match wanted {
            Wanted::AtLeast(least) => (ratio >= least, format!(">= {least:.3}")),
            Wanted::Shown => (true, String::new()),
            Wanted::AtMost(most) => (ratio <= most, format!("<= {most:.3}")),
        };
        self.missed += u32::from(!reached);
        let word = match wanted {
            Wanted::Shown => "",
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

    /// A plot beside the report, and its place in it.
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

/// The median of each figure over several rounds.
pub fn medians(rounds: &[Vec<f64>]) -> Vec<f64> {
    let width = rounds.first().map_or(0, Vec::len);
    let middle = |at: usize| {
        let mut values: Vec<f64> = rounds.iter().map(|round| round[at]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    (0..width).map(middle).collect()
}

/// A number with as many digits as mean something.
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

/// The versions of the crates that carry the daemon, as they were built.
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
