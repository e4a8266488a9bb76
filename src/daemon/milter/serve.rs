//! The milter server: sockets and filters in, service until it is told to end.
//!
//! Order of the end: stop accepting (socket files go), give sessions [`LINGER`] to go on, let
//! messages under way finish, and at the deadline end the rest. A filter that is at work then is
//! still allowed [`GRACE`] to answer.

use super::accept::{Entrance, accept};
use super::drain::{Connections, Phase};
use super::filter::Filter;
use super::gauges::Gauges;
use super::limits::Limits;
use super::workers::Workers;
use crate::daemon::listen::Bound;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long filters may go on after the drain's deadline.
pub const GRACE: Duration = Duration::from_secs(1);

/// How long connections without a message under way are kept at the end. An MTA does not connect
/// again within an SMTP session, so one that is closed defers what its client sends next.
pub const LINGER: Duration = Duration::from_secs(1);

/// Serves until `shutdown` resolves and the connections have ended, or the
/// drain's deadline has passed. `make` makes the filter of each connection.
pub async fn serve<F: Filter>(
    sockets: Vec<Bound>,
    make: impl Fn() -> F + Send + Sync + 'static,
    limits: Limits,
    gauges: Arc<Gauges>,
    shutdown: impl Future<Output = ()>,
) {
    let drain = limits.drain;
    let (workers, _ends) = match Workers::start() {
        Ok(started) => started,
        Err(error) => {
            tracing::error!(%error, "no threads for the milter");
            return;
        }
    };
    gauges.serve_with(workers.clone());
    let connections = Connections::new(limits, gauges);
    let Some(first) = workers.first().cloned() else {
        return;
    };
    let entrance = Arc::new(Entrance {
        connections: Arc::clone(&connections),
        workers,
        make,
    });
    let mut accepting = JoinSet::new();
    for bound in sockets {
        accepting.spawn_on(accept(bound, Arc::clone(&entrance)), &first);
    }
    shutdown.await;
    // The thread that accepts may be the one that hangs.
    let _ = timeout(GRACE, accepting.shutdown()).await;
    // A session that has just begun, or goes on with its next message, gets there.
    let linger = LINGER.min(drain);
    let _ = timeout(linger, connections.all_closed()).await;
    connections.enter(Phase::Draining);
    tokio::select! {
        () = connections.all_closed() => {}
        () = sleep(drain.saturating_sub(linger)) => {
            tracing::warn!(open = connections.gauges.open(), "connections closed: they did not end in time");
        }
    }
    connections.enter(Phase::Closing);
    // Sessions answer the command they are at; one that hangs is left behind.
    let _ = timeout(GRACE, connections.all_closed()).await;
}
