//! Limits warnings that a stranger can cause: one of a kind a minute, with the number of the others.
//!
//! # Limits
//!
//! A [`RateLimit`] lets one warning of its kind through per [`QUIET`]. The number of those that it held back is
//! told with the next one.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a kind of warning stays silent after it was given.
pub const QUIET: Duration = Duration::from_secs(60);

/// Lets one warning through and counts those it holds back.
#[derive(Debug, Default)]
pub struct RateLimit {
    state: Mutex<(Option<Instant>, u64)>,
}

impl RateLimit {
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
        let rate_limit = RateLimit::default();
        let start = Instant::now();
        assert_eq!(rate_limit.release_at(start), Some(0));
        assert_eq!(rate_limit.release_at(start + QUIET / 2), None);
        assert_eq!(rate_limit.release_at(start + QUIET / 2), None);
        assert_eq!(rate_limit.release_at(start + QUIET), Some(2));
        assert_eq!(rate_limit.release_at(start + QUIET), None);
    }
}
