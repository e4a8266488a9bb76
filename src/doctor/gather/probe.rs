//! Asks an MTA by SMTP about recipients, and sends no message: after each RCPT comes RSET.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | time for a connection | 5 s | the MTA counts as down |
//! | time for one reply | 20 s | the session ends |
//! | time for all | 120 s | the rest is not asked, and doctor says so |
//! | refusals in a session | 8 | a new session begins: Postfix ends a session with too many errors |
//! | bytes of a reply | 16 KiB | the session ends |

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

use crate::doctor::probe::{Answers, Probe, ProbeTarget, Question, Reply};

const CONNECT: Duration = Duration::from_secs(5);
const REPLY: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(120);
const REFUSALS: usize = 8;
const LONGEST: u64 = 16 << 10;

/// Asks all questions.
pub fn ask(target: &ProbeTarget, questions: Vec<Question>, left: usize) -> Probe {
    let name = match target.host.contains(':') {
        true => format!("[{}]:{}", target.host, target.port),
        false => format!("{}:{}", target.host, target.port),
    };
    let first = match Session::open(target) {
        Ok(session) => session,
        Err(reason) => {
            return Probe::Failed {
                target: name,
                reason,
            };
        }
    };
    let mut answers = Answers {
        target: name,
        trust: target.trust.clone(),
        dsn: first.dsn,
        replies: Vec::new(),
        sender: None,
        unfinished: None,
        left,
    };
    all(first, target, questions, &mut answers);
    Probe::Done(answers)
}

/// Asks the questions, in as many sessions as needed.
fn all(first: Session, target: &ProbeTarget, questions: Vec<Question>, answers: &mut Answers) {
    let end = Instant::now() + PATIENCE;
    let mut session = Some(first);
    for question in questions {
        if Instant::now() > end {
            let reason = format!("more than {} s", PATIENCE.as_secs());
            answers.unfinished.get_or_insert(reason);
            answers.replies.push((question, None));
            continue;
        }
        if session
            .as_ref()
            .is_none_or(|session| session.refusals >= REFUSALS)
        {
            if let Some(session) = session.take() {
                session.quit();
            }
            match Session::open(target) {
                Ok(new) => session = Some(new),
                Err(reason) => {
                    answers.unfinished.get_or_insert(reason);
                }
            }
        }
        let Some(open) = &mut session else {
            answers.replies.push((question, None));
            continue;
        };
        match open.rcpt(&question.address) {
            Ok(Asked::Recipient(reply)) => answers.replies.push((question, Some(reply))),
            Ok(Asked::Sender(reply)) => {
                answers.sender = Some(reply);
                break;
            }
            Err(error) => {
                answers.unfinished.get_or_insert(error.to_string());
                answers.replies.push((question, None));
                session = None;
            }
        }
    }
    if let Some(session) = session {
        session.quit();
    }
}

/// The command that was answered last.
enum Asked {
    Recipient(Reply),
    Sender(Reply),
}

struct Session {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    dsn: bool,
    refusals: usize,
}

impl Session {
    /// Connects, waits for the greeting and says EHLO.
    fn open(target: &ProbeTarget) -> Result<Self, String> {
        let stream = connect(target).map_err(|error| error.to_string())?;
        let own = stream.local_addr().map(|address| address.ip());
        let mut session = Self::new(stream).map_err(|error| error.to_string())?;
        let greeting = session.reply().map_err(|error| error.to_string())?;
        if greeting.code != 220 {
            return Err(format!("it greets with `{greeting}`"));
        }
        let literal = match own {
            Ok(IpAddr::V6(address)) => format!("[IPv6:{address}]"),
            Ok(IpAddr::V4(address)) => format!("[{address}]"),
            Err(_) => "[127.0.0.1]".to_owned(),
        };
        let ehlo = session.command(&format!("EHLO {literal}"));
        let ehlo = ehlo.map_err(|error| error.to_string())?;
        if ehlo.code != 250 {
            return Err(format!("it answers EHLO with `{ehlo}`"));
        }
        session.dsn = ehlo
            .text
            .split('\n')
            .any(|line| line.trim().eq_ignore_ascii_case("DSN"));
        Ok(session)
    }

    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(REPLY))?;
        stream.set_write_timeout(Some(REPLY))?;
        Ok(Self {
            reader: BufReader::new(stream.try_clone()?),
            writer: stream,
            dsn: false,
            refusals: 0,
        })
    }

    /// Sends MAIL, RCPT and RSET, and returns the reply to RCPT.
    fn rcpt(&mut self, address: &str) -> io::Result<Asked> {
        let sender = self.command("MAIL FROM:<>")?;
        if sender.code / 100 != 2 {
            return Ok(Asked::Sender(joined(sender)));
        }
        let reply = self.command(&format!("RCPT TO:<{address}>"))?;
        if reply.code / 100 != 2 {
            self.refusals += 1;
        }
        if reply.code == 421 {
            return Err(io::Error::other(joined(reply).to_string()));
        }
        self.command("RSET")?;
        Ok(Asked::Recipient(joined(reply)))
    }

    fn command(&mut self, line: &str) -> io::Result<Reply> {
        self.writer.write_all(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    /// Reads a reply. Its lines are joined by line ends.
    fn reply(&mut self) -> io::Result<Reply> {
        let mut lines: Vec<String> = Vec::new();
        let mut left = LONGEST;
        loop {
            let mut bytes = Vec::new();
            let read = (&mut self.reader).take(left).read_until(b'\n', &mut bytes);
            let read = read.map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    io::Error::other(format!("no reply within {} s", REPLY.as_secs()))
                }
                _ => error,
            })?;
            left = left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
            if read == 0 {
                return Err(io::Error::other("it closed the connection"));
            }
            let line = String::from_utf8_lossy(&bytes);
            let line = line.trim_end();
            let Some(code) = line.get(..3).and_then(|code| code.parse().ok()) else {
                return Err(io::Error::other(format!(
                    "it answers `{line}`, which is not SMTP"
                )));
            };
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply {
                    code,
                    text: lines.join("\n"),
                });
            }
        }
    }

    /// Sends QUIT. Errors do not matter any more.
    fn quit(mut self) {
        let _ = self.command("QUIT");
    }
}

/// Returns the reply in one line, for people.
fn joined(reply: Reply) -> Reply {
    Reply {
        text: reply.text.replace('\n', " "),
        ..reply
    }
}

fn connect(target: &ProbeTarget) -> io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = (target.host.as_str(), target.port)
        .to_socket_addrs()?
        .collect();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match one(address, target.source) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn one(address: SocketAddr, source: Option<Ipv4Addr>) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if let (Some(source), true) = (source, address.is_ipv4()) {
        socket.bind(&SocketAddr::from((source, 0)).into())?;
    }
    socket.connect_timeout(&address.into(), CONNECT)?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    Ok(stream)
}
