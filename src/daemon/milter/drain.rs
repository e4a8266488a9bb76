//! The end of service: connections are let go one by one, not cut.
//!
//! An MTA does not reconnect within an SMTP session, so a connection cut in the
//! middle costs a message that was nearly through. On shutdown the phase goes to
//! [`Phase::Draining`]: connections outside a transaction end, the others at the
//! end of their message. At [`Phase::Closing`] all end.
//!
//! [`Connections`] counts them, so that the drain knows when the last has gone.

use super::gauges::Gauges;
use super::limits::Limits;
use crate::daemon::places::{Place, Places};
use crate::daemon::rate_limit::RateLimit;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How far the end of service has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// Not begun.
    Serving,
    /// Messages under way are finished, nothing new is begun.
    Draining,
    /// Everything ends now.
    Closing,
}

/// One connection's view of the phase, which wakes it when the phase changes.
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

    /// The phase now.
    pub fn now(&self) -> Phase {
        *self.receiver.borrow()
    }

    /// Ready once after every change.
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
        // The server is gone; there will be no further change.
        std::future::pending::<()>().await;
    }
}

/// What all connections of one server share.
#[derive(Debug)]
pub struct Connections {
    /// Their limits.
    pub limits: Limits,
    /// What is counted for others to read.
    pub gauges: Arc<Gauges>,
    /// Holds back warnings about peers that break the protocol.
    pub violations: RateLimit,
    /// Holds back warnings about slow peers.
    pub timeouts: RateLimit,
    /// Holds back warnings about too many connections.
    pub refusals: RateLimit,
    /// Holds back warnings about failed accepts.
    pub accepts: RateLimit,
    phase: watch::Sender<Phase>,
    places: Arc<Places>,
    open: AtomicUsize,
    closed: Notify,
}

impl Connections {
    /// None yet.
    pub fn new(limits: Limits, gauges: Arc<Gauges>) -> Arc<Self> {
        Arc::new(Self {
            places: Places::new(limits.max_connections),
            limits,
            gauges,
            violations: RateLimit::default(),
            timeouts: RateLimit::default(),
            refusals: RateLimit::default(),
            accepts: RateLimit::default(),
            phase: watch::channel(Phase::Serving).0,
            open: AtomicUsize::new(0),
            closed: Notify::new(),
        })
    }

    /// Counts one more. Where there are as many as may be, an idle one gives way; returns none if there
    /// is none.
    pub async fn admit(self: &Arc<Self>) -> Option<Admission> {
        let place = self.places.enter(Duration::ZERO).await?;
        self.open.fetch_add(1, Ordering::SeqCst);
        self.gauges.open.fetch_add(1, Ordering::Relaxed);
        self.gauges.accepted.fetch_add(1, Ordering::Relaxed);
        Some(Admission {
            connections: Arc::clone(self),
            place,
        })
    }

    /// Tells every connection of a new phase.
    pub fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// A view of the phase for one connection.
    pub fn phase(&self) -> PhaseWatch {
        PhaseWatch::new(self.phase.subscribe())
    }

    /// Waits until none is open.
    pub async fn all_closed(&self) {
        loop {
            let closed = self.closed.notified();
            if self.open.load(Ordering::SeqCst) == 0 {
                return;
            }
            closed.await;
        }
    }
}

/// One connection in the count; dropping it takes it out.
#[derive(Debug)]
pub struct Admission {
    connections: Arc<Connections>,
    place: Place,
}

impl Admission {
    /// What this connection shares with the others.
    pub fn shared(&self) -> &Connections {
        &self.connections
    }

    /// Its place, which it may have to leave to another.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let connections = &self.connections;
        connections.gauges.open.fetch_sub(1, Ordering::Relaxed);
        if connections.open.fetch_sub(1, Ordering::SeqCst) == 1 {
            connections.closed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    fn two() -> Arc<Connections> {
        let limits = Limits {
            max_connections: 2,
            ..Limits::default()
        };
        Connections::new(limits, Arc::default())
    }

    #[tokio::test]
    async fn no_more_than_the_limit_are_admitted() {
        let connections = two();
        let first = connections.admit().await.unwrap();
        let second = connections.admit().await.unwrap();
        first.place().stay();
        second.place().stay();
        assert!(connections.admit().await.is_none());
        drop(first);
        assert!(connections.admit().await.is_some());
        assert_eq!(connections.gauges.open(), 1);
        drop(second);
        connections.all_closed().await;
        assert_eq!(connections.gauges.accepted.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_change_of_phase_wakes_and_the_next_one_again() {
        let connections = two();
        let mut phase = connections.phase();
        assert_eq!(phase.now(), Phase::Serving);
        for next in [Phase::Draining, Phase::Closing] {
            let pending = poll_fn(|cx| Poll::Ready(phase.poll_changed(cx).is_pending())).await;
            assert!(pending);
            connections.enter(next);
            poll_fn(|cx| phase.poll_changed(cx)).await;
            assert_eq!(phase.now(), next);
        }
    }
}
