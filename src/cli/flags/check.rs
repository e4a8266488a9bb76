//! The flags of `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Flags of `check`.
#[derive(Args, Debug)]
pub struct Check {
    /// Rules directory [default: the configured one], or files
    ///
    /// Files are checked by themselves, or with --in as a part of a directory.
    #[arg(value_name = "DIR|FILE")]
    pub paths: Vec<PathBuf>,
    /// Take a file for one with this name or extension (rules, virtual, csv)
    #[arg(long = "as", value_name = "NAME")]
    pub named: Option<String>,
    /// Check the files in DIR, in place of those there with their names
    #[arg(long = "in", value_name = "DIR", requires = "paths")]
    pub within: Option<PathBuf>,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Warnings count as errors
    #[arg(long)]
    pub strict: bool,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// For people: the place, the line, a caret
    Text,
    /// One JSON object a line
    Json,
}
