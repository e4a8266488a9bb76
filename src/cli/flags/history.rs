//! Flags of the commands about the history.

use std::{fmt, path::PathBuf, str::FromStr};

use clap::Args;

use super::Control;

/// Whose history is meant.
#[derive(Args, Debug)]
pub struct Place {
    /// Rules directory [default: the configured one]
    #[arg(short, long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Flags of `history`.
#[derive(Args, Debug)]
pub struct History {
    /// All generations, not only the last 20
    #[arg(short, long)]
    pub all: bool,
    /// One JSON object per line
    #[arg(long)]
    pub json: bool,
    /// Where the history is
    #[command(flatten)]
    pub place: Place,
}

/// Flags of `diff`.
#[derive(Args, Debug)]
pub struct Diff {
    /// The older table: a generation, `live`, or `files` [default: live]
    #[arg(value_name = "A")]
    pub before: Option<Side>,
    /// The newer table [default: files; with A: live]
    #[arg(value_name = "B")]
    pub after: Option<Side>,
    /// The lines of the rules as well
    #[arg(short, long)]
    pub verbose: bool,
    /// All addresses, not only the first 100
    #[arg(short, long)]
    pub all: bool,
    /// One JSON object per line
    #[arg(long)]
    pub json: bool,
    /// The files to compare: this directory, instead of the configured one
    #[arg(short, long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// A table to compare.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// A table of the history.
    Generation(u64),
    /// The table that went live last.
    Live,
    /// The table that the files would make.
    Files,
}

impl FromStr for Side {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "live" => Ok(Self::Live),
            "files" => Ok(Self::Files),
            number => number
                .parse()
                .map(Self::Generation)
                .map_err(|_| "write the number of a generation, `live`, or `files`"),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generation(number) => write!(f, "generation {number}"),
            Self::Live => f.write_str("live"),
            Self::Files => f.write_str("files"),
        }
    }
}

/// Flags of `blame`.
#[derive(Args, Debug)]
pub struct Blame {
    /// Addresses or domains
    #[arg(value_name = "ADDRESS", required = true)]
    pub addresses: Vec<String>,
    /// One JSON object per line
    #[arg(long)]
    pub json: bool,
    /// Where the history is
    #[command(flatten)]
    pub place: Place,
}

/// Flags of `rollback`.
#[derive(Args, Debug)]
pub struct Rollback {
    /// The generation to go back to: `readdress history` lists them
    #[arg(
        value_name = "NUMBER",
        required_unless_present = "end",
        conflicts_with = "end"
    )]
    pub generation: Option<u64>,
    /// End the rollback: the files count again
    #[arg(long)]
    pub end: bool,
    /// Why, for the history
    #[arg(
        short = 'm',
        long = "message",
        value_name = "WHY",
        required_unless_present = "end"
    )]
    pub why: Option<String>,
    /// Where the daemon is
    #[command(flatten)]
    pub control: Control,
}

/// Flags of `edit`.
#[derive(Args, Debug)]
pub struct Edit {
    /// A file of the rules directory, which need not exist
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Why, for the history; without it you are asked
    #[arg(short = 'm', long = "message", value_name = "WHY")]
    pub why: Option<String>,
    /// Rules directory [default: the configured one]
    #[arg(short, long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
