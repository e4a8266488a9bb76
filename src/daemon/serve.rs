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

use std::{future::Future, io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    time::sleep,
};

use super::{
    accepting::{Pause, is_about_one},
    brake::Brake,
    keepalive,
    listen::{Bound, Listening},
    places::{Place, Places},
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

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    fn new(listening: Listening) -> io::Result<Self> {
        match listening {
            Listening::Tcp(listener) => TcpListener::from_std(listener).map(Self::Tcp),
            Listening::Unix(listener) => UnixListener::from_std(listener).map(Self::Unix),
        }
    }

    async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // An answer is one write; nothing is gained by holding it back.
                let _ = stream.set_nodelay(true);
                keepalive::set(&stream);
                Ok(Box::new(stream))
            }
            Self::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}

/// Hands every connection to `answer`, with its place, until the future is dropped.
pub async fn serve<F>(
    bound: Bound,
    connections: usize,
    answer: impl Fn(Box<dyn Stream>, Place) -> F,
) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let socket = bound.socket().to_string();
    let (listening, _file) = bound.into_parts();
    let listener = Listener::new(listening)?;
    let places = Places::new(connections);
    let (mut pause, accepts, refusals) = (Pause::default(), Brake::default(), Brake::default());
    loop {
        let stream = match listener.accept().await {
            Ok(stream) => stream,
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
