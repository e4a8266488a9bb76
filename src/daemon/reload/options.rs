//! What a reloader works with, and the settings that may change while it works.

use std::path::Path;
use std::sync::Arc;

use crate::config::{self, Config, socket::Socket};
use crate::daemon::guard::GuardLimits;
use crate::daemon::history::{Bounds, History};
use crate::daemon::record::Redaction;
use crate::daemon::source::{Limits, RuleSource, RulesDirectory};
use crate::daemon::state::health::Health;
use crate::daemon::traffic::Traffic;
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
    /// How much may change at once.
    pub guard: GuardLimits,
    /// The addresses that got mail lately; `None` if nobody counts them.
    pub traffic: Option<Traffic>,
    /// How many of them a new table may refuse.
    pub limits: config::Traffic,
    /// Where generations are recorded; `None` if that is not wanted.
    pub history: Option<History>,
    /// How much of the history is kept.
    pub bounds: Bounds,
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
            guard: GuardLimits::from(&config::Reload::default()),
            traffic: None,
            limits: config::Traffic::default(),
            history: None,
            bounds: Bounds::from(&crate::config::History::default()),
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
            guard: GuardLimits::from(&config.reload),
            limits: config.traffic.clone(),
            bounds: Bounds::from(&config.history),
            ..Self::new(&config.rules, config.settings.clone())
        };
        options.redaction.set(config.addresses);
        options
    }
}

/// Commands that ask this daemon. They name the control socket if that is not the default one.
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

    /// Returns the command to type that accepts a table.
    pub fn words(&self, digest: &str) -> String {
        self.command(&format!("accept {digest}"))
    }

    /// Returns the command to type that ends a rollback.
    pub fn end_of_rollback(&self) -> String {
        self.command("rollback --end")
    }

    fn command(&self, words: &str) -> String {
        match &self.socket {
            None => format!("readdress {words}"),
            Some(socket) => format!("readdress {words} --socket {socket}"),
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
    /// How much may change at once.
    pub guard: GuardLimits,
    /// How many of the addresses that got mail lately a new table may refuse.
    pub limits: config::Traffic,
    /// How much of the history is kept.
    pub bounds: Bounds,
}
