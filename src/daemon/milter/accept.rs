//! Accepting connections, whatever happens to a single one.
//!
//! One task for each listening socket feeds one queue, and [`Queue`] is what
//! indymilter takes its connections from. To indymilter an error of `accept` is
//! the end of the daemon, so it never sees one.
//!
//! # Limits
//!
//! - When the process or the system is out of descriptors or memory, accepting
//!   pauses from [`PAUSE_MIN`] up to [`PAUSE_MAX`]; callers wait in the backlog.
//! - Beyond `max_connections` a caller is accepted and closed at once: an MTA
//!   then takes its default action, where in the backlog it would hang.

use super::drain::Connections;
use super::peer::Peer;
use super::stream::MilterStream;
use crate::daemon::listen::{Bound, Listening};
use indymilter::Listener;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc;

/// The first pause after a failed accept; it doubles with every further one.
pub const PAUSE_MIN: Duration = Duration::from_millis(10);

/// The longest pause.
pub const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Connections accepted but not yet taken by indymilter.
const QUEUE: usize = 64;

/// indymilter's listener: whatever the accepting tasks bring.
pub struct Queue(mpsc::Receiver<MilterStream>);

/// A queue and its entrance.
pub fn queue() -> (mpsc::Sender<MilterStream>, Queue) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (sender, Queue(receiver))
}

impl Listener for Queue {
    type Io = MilterStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<MilterStream>> {
        match self.0.poll_recv(cx) {
            Poll::Ready(Some(stream)) => Poll::Ready(Ok(stream)),
            // No accepting task is left: a drain. Its end is not ours to decide.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

enum Acceptor {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Acceptor {
    async fn accept(&self) -> io::Result<Peer> {
        match self {
            Acceptor::Tcp(listener) => listener.accept().await.map(|(s, _)| Peer::Tcp(s)),
            Acceptor::Unix(listener) => listener.accept().await.map(|(s, _)| Peer::Unix(s)),
        }
    }
}

/// Accepts on `bound` for ever. Dropping it stops listening and removes the
/// socket file.
pub async fn accept(
    bound: Bound,
    connections: Arc<Connections>,
    queue: mpsc::Sender<MilterStream>,
) {
    let socket = bound.socket().to_string();
    let (listening, file) = bound.into_parts();
    let acceptor = match listening {
        Listening::Tcp(listener) => TcpListener::from_std(listener).map(Acceptor::Tcp),
        Listening::Unix(listener) => UnixListener::from_std(listener).map(Acceptor::Unix),
    };
    let acceptor = match acceptor {
        Ok(acceptor) => acceptor,
        Err(error) => {
            tracing::error!(%socket, %error, "cannot wait for connections");
            return;
        }
    };
    // Dropped before the listener: while that one lives, a successor finds the
    // path taken and its inode cannot belong to another file.
    let _file = file;
    let mut pause = PAUSE_MIN;
    loop {
        match acceptor.accept().await {
            Ok(peer) => {
                pause = PAUSE_MIN;
                admit(peer, &connections, &queue).await;
            }
            Err(error) if is_about_one(&error) => {}
            Err(error) => {
                connections.gauges.accept_failures.fetch_add(1, Relaxed);
                if let Some(held) = connections.accepts.release() {
                    tracing::warn!(%socket, %error, held, "cannot accept connections, trying again");
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

async fn admit(peer: Peer, connections: &Arc<Connections>, queue: &mpsc::Sender<MilterStream>) {
    if let Some(admission) = connections.admit() {
        // The receiver goes only when the whole server goes.
        let _ = queue.send(MilterStream::new(peer, admission)).await;
        return;
    }
    connections.gauges.refused.fetch_add(1, Relaxed);
    if let Some(held) = connections.refusals.release() {
        let limit = connections.limits.max_connections;
        tracing::warn!(peer = %peer.name(), held, limit, "too many milter connections, closed at once");
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

    #[test]
    fn a_queue_without_acceptors_waits_instead_of_failing() {
        let (sender, mut queue) = queue();
        drop(sender);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(queue.poll_accept(&mut cx).is_pending());
    }
}
