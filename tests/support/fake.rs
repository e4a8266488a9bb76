//! A fake MTA: it speaks the milter protocol and keeps an envelope as Postfix does.
//!
//! The fake MTA calls itself Postfix. It accepts every recipient that the milter accepts. It deletes a recipient only
//! if its parser reads the same bytes as at RCPT, and ignores other deletions. An added recipient is another copy
//! unless address and ORCPT are the same. The fake MTA is stricter than both real MTAs: an edit that would make one of
//! them lose mail (an addition before a deletion, a bad ORCPT) is an error.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::fake_address::{canonical, parsed, received, unquoted};
use super::fake_checks::{arguments, harmless, verdict, violation, without_brackets};
use super::milter::{push, read_packet, strings};
use super::sink::Copy;
use super::smtp::Reply;

/// Protocol flags: steps that the milter does not want, and steps that it does not answer.
const NO_CONNECT: u32 = 0x1;
const NO_HELO: u32 = 0x2;
const NO_MAIL: u32 = 0x4;
const NO_BODY: u32 = 0x10;
const NO_HEADERS: u32 = 0x20;
const NO_END_OF_HEADERS: u32 = 0x40;
const NO_DATA: u32 = 0x200;
const SILENT_HEADER: u32 = 0x80;
const SILENT_CONNECT: u32 = 0x1000;
const SILENT_HELO: u32 = 0x2000;
const SILENT_MAIL: u32 = 0x4000;
const SILENT_RCPT: u32 = 0x8000;
const SILENT_DATA: u32 = 0x10000;
const SILENT_END_OF_HEADERS: u32 = 0x40000;
const SILENT_BODY: u32 = 0x80000;
const ALL_FLAGS: u32 = 0x001f_ffff;
const ALL_ACTIONS: u32 = 0x1ff;
/// The numbers of the lists of macros for the connection and for RCPT.
const CONNECT_STAGE: u32 = 0;
const RCPT_STAGE: u32 = 3;

/// One recipient of the open transaction.
#[derive(Clone)]
struct Recipient {
    /// The path as received, without brackets and source route, or as the milter added it.
    bytes: Vec<u8>,
    parameters: Vec<String>,
}

/// One SMTP session, seen from the milter.
pub struct Fake {
    stream: UnixStream,
    flags: u32,
    macros: Vec<String>,
    names_itself: bool,
    recipients: Vec<Recipient>,
    smtputf8: bool,
    queue_id: u32,
    /// Addresses that the fake MTA resolves to other ones, as Sendmail does.
    resolves: Vec<(String, String)>,
    /// What the next hop received at the last end of message.
    pub delivered: Vec<Copy>,
}

