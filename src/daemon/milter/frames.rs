//! The milter framing in both directions, pure: bytes in, whole frames out.
//!
//! A frame is a length (32 bits, big-endian), a letter and a payload; the length
//! counts the letter and the payload.
//!
//! [`Incoming`] hands a frame on only when all of it is there, so nobody
//! allocates from an announced length. It also keeps the macros of one recipient
//! from being taken for the next one's: indymilter keeps a stage's macros until a
//! new packet for that stage comes, and an MTA that has none to send sends no
//! packet (Sendmail) or an empty one that indymilter skips (Postfix). So an `R`
//! without macros of its own is preceded by [`CLEAR_RCPT_MACROS`], and an `M` by
//! [`CLEAR_MAIL_MACROS`]. The later stages need nothing: indymilter clears them
//! at every `M` and `R`, and the macros of the connection live as long as it.
//!
//! [`Outgoing`] gathers replies until they are sent, and knows which of them may
//! be sent at all: edits without the verdict that follows them must not leave,
//! because an MTA that then loses the connection may keep half of them.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`FRAME_LIMIT`] | 256 KiB | the connection is closed |
//! | [`FIRST_FRAME_LIMIT`] | 64 octets, and it must be `O` | the connection is closed |
//!
//! What is stored never exceeds what has arrived.

use std::fmt;

/// Longest frame, letter included. A body's piece has 64 KiB (`MILTER_CHUNK_SIZE`), the longest header
/// of Postfix 100 KiB (`header_size_limit`).
pub const FRAME_LIMIT: usize = 262_144;

/// Longest first frame: a negotiation has 13 octets, later versions a few more.
pub const FIRST_FRAME_LIMIT: usize = 64;

/// Shortest negotiation: a letter and three 32-bit words.
const NEGOTIATION: usize = 13;

/// Octets of the length before a frame.
const HEAD: usize = 4;

/// Empties the recipient's macros. The NUL is needed: indymilter skips a macro
/// packet without any string, and then the old macros stay.
pub const CLEAR_RCPT_MACROS: &[u8] = b"\0\0\0\x03DR\0";

/// The same for the macros of a transaction.
pub const CLEAR_MAIL_MACROS: &[u8] = b"\0\0\0\x03DM\0";

/// An inbox larger than this is given back when it is empty, so that an idle
/// connection costs little after one large frame.
const KEPT_CAPACITY: usize = 4096;

/// What makes a connection not worth keeping.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Violation {
    /// Longer than the limit, or text in place of a length.
    TooLong(usize),
    /// Length 0: not even a letter.
    Empty,
    /// The first frame is no negotiation.
    NoNegotiation,
    /// No command has this letter.
    UnknownCommand(u8),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::TooLong(length) => write!(f, "a packet of {length} octets is announced"),
            Violation::Empty => f.write_str("a packet of length 0"),
            Violation::NoNegotiation => f.write_str("the first packet is no negotiation"),
            Violation::UnknownCommand(letter) => {
                write!(f, "unknown command '{}'", letter.escape_ascii())
            }
        }
    }
}

/// Bytes from the MTA on their way to indymilter.
#[derive(Debug, Default)]
pub struct Incoming {
    bytes: Vec<u8>,
    /// Where the current frame (being handed on) begins and ends in `bytes`.
    start: usize,
    end: usize,
    /// What is handed on before the current frame.
    inserted: &'static [u8],
    negotiated: bool,
    rcpt_macros: bool,
    mail_macros: bool,
}

impl Incoming {
    /// Takes bytes that have arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.end -= self.start;
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Moves on to the next frame, if it is complete, and returns its letter.
    /// Call it only when [`Incoming::ready`] is empty.
    pub fn advance(&mut self) -> Result<Option<u8>, Violation> {
        let rest = self.bytes.get(self.end..).unwrap_or_default();
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
        let Some(frame) = body.get(..length) else {
            return Ok(None);
        };
        let (stage, has_string) = match frame {
            [b'D', stage, items @ ..] => (*stage, items.contains(&0)),
            _ => (0, false),
        };
        self.start = self.end;
        self.end += HEAD + length;
        self.negotiated = true;
        self.note_macros(letter, stage, has_string);
        Ok(Some(letter))
    }

    fn note_macros(&mut self, letter: u8, stage: u8, has_string: bool) {
        match (letter, stage) {
            (b'D', b'R') => self.rcpt_macros = has_string,
            (b'D', b'M') => self.mail_macros = has_string,
            (b'R', _) => {
                let own = std::mem::take(&mut self.rcpt_macros);
                self.inserted = if own { b"" } else { CLEAR_RCPT_MACROS };
            }
            (b'M', _) => {
                let own = std::mem::take(&mut self.mail_macros);
                self.inserted = if own { b"" } else { CLEAR_MAIL_MACROS };
            }
            _ => {}
        }
    }

