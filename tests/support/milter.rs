//! A small milter with which tests send raw answers to an MTA.
//!
//! Two functions choose its answers at RCPT and at the end of the message. The milter records the recipients with their
//! macros. Each connection has a thread, and no code of the program is used.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// One RCPT: the arguments as received, and the macros that came with them.
#[derive(Clone, Debug)]
pub struct Seen {
    pub arguments: Vec<Vec<u8>>,
    pub macros: BTreeMap<String, String>,
}

/// A packet to send: its command byte and its data.
pub type Packet = (u8, Vec<u8>);

pub struct Milter {
    pub socket: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Milter {
    /// Starts a milter. `at_rcpt` returns the one answer to a recipient, `at_end` all packets before the final
    /// `continue`.
    pub fn start(
        at_rcpt: impl Fn(&[u8]) -> Packet + Send + Sync + 'static,
        at_end: impl Fn() -> Vec<Packet> + Send + Sync + 'static,
    ) -> Self {
        let port = super::folder::free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the milter's port");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&seen);
        let answers = Arc::new((at_rcpt, at_end));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, answers) = (Arc::clone(&shared), Arc::clone(&answers));
                // The MTA may end a connection at any time.
                thread::spawn(move || drop(serve(stream, &shared, &answers.0, &answers.1)));
            }
        });
        Self {
            socket: format!("inet:127.0.0.1:{port}"),
            seen,
        }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .expect("no thread panics with this lock")
            .clone()
    }
}

fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Seen>>,
    at_rcpt: &impl Fn(&[u8]) -> Packet,
    at_end: &impl Fn() -> Vec<Packet>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut macros = BTreeMap::new();
    loop {
        let (command, data) = read_packet(&mut stream)?;
        let mut answer = Vec::new();
        match command {
            b'O' => push(&mut answer, b'O', &negotiation()),
            b'D' => {
                let values = strings(data.get(1..).unwrap_or_default());
                macros = values
                    .chunks_exact(2)
                    .map(|pair| (lossy(&pair[0]), lossy(&pair[1])))
                    .collect();
            }
            b'R' => {
                let arguments = strings(&data);
                let (code, text) = at_rcpt(&arguments[0]);
                push(&mut answer, code, &text);
                let macros = macros.clone();
                seen.lock()
                    .expect("no thread panics with this lock")
                    .push(Seen { arguments, macros });
            }
            b'E' => {
                for (code, data) in at_end() {
                    push(&mut answer, code, &data);
                }
                push(&mut answer, b'c', b"");
            }
            b'A' => {}
            b'Q' => return Ok(()),
            _ => push(&mut answer, b'c', b""),
        }
        stream.write_all(&answer)?;
    }
}

/// Answers the negotiation: version 6; the milter adds and deletes recipients, and wants MAIL, RCPT and the end of the
/// message only.
fn negotiation() -> Vec<u8> {
    let (add, delete, add_with_parameters) = (0x04_u32, 0x08, 0x80);
    let lean = 0x1 | 0x2 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200_u32;
    [6, add | delete | add_with_parameters, lean]
        .iter()
        .flat_map(|word| word.to_be_bytes())
        .collect()
}

/// Appends one packet.
pub fn push(bytes: &mut Vec<u8>, command: u8, data: &[u8]) {
    let length = u32::try_from(data.len() + 1).expect("a small packet");
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.push(command);
    bytes.extend_from_slice(data);
}

/// Reads one packet.
pub fn read_packet(stream: &mut impl Read) -> io::Result<Packet> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if !(1..1 << 20).contains(&length) {
        return Err(io::Error::other(format!("a packet of {length} bytes")));
    }
    let mut packet = vec![0; length];
    stream.read_exact(&mut packet)?;
    let data = packet.split_off(1);
    Ok((packet[0], data))
}

/// Returns the NUL-terminated strings of a packet.
pub fn strings(data: &[u8]) -> Vec<Vec<u8>> {
    let data = data.strip_suffix(b"\0").unwrap_or(data);
    data.split(|&byte| byte == 0).map(<[u8]>::to_vec).collect()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
