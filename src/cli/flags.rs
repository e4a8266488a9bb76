//! Every command, flag and help text, defined once; help fits a terminal of 80 columns.

mod check;
mod doctor;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use check::{Check, Format};
pub use doctor::{Doctor, Mta, ProbeAt};

use crate::config::socket::Socket;

/// Rewrite the recipients of secondary mail domains to primary addresses
///
/// readdress is a milter: attached to Postfix or Sendmail, it rewrites envelope
/// recipients from a table of rules. Saving a rules file makes the new table live.
#[derive(Debug, Parser)]
#[command(
    name = "readdress",
    version,
    max_term_width = 80,
    propagate_version = true
)]
pub struct Flags {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the MTA: the daemon
    Run(Run),
    /// Show the main job in a minute, with nothing installed
    Demo(Demo),
    /// Check a rules directory, or files, and show every finding
    ///
    /// Exit status: 0 no error, 1 errors (with --strict warnings too),
    /// 2 could not run.
    Check(Check),
    /// Look at DNS, the MTA and the daemon: what is wrong, and what to write
    ///
    /// Connects to every milter and map that the MTA lists. Changes nothing.
    /// Ends with what was looked at, and what of it is right. Exit status:
    /// 0 no error, 1 errors (with --strict warnings too), 2 a file, directory
    /// or program that was named is not there.
    Doctor(Box<Doctor>),
    /// Say what happens to an address, and which lines decide it
    /// Exit status: 0 explained, 1 errors in the rules, 2 no address, or could
    /// not run.
    Explain(Explain),
    /// Write the rules in the words of another program
    ///
    /// What a format cannot say is told on standard error and, as a comment,
    /// in the output. Exit status: 0 everything is said, 1 something is not,
    /// 2 could not run.
    Export(Export),
    /// Lay native files out: columns, commas, line ends; never the meaning
    ///
    /// A file is replaced as a whole, mode and owner kept; one with an error
    /// is left as it is. Exit status: 0 done, 1 errors (with --check also where
    /// something would change), 2 could not run.
    Fmt(Fmt),
    /// Hold the rules against their expectations (*.expect)
    ///
    /// Exit status: 0 all hold, 1 broken ones or errors, 2 could not run.
    Expect(Expect),
    /// Turn another program's table into native rules
    ///
    /// Rules go to standard output, findings to standard error.
    /// Exit status: 0 clean, 1 conflicts or errors (nothing is written then),
    /// 2 the file could not be read.
    Import(Box<Import>),
    /// Play the MTA against the running milter: what would it change?
    Try(Try),
    /// Show what the running daemon serves, and what is wrong
    ///
    /// Exit status: 0 all is well, 1 degraded (rules or configuration are refused,
    /// a table is held back, a part of the daemon is not well, or fewer connections
    /// are served than configured), 2 the daemon could not be asked.
    Status(Status),
    /// Have the running daemon read its files now, and wait for the outcome
    ///
    /// Exit status: 0 the files are live, 1 the rules or the configuration were
    /// refused, 2 the daemon could not be asked, 3 the new table is held back.
    /// In all cases but 0 what was in force before stays so.
    Reload(Control),
    /// Let a table go live that is held back
    ///
    /// A table that lost rules in a way that nobody means (an emptied directory
    /// or file, another mount, more than max_shrink) is held back. The log,
    /// `status` and `reload` print its digest. Exit status: 0 it is live, 2 there
    /// is no such table, or the daemon could not be asked.
    Accept(Accept),
    /// Show the settings in force, and where each comes from
    ///
    /// Asks the running daemon; without one, reads the file. Exit status: 0 done,
    /// 1 the file has errors, 2 could not run.
    Config(Control),
}

/// Flags of `run`.
#[derive(Args, Clone, Debug)]
pub struct Run {
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Rules directory, instead of the configured one
    #[arg(short, long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// Milter socket, instead of the configured ones (may be repeated)
    #[arg(short, long, value_name = "SOCKET")]
    pub listen: Vec<Socket>,
}

/// Flags of `demo`.
#[derive(Args, Debug)]
pub struct Demo {
    /// Pause between the steps, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub pause: u64,
}