    /// What of the current frame is still to be handed on.
    pub fn ready(&self) -> &[u8] {
        if self.inserted.is_empty() {
            self.bytes.get(self.start..self.end).unwrap_or_default()
        } else {
            self.inserted
        }
    }

    /// Notes that the first `count` octets of [`Incoming::ready`] were handed on.
    pub fn handed(&mut self, count: usize) {
        if let Some(rest) = self
            .inserted
            .get(count..)
            .filter(|_| !self.inserted.is_empty())
        {
            self.inserted = rest;
            return;
        }
        self.start = (self.start + count).min(self.end);
        if self.start == self.bytes.len() {
            (self.start, self.end) = (0, 0);
            self.bytes.clear();
            if self.bytes.capacity() > KEPT_CAPACITY {
                self.bytes = Vec::new();
            }
        }
    }

    /// Whether part of a further frame has arrived.
    pub fn has_begun(&self) -> bool {
        self.bytes.len() > self.end
    }

    /// Whether the first frame has been complete.
    pub fn is_negotiated(&self) -> bool {
        self.negotiated
    }
}

/// The length at the head of a frame; the least it can be while octets are missing.
fn announced(bytes: &[u8]) -> usize {
    let mut head = [0; HEAD];
    for (to, from) in head.iter_mut().zip(bytes) {
        *to = *from;
    }
    usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX)
}

/// Replies on their way to the MTA.
#[derive(Debug, Default)]
pub struct Outgoing {
    bytes: Vec<u8>,
    /// How many of them are sent.
    sent: usize,
    /// Where the first frame that is not known to be complete begins.
    walked: usize,
    /// Where the last verdict ends.
    settled: usize,
}

impl Outgoing {
    /// Takes bytes to send; `each` hears the letter of every frame completed.
    pub fn append(&mut self, bytes: &[u8], mut each: impl FnMut(u8)) {
        self.bytes.extend_from_slice(bytes);
        while let Some(rest) = self.bytes.get(self.walked..) {
            let whole = HEAD + announced(rest);
            let (Some(&letter), true) = (rest.get(HEAD), rest.len() >= whole) else {
                break;
            };
            self.walked += whole;
            if is_verdict(letter) {
                self.settled = self.walked;
            }
            each(letter);
        }
    }

    /// What is still to be sent.
    pub fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// Notes that the first `count` octets of [`Outgoing::unsent`] were sent.
    pub fn sent(&mut self, count: usize) {
        self.sent += count;
        if self.sent >= self.bytes.len() {
            let mut bytes = std::mem::take(&mut self.bytes);
            if bytes.capacity() > KEPT_CAPACITY {
                bytes = Vec::new();
            }
            bytes.clear();
            *self = Outgoing {
                bytes,
                ..Outgoing::default()
            };
        }
    }

    /// Whether only a sign of life (`p`) waits, which is of use only at once.
    pub fn is_only_progress(&self) -> bool {
        self.unsent() == b"\0\0\0\x01p"
    }

    /// Forgets edits without a verdict: whoever made them will not finish.
    pub fn drop_unsettled(&mut self) {
        self.bytes.truncate(self.settled.max(self.sent));
        self.walked = self.bytes.len();
        self.sent(0);
    }
}

