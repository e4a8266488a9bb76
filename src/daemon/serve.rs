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

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    sync::{Mutex, Semaphore},
    time::sleep,
};

use super::listen::{Accepted, Kept};

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

/// Hands every connection to `answer`, until the future is dropped.
pub async fn serve<F>(
    listener: Arc<Mutex<Kept>>,
    connections: usize,
    answer: impl Fn(Box<dyn Stream>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    // Nobody else has it, but for the task in whose place this one was started.
    let mut listener = listener.lock().await;
    let permits = Arc::new(Semaphore::new(connections));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return;
        };
        let stream: Box<dyn Stream> = match listener.accept().await {
            Ok(Accepted::Tcp(stream)) => {
                // An answer is one write; nothing is gained by holding it back.
                let _ = stream.set_nodelay(true);
                Box::new(stream)
            }
            Ok(Accepted::Unix(stream)) => Box::new(stream),
            Err(_) => {
                sleep(BACK_OFF).await;
                continue;
            }
        };
        let answering = answer(stream);
        tokio::spawn(async move {
            answering.await;
            drop(permit);
        });
    }
}
