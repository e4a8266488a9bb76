//! What all connections of the milter share: limits, phase of the end, and limited log lines.

use std::sync::Arc;

use tokio::sync::watch;

use super::{
    drain::{Phase, PhaseWatch},
    limits::Limits,
};
use crate::daemon::rate_limit::RateLimit;

/// What all connections of one server share.
#[derive(Debug)]
pub struct ServerContext {
    /// The limits of each connection.
    pub limits: Limits,
    /// Limits the log lines about peers that break the protocol.
    pub violations: RateLimit,
    /// Limits the log lines about peers that are slow or idle.
    pub timeouts: RateLimit,
    phase: watch::Sender<Phase>,
}

impl ServerContext {
    /// Makes the context of a server that serves.
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            violations: RateLimit::default(),
            timeouts: RateLimit::default(),
            phase: watch::Sender::new(Phase::Serving),
        })
    }

    /// Tells every connection about a new phase.
    pub fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Returns a view of the phase for one connection.
    pub fn phase(&self) -> PhaseWatch {
        PhaseWatch::new(self.phase.subscribe())
    }
}
