//! A connection to a milter, as an MTA opens it.
//!
//! # Limits
//!
//! Every read waits at most [`READ_TIMEOUT`], unless [`MilterClient::set_timeout`] says otherwise. If a milter does not
//! answer, that is an error; the client never waits for ever.

use super::packet::{Edit, EndOfMessage, Negotiated, Offer, REPLY_LIMIT, Reply, bits, frame};
use crate::config::socket::Socket;
use std::fmt;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// How long one read may take.
pub const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// A macro: its name, with braces unless the name is one letter, and its value.
pub type Macro<'a> = (&'a str, &'a str);

/// Why a conversation with a milter failed.
#[derive(Debug)]
pub enum ClientError {
    /// The client could not connect.
    Connect {
        /// The socket of the milter.
        socket: Socket,
        /// The error of the system.
        source: io::Error,
    },
    /// The connection broke.
    Io(io::Error),
    /// The milter closed the connection.
    Closed,
    /// The milter did not answer in time.
    Silent(Duration),
    /// The milter sent something that the protocol does not allow here.
    Unexpected(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Connect { socket, source } => {
                write!(f, "cannot connect to {socket}: {source}")
            }
            ClientError::Io(source) => write!(f, "the connection broke: {source}"),
            ClientError::Closed => f.write_str("the milter closed the connection"),
            ClientError::Silent(time) => {
                write!(
                    f,
                    "the milter did not answer within {} s",
                    time.as_secs_f32()
                )
            }
            ClientError::Unexpected(what) => write!(f, "the milter sent {what}"),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ClientError::Connect { source, .. } | ClientError::Io(source) => Some(source),
            _ => None,
        }
    }
}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => ClientError::Closed,
            _ => ClientError::Io(error),
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection to a milter.
pub struct MilterClient {
    stream: Box<dyn Stream>,
    negotiated: Negotiated,
    timeout: Duration,
}

impl MilterClient {
    /// Connects to `socket` and negotiates.
    pub async fn connect(socket: &Socket, offer: Offer) -> Result<Self, ClientError> {
        let mut client = Self::open(socket).await?;
        client.negotiate(offer).await?;
        Ok(client)
    }

    /// Connects to `socket`, and sends nothing yet.
    pub async fn open(socket: &Socket) -> Result<Self, ClientError> {
        let stream = dial(socket).await.map_err(|source| ClientError::Connect {
            socket: socket.clone(),
            source,
        })?;
        Ok(Self {
            stream,
            negotiated: Negotiated::default(),
            timeout: READ_TIMEOUT,
        })
    }

    /// Sets how long every further read may take.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Returns what was negotiated.
    pub fn negotiated(&self) -> &Negotiated {
        &self.negotiated
    }

    /// Sends the offer, and reads the milter's answer.
    pub async fn negotiate(&mut self, offer: Offer) -> Result<&Negotiated, ClientError> {
        self.raw(&offer.packet()).await?;
        let (letter, payload) = self.read_packet().await?;
        if letter != b'O' {
            return Err(unexpected(letter));
        }
        self.negotiated = Negotiated::read(&payload)
            .ok_or_else(|| ClientError::Unexpected("a broken negotiation".to_owned()))?;
        let beyond = self.negotiated.version > offer.version
            || self.negotiated.actions & !offer.actions != 0
            || self.negotiated.protocol & !offer.protocol != 0;
        if beyond {
            return Err(ClientError::Unexpected(
                "a request for what was not offered".to_owned(),
            ));
        }
        Ok(&self.negotiated)
    }

    /// Sends the name of the MTA that this client plays. Postfix and Sendmail send it even if the milter asked to leave
    /// out the step for connections.
    pub async fn introduce(&mut self, version: &str) -> Result<(), ClientError> {
        if !self.negotiated.wants(b'C', "v") {
            return Ok(());
        }
        let macros = strings(&[b"v", version.as_bytes()]);
        self.raw(&frame(b'D', &[b"C", &macros[..]].concat())).await
    }