/// Whether a reply ends the answer to a command (the others are edits and `p`).
pub fn is_verdict(letter: u8) -> bool {
    b"Oacdrsty".contains(&letter)
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

    /// Everything handed on when `bytes` arrive in pieces of `step`.
    fn through(bytes: &[u8], step: usize) -> Result<Vec<u8>, Violation> {
        let mut incoming = Incoming::default();
        let mut out = Vec::new();
        for piece in bytes.chunks(step) {
            incoming.push(piece);
            loop {
                while !incoming.ready().is_empty() {
                    let some = incoming.ready().len().min(3);
                    out.extend_from_slice(&incoming.ready()[..some]);
                    incoming.handed(some);
                }
                if incoming.advance()?.is_none() {
                    break;
                }
            }
            assert!(incoming.bytes.len() <= bytes.len());
        }
        Ok(out)
    }

    #[test]
    fn the_pieces_do_not_matter() {
        let session = [
            OFFER.to_vec(),
            frame(b'D', b"M{mail_addr}\0a@b\0"),
            frame(b'M', b"<a@b>\0"),
            frame(b'D', b"R{rcpt_addr}\0c@d\0"),
            frame(b'R', b"<c@d>\0"),
            frame(b'E', b""),
        ]
        .concat();
        for step in 1..=session.len() {
            assert_eq!(through(&session, step).unwrap(), session, "step {step}");
        }
    }

    #[test]
    fn macros_of_one_recipient_do_not_serve_the_next() {
        let r = frame(b'R', b"<c@d>\0");
        let own = frame(b'D', b"R{rcpt_addr}\0c@d\0");
        let void = frame(b'D', b"R");
        let session = [OFFER, &own, &r, &r, &void, &r, &own, &void, &r].concat();
        let wanted = [
            OFFER,
            &own,
            &r,
            CLEAR_RCPT_MACROS,
            &r,
            &void,
            CLEAR_RCPT_MACROS,
            &r,
            &own,
            &void,
            CLEAR_RCPT_MACROS,
            &r,
        ]
        .concat();
        for step in [1, 2, 7, session.len()] {
            assert_eq!(through(&session, step).unwrap(), wanted, "step {step}");
        }
    }

    #[test]
    fn macros_of_one_transaction_do_not_serve_the_next() {
        let m = frame(b'M', b"<a@b>\0");
        let session = [OFFER, &m].concat();
        let wanted = [OFFER, CLEAR_MAIL_MACROS, &m].concat();
        assert_eq!(through(&session, 1).unwrap(), wanted);
    }

    #[test]
    fn text_and_lengths_are_refused_as_soon_as_they_show() {
        let mut incoming = Incoming::default();
        incoming.push(b"G");
        assert!(matches!(incoming.advance(), Err(Violation::TooLong(_))));

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
        assert_eq!(through(&most, 999).unwrap(), most);
        let unknown = [OFFER, &frame(b'X', b"")].concat();
        assert_eq!(through(&unknown, 5), Err(Violation::UnknownCommand(b'X')));
    }

    proptest::proptest! {
        /// Whatever comes: no panic, and nothing is handed on but whole frames.
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
                    match incoming.advance() {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(_) => break 'all,
                    }
                    while !incoming.ready().is_empty() {
                        out.push(incoming.ready()[0]);
                        incoming.handed(1);
                    }
                }
            }
            let mut rest = &out[..];
            let mut own = Vec::new();
            while !rest.is_empty() {
                let (this, after) = rest.split_at(HEAD + announced(rest));
                if ![CLEAR_RCPT_MACROS, CLEAR_MAIL_MACROS].contains(&this) {
                    own.extend_from_slice(this);
                }
                rest = after;
            }
            proptest::prop_assert!(bytes.starts_with(&own));
            proptest::prop_assert!(own.len() >= whole);
        }
    }

    #[test]
    fn a_large_frame_leaves_nothing_behind() {
        let mut incoming = Incoming::default();
        incoming.push(OFFER);
        incoming.push(&frame(b'B', &vec![b'x'; 60_000]));
        while incoming.advance().unwrap().is_some() {
            let all = incoming.ready().len();
            incoming.handed(all);
        }
        assert!(incoming.bytes.capacity() <= KEPT_CAPACITY);
        assert!(!incoming.has_begun());
        incoming.push(b"\0");
        assert!(incoming.has_begun());
    }

    #[test]
    fn edits_without_a_verdict_are_dropped() {
        let continued = frame(b'c', b"");
        let deletion = frame(b'-', b"<a@b>\0");
        let mut outgoing = Outgoing::default();
        let mut letters = Vec::new();
        for bytes in [&continued, &deletion] {
            for byte in bytes {
                outgoing.append(&[*byte], |letter| letters.push(letter));
            }
        }
        assert_eq!(letters, b"c-");
        outgoing.drop_unsettled();
        assert_eq!(outgoing.unsent(), continued);
        outgoing.append(&deletion, |_| ());
        outgoing.append(&continued, |_| ());
        outgoing.drop_unsettled();
        assert_eq!(
            outgoing.unsent(),
            [&continued[..], &deletion, &continued].concat()
        );
    }

    #[test]
    fn what_is_sent_in_part_is_counted_from_there() {
        let mut outgoing = Outgoing::default();
        outgoing.append(&frame(b'c', b""), |_| ());
        outgoing.sent(2);
        assert_eq!(outgoing.unsent(), b"\0\x01c");
        outgoing.append(&frame(b'-', b"<a@b>\0"), |_| ());
        outgoing.drop_unsettled();
        assert_eq!(outgoing.unsent(), b"\0\x01c");
        outgoing.sent(3);
        assert!(outgoing.unsent().is_empty());
        outgoing.append(&frame(b'p', b""), |_| ());
        assert!(outgoing.is_only_progress());
    }
}
