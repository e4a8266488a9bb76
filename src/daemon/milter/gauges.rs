//! Counts of milter connections, for `status` and the metrics, and the brake on
//! warnings that a stranger can cause.
//!
//! # Limits
//!
//! - Counters start at 0 with the process and do not wrap in practice (64 bits).
//! - A [`Brake`] lets one warning of its kind through per [`QUIET`].

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::workers::Workers;

/// How long a kind of warning stays silent after it was given.
pub const QUIET: Duration = Duration::from_secs(60);

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

/// Lets one warning through and counts those it holds back.
#[derive(Debug, Default)]
pub struct Brake {
    state: Mutex<(Option<Instant>, u64)>,
}

impl Brake {
    /// `Some(held back since the last one)` if a warning may be given now.
    pub fn release(&self) -> Option<u64> {
        self.release_at(Instant::now())
    }

    fn release_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, held) = &mut *state;
        if last.is_some_and(|last| now.duration_since(last) < QUIET) {
            *held += 1;
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_warning_a_minute_with_the_count_of_the_others() {
        let brake = Brake::default();
        let start = Instant::now();
        assert_eq!(brake.release_at(start), Some(0));
        assert_eq!(brake.release_at(start + QUIET / 2), None);
        assert_eq!(brake.release_at(start + QUIET / 2), None);
        assert_eq!(brake.release_at(start + QUIET), Some(2));
        assert_eq!(brake.release_at(start + QUIET), None);
    }
}
