//! The time that one connection may take before the others of its thread get theirs.
//!
//! A thread serves many connections, and a task runs until it waits. A message of many recipients
//! has work for a long time, so it stops in between: between packets that have arrived together,
//! and between the recipients and the edits at its end. Nothing is sent at such a stop.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`SLICE`] | 2 ms | the other connections are served before this one goes on |
//!
//! One lookup and one edit are never interrupted. One recipient is not either: it takes at most
//! `expansion_limit` targets.

use std::time::{Duration, Instant};

/// How long one connection works at a stretch.
const SLICE: Duration = Duration::from_millis(2);

/// A stretch of work.
#[derive(Debug)]
pub struct Turn {
    began: Instant,
}

impl Turn {
    /// Begins one.
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// Lets the other connections of the thread go first, if this one has had its time.
    pub async fn give_way(&mut self) {
        if self.began.elapsed() >= SLICE {
            tokio::task::yield_now().await;
            *self = Self::begin();
        }
    }
}
