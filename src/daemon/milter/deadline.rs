//! One timer for everything that a connection waits for.
//!
//! Setting a later deadline costs nothing: the timer fires at the earlier one, sees that nothing is due, and waits
//! on. Most packets only move the deadline to a later time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// What a connection waits for. Each has a time of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wait {
    /// The first packet, after the accept.
    Handshake,
    /// The rest of a packet that has begun.
    Packet,
    /// The next packet.
    Idle,
    /// That the MTA reads replies.
    Write,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wait::Handshake => "it did not negotiate",
            Wait::Packet => "a packet was not finished",
            Wait::Idle => "no command came",
            Wait::Write => "it did not read the replies",
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
    /// Returns a timer for `wait` that starts now.
    pub fn new(wait: Wait, time: Duration) -> Self {
        let due = Instant::now() + time;
        Self {
            due,
            waiting: Some(wait),
            sleep: Box::pin(sleep_until(due)),
        }
    }

    /// Starts the timer for `wait`. If it waits for the same already, the time goes on.
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

    /// Takes note that the connection waits for nothing now.
    pub fn met(&mut self) {
        self.waiting = None;
    }

    /// Is ready when the time is over.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            if self.waiting.is_some() && Instant::now() >= self.due {
                return Poll::Ready(());
            }
            // The connection waits for nothing, or for something later. The timer must not be set to the past.
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
