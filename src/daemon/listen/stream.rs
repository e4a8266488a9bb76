//! An accepted connection: TCP or a Unix socket.
//!
//! # Small packets over TCP
//!
//! Neither Postfix nor Sendmail sets TCP_NODELAY, and both write a macro packet and its command separately.
//! Nagle's algorithm holds the second packet back until the first one is acknowledged, and a delayed
//! acknowledgement comes 40 ms late. TCP_QUICKACK prevents the delay, but the kernel clears the option again,
//! so it has to be set after every read ([`Stream::acknowledge_quickly`]). TCP_NODELAY does the same for what
//! the daemon writes. Unix sockets need neither.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};

use crate::daemon::keepalive;

/// An accepted connection.
#[derive(Debug)]
pub enum Stream {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

/// A connection that belongs to no runtime, so that another thread can take it.
#[derive(Debug)]
pub enum DetachedStream {
    /// Over TCP.
    Tcp(std::net::TcpStream),
    /// Over a Unix socket.
    Unix(std::os::unix::net::UnixStream),
}

impl DetachedStream {
    /// Registers the connection with the runtime in which this is called.
    pub fn attach(self) -> io::Result<Stream> {
        match self {
            Self::Tcp(stream) => TcpStream::from_std(stream).map(Stream::Tcp),
            Self::Unix(stream) => UnixStream::from_std(stream).map(Stream::Unix),
        }
    }
}

impl Stream {
    /// Takes the connection out of its runtime.
    pub fn detach(self) -> io::Result<DetachedStream> {
        match self {
            Self::Tcp(stream) => stream.into_std().map(DetachedStream::Tcp),
            Self::Unix(stream) => stream.into_std().map(DetachedStream::Unix),
        }
    }

    /// Sets the options of a new connection. If the system refuses an option, the connection is served without it.
    pub fn tune(&self) {
        if let Self::Tcp(stream) = self {
            let _ = stream.set_nodelay(true);
            keepalive::set(stream);
        }
    }

    /// Acknowledges what comes next without delay. Call this after every read.
    pub fn acknowledge_quickly(&self) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Self::Tcp(stream) = self {
            let _ = SockRef::from(stream).set_tcp_quickack(true);
        }
    }

    /// Returns the user at the other end; `None` over TCP.
    pub fn user(&self) -> Option<u32> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(stream) => stream.peer_cred().ok().map(|peer| peer.uid()),
        }
    }

    /// Returns who is at the other end, for a log line.
    pub fn peer_name(&self) -> String {
        match self {
            Self::Tcp(stream) => stream.peer_addr().map_or_else(
                |_| "a vanished TCP peer".to_owned(),
                |address| address.to_string(),
            ),
            Self::Unix(stream) => match stream.peer_cred().map(|peer| peer.pid()) {
                Ok(Some(pid)) => format!("process {pid}"),
                _ => "a Unix socket".to_owned(),
            },
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn tcp_is_tuned() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let _client = TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let accepted = Stream::Tcp(stream);
        accepted.tune();
        let Stream::Tcp(stream) = &accepted else {
            unreachable!()
        };
        assert!(stream.nodelay().unwrap());
        assert!(SockRef::from(stream).keepalive().unwrap());
        assert!(accepted.peer_name().starts_with("127.0.0.1:"));
    }

    #[tokio::test]
    async fn a_process_on_the_same_machine_is_named() {
        let (stream, _other) = UnixStream::pair().unwrap();
        let name = Stream::Unix(stream).peer_name();
        assert_eq!(name, format!("process {}", std::process::id()));
    }
}
