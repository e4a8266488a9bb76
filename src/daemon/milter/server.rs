//! The milter server: sockets and filters in; it serves until it is told to end.
//!
//! # The end
//!
//! 1. The server stops accepting, and the socket files are removed.
//! 2. For [`LINGER`], sessions may go on.
//! 3. Connections without a message under way end; the others may finish their message until the configured
//!    `drain` has passed.
//! 4. All connections end. A filter that still works then has [`GRACE`] to answer.

use std::{future::Future, io, sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};

use super::{
    connection::Connection, context::ServerContext, drain::Phase, filter::Filter, limits::Limits,
    workers::Workers,
};
use crate::daemon::{
    accept::{Acceptor, Slot},
    listen::{BoundSocket, Stream},
    listeners::ListenerKind,
    record,
    state::{counters::Counters, health::Health},
    supervise::Supervisor,
};

/// How long filters may go on after the `drain` time.
pub const GRACE: Duration = Duration::from_secs(1);

/// How long connections without a message under way are kept at the end. An MTA does not connect again within
/// an SMTP session: if its connection is closed, it defers what its client sends next.
pub const LINGER: Duration = Duration::from_secs(1);

/// A milter that accepts connections.
#[derive(Debug)]
pub struct Server {
    context: Arc<ServerContext>,
    acceptor: Arc<Acceptor>,
    /// Keeps the tasks that accept.
    accepting: Supervisor,
}

impl Server {
    /// Begins to accept on all of these sockets, or on none. `make` makes the filter of each connection.
    pub fn start<F: Filter>(
        sockets: Vec<BoundSocket>,
        make: impl Fn() -> F + Send + Sync + 'static,
        limits: Limits,
        counters: Arc<Counters>,
        workers: &Workers,
        health: Health,
    ) -> io::Result<Self> {
        let acceptor = Acceptor::new(ListenerKind::Milter, limits.max_connections, counters);
        let context = ServerContext::new(limits);
        let accepting = Supervisor::new(health);
        let (shared, threads) = (Arc::clone(&context), workers.clone());
        acceptor.start(sockets, workers.first(), &accepting, move |stream, slot| {
            serve(&threads, stream, slot, Arc::clone(&shared), make());
        })?;
        Ok(Self {
            context,
            acceptor,
            accepting,
        })
    }

    /// Returns the supervisor of the tasks that accept.
    pub fn accepting(&self) -> &Supervisor {
        &self.accepting
    }

    /// Serves until `shutdown` resolves, and until the connections have ended or the time for that has passed.
    pub async fn serve(&self, shutdown: impl Future<Output = ()>) {
        let connections = self.acceptor.slots();
        let drain = self.context.limits.drain;
        shutdown.await;
        // The thread that accepts may be the one that hangs.
        let _ = timeout(GRACE, self.accepting.shutdown()).await;
        // A session that has just begun, or that is about to send its next message, gets the time for it.
        let linger = LINGER.min(drain);
        let _ = timeout(linger, connections.all_free()).await;
        self.context.enter(Phase::Draining);
        tokio::select! {
            () = connections.all_free() => {}
            () = sleep(drain.saturating_sub(linger)) => {
                record::connections_cut(connections.counters().open());
            }
        }
        self.context.enter(Phase::Closing);
        // Each session answers the command under way. A session that hangs is left behind.
        let _ = timeout(GRACE, connections.all_free()).await;
    }
}

/// Gives a connection to a worker thread. Only the runtime of a thread can register a connection with that
/// thread, so a connection for another thread is detached first.
fn serve<F: Filter>(
    workers: &Workers,
    stream: Stream,
    slot: Slot,
    context: Arc<ServerContext>,
    filter: F,
) {
    let share = workers.share();
    if share.is_first {
        share.spawn(Connection::new(stream, slot, context, filter).run());
        return;
    }
    // If the connection broke meanwhile, nobody needs to know.
    let Ok(detached) = stream.detach() else {
        return;
    };
    share.spawn(async move {
        if let Ok(stream) = detached.attach() {
            Connection::new(stream, slot, context, filter).run().await;
        }
    });
}
