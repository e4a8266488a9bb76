//! The flags of `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Flags of `check`.
#[derive(Args, Debug)]
pub struct Check {
    /// Rules directory [default: the configured one], or files
    ///
    /// Files are checked by themselves, or with --in as a part of a directory.
    /// `-` is standard input; without --as it is read as native rules.
    #[arg(value_name = "DIR|FILE")]
    pub paths: Vec<PathBuf>,
    /// Read the file as if it had this name or extension (rules, virtual, csv)
    #[arg(long = "as", value_name = "NAME")]
    pub named: Option<String>,
    /// Check the files with those of DIR; they replace files of the same name
    #[arg(long = "in", value_name = "DIR", requires = "paths")]
    pub within: Option<PathBuf>,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Warnings count as errors
    #[arg(long)]
    pub strict: bool,
    /// Ask before each change that findings suggest, and make it
    ///
    /// A finding with several suggestions is left alone.
    #[arg(long, conflicts_with_all = ["format", "named"])]
    pub fix: bool,
    /// Make all changes of --fix without asking
    #[arg(long, requires = "fix")]
    pub yes: bool,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = CheckFormat::Text, value_name = "FORMAT")]
    pub format: CheckFormat,
}

/// How the findings of `check` are printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum CheckFormat {
    /// For people: the place, the line, a caret
    Text,
    /// One JSON object a line, the last one a summary
    Json,
    /// Commands of GitHub's workflows
    Github,
    /// SARIF 2.1.0
    Sarif,
}

/// How the findings of `doctor` are printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}
