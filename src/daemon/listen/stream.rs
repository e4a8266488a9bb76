//! The MTA's end of a connection: a TCP or a Unix socket, tuned for a protocol
//! of many small packets.
//!
//! Neither MTA sets TCP_NODELAY, and both write a macro packet and its command
//! apart. Nagle's algorithm then keeps the second back until the first is
//! acknowledged, and a delayed acknowledgement is 40 ms late. TCP_QUICKACK stops
//! the delay, but the kernel forgets it again, so it is set after every read.
//! TCP_NODELAY does the same for what we write. Unix sockets need neither.

use crate::daemon::keepalive;
use socket2::SockRef;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// A connection to an MTA.
#[derive(Debug)]
pub enum Peer {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

/// The same, bound to no runtime.
#[derive(Debug)]
pub enum Loose {
    /// Over TCP.
    Tcp(std::net::TcpStream),
    /// Over a Unix socket.
    Unix(std::os::unix::net::UnixStream),
}

impl Loose {
    /// Binds it to the runtime that this is called in.
    pub fn tie(self) -> io::Result<Peer> {
        match self {
            Loose::Tcp(stream) => TcpStream::from_std(stream).map(Peer::Tcp),
            Loose::Unix(stream) => UnixStream::from_std(stream).map(Peer::Unix),
        }
    }
}

impl Peer {
    /// Takes it out of its runtime.
    pub fn loosen(self) -> io::Result<Loose> {
        match self {
            Peer::Tcp(stream) => stream.into_std().map(Loose::Tcp),
            Peer::Unix(stream) => stream.into_std().map(Loose::Unix),
        }
    }

    /// Sets what a new connection needs. Nothing here is worth closing it for.
    pub fn tune(&self) {
        if let Peer::Tcp(stream) = self {
            let _ = stream.set_nodelay(true);
            keepalive::set(stream);
        }
        self.acknowledge_quickly();
    }

    /// To be called after every read.
    pub fn acknowledge_quickly(&self) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Peer::Tcp(stream) = self {
            let _ = SockRef::from(stream).set_tcp_quickack(true);
        }
    }

    /// Who this is, for a log line.
    pub fn name(&self) -> String {
        match self {
            Peer::Tcp(stream) => stream
                .peer_addr()
                .map_or_else(|_| "a vanished TCP peer".to_owned(), |a| a.to_string()),
            Peer::Unix(stream) => match stream.peer_cred().map(|c| c.pid()) {
                Ok(Some(pid)) => format!("process {pid}"),
                _ => "a Unix socket".to_owned(),
            },
        }
    }
}

impl AsyncRead for Peer {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Peer::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Peer::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Peer {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Peer::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Peer::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Peer::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Peer::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Peer::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Peer::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
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
        let peer = Peer::Tcp(stream);
        peer.tune();
        let Peer::Tcp(stream) = &peer else {
            unreachable!()
        };
        assert!(stream.nodelay().unwrap());
        assert!(SockRef::from(stream).keepalive().unwrap());
        assert!(peer.name().starts_with("127.0.0.1:"));
    }

    #[tokio::test]
    async fn a_process_on_the_same_machine_is_named() {
        let (stream, _other) = UnixStream::pair().unwrap();
        let name = Peer::Unix(stream).name();
        assert_eq!(name, format!("process {}", std::process::id()));
    }
}
