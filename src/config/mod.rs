//! Storey 7: the configuration file `readdress.toml`, text to values (spec section 7).
//!
//! Pure as the engine is: it reads no file. Every key has a default, so an empty or a missing file
//! works; an unknown key is an error with a suggestion; all findings come in one pass, with place,
//! line and caret. [`keys`] defines every key once: its meaning, its default and whether a change
//! takes effect live. The sample file is printed from it.

pub mod keys;
mod origin;
mod parse;
mod show;
pub mod socket;
mod value;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

pub use origin::{Origin, Origins};
pub use parse::{parse, parse_partly};
pub use show::{Change, quoted};
use socket::Socket;

use crate::{engine::Settings, headers::Wanted};

/// Where the configuration is looked for when none is named.
pub const DEFAULT_FILE: &str = "/etc/readdress/readdress.toml";

/// The share of its rules that a table may lose at once, in percent, where nothing else is configured.
pub const MAX_SHRINK: u8 = 20;

/// Whether decisions are carried out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// They are.
    Rewrite,
    /// They are logged, and nothing is changed.
    Observe,
}

/// How addresses stand in the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogAddresses {
    /// As they are.
    Full,
    /// The domain alone.
    Domain,
    /// A hash of the address; the same address has the same hash as long as the daemon runs.
    Hash,
}

/// How changed rules are waited for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reload {
    /// How long the directory must be quiet.
    pub quiet: Duration,
    /// When it is read although it is not.
    pub latest: Duration,
    /// How often it is looked at although nothing was notified.
    pub rescan: Duration,
    /// The share of its rules that a table may lose at once, in percent.
    pub max_shrink: u8,
}

/// Who refuses addresses that do not exist, and those that would relay.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusals {
    /// The milter.
    Milter,
    /// The MTA, which asks the map `recipients`.
    Socketmap,
}

/// How long and how many connections are served.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Milter {
    /// Where the MTA connects.
    pub listen: Vec<Socket>,
    /// Connections at one time.
    pub max_connections: usize,
    /// How long a stop waits for messages that are under way.
    pub drain: Duration,
    /// Lookups for all recipients of one message.
    pub message_limit: usize,
    /// Who refuses addresses that do not exist.
    pub refusals: Refusals,
}

/// The whole configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// The rules directory.
    pub rules: PathBuf,
    /// Whether decisions are carried out.
    pub mode: Mode,
    /// Where the daemon keeps what it has to know after a restart.
    pub state: PathBuf,
    /// The milter's sockets and limits.
    pub milter: Milter,
    /// Where the MTA asks the table.
    pub socketmap: Vec<Socket>,
    /// The control socket.
    pub control: Socket,
    /// Whether the control socket was asked for: if not, its absence is no failure.
    pub control_written: bool,
    /// What the meaning of rules depends on.
    pub settings: Settings,
    /// Which headers are changed.
    pub headers: Wanted,
    /// How changed rules are waited for.
    pub reload: Reload,
    /// How addresses stand in the log.
    pub addresses: LogAddresses,
    /// Which events are logged: `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// Where each value comes from.
    pub origins: Origins,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rules: PathBuf::from("/etc/readdress/rules"),
            mode: Mode::Rewrite,
            state: PathBuf::from("/var/lib/readdress"),
            milter: Milter {
                listen: vec![Socket::Unix(PathBuf::from("/run/readdress/milter.sock"))],
                max_connections: 1000,
                drain: Duration::from_secs(10),
                message_limit: 30_000,
                refusals: Refusals::Milter,
            },
            socketmap: Vec::new(),
            control: Socket::Unix(PathBuf::from("/run/readdress/control.sock")),
            control_written: false,
            settings: Settings::default(),
            headers: Wanted::default(),
            reload: Reload {
                quiet: Duration::from_millis(200),
                latest: Duration::from_secs(2),
                rescan: Duration::from_secs(30),
                max_shrink: MAX_SHRINK,
            },
            addresses: LogAddresses::Full,
            level: "info".to_owned(),
            origins: Origins::default(),
        }
    }
}

impl Config {
    /// The same configuration with relative paths taken from the file's directory.
    pub fn against(mut self, directory: &Path) -> Self {
        self.rules = directory.join(&self.rules);
        self.state = directory.join(&self.state);
        self.milter.listen = self
            .milter
            .listen
            .iter()
            .map(|socket| socket.against(directory))
            .collect();
        self.socketmap = self
            .socketmap
            .iter()
            .map(|socket| socket.against(directory))
            .collect();
        self.control = self.control.against(directory);
        self
    }
}
