//! Every command, flag and help text, defined once. Help, completions and readdress(8) come from here.
//! Help fits a terminal of 80 columns.

mod check;
mod daemon;
mod doctor;
pub mod guide;
mod history;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, builder::PossibleValue};

pub use check::{Check, CheckFormat, Format};
pub use daemon::{Accept, Control, Reload, Status};
pub use doctor::{Doctor, Mta, ProbeAt};
pub use history::{Blame, Diff, Edit, History, Place, Rollback, Side};

use crate::{config::socket::Socket, engine::format::ImportFormat, export::ExportFormat};

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
    /// Run the daemon that serves the MTA
    #[command(after_long_help = guide::end("run"))]
    Run(Run),
    /// Show the main job, screen by screen; nothing has to be installed
    #[command(after_long_help = guide::end("demo"))]
    Demo(Demo),
    /// Check a rules directory, or files, and show every finding
    #[command(after_long_help = guide::end("check"))]
    Check(Check),
    /// Find what is wrong with DNS, the MTA and the daemon, and what to change
    ///
    /// Connects to every milter and map that the MTA lists. Changes nothing.
    /// Ends with a list of what was checked, and what of it is right.
    #[command(after_long_help = guide::end("doctor"))]
    Doctor(Box<Doctor>),
    /// Show what happens to an address, and which rules decide
    #[command(after_long_help = guide::end("explain"))]
    Explain(Explain),
    /// Show which addresses, lists and patterns reach an address
    #[command(after_long_help = guide::end("who"))]
    Who(Who),
    /// Write the rules as a table of another program
    ///
    /// If the format cannot express a rule, a message says so on standard error,
    /// and a comment in the output.
    #[command(after_long_help = guide::end("export"))]
    Export(Export),
    /// Lay out native files: columns, commas, line ends; never their meaning
    ///
    /// A file is replaced as a whole and keeps its mode and owner. A file with an
    /// error stays as it is.
    #[command(after_long_help = guide::end("fmt"))]
    Fmt(Fmt),
    /// Test the rules with their expectations (*.expect)
    #[command(after_long_help = guide::end("expect"))]
    Expect(Expect),
    /// Convert another program's table to native rules
    ///
    /// Rules go to standard output, findings to standard error. With a conflict
    /// or an error nothing is written.
    #[command(after_long_help = guide::end("import"))]
    Import(Box<Import>),
    /// Send the running milter a message as an MTA does, and show its changes
    #[command(after_long_help = guide::end("try"))]
    Try(Try),
    /// Show what the running daemon serves, and what is wrong
    #[command(after_long_help = guide::end("status"))]
    Status(Status),
    /// Make the running daemon read its files now, and wait for the result
    #[command(after_long_help = guide::end("reload"))]
    Reload(Reload),
    /// Edit a rules file, see what that changes, then save it with a reason
    ///
    /// The editor ($VISUAL, $EDITOR) works upon a copy. Then come the findings and
    /// whose mail goes elsewhere. Only with a yes the file is saved and goes live.
    #[command(after_long_help = guide::end("edit"))]
    Edit(Edit),
    /// List the tables that went live: when, by whom, why
    #[command(after_long_help = guide::end("history"))]
    History(History),
    /// Show whose mail another table delivers elsewhere, and where
    ///
    /// Without arguments: what saving the files would change. With one generation:
    /// what changed since. With two: what changed in between.
    #[command(after_long_help = guide::end("diff"))]
    Diff(Diff),
    /// Show since when an address is what it is, who did it, and why
    #[command(after_long_help = guide::end("blame"))]
    Blame(Blame),
    /// Go back to a table of the history, until you end that
    ///
    /// Saving files changes nothing meanwhile, and a restart neither. `status` says
    /// so, and the log.
    #[command(after_long_help = guide::end("rollback"))]
    Rollback(Rollback),
    /// Let a table go live that is held back
    ///
    /// A table that changed in a way that nobody means is held back: an emptied
    /// directory or file, another file system, a file that was cut off, a domain
    /// with 20 addresses in no rule any more, addresses that got mail and would be
    /// refused, more than max_shrink or max_growth. The log, `status` and `reload`
    /// show why, whose mail it concerns, and its digest.
    #[command(after_long_help = guide::end("accept"))]
    Accept(Accept),
    /// Show the settings in force, and where each comes from
    ///
    /// Asks the running daemon. If no daemon answers, reads the file.
    #[command(after_long_help = guide::end("config"))]
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
    /// Wait for Enter after each screen, also without a terminal
    #[arg(long, overrides_with = "no_pause")]
    pub pause: bool,
    /// Do not wait, also on a terminal; the last screen, yours, is left out
    #[arg(long, overrides_with = "pause")]
    pub no_pause: bool,
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
    /// Copied forms work as well (`Anna <anna@…>`, `mailto:…`). For a line of a log
    /// (`RCPT TO:<…> NOTIFY=…`, `orig_to=<…>`, `arg1=<…>`, `to=<…>`), also shows what
    /// the MTA does with the result.
    #[arg(value_name = "ADDRESS|LINE", required = true)]
    pub addresses: Vec<String>,
    /// Rules directory [default: the configured one]
    #[arg(short, long, value_name = "DIR", conflicts_with = "live")]
    pub rules: Option<PathBuf>,
    /// A table of the history instead of the files: its number
    #[arg(short, long, value_name = "NUMBER", conflicts_with = "live")]
    pub generation: Option<u64>,
    /// Ask the running daemon instead of the files
    ///
    /// A recipient of a message may wait up to a millisecond while the daemon
    /// explains a long list.
    #[arg(long)]
    pub live: bool,
    /// One JSON object per line
    #[arg(long)]
    pub json: bool,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Flags of `who`.
