//! The phases in which the service ends, so that no message is cut off.
//!
//! An MTA does not connect again within an SMTP session, so a connection that is cut off in the middle costs a
//! message. At shutdown the phase becomes [`Phase::Draining`]: connections without a transaction end, and the
//! others end after their message. At [`Phase::Closing`] all connections end.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::sync::watch;

/// A phase of the service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// The end has not begun.
    Serving,
    /// Messages under way are finished, and no new one is begun.
    Draining,
    /// Every connection ends now.
    Closing,
}

/// The phase as one connection sees it. A change of the phase wakes the connection.
pub struct PhaseWatch {
    receiver: watch::Receiver<Phase>,
    changed: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl PhaseWatch {
    /// Watches `receiver`.
    pub fn new(receiver: watch::Receiver<Phase>) -> Self {
        let changed = Box::pin(change(receiver.clone()));
        Self { receiver, changed }
    }

    /// Returns the phase of now.
    pub fn now(&self) -> Phase {
        *self.receiver.borrow()
    }

    /// Is ready once after every change.
    pub fn poll_changed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let polled = self.changed.as_mut().poll(cx);
        if polled.is_ready() {
            self.receiver.mark_unchanged();
            self.changed = Box::pin(change(self.receiver.clone()));
        }
        polled
    }
}

async fn change(mut receiver: watch::Receiver<Phase>) {
    if receiver.changed().await.is_err() {
        // The server is gone, so there will be no further change.
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn a_change_of_phase_wakes_and_the_next_one_again() {
        let sender = watch::Sender::new(Phase::Serving);
        let mut phase = PhaseWatch::new(sender.subscribe());
        assert_eq!(phase.now(), Phase::Serving);
        for next in [Phase::Draining, Phase::Closing] {
            let pending = poll_fn(|cx| Poll::Ready(phase.poll_changed(cx).is_pending())).await;
            assert!(pending);
            sender.send_replace(next);
            poll_fn(|cx| phase.poll_changed(cx)).await;
            assert_eq!(phase.now(), next);
        }
    }
}
