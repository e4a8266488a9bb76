//! Flags of `doctor`.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

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
    /// If an option names one MTA, doctor does not look for the other.
    #[arg(long, value_name = "FILE")]
    pub sendmail_cf: Option<PathBuf>,
    /// Ask the MTA by SMTP about addresses of every domain; nothing is sent
    ///
    /// Sends EHLO, then MAIL, RCPT and RSET: for an address that exists, for one
    /// that does not, and for some of other domains, which the MTA must refuse.
    /// Without HOST:PORT, asks the MTA that was found, where it listens.
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        value_name = "HOST:PORT",
        default_missing_value = "",
        conflicts_with = "print"
    )]
    pub probe: Option<ProbeAt>,
    /// Write the lines that connect an MTA to this table, and check nothing
    #[arg(long, value_enum, value_name = "MTA", conflicts_with_all = ["strict", "format"])]
    pub print: Option<Mta>,
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
    /// How findings are printed
    ///
    /// With json the last object is the summary:
    /// {"summary":{"errors","warnings","notes","looked_at":[…]}}.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// Where the MTA is asked by SMTP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProbeAt {
    /// Where the MTA that was found listens.
    Found,
    /// At this host and port.
    Place(String, u16),
}

impl FromStr for ProbeAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::Found);
        }
        let wrong = || format!("\"{text}\" is not HOST:PORT, as in mx.company.com:25");
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None => (text, 25),
        };
        let bare = host.trim_matches(['[', ']']);
        if bare.is_empty() || (bare.contains(':') && !host.starts_with('[')) {
            return Err(wrong());
        }
        Ok(Self::Place(bare.to_owned(), port))
    }
}

/// The MTA for which lines are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Mta {
    /// Lines for main.cf
    Postfix,
    /// Lines for sendmail.mc
    Sendmail,
}
