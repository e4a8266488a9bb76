//! The milter framing, pure: bytes in, whole frames out, read in place.
//!
//! A frame is a length (32 bits, big-endian), a letter and a payload. The length counts the letter and the
//! payload. A frame is passed on only when it is complete, so memory is never allocated from an announced length.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`FRAME_LIMIT`] | 256 KiB: headers and bodies | the connection is closed |
//! | [`COMMAND_LIMIT`] | 64 KiB: everything else | the connection is closed |
//! | [`FIRST_FRAME_LIMIT`] | 64 bytes, and the letter must be `O` | the connection is closed |
//!
//! Never are more bytes stored than have arrived.

use std::fmt;

/// Longest frame, letter included. A piece of the body has 64 KiB (`MILTER_CHUNK_SIZE`); the longest header of
/// Postfix has 100 KiB (`header_size_limit`).
pub const FRAME_LIMIT: usize = 262_144;

/// Longest frame that is neither a header nor a body: a line of an SMTP client, or macros. Both MTAs read lines of
/// 2 KiB (Postfix: `line_length_limit`), and the session keeps what is in them until the message ends.
pub const COMMAND_LIMIT: usize = 65_536;

/// Longest first frame: a negotiation has 13 bytes, and later versions may add a few.
pub const FIRST_FRAME_LIMIT: usize = 64;

/// Shortest negotiation: a letter and three 32-bit words.
const NEGOTIATION: usize = 13;

/// Bytes of the length before a frame.
const HEAD: usize = 4;

/// A buffer larger than this is freed when it is empty, so that an idle connection costs little after one large
/// frame.
const KEPT_CAPACITY: usize = 4096;

/// How a peer broke the protocol. The connection is closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Violation {
    /// The frame is longer than the limit, or text came in place of a length.
    TooLong(usize),
    /// The length is 0: there is not even a letter.
    Empty,
    /// The first frame is not a negotiation.
    NoNegotiation,
    /// No command has this letter.
    UnknownCommand(u8),
    /// The payload of this command is incomplete.
    BadCommand(u8),
    /// The MTA offers a version of the protocol that no MTA in use has.
    OldVersion(u32),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::TooLong(length) => write!(f, "a packet of {length} bytes is announced"),
            Violation::Empty => f.write_str("a packet of length 0"),
            Violation::NoNegotiation => f.write_str("the first packet is not a negotiation"),
            Violation::UnknownCommand(letter) => {
                write!(f, "unknown command '{}'", letter.escape_ascii())
            }
            Violation::BadCommand(letter) => {
                write!(f, "command '{}' is not complete", letter.escape_ascii())
            }
            Violation::OldVersion(version) => write!(f, "milter protocol version {version}"),
        }
    }
}

/// One packet of the MTA.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// The letter of the command.
    pub letter: u8,
    /// The bytes after the letter.
    pub payload: &'a [u8],
}

/// The bytes that arrived from the MTA. It returns them frame by frame.
#[derive(Debug, Default)]
pub struct Incoming {
    bytes: Vec<u8>,
    /// How many of the bytes were returned in frames.
    read: usize,
    negotiated: bool,
}

impl Incoming {
    /// Adds bytes that have arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.read > 0 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns the next frame, if it is complete.
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, Violation> {
        let rest = self.bytes.get(self.read..).unwrap_or_default();
        let length = announced(rest);
        let limit = if self.negotiated {
            FRAME_LIMIT
        } else {
            FIRST_FRAME_LIMIT
        };
        if length > limit {
            return Err(Violation::TooLong(length));
        }
        let Some(body) = rest.get(HEAD..) else {
            return Ok(None);
        };
        if length == 0 {
            return Err(Violation::Empty);
        }
        let Some(&letter) = body.first() else {
            return Ok(None);
        };
        if !self.negotiated && (letter != b'O' || length < NEGOTIATION) {
            return Err(Violation::NoNegotiation);
        }
        if !b"ABCDEHKLMNOQRTU".contains(&letter) {
            return Err(Violation::UnknownCommand(letter));
        }
        if length > COMMAND_LIMIT && !b"LB".contains(&letter) {
            return Err(Violation::TooLong(length));
        }
        let Some(payload) = body.get(1..length) else {
            return Ok(None);
        };
        self.read += HEAD + length;
        self.negotiated = true;
        Ok(Some(Frame { letter, payload }))
    }

    /// Frees memory if all bytes were returned. Call this before waiting for more.
    pub fn give_memory_back(&mut self) {
        if self.read == self.bytes.len() {
            self.read = 0;
            self.bytes.clear();
            if self.bytes.capacity() > KEPT_CAPACITY {
                self.bytes = Vec::new();
            }
        }
    }

    /// Returns true if a part of the next frame has arrived.
    pub fn has_begun(&self) -> bool {
        self.bytes.len() > self.read
    }

    /// Returns true if the first frame was complete.
    pub fn is_negotiated(&self) -> bool {
        self.negotiated
    }
}

