//! The state of the daemon that several rooms need: the live table, the configuration in force, how
//! addresses are hidden, and what is not well.
//!
//! There is one [`State`] for the whole daemon. The reloader replaces the table, `settings` replaces the
//! configuration, and every part of the daemon reports its problems. The milter, the socketmap, the control
//! socket and systemd's status line read the state.
//!
//! | module | what it holds |
//! |---|---|
//! | [`live`] | the live table and its generations |
//! | [`health`] | the parts that are not well |
//! | [`file_status`] | what is known about the configuration file |
//! | [`counters`] | the counters of one kind of listener |
//!
//! # Limits
//!
//! - A reader sees one table and one configuration, but not both of the same moment: a message pins both
//!   when it begins.

pub mod counters;
pub mod file_status;
pub mod health;
pub mod live;

use std::sync::Arc;

use arc_swap::ArcSwap;

use self::{health::Health, live::LiveTable};
use super::record::{Names, Redaction};
use crate::config::{Config, Mode};

/// What several parts of the daemon share.
#[derive(Debug)]
pub struct State {
    /// The table that serves.
    pub live: Arc<LiveTable>,
    /// The configuration in force.
    pub config: ArcSwap<Config>,
    /// Hides addresses of recipients in the log if the configuration says so.
    pub names: Names,
    /// Hides rules in the log and in answers if the configuration says so.
    pub redaction: Redaction,
    /// What is not well.
    pub health: Health,
}

impl State {
    /// Returns a state with this table and this configuration. Nothing is wrong yet.
    pub fn new(live: Arc<LiveTable>, config: Config) -> Self {
        let redaction = Redaction::default();
        redaction.set(config.addresses);
        Self {
            live,
            config: ArcSwap::from_pointee(config),
            names: Names::default(),
            redaction,
            health: Health::default(),
        }
    }

    /// Puts a configuration into force.
    pub fn configure(&self, config: Arc<Config>) {
        self.redaction.set(config.addresses);
        self.config.store(config);
    }

    /// Returns true if the daemon only observes: it decides and logs, and changes nothing.
    pub fn observes(&self) -> bool {
        self.config.load().mode == Mode::Observe
    }
}
