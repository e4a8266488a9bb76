//! What to do when a connection cannot be accepted, for every listener alike.
//!
//! # Limits
//!
//! - An error that concerns one caller only, who has gone, is passed over.
//! - When the process or the system is out of descriptors or memory, accepting pauses from [`PAUSE_MIN`] up to
//!   [`PAUSE_MAX`]; callers wait in the backlog.

use std::{io, time::Duration};

/// The first pause after a failed accept; it doubles with every further one.
pub const PAUSE_MIN: Duration = Duration::from_millis(10);

/// The longest pause.
pub const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The pause after the next failure.
#[derive(Debug)]
pub struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(PAUSE_MIN)
    }
}

impl Pause {
    /// A connection was accepted.
    pub fn reset(&mut self) {
        self.0 = PAUSE_MIN;
    }

    /// Returns how long to wait now; the next pause is longer.
    pub fn take(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(PAUSE_MAX);
        now
    }
}

/// Whether an error concerns one caller only, who has gone (accept(2)).
pub fn is_about_one(error: &io::Error) -> bool {
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
    fn shortage_makes_a_pause_and_a_lost_caller_none() {
        let about_one = |number| is_about_one(&io::Error::from_raw_os_error(number));
        assert!(about_one(libc::ECONNABORTED));
        for shortage in [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::ENOBUFS] {
            assert!(!about_one(shortage));
        }
        let mut pause = Pause::default();
        let pauses: Vec<_> = std::iter::repeat_with(|| pause.take()).take(9).collect();
        assert_eq!((pauses[0], pauses[1]), (PAUSE_MIN, PAUSE_MIN * 2));
        assert_eq!(pauses[8], PAUSE_MAX);
        pause.reset();
        assert_eq!(pause.take(), PAUSE_MIN);
    }
}
