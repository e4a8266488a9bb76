//! Packets of the milter protocol as the MTA sees them. Pure.
//!
//! # Limits
//!
//! A reply of more than [`REPLY_LIMIT`] bytes is an error. No milter needs a longer one, because bodies are replaced in
//! pieces of 64 KiB.

use std::collections::BTreeMap;

/// Longest reply that is read, in bytes.
pub const REPLY_LIMIT: usize = 1 << 20;

/// Bits of the negotiation, named as in Sendmail's `mfdef.h`.
pub mod bits {
    /// SMFIP_NOCONNECT.
    pub const NO_CONNECT: u32 = 0x1;
    /// SMFIP_NOHELO.
    pub const NO_HELO: u32 = 0x2;
    /// SMFIP_NOMAIL.
    pub const NO_MAIL: u32 = 0x4;
    /// SMFIP_NORCPT.
    pub const NO_RCPT: u32 = 0x8;
    /// SMFIP_NOBODY.
    pub const NO_BODY: u32 = 0x10;
    /// SMFIP_NOHDRS.
    pub const NO_HEADER: u32 = 0x20;
    /// SMFIP_NOEOH.
    pub const NO_EOH: u32 = 0x40;
    /// SMFIP_NR_HDR.
    pub const NR_HEADER: u32 = 0x80;
    /// SMFIP_NODATA.
    pub const NO_DATA: u32 = 0x200;
    /// SMFIP_NR_CONN.
    pub const NR_CONNECT: u32 = 0x1000;
    /// SMFIP_NR_HELO.
    pub const NR_HELO: u32 = 0x2000;
    /// SMFIP_NR_MAIL.
    pub const NR_MAIL: u32 = 0x4000;
    /// SMFIP_NR_RCPT.
    pub const NR_RCPT: u32 = 0x8000;
    /// SMFIP_NR_DATA.
    pub const NR_DATA: u32 = 0x10000;
    /// SMFIP_NR_EOH.
    pub const NR_EOH: u32 = 0x40000;
    /// SMFIP_NR_BODY.
    pub const NR_BODY: u32 = 0x80000;
}

/// What an MTA offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Offer {
    /// Protocol version.
    pub version: u32,
    /// The edits that the MTA can make (SMFIF_*).
    pub actions: u32,
    /// The steps that the MTA can leave out, and other options (SMFIP_*).
    pub protocol: u32,
}

impl Default for Offer {
    /// Returns what Postfix 3.7 and Sendmail 8.17 offer.
    fn default() -> Self {
        Self {
            version: 6,
            actions: 0x1ff,
            protocol: 0x1f_ffff,
        }
    }
}

impl Offer {
    /// Returns the packet with the offer.
    pub fn packet(&self) -> Vec<u8> {
        let words = [self.version, self.actions, self.protocol];
        frame(b'O', &words.map(u32::to_be_bytes).concat())
    }
}

/// What the milter accepted of the offer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Negotiated {
    /// Protocol version.
    pub version: u32,
    /// The edits that the milter may make.
    pub actions: u32,
    /// The steps that the MTA leaves out, and other options.
    pub protocol: u32,
    /// The macros that the milter requested, by the letter of their command.
    pub macros: BTreeMap<u8, Vec<String>>,
}

impl Negotiated {
    /// Reads the payload of the milter's answer.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let (version, rest) = word(payload)?;
        let (actions, rest) = word(rest)?;
        let (protocol, mut rest) = word(rest)?;
        let mut macros = BTreeMap::new();
        while !rest.is_empty() {
            let (stage, after) = word(rest)?;
            let (names, after) = string(after)?;
            let letter = *b"CHMRTEN".get(usize::try_from(stage).ok()?)?;
            let names = String::from_utf8_lossy(names);
            macros.insert(
                letter,
                names
                    .split([' ', ','])
                    .filter(|n| !n.is_empty())
                    .map(bare)
                    .collect(),
            );
            rest = after;
        }
        Some(Self {
            version,
            actions,
            protocol,
            macros,
        })
    }

    /// Returns true if a bit of the protocol options is set.
    pub fn has(&self, bit: u32) -> bool {
        self.protocol & bit != 0
    }

    /// Returns true if the milter wants the macro `name` with the command `letter`. Without a list for that command, it
    /// wants every macro.
    pub fn wants(&self, letter: u8, name: &str) -> bool {
        self.macros
            .get(&letter)
            .is_none_or(|names| names.contains(&bare(name)))
    }
}

/// Returns the name of a macro without braces. Braces are optional around one letter.
fn bare(name: &str) -> String {
    name.trim_start_matches('{')
        .trim_end_matches('}')
        .to_owned()
}

/// The answer to one command.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// `c`; also the reply to a step without replies.
    Continue,
    /// `a`.
    Accept,
    /// `r`.
    Reject,
    /// `t`.
    Tempfail,
    /// `d`.
    Discard,
    /// `s`.
    Skip,
    /// `y`, with the whole SMTP reply.
    Code(String),
}

