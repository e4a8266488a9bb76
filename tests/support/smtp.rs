//! A small SMTP client that sends one command, reads one reply, and handles raw bytes.
//!
//! The client does not pipeline, so that a scenario knows which command got which answer.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// Longer than every timeout that a test provokes (an MTA that waits for its milter).
const TIMEOUT: Duration = Duration::from_secs(60);

/// The answer to one command.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    pub code: u16,
    /// The lines without the code, joined by a newline. A text that is not UTF-8 is read as Latin-1.
    pub text: String,
}

impl Reply {
    pub fn new(code: u16, text: &str) -> Self {
        Self {
            code,
            text: text.to_owned(),
        }
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

pub struct Client {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Client {
    /// Connects from `source`, which decides whether the MTA lets the client relay.
    pub fn connect(source: Ipv4Addr, port: u16) -> io::Result<Self> {
        // `std` cannot choose the address from which it connects.
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        let writer = TcpStream::from(socket);
        writer.set_nodelay(true)?;
        writer.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self {
            reader: BufReader::new(writer.try_clone()?),
            writer,
        })
    }

    /// Connects, reads the banner and says EHLO.
    pub fn greet(source: Ipv4Addr, port: u16) -> io::Result<Self> {
        let mut client = Self::connect(source, port)?;
        let banner = client.reply()?;
        if banner.code != 220 {
            return Err(io::Error::other(format!("banner: {banner}")));
        }
        client.command(b"EHLO client.example")?;
        Ok(client)
    }

    /// Connects, and begins a transaction with these parameters of MAIL.
    pub fn begin(source: Ipv4Addr, port: u16, parameters: &str) -> Self {
        let mut client = Self::greet(source, port).expect("a greeting");
        let mail = format!("MAIL FROM:<s@sender.example> {parameters}");
        let reply = client.command(mail.trim_end().as_bytes());
        assert_eq!(reply.expect("a reply").code, 250);
        client
    }

    pub fn command(&mut self, line: &[u8]) -> io::Result<Reply> {
        // One write sends the whole line: the two halves of a line would wait for one another (Nagle).
        let mut bytes = line.to_vec();
        bytes.extend_from_slice(b"\r\n");
        self.writer.write_all(&bytes)?;
        self.reply()
    }

    /// Sends DATA and a short message that carries `token` in its header.
    pub fn message(&mut self, token: &str) -> io::Result<Reply> {
        let go_on = self.command(b"DATA")?;
        if go_on.code != 354 {
            return Ok(go_on);
        }
        let text = format!(
            "From: s@sender.example\r\nSubject: test\r\nMessage-ID: <{token}@sender.example>\r\n\
             \r\nHello\r\n."
        );
        self.command(text.as_bytes())
    }

    fn reply(&mut self) -> io::Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.reader.read_until(b'\n', &mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = String::from_utf8(line)
                .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect());
            let line = line.trim_end();
            let code = line.get(..3).and_then(|code| code.parse().ok());
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            let Some(code) = code else {
                // Sendmail with bad DSN parameters writes garbage before its reply.
                return Ok(Reply::new(0, &format!("no reply: {line:?}")));
            };
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply {
                    code,
                    text: lines.join("\n"),
                });
            }
        }
    }
}
