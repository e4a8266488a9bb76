//! Accepting connections, whatever happens to a single one.
//!
//! One task for each listening socket, all on the first worker; each connection
//! goes to the worker with the fewest.
//!
//! # Limits
//!
//! - When the process or the system is out of descriptors or memory, accepting
//!   pauses (`accepting`); callers wait in the backlog.
//! - At `max_connections` a connection that is idle gives way (`places`): one that
//!   has not begun the protocol, or that has had no message for
//!   [`GRACE`](super::connection::GRACE). Where there is none, the caller is closed
//!   after a second: an MTA then takes its default action, where in the backlog it
//!   would hang.

use super::connection::Connection;
use super::drain::{Admission, Connections};
use super::filter::Filter;
use super::peer::Peer;
use super::workers::Workers;
use crate::daemon::accepting::{Pause, is_about_one};
use crate::daemon::listen::{Accepted, Kept};
use crate::daemon::record;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::Mutex;

/// What accepting needs to know.
pub struct Entrance<M> {
    /// Counts them.
    pub connections: Arc<Connections>,
    /// Serve them.
    pub workers: Workers,
    /// Makes the filter of each.
    pub make: M,
}

/// Accepts on `listener` for ever.
pub async fn accept<F: Filter, M: Fn() -> F>(
    listener: Arc<Mutex<Kept>>,
    entrance: Arc<Entrance<M>>,
) {
    let connections = &entrance.connections;
    // Nobody else has it, but for the task in whose place this one was started.
    let mut listener = listener.lock().await;
    let socket = listener.socket().to_string();
    let mut pause = Pause::default();
    loop {
        match listener.accept().await {
            Ok(accepted) => {
                pause.reset();
                let peer = match accepted {
                    Accepted::Tcp(stream) => Peer::Tcp(stream),
                    Accepted::Unix(stream) => Peer::Unix(stream),
                };
                entrance.admit(&socket, peer).await;
            }
            Err(error) if is_about_one(&error) => {}
            Err(error) => {
                connections.gauges.accept_failures.fetch_add(1, Relaxed);
                if let Some(held) = connections.accepts.release() {
                    record::accept_failed(&socket, &error, held);
                }
                tokio::time::sleep(pause.take()).await;
            }
        }
    }
}

impl<F: Filter, M: Fn() -> F> Entrance<M> {
    async fn admit(&self, socket: &str, peer: Peer) {
        let connections = &self.connections;
        if let Some(admission) = connections.admit().await {
            self.serve(peer, admission);
            return;
        }
        connections.gauges.refused.fetch_add(1, Relaxed);
        if let Some(held) = connections.refusals.release() {
            record::connections_full(socket, connections.limits.max_connections, held);
        }
    }

    /// Gives the connection to a worker. One of another thread than this has to be registered with
    /// that thread's poll, which only its own runtime can do.
    fn serve(&self, peer: Peer, admission: Admission) {
        let filter = (self.make)();
        let share = self.workers.share();
        if share.is_first {
            share.spawn(Connection::new(peer, admission, filter).run());
            return;
        }
        // A connection that broke meanwhile is not worth a word.
        let Ok(loose) = peer.loosen() else { return };
        share.spawn(async move {
            if let Ok(peer) = loose.tie() {
                Connection::new(peer, admission, filter).run().await;
            }
        });
    }
}