impl Reply {
    /// Reads a reply. Returns `None` if the packet is not a reply.
    pub fn read(letter: u8, payload: &[u8]) -> Option<Self> {
        Some(match letter {
            b'c' => Reply::Continue,
            b'a' => Reply::Accept,
            b'r' => Reply::Reject,
            b't' => Reply::Tempfail,
            b'd' => Reply::Discard,
            b's' => Reply::Skip,
            b'y' => {
                let text = payload.split(|&b| b == 0).next().unwrap_or_default();
                Reply::Code(String::from_utf8_lossy(text).into_owned())
            }
            _ => return None,
        })
    }
}

/// One change that the milter asked for at the end of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Edit {
    /// `-`: delete this recipient.
    Delete(Vec<u8>),
    /// `+` or, with parameters, `2`: add this recipient.
    Add {
        /// The address, as the milter wrote it.
        address: Vec<u8>,
        /// The ESMTP parameters, if the packet has some.
        parameters: Option<Vec<u8>>,
    },
    /// Any other edit.
    Other {
        /// The letter of the packet.
        letter: u8,
        /// The payload of the packet.
        payload: Vec<u8>,
    },
}

impl Edit {
    /// Reads an edit. Returns `None` if the packet is not an edit, or is broken.
    pub fn read(letter: u8, payload: &[u8]) -> Option<Self> {
        Some(match letter {
            b'-' => Edit::Delete(string(payload)?.0.to_owned()),
            b'+' => Edit::Add {
                address: string(payload)?.0.to_owned(),
                parameters: None,
            },
            b'2' => {
                let (address, rest) = string(payload)?;
                let parameters = match rest {
                    [] => None,
                    rest => Some(string(rest)?.0.to_owned()),
                };
                Edit::Add {
                    address: address.to_owned(),
                    parameters,
                }
            }
            b'b' | b'e' | b'h' | b'i' | b'm' | b'q' => Edit::Other {
                letter,
                payload: payload.to_owned(),
            },
            _ => return None,
        })
    }
}

/// The answer to the end of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EndOfMessage {
    /// The edits, in the order in which they came.
    pub edits: Vec<Edit>,
    /// The last reply.
    pub verdict: Reply,
}

/// Returns a packet: length, letter, payload.
pub fn frame(letter: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len() + 1).unwrap_or(u32::MAX);
    let mut packet = Vec::with_capacity(payload.len() + 5);
    packet.extend_from_slice(&length.to_be_bytes());
    packet.push(letter);
    packet.extend_from_slice(payload);
    packet
}

fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*head), rest))
}

fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&b| b == 0)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offer_is_that_of_both_mtas() {
        assert_eq!(
            Offer::default().packet(),
            b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"
        );
    }

    #[test]
    fn an_answer_with_macros_is_read() {
        let payload = b"\0\0\0\x06\0\0\x01\x8c\0\0\x02\x73\0\0\0\x03i {rcpt_addr}\0\0\0\0\x05i\0";
        let negotiated = Negotiated::read(payload).unwrap();
        assert_eq!((negotiated.version, negotiated.actions), (6, 0x18c));
        assert!(negotiated.has(bits::NO_DATA) && !negotiated.has(bits::NO_RCPT));
        assert!(negotiated.wants(b'R', "i") && negotiated.wants(b'R', "{i}"));
        assert!(negotiated.wants(b'R', "{rcpt_addr}"));
        assert!(!negotiated.wants(b'R', "{mail_addr}") && !negotiated.wants(b'E', "j"));
        assert!(negotiated.wants(b'M', "{mail_addr}"));
        for cut in [0, 11, 13, payload.len() - 1] {
            assert_eq!(Negotiated::read(&payload[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn edits_are_read_and_broken_ones_are_not() {
        let add = |parameters: Option<&[u8]>| Edit::Add {
            address: b"<a@b>".to_vec(),
            parameters: parameters.map(<[u8]>::to_vec),
        };
        for (letter, payload, edit) in [
            (b'-', &b"<a@b>\0"[..], Some(Edit::Delete(b"<a@b>".to_vec()))),
            (b'-', b"<a@b>", None),
            (b'+', b"<a@b>\0", Some(add(None))),
            (b'2', b"<a@b>\0", Some(add(None))),
            (
                b'2',
                b"<a@b>\0NOTIFY=NEVER\0",
                Some(add(Some(b"NOTIFY=NEVER"))),
            ),
            (b'2', b"<a@b>\0NOTIFY=NEVER", None),
            (b'c', b"", None),
        ] {
            assert_eq!(
                Edit::read(letter, payload),
                edit,
                "{}",
                letter.escape_ascii()
            );
        }
    }

    #[test]
    fn a_reply_code_ends_at_its_nul() {
        assert_eq!(
            Reply::read(b'y', b"550 5.1.1 no\0"),
            Some(Reply::Code("550 5.1.1 no".to_owned()))
        );
        assert_eq!(Reply::read(b'p', b""), None);
    }
}
