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
use crate::daemon::health::Health;
use crate::daemon::listen::{Bound, Kept};
use crate::daemon::record;
use crate::daemon::supervise::Supervisor;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

/// How long filters may go on after the drain's deadline.
pub const GRACE: Duration = Duration::from_secs(1);

/// How long connections without a message under way are kept at the end. An MTA does not connect
/// again within an SMTP session, so one that is closed defers what its client sends next.
pub const LINGER: Duration = Duration::from_secs(1);

/// A milter that accepts connections.
#[derive(Debug)]
pub struct Server {
    connections: Arc<Connections>,
    /// Keeps the tasks that accept.
    accepting: Supervisor,
}

impl Server {
    /// Accepts on every socket from now on, or on none. `make` makes the filter of each connection.
    pub fn start<F: Filter>(
        sockets: Vec<Bound>,
        make: impl Fn() -> F + Send + Sync + 'static,
        limits: Limits,
        gauges: Arc<Gauges>,
        workers: &Workers,
        health: Health,
    ) -> io::Result<Self> {
        gauges.serve_with(workers.clone());
        let on = workers.first();
        let listeners = {
            let _runtime = on.enter();
            let kept = |bound| Kept::new(bound, "milter", health.clone());
            sockets
                .into_iter()
                .map(kept)
                .collect::<io::Result<Vec<_>>>()?
        };
        let connections = Connections::new(limits, gauges);
        let entrance = Arc::new(Entrance {
            connections: Arc::clone(&connections),
            workers: workers.clone(),
            make,
        });
        let accepting = Supervisor::new(health);
        for listener in listeners {
            let name = listener.name().to_owned();
            let listener = Arc::new(Mutex::new(listener));
            let entrance = Arc::clone(&entrance);
            accepting.keep(&name, on, move || {
                accept(Arc::clone(&listener), Arc::clone(&entrance))
            });
        }
        Ok(Self {
            connections,
            accepting,
        })
    }

    /// The tasks that accept.
    pub fn accepting(&self) -> &Supervisor {
        &self.accepting
    }

    /// Serves until `shutdown` resolves and the connections have ended, or the drain's deadline has
    /// passed.
    pub async fn serve(&self, shutdown: impl Future<Output = ()>) {
        let connections = &self.connections;
        let drain = connections.limits.drain;
        shutdown.await;
        // The thread that accepts may be the one that hangs.
        let _ = timeout(GRACE, self.accepting.shutdown()).await;
        // A session that has just begun, or goes on with its next message, gets there.
        let linger = LINGER.min(drain);
        let _ = timeout(linger, connections.all_closed()).await;
        connections.enter(Phase::Draining);
        tokio::select! {
            () = connections.all_closed() => {}
            () = sleep(drain.saturating_sub(linger)) => {
                record::connections_cut(connections.gauges.open());
            }
        }
        connections.enter(Phase::Closing);
        // Sessions answer the command they are at; one that hangs is left behind.
        let _ = timeout(GRACE, connections.all_closed()).await;
    }
}
