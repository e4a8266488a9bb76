//! Limits warnings that a stranger can cause: one warning of a kind in a minute.
//!
//! # Limits
//!
//! A [`RateLimit`] lets one warning of its kind through per [`QUIET`]. The next warning says how many were held back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time between two warnings of one kind.
pub const QUIET: Duration = Duration::from_secs(60);

/// Lets one warning through, and counts the warnings that it holds back.
#[derive(Debug, Default)]
pub struct RateLimit {
    state: Mutex<(Option<Instant>, u64)>,
}

impl RateLimit {
    /// Returns how many warnings were held back since the last one, if a warning may be logged now; otherwise `None`.
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
        let rate_limit = RateLimit::default();
        let start = Instant::now();
        assert_eq!(rate_limit.release_at(start), Some(0));
        assert_eq!(rate_limit.release_at(start + QUIET / 2), None);
        assert_eq!(rate_limit.release_at(start + QUIET / 2), None);
        assert_eq!(rate_limit.release_at(start + QUIET), Some(2));
        assert_eq!(rate_limit.release_at(start + QUIET), None);
    }
}