impl Fake {
    pub fn connect(socket: &Path, resolves: &[(String, String)]) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        let macros = ["i", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}"].map(str::to_owned);
        let mut fake = Self {
            stream,
            flags: 0,
            macros: macros.to_vec(),
            names_itself: false,
            recipients: Vec::new(),
            smtputf8: false,
            queue_id: 0,
            resolves: resolves.to_vec(),
            delivered: Vec::new(),
        };
        fake.negotiate()?;
        if fake.names_itself {
            fake.send_macros(b'C', &[("v", b"Postfix 3.7.11")])?;
        }
        fake.step(
            b'C',
            b"client.example\x004\x00\x19127.0.0.1\0",
            NO_CONNECT,
            SILENT_CONNECT,
        )?;
        fake.step(b'H', b"client.example\0", NO_HELO, SILENT_HELO)?;
        Ok(fake)
    }

    fn negotiate(&mut self) -> io::Result<()> {
        let offer: Vec<u8> = [6, ALL_ACTIONS, ALL_FLAGS]
            .iter()
            .flat_map(|word: &u32| word.to_be_bytes())
            .collect();
        self.send(b'O', &offer)?;
        let (command, data) = read_packet(&mut self.stream)?;
        let word = |at: usize| {
            data.get(at..at + 4)
                .map(|bytes| u32::from_be_bytes(bytes.try_into().expect("four")))
        };
        let (Some(version), Some(actions), Some(flags)) = (word(0), word(4), word(8)) else {
            return violation("a short answer to the negotiation");
        };
        if command != b'O' || !(2..=6).contains(&version) {
            return violation("no answer to the negotiation");
        }
        if actions & !ALL_ACTIONS != 0 || flags & !ALL_FLAGS != 0 {
            return violation("wants what was not offered: both MTAs would refuse it");
        }
        if flags & NO_MAIL != 0 {
            return violation("does not want MAIL: Sendmail would not tell it about RSET");
        }
        self.flags = flags;
        let mut at = 12;
        while let Some(stage) = word(at) {
            let list = &data[at + 4..];
            let end = list
                .iter()
                .position(|&byte| byte == 0)
                .unwrap_or(list.len());
            let names = String::from_utf8_lossy(&list[..end]).into_owned();
            if stage == CONNECT_STAGE {
                self.names_itself = names.split_whitespace().any(|name| name == "v");
            }
            if stage == RCPT_STAGE {
                self.macros = names.split_whitespace().map(str::to_owned).collect();
            }
            at += 4 + end + 1;
        }
        Ok(())
    }

    pub fn mail(&mut self, text: &[u8]) -> io::Result<Reply> {
        self.recipients.clear();
        self.smtputf8 = String::from_utf8_lossy(text)
            .split(' ')
            .any(|word| word == "SMTPUTF8");
        self.queue_id += 1;
        self.send_macros(b'M', &[("{mail_mailer}", b"smtp")])?;
        let reply = self.step(b'M', &arguments(text), NO_MAIL, SILENT_MAIL)?;
        Ok(reply.unwrap_or_else(|| Reply::new(250, "2.1.0 Ok")))
    }

    pub fn rcpt(&mut self, text: &[u8]) -> io::Result<Reply> {
        let packet = arguments(text);
        let words = strings(&packet);
        let bytes = received(&words[0]);
        let queue_id = format!("FAKE{:04}", self.queue_id);
        let resolved = self.resolved(&bytes).to_lowercase();
        // Sendmail delivers an address without a domain itself.
        let mailer: &[u8] = if resolved.contains('@') {
            b"relay"
        } else {
            b"local"
        };
        let mut macros = vec![
            ("{rcpt_addr}", resolved.as_bytes()),
            ("{rcpt_mailer}", mailer),
            ("{rcpt_host}", b"sink"),
        ];
        if !self.recipients.is_empty() {
            // Postfix opens the queue file with the first recipient that was accepted.
            macros.push(("i", queue_id.as_bytes()));
        }
        macros.retain(|(name, _)| self.macros.iter().any(|wanted| wanted == name));
        self.send_macros(b'R', &macros)?;
        if let Some(reply) = self.step(b'R', &packet, 0, SILENT_RCPT)? {
            return Ok(reply);
        }
        let parameters = words[1..]
            .iter()
            .map(|word| String::from_utf8_lossy(word).into_owned());
        self.recipients.push(Recipient {
            bytes,
            parameters: parameters.collect(),
        });
        Ok(Reply::new(250, "2.1.5 Ok"))
    }

    pub fn reset(&mut self) -> io::Result<Reply> {
        self.recipients.clear();
        self.send(b'A', b"")?;
        Ok(Reply::new(250, "2.0.0 Ok"))
    }

    pub fn ehlo(&mut self) -> io::Result<Reply> {
        self.reset()?;
        self.step(b'H', b"client.example\0", NO_HELO, SILENT_HELO)?;
        Ok(Reply::new(250, "fake.test"))
    }

    /// Sends the message and its end. Carries out what the milter wants done with the envelope.
    pub fn end(&mut self) -> io::Result<Reply> {
        self.delivered.clear();
        if self.recipients.is_empty() {
            return Ok(Reply::new(554, "5.5.1 No valid recipients"));
        }
        self.step(b'T', b"", NO_DATA, SILENT_DATA)?;
        self.step(b'L', b"Subject\0test\0", NO_HEADERS, SILENT_HEADER)?;
        self.step(b'N', b"", NO_END_OF_HEADERS, SILENT_END_OF_HEADERS)?;
        self.step(b'B', b"Hello\r\n", NO_BODY, SILENT_BODY)?;
        let queue_id = format!("FAKE{:04}", self.queue_id);
        self.send_macros(b'E', &[("i", queue_id.as_bytes())])?;
        self.send(b'E', b"")?;
        let mut added = false;
        let reply = loop {
            match read_packet(&mut self.stream)? {
                (b'-', _) if added => {
                    return violation(
                        "a deletion after an addition: the MTA would lose the recipient",
                    );
                }
                (b'-', data) => self.delete(&data)?,
                (b'+', data) => {
                    added = true;
                    self.add(&data, false)?;
                }
                (b'2', data) => {
                    added = true;
                    self.add(&data, true)?;
                }
                (b'd', _) => {
                    self.recipients.clear();
                    break Reply::new(250, "2.0.0 Ok: discarded");
                }
                (b'h' | b'i' | b'm' | b'p', _) => {}
                packet => break verdict(packet)?.unwrap_or_else(|| Reply::new(250, "2.0.0 Ok")),
            }
        };
        if reply.code == 250 {
            self.deliver();
        }
        self.recipients.clear();
        self.send(b'A', b"")?;
        Ok(reply)
    }

    fn delete(&mut self, data: &[u8]) -> io::Result<()> {
        let words = strings(data);
        if words.len() != 1 || !data.ends_with(b"\0") {
            return violation("a deletion is one string: Postfix answers 451");
        }
        let wanted = unquoted(&parsed(&words[0]));
        let hits = self
            .recipients
            .iter()
            .filter(|found| unquoted(&found.bytes) == wanted);
        let held: Vec<String> = hits.map(|found| self.resolved(&found.bytes)).collect();
        let mut left = std::mem::take(&mut self.recipients);
        left.retain(|recipient| {
            let same = !self.resolves.is_empty() && held.contains(&self.resolved(&recipient.bytes));
            unquoted(&recipient.bytes) != wanted && !same
        });
        self.recipients = left;
        Ok(())
    }

    /// Returns the address to which the fake MTA resolves an address.
    fn resolved(&self, bytes: &[u8]) -> String {
        let address = canonical(bytes);
        let found = self.resolves.iter().find(|(from, _)| *from == address);
        found.map_or(address, |(_, to)| to.clone())
    }

    fn add(&mut self, data: &[u8], with_parameters: bool) -> io::Result<()> {
        let words = strings(data);
        let address = without_brackets(&words[0]).to_vec();
        let parameters = words.get(1).map_or_else(String::new, |word| {
            String::from_utf8_lossy(word).into_owned()
        });
        if address.is_empty() || (!with_parameters && words.len() > 1) {
            return violation(&format!("a bad addition: {words:?}"));
        }
        if !address.is_ascii() && !self.smtputf8 {
            return violation("adds an address that is not ASCII without SMTPUTF8");
        }
        let parameters: Vec<String> = parameters.split_whitespace().map(str::to_owned).collect();
        if let Some(bad) = parameters.iter().find(|parameter| !harmless(parameter)) {
            return violation(&format!("Sendmail would lose the recipient for {bad:?}"));
        }
        self.recipients.push(Recipient {
            bytes: address,
            parameters,
        });
        Ok(())
    }

    /// Postfix leaves out a copy only if address and original recipient are the same.
    fn deliver(&mut self) {
        let mut seen = Vec::new();
        for recipient in &self.recipients {
            let address = self.resolved(&recipient.bytes);
            let orcpt = recipient
                .parameters
                .iter()
                .find(|word| word.starts_with("ORCPT="));
            let orcpt = orcpt
                .cloned()
                .unwrap_or_else(|| format!("ORCPT=rfc822;{address}"));
            // Sendmail, which resolves both addresses to the same one, ignores ORCPT.
            let orcpt = if self.resolves.is_empty() {
                orcpt
            } else {
                String::new()
            };
            let key = (address.to_lowercase(), orcpt);
            if !seen.contains(&key) {
                seen.push(key);
                let (address, parameters) = (address.into_bytes(), recipient.parameters.clone());
                self.delivered.push(Copy {
                    address,
                    parameters,
                });
            }
        }
    }

    /// Sends one step, unless it is not wanted, and reads its answer, unless there is none.
    fn step(
        &mut self,
        command: u8,
        data: &[u8],
        unwanted: u32,
        silent: u32,
    ) -> io::Result<Option<Reply>> {
        if self.flags & unwanted != 0 {
            return Ok(None);
        }
        self.send(command, data)?;
        if self.flags & silent != 0 {
            return Ok(None);
        }
        let answer = read_packet(&mut self.stream)?;
        if answer.0 == b'a' || (command != b'C' && answer.0 == b'd') {
            // The milter would never see later recipients and the end of the message: after `accept` an MTA asks
            // no more.
            return violation(&format!(
                "{:?} as the answer to {:?}",
                answer.0 as char, command as char
            ));
        }
        verdict(answer)
    }

    fn send_macros(&mut self, stage: u8, macros: &[(&str, &[u8])]) -> io::Result<()> {
        let mut data = vec![stage];
        for (name, value) in macros {
            data.extend_from_slice(name.as_bytes());
            data.push(0);
            data.extend_from_slice(value);
            data.push(0);
        }
        self.send(b'D', &data)
    }

    fn send(&mut self, command: u8, data: &[u8]) -> io::Result<()> {
        let mut packet = Vec::new();
        push(&mut packet, command, data);
        self.stream.write_all(&packet)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        // The milter may have closed the connection.
        let _ = self.send(b'Q', b"");
    }
}
