//! Flags of the commands that ask the running daemon.

use std::path::PathBuf;

use clap::Args;

use crate::config::socket::Socket;

/// Flags of `status`.
#[derive(Args, Debug)]
pub struct Status {
    /// For probes: exit status 0 if a table is live, whatever else is wrong
    #[arg(long)]
    pub ready: bool,
    /// Where the daemon is
    #[command(flatten)]
    pub control: Control,
}

/// Flags of `reload`.
#[derive(Args, Debug)]
pub struct Reload {
    /// Why, for the history
    #[arg(short = 'm', long = "message", value_name = "WHY")]
    pub why: Option<String>,
    /// Where the daemon is
    #[command(flatten)]
    pub control: Control,
}

/// Flags of `accept`.
#[derive(Args, Debug)]
pub struct Accept {
    /// The digest that the log and `status` show
    #[arg(value_name = "DIGEST")]
    pub digest: String,
    /// Why, for the history
    #[arg(short = 'm', long = "message", value_name = "WHY")]
    pub why: Option<String>,
    /// Where the daemon is
    #[command(flatten)]
    pub control: Control,
}

/// Flags of the commands that ask the daemon.
#[derive(Args, Debug)]
pub struct Control {
    /// Control socket [default: the configured one]
    #[arg(short, long, value_name = "SOCKET")]
    pub socket: Option<Socket>,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
