//! Accepting for the small protocols (socketmap, control): many short questions, no transaction.
//!
//! The milter has an accept loop of its own, which knows transactions and drains. Both take the same care of
//! failures (`accepting`), of idle connections (`places`) and of vanished peers (`keepalive`).
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | connections at one time | a parameter | the one idle longest is closed; none is idle: the new one, after a second |

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    sync::Mutex,
    time::sleep,
};

use super::{
    accepting::{Pause, is_about_one},
    keepalive,
    listen::{Accepted, Kept},
    places::{Place, Places},
    rate_limit::RateLimit,
    record,
};

/// How long a new connection waits where all others are in the middle of a request.
const PATIENCE: Duration = Duration::from_secs(1);

/// A connection, over whichever socket it came.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// The user at the other end, where the system says who it is.
    fn user(&self) -> Option<u32>;
}

impl Stream for TcpStream {
    fn user(&self) -> Option<u32> {
        None
    }
}

impl Stream for UnixStream {
    fn user(&self) -> Option<u32> {
        self.peer_cred().ok().map(|peer| peer.uid())
    }
}

/// Hands every connection to `answer`, with its place, until the future is dropped.
pub async fn serve<F>(
    listener: Arc<Mutex<Kept>>,
    connections: usize,
    answer: impl Fn(Box<dyn Stream>, Place) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    // Nobody else has it, but for the task in whose place this one was started.
    let mut listener = listener.lock().await;
    let socket = listener.socket().to_string();
    let places = Places::new(connections);
    let (mut pause, accepts, refusals) =
        (Pause::default(), RateLimit::default(), RateLimit::default());
    loop {
        let stream: Box<dyn Stream> = match listener.accept().await {
            Ok(Accepted::Tcp(stream)) => {
                // An answer is one write; nothing is gained by holding it back.
                let _ = stream.set_nodelay(true);
                keepalive::set(&stream);
                Box::new(stream)
            }
            Ok(Accepted::Unix(stream)) => Box::new(stream),
            Err(error) if is_about_one(&error) => continue,
            Err(error) => {
                if let Some(held) = accepts.release() {
                    record::accept_failed(&socket, &error, held);
                }
                sleep(pause.take()).await;
                continue;
            }
        };
        pause.reset();
        match places.enter(PATIENCE).await {
            Some(place) => drop(tokio::spawn(answer(stream, place))),
            None => {
                if let Some(held) = refusals.release() {
                    record::connections_full(&socket, connections, held);
                }
            }
        }
    }
}
