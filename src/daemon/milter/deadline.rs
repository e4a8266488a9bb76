//! One timer for everything a connection waits for.
//!
//! Setting a later deadline costs nothing: the timer fires at the earlier one,
//! sees that it is not due and goes on. Most packets only ever move it later.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// What a connection is waiting for; each has its own time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wait {
    /// The first packet, from the accept on.
    Handshake,
    /// The rest of a packet that has begun.
    Packet,
    /// The next packet.
    Idle,
    /// Room for what we write.
    Write,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wait::Handshake => "it did not negotiate",
            Wait::Packet => "a packet was not finished",
            Wait::Idle => "no command came",
            Wait::Write => "it did not read our replies",
        })
    }
}

/// The timer of one connection.
#[derive(Debug)]
pub struct Deadline {
    due: Instant,
    waiting: Option<Wait>,
    sleep: Pin<Box<Sleep>>,
}

impl Deadline {
    /// A timer that waits for `wait` from now on.
    pub fn new(wait: Wait, time: Duration) -> Self {
        let due = Instant::now() + time;
        Self {
            due,
            waiting: Some(wait),
            sleep: Box::pin(sleep_until(due)),
        }
    }

    /// Waits for `wait`. If it did so already, the time goes on running.
    pub fn wait_for(&mut self, wait: Wait, time: Duration) {
        if self.waiting == Some(wait) {
            return;
        }
        self.waiting = Some(wait);
        self.due = Instant::now() + time;
        if self.due < self.sleep.deadline() {
            self.sleep.as_mut().reset(self.due);
        }
    }

    /// What was waited for has come.
    pub fn met(&mut self) {
        self.waiting = None;
    }

    /// Ready when the time is over.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            if self.waiting.is_some() && Instant::now() >= self.due {
                return Poll::Ready(());
            }
            // Not waiting, or for something later: never arm it in the past.
            let next = self.due.max(Instant::now() + Duration::from_millis(1));
            self.sleep.as_mut().reset(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    const SECOND: Duration = Duration::from_secs(1);

    async fn elapsed(deadline: &mut Deadline) -> Duration {
        let start = Instant::now();
        poll_fn(|cx| deadline.poll(cx)).await;
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn earlier_and_later_deadlines_hold() {
        let mut deadline = Deadline::new(Wait::Handshake, 30 * SECOND);
        deadline.met();
        deadline.wait_for(Wait::Idle, 7210 * SECOND);
        let took = elapsed(&mut deadline).await;
        assert!(took >= 7210 * SECOND && took < 7211 * SECOND, "{took:?}");

        let mut deadline = Deadline::new(Wait::Idle, 7210 * SECOND);
        deadline.wait_for(Wait::Packet, 30 * SECOND);
        let took = elapsed(&mut deadline).await;
        assert!(took >= 30 * SECOND && took < 31 * SECOND, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_again_for_the_same_does_not_give_more_time() {
        let mut deadline = Deadline::new(Wait::Packet, 30 * SECOND);
        tokio::time::sleep(20 * SECOND).await;
        deadline.wait_for(Wait::Packet, 30 * SECOND);
        let took = elapsed(&mut deadline).await;
        assert!(took < 11 * SECOND, "{took:?}");
    }
}
