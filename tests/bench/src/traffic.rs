//! The load: an MTA's side of the milter protocol, in blocking threads. Every answer is checked.
//!
//! Packets are sent as Postfix sends them: a command without a reply waits in a buffer for the next command with a
//! reply, the macros of DATA are sent when smtpd passes the message to cleanup, and the end of the message is a
//! separate write. As in Postfix, TCP connections do not have TCP_NODELAY.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use readdress::mta::{Negotiated, Offer, bits, frame};

use crate::world;

/// The number of different messages, which are sent in turn.
const POOL: u64 = 2048;

/// How long an answer may take. None should ever take so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which messages are sent, and how.
#[derive(Clone)]
pub struct Load {
    /// `unix:PATH` or `inet:PORT`.
    pub socket: String,
    /// The number of connections at the same time.
    pub connections: usize,
    /// The number of recipients of a message.
    pub recipients: u64,
    /// True for a new connection for each message.
    pub fresh: bool,
    /// The seconds that count. Before them, a tenth of this time warms the milter up.
    pub seconds: f64,
    /// The number of rules of the table.
    pub rules: u64,
    /// True for an echo server: each message is one round trip of a fixed number of bytes.
    pub echo: bool,
}

/// The result of a load.
pub struct Measured {
    /// For every message that counts: when it ended, in seconds from the start, and how many milliseconds it took.
    pub messages: Vec<(f64, f64)>,
    /// The number of all messages, including those that do not count.
    pub sent: usize,
    /// The seconds that count.
    pub seconds: f64,
    /// True if the milter negotiated that RCPT has no reply.
    pub silent: bool,
}

impl Measured {
    /// Returns the messages per second.
    pub fn rate(&self) -> f64 {
        self.messages.len() as f64 / self.seconds
    }

    /// Returns the time in milliseconds that this share of the messages did not exceed.
    pub fn percentile(&self, share: f64) -> f64 {
        let mut times: Vec<f64> = self.messages.iter().map(|message| message.1).collect();
        times.sort_by(f64::total_cmp);
        let at = (times.len() as f64 * share) as usize;
        times
            .get(at.min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or(f64::NAN)
    }
}

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

fn dial(socket: &str) -> io::Result<Box<dyn Stream>> {
    if let Some(path) = socket.strip_prefix("unix:") {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        return Ok(Box::new(stream));
    }
    let port: u16 = socket
        .trim_start_matches("inet:")
        .parse()
        .map_err(io::Error::other)?;
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(Box::new(stream))
}

/// One connection from the MTA to the milter.
pub struct Connection {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    filled: usize,
    taken: usize,
}

impl Connection {
    fn open(socket: &str) -> io::Result<Self> {
        Ok(Self {
            stream: dial(socket)?,
            buffer: vec![0; 65536],
            filled: 0,
            taken: 0,
        })
    }

    /// Connects and negotiates.
    pub fn negotiated(socket: &str) -> io::Result<(Self, Negotiated)> {
        let mut connection = Self::open(socket)?;
        connection.stream.write_all(&Offer::default().packet())?;
        let agreed = match connection.packet()? {
            (b'O', payload) => Negotiated::read(payload),
            _ => None,
        };
        Ok((
            connection,
            agreed.ok_or_else(|| io::Error::other("a broken negotiation"))?,
        ))
    }

    fn need(&mut self, count: usize) -> io::Result<()> {
        while self.filled - self.taken < count {
            if self.taken > 0 {
                self.buffer.copy_within(self.taken..self.filled, 0);
                self.filled -= self.taken;
                self.taken = 0;
            }
            let read = self.stream.read(&mut self.buffer[self.filled..])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.filled += read;
        }
        Ok(())
    }

    fn packet(&mut self) -> io::Result<(u8, &[u8])> {
        self.need(5)?;
        let head = &self.buffer[self.taken..self.taken + 4];
        let length = head
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        if length == 0 || length > 60_000 {
            return Err(io::Error::other(format!("a packet of {length} bytes")));
        }
        self.need(4 + length)?;
        let start = self.taken + 4;
        self.taken = start + length;
        Ok((self.buffer[start], &self.buffer[start + 1..start + length]))
    }

