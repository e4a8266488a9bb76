//! Counts of milter connections, for `status` and the metrics.
//!
//! # Limits
//!
//! - Counters start at 0 with the process and do not wrap in practice (64 bits).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::workers::Workers;

/// What can be read about the milter's connections at any time.
#[derive(Debug, Default)]
pub struct Gauges {
    /// Connections open now.
    pub open: AtomicUsize,
    /// Connections served since the start.
    pub accepted: AtomicU64,
    /// Connections closed at once because there were too many.
    pub refused: AtomicU64,
    /// Connections closed because what came was no milter protocol.
    pub violations: AtomicU64,
    /// Connections closed because the peer was too slow.
    pub timed_out: AtomicU64,
    /// Attempts to accept that failed (EMFILE, …).
    pub accept_failures: AtomicU64,
    workers: OnceLock<Workers>,
}

impl Gauges {
    /// The threads that serve from now on.
    pub(super) fn serve_with(&self, workers: Workers) {
        // A server that is started twice with one set of gauges is asked about its first threads.
        let _ = self.workers.set(workers);
    }

    /// Waits until every thread of the milter has answered; for ever, if one of them hangs.
    pub async fn all_answer(&self) {
        if let Some(workers) = self.workers.get() {
            workers.answer().await;
        }
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.open.load(Relaxed)
    }
}
