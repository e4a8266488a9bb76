//! Accepting connections, whatever happens to a single one.
//!
//! One task for each listening socket, all on the first worker; each connection
//! goes to the worker with the fewest.
//!
//! # Limits
//!
//! - When the process or the system is out of descriptors or memory, accepting
//!   pauses from [`PAUSE_MIN`] up to [`PAUSE_MAX`]; callers wait in the backlog.
//! - Beyond `max_connections` a caller is accepted and closed at once: an MTA
//!   then takes its default action, where in the backlog it would hang.

use super::connection::Connection;
use super::drain::{Admission, Connections};
use super::filter::Filter;
use super::peer::Peer;
use super::workers::Workers;
use crate::daemon::listen::{Accepted, Kept};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::Mutex;

/// The first pause after a failed accept; it doubles with every further one.
pub const PAUSE_MIN: Duration = Duration::from_millis(10);

/// The longest pause.
pub const PAUSE_MAX: Duration = Duration::from_secs(1);

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
    let mut pause = PAUSE_MIN;
    loop {
        match listener.accept().await {
            Ok(accepted) => {
                pause = PAUSE_MIN;
                entrance.admit(match accepted {
                    Accepted::Tcp(stream) => Peer::Tcp(stream),
                    Accepted::Unix(stream) => Peer::Unix(stream),
                });
            }
            Err(error) if is_about_one(&error) => {}
            Err(error) => {
                connections.gauges.accept_failures.fetch_add(1, Relaxed);
                if let Some(held) = connections.accepts.release() {
                    let socket = listener.socket();
                    tracing::warn!(%socket, %error, held, "cannot accept connections, trying again");
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

impl<F: Filter, M: Fn() -> F> Entrance<M> {
    fn admit(&self, peer: Peer) {
        let connections = &self.connections;
        if let Some(admission) = connections.admit() {
            self.serve(peer, admission);
            return;
        }
        connections.gauges.refused.fetch_add(1, Relaxed);
        if let Some(held) = connections.refusals.release() {
            let limit = connections.limits.max_connections;
            tracing::warn!(peer = %peer.name(), held, limit, "too many milter connections, closed at once");
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

/// Whether an error concerns one caller only, who has gone (accept(2)).
fn is_about_one(error: &io::Error) -> bool {
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
    }
}
