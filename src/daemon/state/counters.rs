//! What the daemon counts of the connections of one kind of listener, for `status` and for metrics.
//!
//! # Limits
//!
//! Counters start at 0 with the process. They have 64 bits, and so do not overflow in practice.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// The counters of one kind of listener.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections that are open now.
    pub open: AtomicUsize,
    /// Connections that were served since the start.
    pub accepted: AtomicU64,
    /// Connections that were closed at once, because too many were open.
    pub refused: AtomicU64,
    /// Connections that were closed because the peer broke the protocol.
    pub violations: AtomicU64,
    /// Connections that were closed because the peer was too slow, or was idle when a new connection needed its slot.
    pub timed_out: AtomicU64,
    /// Attempts to accept that failed, because no descriptor or no memory was left.
    pub accept_failures: AtomicU64,
}

impl Counters {
    /// Returns the number of connections that are open now.
    pub fn open(&self) -> usize {
        self.open.load(Relaxed)
    }
}