/// Returns the length at the head of a frame. While some of its bytes are missing, returns the least value that it
/// can have.
fn announced(bytes: &[u8]) -> usize {
    let mut head = [0; HEAD];
    for (to, from) in head.iter_mut().zip(bytes) {
        *to = *from;
    }
    usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &[u8] = b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff";

    fn frame(letter: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(payload.len() + 1)
            .unwrap()
            .to_be_bytes()
            .to_vec();
        bytes.push(letter);
        bytes.extend_from_slice(payload);
        bytes
    }

    /// Returns every frame that comes out when `bytes` arrive in pieces of `step`.
    fn through(bytes: &[u8], step: usize) -> Result<Vec<(u8, Vec<u8>)>, Violation> {
        let mut incoming = Incoming::default();
        let mut out = Vec::new();
        for piece in bytes.chunks(step) {
            incoming.push(piece);
            while let Some(frame) = incoming.next()? {
                out.push((frame.letter, frame.payload.to_vec()));
            }
            incoming.give_memory_back();
            assert!(incoming.bytes.len() <= bytes.len());
        }
        Ok(out)
    }

    fn bytes_of(frames: &[(u8, Vec<u8>)]) -> Vec<u8> {
        frames
            .iter()
            .flat_map(|(letter, payload)| frame(*letter, payload))
            .collect()
    }

    #[test]
    fn the_pieces_do_not_matter() {
        let session = [
            OFFER.to_vec(),
            frame(b'D', b"M{mail_addr}\0a@b\0"),
            frame(b'M', b"<a@b>\0"),
            frame(b'R', b"<c@d>\0"),
            frame(b'E', b""),
        ]
        .concat();
        for step in 1..=session.len() {
            let frames = through(&session, step).unwrap();
            assert_eq!(frames.len(), 5);
            assert_eq!(bytes_of(&frames), session, "step {step}");
        }
    }

    #[test]
    fn what_has_begun_shows() {
        let mut incoming = Incoming::default();
        incoming.push(&OFFER[..3]);
        assert!(incoming.has_begun() && incoming.next().unwrap().is_none());
        incoming.push(&OFFER[3..]);
        assert_eq!(incoming.next().unwrap().unwrap().letter, b'O');
        assert!(!incoming.has_begun() && incoming.is_negotiated());
    }

    #[test]
    fn a_large_buffer_is_given_back() {
        let mut incoming = Incoming::default();
        incoming.push(OFFER);
        incoming.push(&frame(b'B', &[b'x'; 60_000]));
        while incoming.next().unwrap().is_some() {}
        incoming.give_memory_back();
        assert_eq!(incoming.bytes.capacity(), 0);
    }

    #[test]
    fn text_and_lengths_are_refused_as_soon_as_they_show() {
        let mut incoming = Incoming::default();
        incoming.push(b"G");
        assert!(matches!(incoming.next(), Err(Violation::TooLong(_))));

        assert_eq!(through(&[0, 0, 0, 65], 9), Err(Violation::TooLong(65)));
        assert_eq!(through(&[0, 0, 0, 0], 9), Err(Violation::Empty));
        assert_eq!(
            through(&frame(b'O', b"\0\0\0\x06"), 9),
            Err(Violation::NoNegotiation)
        );
        assert_eq!(
            through(&frame(b'M', &[0; 30]), 9),
            Err(Violation::NoNegotiation)
        );
        let later = [OFFER, &[0, 4, 0, 1]].concat();
        assert_eq!(through(&later, 5), Err(Violation::TooLong(FRAME_LIMIT + 1)));
        let most = [OFFER, &frame(b'B', &vec![b'x'; FRAME_LIMIT - 1])].concat();
        assert_eq!(bytes_of(&through(&most, 999).unwrap()), most);
        let long = [OFFER, &frame(b'D', &[b'R'; COMMAND_LIMIT])].concat();
        // As soon as the letter is there.
        let head = &long[..OFFER.len() + HEAD + 1];
        assert_eq!(through(head, 5), Err(Violation::TooLong(COMMAND_LIMIT + 1)));
        let longest = [OFFER, &frame(b'D', &[b'R'; COMMAND_LIMIT - 1])].concat();
        assert_eq!(bytes_of(&through(&longest, 999).unwrap()), longest);
        let unknown = [OFFER, &frame(b'X', b"")].concat();
        assert_eq!(through(&unknown, 5), Err(Violation::UnknownCommand(b'X')));
    }

    proptest::proptest! {
        /// Any bytes give whole frames or a violation, and no panic.
        #[test]
        fn anything_at_all_is_whole_frames_or_a_violation(
            noise in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            frames in proptest::collection::vec((0usize..15, 0usize..40), 0..20),
            step in 1usize..50,
        ) {
            let mut bytes = OFFER.to_vec();
            for (letter, length) in &frames {
                bytes.extend(frame(b"ABCDEHKLMNOQRTU"[*letter], &vec![b'R'; *length]));
            }
            let whole = bytes.len();
            bytes.extend(noise);
            let mut incoming = Incoming::default();
            let mut out = Vec::new();
            'all: for piece in bytes.chunks(step) {
                incoming.push(piece);
                loop {
                    match incoming.next() {
                        Ok(Some(one)) => out.extend(frame(one.letter, one.payload)),
                        Ok(None) => break,
                        Err(_) => break 'all,
                    }
                }
            }
            proptest::prop_assert!(bytes.starts_with(&out));
            proptest::prop_assert!(out.len() >= whole);
        }
    }
}
