//! Replies to the MTA: gathered in one buffer, and sent in one write.
//!
//! Replies are written into the buffer directly, and not built with the types of indymilter, because each of those
//! costs two allocations. That halved the time that a message takes.

use indymilter::message::Message;

use crate::engine::reply::SmtpReply;

/// A buffer larger than this is freed when it was sent, so that an idle connection costs little.
const KEPT_CAPACITY: usize = 4096;

/// The replies that have to be sent.
#[derive(Debug, Default)]
pub struct Replies {
    bytes: Vec<u8>,
    sent: usize,
}

impl Replies {
    /// Returns the bytes that were not sent yet.
    pub fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// Takes note that the first `count` bytes of [`Replies::unsent`] were sent.
    pub fn sent(&mut self, count: usize) {
        self.sent += count;
        if self.sent >= self.bytes.len() {
            self.sent = 0;
            self.bytes.clear();
            if self.bytes.capacity() > KEPT_CAPACITY {
                self.bytes = Vec::new();
            }
        }
    }

    /// Adds a reply that is only a letter: `c`, `t` or `d`.
    pub fn letter(&mut self, letter: u8) {
        self.bytes.extend_from_slice(&[0, 0, 0, 1, letter]);
    }

    /// Adds a reply with code and text for the client. Both MTAs treat the text as a format, so `%` is doubled.
    pub fn refusal(&mut self, reply: &SmtpReply) {
        let text = reply.to_string().replace('%', "%%");
        self.packet(b'y', &[text.as_bytes(), b"\0"]);
    }

    /// Adds a packet that indymilter made.
    pub fn message(&mut self, message: &Message) {
        self.packet(message.kind, &[&message.buffer]);
    }

    /// Begins the edits of a message. The answer to the message must follow before anything is sent.
    pub fn edits(&mut self) -> Edits<'_> {
        Edits {
            start: self.bytes.len(),
            replies: self,
        }
    }

    fn packet(&mut self, letter: u8, parts: &[&[u8]]) {
        let length = 1 + parts.iter().map(|part| part.len()).sum::<usize>();
        // No packet is that long: the limits of a session keep edits below a hundredth of it.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.push(letter);
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
    }
}

/// The error for an edit with a NUL in it. The MTA would read two strings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NulInEdit;

impl std::fmt::Display for NulInEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an edit contains a NUL")
    }
}

impl std::error::Error for NulInEdit {}

/// The edits of one message.
#[derive(Debug)]
pub struct Edits<'r> {
    replies: &'r mut Replies,
    start: usize,
}

impl Edits<'_> {
    /// Deletes a recipient. `path` is the form in which the MTA finds it.
    pub fn delete_recipient(&mut self, path: &[u8]) -> Result<(), NulInEdit> {
        self.strings(b'-', &[path])
    }

    /// Adds a recipient, with its ESMTP parameters if it has some.
    pub fn add_recipient(&mut self, path: &[u8], parameters: &[u8]) -> Result<(), NulInEdit> {
        if parameters.is_empty() {
            self.strings(b'+', &[path])
        } else {
            self.strings(b'2', &[path, parameters])
        }
    }

    /// Adds a header field at the end.
    pub fn add_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), NulInEdit> {
        self.strings(b'h', &[name, value])
    }

    /// Changes the header field with this name and number. The first field of a name has number 1; an empty value
    /// deletes the field.
    pub fn change_header(
        &mut self,
        name: &[u8],
        index: i32,
        value: &[u8],
    ) -> Result<(), NulInEdit> {
        refuse_nul(&[name, value])?;
        let number = index.to_be_bytes();
        self.replies
            .packet(b'm', &[&number, name, b"\0", value, b"\0"]);
        Ok(())
    }

    /// Removes all edits of the message.
    pub fn take_back(&mut self) {
        self.replies.bytes.truncate(self.start);
    }

    fn strings(&mut self, letter: u8, strings: &[&[u8]]) -> Result<(), NulInEdit> {
        refuse_nul(strings)?;
        match strings {
            [one] => self.replies.packet(letter, &[one, b"\0"]),
            [one, two] => self.replies.packet(letter, &[one, b"\0", two, b"\0"]),
            _ => {}
        }
        Ok(())
    }
}

fn refuse_nul(strings: &[&[u8]]) -> Result<(), NulInEdit> {
    if strings.iter().any(|string| string.contains(&0)) {
        return Err(NulInEdit);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_packets() {
        let mut replies = Replies::default();
        let mut edits = replies.edits();
        edits.delete_recipient(b"<a>").unwrap();
        edits.add_recipient(b"<b>", b"").unwrap();
        edits.add_recipient(b"<c>", b"NOTIFY=NEVER").unwrap();
        edits.change_header(b"To", 1, b"x").unwrap();
        assert_eq!(edits.delete_recipient(b"<\0>"), Err(NulInEdit));
        replies.letter(b'c');
        let wanted = [
            &b"\0\0\0\x05-<a>\0"[..],
            b"\0\0\0\x05+<b>\0",
            b"\0\0\0\x122<c>\0NOTIFY=NEVER\0",
            b"\0\0\0\x0am\0\0\0\x01To\0x\0",
            b"\0\0\0\x01c",
        ];
        assert_eq!(replies.unsent(), wanted.concat());
        replies.sent(9);
        assert_eq!(replies.unsent(), wanted[1..].concat());
    }

    #[test]
    fn edits_that_are_taken_back_leave_what_was_there_before() {
        let mut replies = Replies::default();
        replies.letter(b'c');
        let mut edits = replies.edits();
        edits.delete_recipient(b"<a>").unwrap();
        edits.take_back();
        assert_eq!(replies.unsent(), b"\0\0\0\x01c");
    }

    #[test]
    fn a_per_cent_sign_is_doubled() {
        let mut replies = Replies::default();
        replies.refusal(
            &SmtpReply::parse(
                crate::engine::reply::ReplyClass::Reject,
                "550 5.1.1 100% gone",
            )
            .unwrap(),
        );
        assert_eq!(replies.unsent(), b"\0\0\0\x16y550 5.1.1 100%% gone\0");
    }

    #[test]
    fn a_large_buffer_is_given_back() {
        let mut replies = Replies::default();
        replies.edits().delete_recipient(&[b'x'; 5000]).unwrap();
        replies.sent(replies.unsent().len());
        assert_eq!(replies.bytes.capacity(), 0);
    }
}
