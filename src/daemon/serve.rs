//! Accepting for the small protocols (socketmap, control): many short questions, no transaction.
//!
//! The milter has an accept loop of its own, which knows transactions and drains.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | connections at one time | a parameter | further ones wait in the backlog |
//! | no descriptors left | | the next attempt is made after 100 ms |

use std::{future::Future, io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::Semaphore,
    time::sleep,
};

use super::listen::{Bound, Listening};

/// How long to wait after an accept that failed.
const BACK_OFF: Duration = Duration::from_millis(100);

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
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Self::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}

/// Hands every connection to `answer`, until the future is dropped.
pub async fn serve<F>(
    bound: Bound,
    connections: usize,
    answer: impl Fn(Box<dyn Stream>) -> F,
) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (listening, _file) = bound.into_parts();
    let listener = Listener::new(listening)?;
    let permits = Arc::new(Semaphore::new(connections));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return Ok(());
        };
        let Ok(stream) = listener.accept().await else {
            sleep(BACK_OFF).await;
            continue;
        };
        let answering = answer(stream);
        tokio::spawn(async move {
            answering.await;
            drop(permit);
        });
    }
}
