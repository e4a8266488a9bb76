//! The next hop: a small SMTP server that accepts what an MTA delivers, and keeps it for the test.
//!
//! The server offers DSN, SMTPUTF8, 8BITMIME, SIZE and PIPELINING, so that the MTA passes on all parameters of a
//! recipient. The server answers 550 to a local-part that begins with `refused`, which makes the MTA bounce. It has no
//! TLS and no limits.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// One recipient, as the next hop saw it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Copy {
    /// The path without its angle brackets.
    pub address: Vec<u8>,
    /// `ORCPT=…`, `NOTIFY=…`, as they were written.
    pub parameters: Vec<String>,
}

/// One message that the next hop accepted.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub sender: Vec<u8>,
    pub copies: Vec<Copy>,
    pub data: Vec<u8>,
}

impl Delivery {
    /// Returns true if `text` is in the header section.
    pub fn header_holds(&self, text: &str) -> bool {
        let end = find(&self.data, b"\r\n\r\n").unwrap_or(self.data.len());
        find(&self.data[..end], text.as_bytes()).is_some()
    }

    pub fn holds(&self, text: &str) -> bool {
        find(&self.data, text.as_bytes()).is_some()
    }
}

/// Returns the place of `needle` in `hay`.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len())
        .position(|window| window == needle)
}

/// The server. Its threads end with the test program, and leave nothing behind.
#[derive(Clone)]
pub struct Sink {
    pub port: u16,
    deliveries: Arc<Mutex<Vec<Delivery>>>,
}

impl Sink {
    pub fn start() -> Self {
        let port = super::folder::free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the sink's port");
        let deliveries = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&deliveries);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // An MTA that closes the connection too early has delivered nothing.
                thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        Self { port, deliveries }
    }

    /// Returns the deliveries for which `wanted` is true.
    pub fn deliveries(&self, wanted: impl Fn(&Delivery) -> bool) -> Vec<Delivery> {
        let all = self
            .deliveries
            .lock()
            .expect("no thread panics with this lock");
        all.iter()
            .filter(|delivery| wanted(delivery))
            .cloned()
            .collect()
    }

    /// Returns the recipients of the message that carries `token` in its header, of all its deliveries.
    pub fn copies(&self, token: &str) -> Vec<Copy> {
        let own = |delivery: &Delivery| delivery.sender != b"" && delivery.header_holds(token);
        self.deliveries(own)
            .into_iter()
            .flat_map(|delivery| delivery.copies)
            .collect()
    }
}

const GREETING: &[u8] = b"250-sink.test\r\n250-PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n\
    250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 DSN\r\n";

fn serve(stream: TcpStream, deliveries: &Mutex<Vec<Delivery>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let mut sender = Vec::new();
    let mut copies = Vec::new();
    writer.write_all(b"220 sink.test\r\n")?;
    loop {
        let line = read_line(&mut reader)?;
        let verb: String = line
            .iter()
            .take(4)
            .map(|&byte| byte.to_ascii_uppercase() as char)
            .collect();
        match verb.as_str() {
            "EHLO" | "HELO" => writer.write_all(GREETING)?,
            "MAIL" => {
                sender = path_and_parameters(&line).address;
                copies.clear();
                writer.write_all(b"250 2.1.0 Ok\r\n")?;
            }
            "RCPT" => {
                let copy = path_and_parameters(&line);
                if copy.address.starts_with(b"refused") {
                    writer.write_all(b"550 5.1.1 Refused by the next hop\r\n")?;
                } else {
                    copies.push(copy);
                    writer.write_all(b"250 2.1.5 Ok\r\n")?;
                }
            }
            "DATA" if copies.is_empty() => writer.write_all(b"554 5.5.1 No recipients\r\n")?,
            "DATA" => {
                writer.write_all(b"354 Go on\r\n")?;
                let data = read_data(&mut reader)?;
                let delivery = Delivery {
                    sender: std::mem::take(&mut sender),
                    copies: std::mem::take(&mut copies),
                    data,
                };
                deliveries
                    .lock()
                    .expect("no thread panics with this lock")
                    .push(delivery);
                writer.write_all(b"250 2.0.0 Ok\r\n")?;
            }
            "QUIT" => return writer.write_all(b"221 2.0.0 Bye\r\n"),
            _ => writer.write_all(b"250 2.0.0 Ok\r\n")?,
        }
    }
}

fn read_line(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    while line.ends_with(b"\n") || line.ends_with(b"\r") {
        line.pop();
    }
    Ok(line)
}

fn read_data(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let line = read_line(reader)?;
        if line == b"." {
            return Ok(data);
        }
        data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        data.extend_from_slice(b"\r\n");
    }
}

/// Splits `RCPT TO:<path> A=b C=d`; a `>` inside of quotes does not end the path.
fn path_and_parameters(line: &[u8]) -> Copy {
    let start = line
        .iter()
        .position(|&byte| byte == b'<')
        .map_or(line.len(), |at| at + 1);
    let path = &line[start..];
    let length = path_length(path);
    let rest = String::from_utf8_lossy(path.get(length + 1..).unwrap_or_default()).into_owned();
    Copy {
        address: path[..length].to_vec(),
        parameters: rest.split_whitespace().map(str::to_owned).collect(),
    }
}

/// Returns the number of bytes before the `>` that ends a path.
pub fn path_length(path: &[u8]) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, &byte) in path.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at,
            _ => {}
        }
    }
    path.len()
}
