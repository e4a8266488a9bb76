//! Flags of `doctor`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};

use super::Format;
use crate::config::socket::Socket;

/// Flags of `doctor`.
#[derive(Args, Clone, Debug)]
pub struct Doctor {
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Rules directory, instead of the configured one
    #[arg(short, long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// Milter socket, instead of the configured ones (may be repeated)
    #[arg(short, long, value_name = "SOCKET")]
    pub listen: Vec<Socket>,
    /// DNS server [default: those of /etc/resolv.conf]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub dns: Option<SocketAddr>,
    /// Postfix's postconf [default: looked for]
    #[arg(long, value_name = "PROGRAM")]
    pub postconf: Option<PathBuf>,
    /// Directory of Postfix's main.cf [default: postconf's own]
    #[arg(long, value_name = "DIR")]
    pub postfix_config: Option<PathBuf>,
    /// Sendmail's configuration [default: /etc/mail/sendmail.cf]
    ///
    /// Who names one MTA means that one; the other is not looked for.
    #[arg(long, value_name = "FILE")]
    pub sendmail_cf: Option<PathBuf>,
    /// Write the lines that connect this table to an MTA, and look no further
    #[arg(long, value_enum, value_name = "MTA", conflicts_with_all = ["strict", "format"])]
    pub print: Option<Mta>,
    /// Warnings count as errors
    #[arg(long)]
    pub strict: bool,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// For which MTA lines are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Mta {
    /// Lines for main.cf
    Postfix,
    /// Lines for sendmail.mc
    Sendmail,
}