    /// Sends one message, and checks the sum of its edits.
    fn message(&mut self, message: &Message) -> io::Result<()> {
        for write in &message.writes {
            self.stream.write_all(&write.bytes)?;
            if write.answered && self.packet()?.0 != b'c' {
                return Err(io::Error::other("the milter refused a recipient"));
            }
        }
        let mut sum = 0u64;
        loop {
            match self.packet()? {
                (b'c', _) => break,
                (letter @ (b'-' | b'+' | b'2'), payload) => {
                    let end = payload
                        .iter()
                        .position(|byte| *byte == 0)
                        .unwrap_or(payload.len());
                    sum = sum.wrapping_add(mark(letter == b'-', &payload[..end]));
                }
                (letter, _) => {
                    return Err(io::Error::other(format!("an unexpected answer {letter}")));
                }
            }
        }
        if sum != message.wanted {
            return Err(io::Error::other(
                "a wrong answer: other edits than the rules give",
            ));
        }
        Ok(())
    }
}

/// Returns a number for one edit. The numbers of a message are added, so that the order of the edits does not matter.
fn mark(deletion: bool, address: &[u8]) -> u64 {
    let start = if deletion { 1 } else { 2 };
    let hash = address.iter().fold(start, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    world::mix(hash)
}

struct Sent {
    bytes: Vec<u8>,
    answered: bool,
}

struct Message {
    writes: Vec<Sent>,
    wanted: u64,
}

/// Returns the macros of a command. Postfix sends this packet even if it is empty.
fn macros(agreed: &Negotiated, letter: u8, all: &[(&str, &str)]) -> Vec<u8> {
    let mut payload = vec![letter];
    for (name, value) in all.iter().filter(|(name, _)| agreed.wants(letter, name)) {
        payload.extend(format!("{name}\0{value}\0").bytes());
    }
    frame(b'D', &payload)
}

fn message(agreed: &Negotiated, load: &Load, number: u64) -> Message {
    let id = format!("4bX{number:06}");
    let (mut writes, mut wanted) = (Vec::new(), 0u64);
    let mut bytes = if load.fresh {
        Vec::new()
    } else {
        frame(b'A', b"")
    };
    if load.fresh {
        bytes.extend(macros(
            agreed,
            b'C',
            &[("j", "mx.company.example"), ("v", "Postfix 3.7.11")],
        ));
        bytes.extend(macros(agreed, b'H', &[]));
    }
    bytes.extend(macros(
        agreed,
        b'M',
        &[
            ("{mail_addr}", "sender@client.example"),
            ("{mail_mailer}", "smtp"),
        ],
    ));
    bytes.extend(frame(b'M', b"<sender@client.example>\0SIZE=2048\0"));
    for at in 0..load.recipients {
        let rule = world::mix(number * load.recipients + at) % load.rules;
        let key = world::key(rule);
        bytes.extend(macros(
            agreed,
            b'R',
            &[
                ("i", &id),
                ("{rcpt_addr}", &key),
                ("{rcpt_host}", "company.example"),
                ("{rcpt_mailer}", "relay"),
            ],
        ));
        bytes.extend(frame(b'R', format!("<{key}>\0").as_bytes()));
        wanted = wanted.wrapping_add(mark(true, format!("<{key}>").as_bytes()));
        let target = format!("<{}>", world::target(rule));
        wanted = wanted.wrapping_add(mark(false, target.as_bytes()));
        if !agreed.has(bits::NR_RCPT) {
            writes.push(Sent {
                bytes: std::mem::take(&mut bytes),
                answered: true,
            });
        }
    }
    bytes.extend(macros(agreed, b'T', &[("i", &id)]));
    if !agreed.has(bits::NO_DATA) {
        bytes.extend(frame(b'T', b""));
    }
    let answered = !agreed.has(bits::NO_DATA) && !agreed.has(bits::NR_DATA);
    writes.push(Sent { bytes, answered });
    let mut end = macros(agreed, b'E', &[("i", &id)]);
    end.extend(frame(b'E', b""));
    writes.push(Sent {
        bytes: end,
        answered: false,
    });
    Message { writes, wanted }
}

/// The bytes of a message and of its answer, for the echo server.
pub const ECHO: (usize, usize) = (787, 279);

fn echo(stream: &mut dyn Stream) -> io::Result<()> {
    stream.write_all(&[7; ECHO.0])?;
    stream.read_exact(&mut [0; ECHO.1])
}

/// Sends messages over one connection until the end, or until the first error.
fn work(
    load: &Load,
    pool: &[Message],
    first: usize,
    started: Instant,
) -> io::Result<Vec<(f64, f64)>> {
    let warm = load.seconds / 10.0;
    let mut open: Option<Connection> = None;
    let mut times = Vec::new();
    for at in first.. {
        let begun = Instant::now();
        if load.echo {
            let connection = match open.take() {
                Some(connection) => open.insert(connection),
                None => open.insert(Connection::open(&load.socket)?),
            };
            echo(&mut *connection.stream)?;
        } else {
            let mut connection = match open.take() {
                Some(connection) => connection,
                None => Connection::negotiated(&load.socket)?.0,
            };
            connection.message(&pool[at % pool.len()])?;
            if load.fresh {
                let ends = [frame(b'A', b""), frame(b'Q', b"")].concat();
                connection.stream.write_all(&ends)?;
            } else {
                open = Some(connection);
            }
        }
        let now = started.elapsed().as_secs_f64();
        times.push((now - warm, begun.elapsed().as_secs_f64() * 1e3));
        if now > warm + load.seconds {
            break;
        }
    }
    Ok(times)
}

/// Sends the load.
///
/// # Errors
///
/// A wrong answer, or a broken connection.
pub fn run(load: &Load) -> io::Result<Measured> {
    let agreed = if load.echo {
        Negotiated::default()
    } else {
        Connection::negotiated(&load.socket)?.1
    };
    let lean = bits::NO_CONNECT
        | bits::NO_HELO
        | bits::NO_HEADER
        | bits::NO_EOH
        | bits::NO_BODY
        | bits::NR_MAIL;
    if !load.echo && agreed.protocol & lean != lean {
        return Err(io::Error::other(
            "the milter asks for more than the load sends",
        ));
    }
    let pool: Arc<Vec<_>> = Arc::new(
        (0..POOL)
            .map(|number| message(&agreed, load, number))
            .collect(),
    );
    let barrier = Arc::new(Barrier::new(load.connections));
    let threads: Vec<_> = (0..load.connections)
        .map(|number| {
            let (load, pool, barrier) = (load.clone(), Arc::clone(&pool), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                work(&load, &pool, number * 97, Instant::now())
            })
        })
        .collect();
    let mut messages = Vec::new();
    for thread in threads {
        messages.extend(
            thread
                .join()
                .map_err(|_| io::Error::other("a thread of the load died"))??,
        );
    }
    let sent = messages.len();
    messages.retain(|message| (0.0..=load.seconds).contains(&message.0));
    Ok(Measured {
        messages,
        sent,
        seconds: load.seconds,
        silent: agreed.has(bits::NR_RCPT),
    })
}
