//! How long to wait after a connection could not be accepted.
//!
//! # Limits
//!
//! | limit | value | |
//! |---|---|---|
//! | [`PAUSE_MIN`] | 10 ms | after the first failure; each further failure doubles the pause |
//! | [`PAUSE_MAX`] | 1 s | the longest pause |
//!
//! An error that concerns one caller who has gone makes no pause.

use std::{io, time::Duration};

/// The pause after the first failure. Each further failure doubles the pause.
pub const PAUSE_MIN: Duration = Duration::from_millis(10);

/// The longest pause.
pub const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Computes the pauses between attempts to accept.
#[derive(Debug)]
pub struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(PAUSE_MIN)
    }
}

impl Pause {
    /// Begins anew with the shortest pause, after a connection was accepted.
    pub fn reset(&mut self) {
        self.0 = PAUSE_MIN;
    }

    /// Returns how long to wait now. The next pause is longer.
    pub fn take(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(PAUSE_MAX);
        now
    }
}

/// Returns true if an error concerns only one caller, who has gone (accept(2)).
pub fn concerns_one_caller(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::ECONNABORTED
                | libc::EINTR
                | libc::EPROTO
                | libc::ENOPROTOOPT
                | libc::EHOSTDOWN
                | libc::EHOSTUNREACH
                | libc::ENETDOWN
                | libc::ENETUNREACH
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_makes_a_pause_and_a_caller_who_has_gone_makes_none() {
        let one_caller = |number| concerns_one_caller(&io::Error::from_raw_os_error(number));
        assert!(one_caller(libc::ECONNABORTED));
        for shortage in [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::ENOBUFS] {
            assert!(!one_caller(shortage));
        }
        let mut pause = Pause::default();
        let pauses: Vec<_> = std::iter::repeat_with(|| pause.take()).take(9).collect();
        assert_eq!((pauses[0], pauses[1]), (PAUSE_MIN, PAUSE_MIN * 2));
        assert_eq!(pauses[8], PAUSE_MAX);
        pause.reset();
        assert_eq!(pause.take(), PAUSE_MIN);
    }
}