#[derive(Args, Debug)]
pub struct Who {
    /// Addresses; - reads lines
    ///
    /// Copied forms work as well (`Anna <anna@…>`, `mailto:…`, a line of a log).
    #[arg(value_name = "ADDRESS", required = true)]
    pub addresses: Vec<String>,
    /// Rules directory [default: the configured one]
    #[arg(short, long, value_name = "DIR", conflicts_with = "live")]
    pub rules: Option<PathBuf>,
    /// Ask the running daemon instead of the files
    ///
    /// Root and the daemon's own user see everything, others as much as `[log]
    /// addresses` shows.
    #[arg(long)]
    pub live: bool,
    /// One JSON object per line
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
    /// Secondary domain to show in replies (generic, genericstable)
    #[arg(short, long, value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The words of the command line are those of the list in [`export`](crate::export), which knows no flags.
impl ValueEnum for ExportFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()).help(self.summary()))
    }
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
    pub format: ImportFormat,
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write the rules here instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Findings and counts only
    #[arg(long)]
    pub dry_run: bool,
    /// Write the rules that could be read, in spite of errors
    #[arg(long)]
    pub partial: bool,
    /// No comment `# source: FILE:LINE` after each rule
    #[arg(long)]
    pub no_source: bool,
    /// Encoding, if the file does not show it: windows-1252, latin1
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Domain for addresses without one: Postfix's myorigin
    #[arg(long, value_name = "DOMAIN")]
    pub myorigin: Option<String>,
    /// Domain to add to domains without a dot: Postfix's mydomain
    #[arg(long, value_name = "DOMAIN")]
    pub mydomain: Option<String>,
    /// Domain of local users without a domain
    #[arg(long, value_name = "DOMAIN")]
    pub local_domain: Option<String>,
    /// Sendmail's virtuser-domains: addresses not listed there do not exist
    #[arg(long, value_name = "FILE")]
    pub virtuser_domains: Option<PathBuf>,
    /// Sendmail's local-host-names: the MTA knows their other users
    #[arg(long, value_name = "FILE")]
    pub local_host_names: Option<PathBuf>,
    /// Sendmail's relay-domains: the next hop knows their other users
    #[arg(long, value_name = "FILE")]
    pub relay_domains: Option<PathBuf>,
    /// Separator within a cell (Exchange 5.5) [default: %]
    #[arg(long, value_name = "CHAR")]
    pub mv_sep: Option<String>,
    /// Separator of cells: a character, tab, space or a decimal code
    #[arg(long, value_name = "CHAR")]
    pub column_sep: Option<String>,
    /// Quote around cells [default: "]
    #[arg(long, value_name = "CHAR")]
    pub quote: Option<String>,
    /// Primary address if there is none: alias@DOMAIN or upn
    #[arg(long, value_name = "FROM")]
    pub primary_from: Option<String>,
    /// Primary domain of an Exchange 5.5 routing table (may be repeated)
    #[arg(long, value_name = "DOMAIN")]
    pub primary_domain: Vec<String>,
    /// Keep addresses in *.onmicrosoft.com
    #[arg(long)]
    pub keep_onmicrosoft: bool,
    /// Skip disabled accounts (shared mailboxes are disabled accounts)
    #[arg(long)]
    pub skip_disabled: bool,
    /// Configuration file [default: /etc/readdress/readdress.toml]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The words of the command line are those of the list in the engine; some have another word beside it.
impl ValueEnum for ImportFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let value = PossibleValue::new(self.name()).help(self.summary());
        Some(match self {
            Self::Microsoft365 => value.alias("exchange"),
            Self::Postfixadmin => value.alias("sql"),
            Self::Ldif => value.alias("ad"),
            _ => value,
        })
    }
}

/// Flags of `try`.
#[derive(Args, Debug)]
pub struct Try {
    /// Sender, with parameters if needed: "s@example.com SMTPUTF8"
    #[arg(short, long, value_name = "ADDRESS")]
    pub from: String,
    /// Recipient, with parameters if needed: "jd@domain2.com NOTIFY=NEVER"
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
