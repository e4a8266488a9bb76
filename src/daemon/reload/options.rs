//! What a reloader works with, and the settings that may change while it works.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, socket::Socket};
use crate::daemon::last_live::LastLiveRecord;
use crate::daemon::record::Redaction;
use crate::daemon::source::{Limits, RuleSource, RulesDirectory};
use crate::daemon::state::health::Health;
use crate::daemon::watch::WatchSettings;
use crate::engine::{self, Compiled, Settings, SourceText, store::Reuse};

/// Turns texts into a table: [`engine::compile_reusing`], or what a test puts in its place.
pub type Compile = Arc<dyn Fn(&[SourceText], &Settings, &Reuse<'_>) -> Compiled + Send + Sync>;

/// What a [`Reloader`](super::Reloader) works with.
#[derive(Clone)]
pub struct ReloadOptions {
    /// Where the rules come from.
    pub source: Arc<dyn RuleSource>,
    /// How long the watcher waits.
    pub watch: WatchSettings,
    /// The settings that the meaning of rules depends on.
    pub settings: Settings,
    /// The compiler.
    pub compile: Compile,
    /// The share of the rules that may be removed at once, in percent.
    pub max_shrink: u8,
    /// Records what was live last; `None` if that is not wanted.
    pub last_live: Option<LastLiveRecord>,
    /// The command that accepts a table, without its digest; `None` if there is no control socket.
    pub accept: Option<Accept>,
    /// Says whether the log shows rules.
    pub redaction: Redaction,
    /// The list of problems.
    pub health: Health,
}

impl ReloadOptions {
    /// The defaults for a rules directory.
    pub fn new(directory: &Path, settings: Settings) -> Self {
        let source = RulesDirectory::new(directory, Limits::default());
        Self::with_source(Arc::new(source), settings)
    }

    /// The defaults for any source.
    pub fn with_source(source: Arc<dyn RuleSource>, settings: Settings) -> Self {
        Self {
            source,
            watch: WatchSettings::default(),
            settings,
            compile: Arc::new(engine::compile_reusing),
            max_shrink: crate::config::Reload::default().max_shrink,
            last_live: None,
            accept: Some(Accept::default()),
            redaction: Redaction::default(),
            health: Health::default(),
        }
    }
}

impl From<&Config> for ReloadOptions {
    fn from(config: &Config) -> Self {
        let options = Self {
            watch: WatchSettings::from(&config.reload),
            max_shrink: config.reload.max_shrink,
            ..Self::new(&config.rules, config.settings.clone())
        };
        options.redaction.set(config.addresses);
        options
    }
}

/// The command that accepts a table. It names the control socket if that is not the default one.
#[derive(Clone, Debug, Default)]
pub struct Accept {
    socket: Option<String>,
}

impl Accept {
    /// For a daemon with this control socket. Its path is made absolute, since the command is typed anywhere.
    pub fn on(socket: &Socket) -> Self {
        let socket = match std::path::absolute(".") {
            Ok(here) => socket.against(&here),
            Err(_) => socket.clone(),
        };
        let default = socket == Config::default().control;
        Self {
            socket: (!default).then(|| socket.to_string()),
        }
    }

    /// Returns the command to type.
    pub fn words(&self, digest: &str) -> String {
        match &self.socket {
            None => format!("readdress accept {digest}"),
            Some(socket) => format!("readdress accept {digest} --socket {socket}"),
        }
    }
}

/// New settings, from the configuration file.
#[derive(Clone, Debug)]
pub struct NewSettings {
    /// The settings that the meaning of rules depends on.
    pub engine: Settings,
    /// How long the watcher waits from now on.
    pub watch: WatchSettings,
    /// The share of the rules that may be removed at once, in percent.
    pub max_shrink: u8,
}
