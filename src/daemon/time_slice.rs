//! How long one connection may work before the other connections of its thread are served.
//!
//! A thread serves many connections, and a task runs until it waits. A message with many recipients is work for
//! a long time, so its task stops from time to time: between packets that arrived together, and between the
//! recipients and the edits at the end of the message. The daemon sends nothing at such a stop.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`SLICE`] | 2 ms | the other connections are served before this one goes on |
//!
//! One lookup and one edit are never interrupted. One recipient is not interrupted either: it takes at most
//! `expansion_limit` targets.

use std::time::{Duration, Instant};

/// How long one connection works without a stop.
const SLICE: Duration = Duration::from_millis(2);

/// The time that one connection may use now.
#[derive(Debug)]
pub struct TimeSlice {
    began: Instant,
}

impl TimeSlice {
    /// Begins a time slice.
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// Lets the other connections of the thread go first if the time slice is used up.
    pub async fn yield_if_used_up(&mut self) {
        if self.began.elapsed() >= SLICE {
            tokio::task::yield_now().await;
            *self = Self::begin();
        }
    }
}
