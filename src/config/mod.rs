//! Storey 7: the configuration file `readdress.toml`, text to values (spec section 7).
//!
//! Pure as the engine is: it reads no file. Every key has a default, so an empty or a missing file
//! works; an unknown key is an error with a suggestion; all findings come in one pass, with place,
//! line and caret. [`keys`] defines every key once: its meaning, its default and whether a change
//! takes effect live. The sample file is printed from it.

pub mod keys;
mod parse;
pub mod socket;
mod value;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

pub use parse::{parse, salvage};
use socket::Socket;

use crate::{engine::Settings, headers::Wanted};

/// Where the configuration is looked for when none is named.
pub const DEFAULT_FILE: &str = "/etc/readdress/readdress.toml";

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
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rules: PathBuf::from("/etc/readdress/rules"),
            mode: Mode::Rewrite,
            milter: Milter {
                listen: vec![Socket::Unix(PathBuf::from("/run/readdress/milter.sock"))],
                max_connections: 1000,
                drain: Duration::from_secs(10),
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
            },
            addresses: LogAddresses::Full,
            level: "info".to_owned(),
        }
    }
}

impl Config {
    /// The same configuration with relative paths taken from the file's directory.
    pub fn against(mut self, directory: &Path) -> Self {
        self.rules = directory.join(&self.rules);
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

    /// The keys whose new values wait for a restart.
    pub fn restart_keys(&self, new: &Config) -> Vec<&'static str> {
        let keys = [
            ("rules", self.rules == new.rules),
            ("[milter] listen", self.milter.listen == new.milter.listen),
            (
                "[milter] max_connections",
                self.milter.max_connections == new.milter.max_connections,
            ),
            ("[milter] drain", self.milter.drain == new.milter.drain),
            ("[socketmap] listen", self.socketmap == new.socketmap),
            ("[control] listen", self.control == new.control),
            (
                "[reload] quiet, latest or rescan",
                self.reload == new.reload,
            ),
            ("[log] level", self.level == new.level),
        ];
        keys.into_iter()
            .filter(|(_, same)| !same)
            .map(|(key, _)| key)
            .collect()
    }
}
