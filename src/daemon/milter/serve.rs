//! The milter server: sockets and callbacks in, service until it is told to end.
//!
//! Order of the end: stop accepting (socket files go), let messages under way
//! finish, and at the deadline end the rest. A callback that is being called
//! then is still allowed [`GRACE`] to answer.

use super::accept::{accept, queue};
use super::drain::{Connections, Phase};
use super::gauges::Gauges;
use super::limits::Limits;
use crate::daemon::listen::Bound;
use indymilter::{Callbacks, Config};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long callbacks may go on after the drain's deadline.
pub const GRACE: Duration = Duration::from_secs(1);

/// Serves until `shutdown` resolves and the connections have ended, or the
/// drain's deadline has passed.
pub async fn serve<T: Send + 'static>(
    sockets: Vec<Bound>,
    callbacks: Callbacks<T>,
    limits: Limits,
    gauges: Arc<Gauges>,
    shutdown: impl Future<Output = ()>,
) {
    let drain = limits.drain;
    let config = engine_config(&limits);
    let connections = Connections::new(limits, gauges);
    let (sender, queue) = queue();
    let mut accepting = JoinSet::new();
    for bound in sockets {
        accepting.spawn(accept(bound, Arc::clone(&connections), sender.clone()));
    }
    drop(sender);

    let (stop, stopped) = oneshot::channel::<()>();
    let mut engine = pin!(indymilter::run(queue, callbacks, config, stopped));
    tokio::select! {
        _ = &mut engine => {
            tracing::error!("the milter protocol engine has ended");
            return;
        }
        () = shutdown => {}
    }
    accepting.shutdown().await;
    connections.enter(Phase::Draining);
    tokio::select! {
        _ = &mut engine => {}
        () = connections.all_closed() => {}
        () = sleep(drain) => {
            tracing::warn!(open = connections.gauges.open(), "connections closed: they did not end in time");
        }
    }
    connections.enter(Phase::Closing);
    drop(stop);
    // Sessions answer the command they are at; one that hangs is left behind.
    let _ = timeout(GRACE, &mut engine).await;
    let _ = timeout(GRACE, connections.all_closed()).await;
}

/// indymilter's own limits stand behind ours, where they do no harm.
fn engine_config(limits: &Limits) -> Config {
    let beyond = limits.max_connections.saturating_mul(2).saturating_add(64);
    Config {
        max_connections: beyond.min(Semaphore::MAX_PERMITS),
        connection_timeout: limits
            .idle
            .max(limits.handshake)
            .saturating_add(limits.packet * 2)
            .saturating_add(Duration::from_secs(60)),
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_limits_stand_behind_ours() {
        let limits = Limits::default();
        let config = engine_config(&limits);
        assert!(config.max_connections > limits.max_connections);
        assert!(config.connection_timeout > limits.idle + limits.packet);
        let endless = Limits {
            max_connections: usize::MAX,
            idle: Duration::MAX,
            ..limits
        };
        // A semaphore of more permits than there can be panics.
        assert_eq!(
            engine_config(&endless).max_connections,
            Semaphore::MAX_PERMITS
        );
    }
}