/// Where the rules are.
#[derive(Args, Debug)]
pub struct Where {
    /// Rules directory [default: the configured one]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Flags of `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// Addresses, domains, or whole lines of an MTA's log; - reads lines
    ///
    /// An address as people have it will do (`Anna <anna@…>`, `mailto:…`). Of a line (`RCPT TO:<…> NOTIFY=…`, `orig_to=<…>`, `arg1=<…>`, `to=<…>`) it is
    /// also told what the MTA does with the result.
    #[arg(value_name = "ADDRESS|LINE", required = true)]
    pub addresses: Vec<String>,
    /// Rules directory [default: the configured one]
    #[arg(short, long, value_name = "DIR", conflicts_with = "live")]
    pub rules: Option<PathBuf>,
    /// Ask the running daemon instead of the files
    ///
    /// A recipient of a message may wait up to a millisecond while a long list is explained.
    #[arg(long)]
    pub live: bool,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Flags of `export`.
#[derive(Args, Debug)]
pub struct Export {
    /// What to write
    #[arg(value_enum, value_name = "FORMAT")]
    pub format: ExportFormat,
    /// Rules directory [default: the configured one]
    #[arg(short, long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// Secondary domain that replies show (generic, genericstable)
    #[arg(short, long, value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What `export` writes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ExportFormat {
    /// Postfix virtual(5): a source for postmap
    Virtual,
    /// Sendmail virtusertable: a source for makemap
    Virtusertable,
    /// All domains and rules as pairs from,to: for a spreadsheet, and back
    Csv,
    /// Primary and secondary domains, one a line
    Domains,
    /// Secondary domains, one a line
    Secondary,
    /// The addresses that exist: a source for relay_recipient_maps
    Recipients,
    /// Postfix generic(5): what replies show for a primary address, where
    /// exactly one secondary address is meant for it
    Generic,
    /// The same for Sendmail
    Genericstable,
}

/// Flags of `fmt`.
#[derive(Args, Debug)]
pub struct Fmt {
    /// Change nothing; exit status 1 if something would change
    #[arg(long)]
    pub check: bool,
    /// Files (.rules, .expect), or directories of them
    #[arg(value_name = "FILE", required = true)]
    pub paths: Vec<PathBuf>,
}

/// Flags of `expect`.
#[derive(Args, Debug)]
pub struct Expect {
    /// Where the rules are
    #[command(flatten)]
    pub place: Where,
}

/// Flags of `import`.
#[derive(Args, Debug)]
pub struct Import {
    /// What the file is
    #[arg(value_enum, value_name = "FORMAT")]
    pub format: ImportName,
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write the rules here instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Findings and counts only
    #[arg(long)]
    pub dry_run: bool,
    /// Write what could be read, in spite of errors
    #[arg(long)]
    pub partial: bool,
    /// No `# source: FILE:LINE` behind the rules
    #[arg(long)]
    pub no_source: bool,
    /// Encoding, where the file does not tell it: windows-1252, latin1
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Postfix's myorigin: for addresses without a domain
    #[arg(long, value_name = "DOMAIN")]
    pub myorigin: Option<String>,
    /// Postfix's mydomain: for domains without a dot
    #[arg(long, value_name = "DOMAIN")]
    pub mydomain: Option<String>,
    /// Domain of the local users that have none written
    #[arg(long, value_name = "DOMAIN")]
    pub local_domain: Option<String>,
    /// Sendmail's virtuser-domains: who stands in no line there does not exist
    #[arg(long, value_name = "FILE")]
    pub virtuser_domains: Option<PathBuf>,
    /// Sendmail's local-host-names: domains whose other users the MTA knows
    #[arg(long, value_name = "FILE")]
    pub local_host_names: Option<PathBuf>,
    /// Sendmail's relay-domains: likewise, known to the next hop
    #[arg(long, value_name = "FILE")]
    pub relay_domains: Option<PathBuf>,
    /// Between the values of one cell (Exchange 5.5) [default: %]
    #[arg(long, value_name = "CHAR")]
    pub mv_sep: Option<String>,
    /// Between cells: a character, tab, space or a decimal code
    #[arg(long, value_name = "CHAR")]
    pub column_sep: Option<String>,
    /// Around cells [default: "]
    #[arg(long, value_name = "CHAR")]
    pub quote: Option<String>,
    /// Primary address where none is written: alias@DOMAIN or upn
    #[arg(long, value_name = "FROM")]
    pub primary_from: Option<String>,
    /// Primary domain of an Exchange 5.5 routing table (may be repeated)
    #[arg(long, value_name = "DOMAIN")]
    pub primary_domain: Vec<String>,
    /// Take addresses in *.onmicrosoft.com as well
    #[arg(long)]
    pub keep_onmicrosoft: bool,
    /// Leave disabled accounts out (shared mailboxes are such accounts)
    #[arg(long)]
    pub skip_disabled: bool,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Formats that `import` reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ImportName {
    /// Postfix virtual(5), or `postmap -s`
    Virtual,
    /// Sendmail virtusertable source
    Virtusertable,
    /// CSV with the columns from and to
    Pairs,
    /// Any CSV that its header row tells
    Csv,
    /// Exchange 4.0 to 5.5 directory export
    Exchange55,
    /// Exchange 5.5 routing table
    Exchange55Routing,
    /// Exchange and Microsoft 365, PowerShell or admin centre
    #[value(alias = "exchange")]
    Microsoft365,
    /// Google Workspace: GAM, recipient address map
    Google,
    /// Databases of mail servers: CSV, mysql -B or a dump
    #[value(alias = "sql")]
    Postfixadmin,
    /// Active Directory or another directory
    #[value(alias = "ad")]
    Ldif,
}

/// Flags of `try`.
#[derive(Args, Debug)]
pub struct Try {
    /// Sender, with parameters if wanted: "s@example.com SMTPUTF8"
    #[arg(short, long, value_name = "ADDRESS")]
    pub from: String,
    /// Recipient, with parameters if wanted: "jd@domain2.com NOTIFY=NEVER"
    /// (may be repeated)
    #[arg(short, long, value_name = "ADDRESS", required = true)]
    pub rcpt: Vec<String>,
    /// Milter socket [default: the first configured one]
    #[arg(short, long, value_name = "SOCKET")]
    pub milter: Option<Socket>,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Flags of `status`.
#[derive(Args, Debug)]
pub struct Status {
    /// For probes: exit status 0 also where degraded, if a table serves
    #[arg(long)]
    pub ready: bool,
    /// Where the daemon is
    #[command(flatten)]
    pub control: Control,
}

/// Flags of `accept`.
#[derive(Args, Debug)]
pub struct Accept {
    /// What is accepted, as the log and `status` print it
    #[arg(value_name = "DIGEST")]
    pub digest: String,
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