    /// Sends who the SMTP client is: its name, and an IPv4 or IPv6 address.
    pub async fn connection(
        &mut self,
        host: &str,
        address: std::net::SocketAddr,
        macros: &[Macro<'_>],
    ) -> Result<Reply, ClientError> {
        let mut payload = strings(&[host.as_bytes()]);
        payload.push(if address.is_ipv4() { b'4' } else { b'6' });
        payload.extend_from_slice(&address.port().to_be_bytes());
        payload.extend(strings(&[address.ip().to_string().as_bytes()]));
        self.step(b'C', &payload, (bits::NO_CONNECT, bits::NR_CONNECT), macros)
            .await
    }

    /// Sends HELO or EHLO.
    pub async fn helo(&mut self, name: &str) -> Result<Reply, ClientError> {
        let payload = strings(&[name.as_bytes()]);
        self.step(b'H', &payload, (bits::NO_HELO, bits::NR_HELO), &[])
            .await
    }

    /// Sends MAIL: the reverse-path in angle brackets, and its parameters.
    pub async fn mail(
        &mut self,
        path: &[u8],
        args: &[&[u8]],
        macros: &[Macro<'_>],
    ) -> Result<Reply, ClientError> {
        let payload = strings(&[&[path], args].concat());
        self.step(b'M', &payload, (bits::NO_MAIL, bits::NR_MAIL), macros)
            .await
    }

    /// Sends RCPT: the forward-path in angle brackets, and its parameters.
    pub async fn rcpt(
        &mut self,
        path: &[u8],
        args: &[&[u8]],
        macros: &[Macro<'_>],
    ) -> Result<Reply, ClientError> {
        let payload = strings(&[&[path], args].concat());
        self.step(b'R', &payload, (bits::NO_RCPT, bits::NR_RCPT), macros)
            .await
    }

    /// Sends DATA, if the version of the protocol is 4 or later.
    pub async fn data(&mut self, macros: &[Macro<'_>]) -> Result<Reply, ClientError> {
        if self.negotiated.version < 4 {
            return Ok(Reply::Continue);
        }
        self.step(b'T', b"", (bits::NO_DATA, bits::NR_DATA), macros)
            .await
    }

    /// Sends one header field.
    pub async fn header(&mut self, name: &[u8], value: &[u8]) -> Result<Reply, ClientError> {
        let payload = strings(&[name, value]);
        self.step(b'L', &payload, (bits::NO_HEADER, bits::NR_HEADER), &[])
            .await
    }

    /// Sends the end of the header.
    pub async fn end_of_header(&mut self) -> Result<Reply, ClientError> {
        self.step(b'N', b"", (bits::NO_EOH, bits::NR_EOH), &[])
            .await
    }

    /// Sends a piece of the body, at most 65535 bytes.
    pub async fn body(&mut self, piece: &[u8]) -> Result<Reply, ClientError> {
        self.step(b'B', piece, (bits::NO_BODY, bits::NR_BODY), &[])
            .await
    }

    /// Sends the end of the message. Returns the milter's edits and its reply.
    pub async fn end_of_message(
        &mut self,
        macros: &[Macro<'_>],
    ) -> Result<EndOfMessage, ClientError> {
        self.send(b'E', b"", macros).await?;
        let mut edits = Vec::new();
        loop {
            let (letter, payload) = self.read_packet().await?;
            if let Some(verdict) = Reply::read(letter, &payload) {
                return Ok(EndOfMessage { edits, verdict });
            }
            match Edit::read(letter, &payload) {
                Some(edit) => edits.push(edit),
                None if letter == b'p' => {}
                None => return Err(unexpected(letter)),
            }
        }
    }

    /// Gives the message up (RSET). There is no reply.
    pub async fn abort(&mut self) -> Result<(), ClientError> {
        self.raw(&frame(b'A', b"")).await
    }

    /// Ends the connection.
    pub async fn quit(mut self) -> Result<(), ClientError> {
        self.raw(&frame(b'Q', b"")).await?;
        Ok(self.stream.shutdown().await?)
    }

    /// Sends bytes as they are.
    pub async fn raw(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Reads what has arrived, with one read. Returns no bytes at the end of the stream.
    pub async fn read_once(&mut self, limit: usize) -> Result<Vec<u8>, ClientError> {
        let mut bytes = vec![0; limit.min(REPLY_LIMIT)];
        let count = timeout(self.timeout, self.stream.read(&mut bytes))
            .await
            .map_err(|_| ClientError::Silent(self.timeout))??;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Reads one packet: its letter and payload.
    pub async fn read_packet(&mut self) -> Result<(u8, Vec<u8>), ClientError> {
        let time = self.timeout;
        timeout(time, self.packet())
            .await
            .map_err(|_| ClientError::Silent(time))?
    }

    async fn packet(&mut self) -> Result<(u8, Vec<u8>), ClientError> {
        let length = usize::try_from(self.stream.read_u32().await?).unwrap_or(usize::MAX);
        if length == 0 || length > REPLY_LIMIT {
            return Err(ClientError::Unexpected(format!(
                "a packet of length {length}"
            )));
        }
        let letter = self.stream.read_u8().await?;
        let mut payload = vec![0; length - 1];
        self.stream.read_exact(&mut payload).await?;
        Ok((letter, payload))
    }

    /// Sends one command. The two bits say that the command is left out, and that it has no reply.
    async fn step(
        &mut self,
        letter: u8,
        payload: &[u8],
        (no, no_reply): (u32, u32),
        macros: &[Macro<'_>],
    ) -> Result<Reply, ClientError> {
        if self.negotiated.has(no) {
            return Ok(Reply::Continue);
        }
        self.send(letter, payload, macros).await?;
        if self.negotiated.has(no_reply) {
            return Ok(Reply::Continue);
        }
        loop {
            let (letter, payload) = self.read_packet().await?;
            match Reply::read(letter, &payload) {
                Some(reply) => return Ok(reply),
                None if letter == b'p' => {}
                None => return Err(unexpected(letter)),
            }
        }
    }

    /// Sends a command, after the macros that the milter wants with it. If there are none, sends no macro packet, as
    /// Sendmail does.
    async fn send(
        &mut self,
        letter: u8,
        payload: &[u8],
        macros: &[Macro<'_>],
    ) -> Result<(), ClientError> {
        let wanted: Vec<u8> = macros
            .iter()
            .filter(|(name, _)| self.negotiated.wants(letter, name))
            .flat_map(|(name, value)| strings(&[name.as_bytes(), value.as_bytes()]))
            .collect();
        if !wanted.is_empty() {
            self.raw(&frame(b'D', &[&[letter], &wanted[..]].concat()))
                .await?;
        }
        self.raw(&frame(letter, payload)).await
    }
}

async fn dial(socket: &Socket) -> io::Result<Box<dyn Stream>> {
    Ok(match socket {
        Socket::Inet { host, port } | Socket::Inet6 { host, port } => {
            Box::new(TcpStream::connect((host.as_str(), *port)).await?)
        }
        Socket::Unix(path) => Box::new(UnixStream::connect(path).await?),
    })
}

fn unexpected(letter: u8) -> ClientError {
    ClientError::Unexpected(format!(
        "'{}' where the protocol does not allow it",
        letter.escape_ascii()
    ))
}

/// Returns strings with a NUL after each.
fn strings(items: &[&[u8]]) -> Vec<u8> {
    items
        .iter()
        .flat_map(|item| [item, &b"\0"[..]].concat())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UnixListener;

    /// Returns a client of a milter that sends `answer` at once, and the task that returns what the client sent.
    async fn played(answer: &'static [u8]) -> (MilterClient, tokio::task::JoinHandle<Vec<u8>>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m");
        let listener = UnixListener::bind(&path).unwrap();
        let seen = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(answer).await.unwrap();
            let mut seen = Vec::new();
            let _ = stream.read_to_end(&mut seen).await;
            seen
        });
        let mut client = MilterClient::open(&Socket::Unix(path)).await.unwrap();
        client.set_timeout(Duration::from_millis(100));
        (client, seen)
    }

    #[tokio::test]
    async fn what_the_milter_does_not_want_is_not_sent() {
        // NO_CONNECT, NO_HELO, NR_RCPT; for RCPT only the queue id.
        let (mut client, seen) =
            played(b"\0\0\0\x13O\0\0\0\x06\0\0\0\x0c\0\0\x80\x03\0\0\0\x03i\0\0\0\0\x01c").await;
        client.negotiate(Offer::default()).await.unwrap();
        client.helo("client.example").await.unwrap();
        let macros = [("i", "4ABC"), ("{rcpt_addr}", "c@d")];
        let reply = client.rcpt(b"<c@d>", &[b"NOTIFY=NEVER"], &macros).await;
        assert_eq!(reply.unwrap(), Reply::Continue);
        assert_eq!(client.mail(b"<>", &[], &[]).await.unwrap(), Reply::Continue);
        client.quit().await.unwrap();
        let wanted = [
            Offer::default().packet(),
            frame(b'D', b"Ri\x004ABC\0"),
            frame(b'R', b"<c@d>\0NOTIFY=NEVER\0"),
            frame(b'M', b"<>\0"),
            frame(b'Q', b""),
        ]
        .concat();
        assert_eq!(seen.await.unwrap(), wanted);
    }

    #[tokio::test]
    async fn more_than_was_offered_is_refused() {
        let (mut client, _) = played(b"\0\0\0\x0dO\0\0\0\x06\0\0\x02\0\0\0\0\0").await;
        let error = client.negotiate(Offer::default()).await.unwrap_err();
        assert!(error.to_string().contains("not offered"), "{error}");
    }

    #[tokio::test]
    async fn silence_and_nonsense_are_errors() {
        let (mut client, _) = played(b"").await;
        assert!(matches!(
            client.negotiate(Offer::default()).await,
            Err(ClientError::Silent(_))
        ));
        let (mut client, _) = played(b"HTTP/1.1 400 Bad Request").await;
        assert!(matches!(
            client.negotiate(Offer::default()).await,
            Err(ClientError::Unexpected(_))
        ));
    }
}
