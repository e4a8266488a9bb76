//! The macros that matter, of the recipient and of the message they were sent for and of no other.
//!
//! An MTA that has no macro to send for a recipient sends no packet (Sendmail) or one without
//! strings (Postfix). So those of a recipient are forgotten when it is answered, and the queue id
//! when a message begins, unless the packet before it has brought a new one.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | bytes of a queue id | 255 | the rest of it is left out |
//! | bytes kept between two recipients | 4096 | a larger buffer is given back |

use super::mta::Mta;

/// Longest queue id, in bytes. Those of Postfix have at most 20, those of Sendmail 14.
const MAX_ID: usize = 255;

/// A buffer larger than this is given back once the recipient is answered, so that an idle
/// connection costs little.
const KEPT_CAPACITY: usize = 4096;

/// What the MTA said about itself, the message and its recipient.
#[derive(Debug, Default)]
pub struct Macros {
    /// The queue id; empty as long as none is known.
    id: Vec<u8>,
    /// Names and values of the recipient, as they came.
    rcpt: Vec<u8>,
    /// Whether `id` came before the MAIL that it is for.
    early: bool,
    mta: Mta,
    /// Whether a client's DSN parameter has come through the MTA.
    dsn_shown: bool,
}

/// Names and values of a packet, in turn.
fn pairs(strings: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let end = strings.iter().rposition(|byte| *byte == 0).unwrap_or(0);
    let mut all = strings
        .get(..end)
        .unwrap_or_default()
        .split(|byte| *byte == 0);
    std::iter::from_fn(move || all.next().zip(all.next()))
}

impl Macros {
    /// Takes the macros of a stage.
    pub fn note(&mut self, stage: u8, strings: &[u8]) {
        if stage == b'R' {
            self.rcpt.clear();
            self.rcpt.extend_from_slice(strings);
        }
        if stage == b'C' {
            let version = pairs(strings).find(|(name, _)| **name == *b"v" || **name == *b"{v}");
            self.mta = version.map_or(Mta::Other, |(_, value)| Mta::named(value));
        }
        if stage == b'M' {
            self.id.clear();
            self.early = true;
        }
        if b"MRTNBE".contains(&stage)
            && let Some((_, id)) =
                pairs(strings).find(|(name, _)| **name == *b"i" || **name == *b"{i}")
        {
            self.id.clear();
            self.id.extend(id.iter().take(MAX_ID));
        }
    }

    /// A message begins.
    pub fn begin(&mut self) {
        if !std::mem::take(&mut self.early) {
            self.id.clear();
        }
        self.recipient_done();
    }

    /// The recipient was answered.
    pub fn recipient_done(&mut self) {
        self.rcpt.clear();
        if self.rcpt.capacity() > KEPT_CAPACITY {
            self.rcpt = Vec::new();
        }
    }

    /// Everything is forgotten.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The queue id, once the MTA has one.
    pub fn id(&self) -> Option<&[u8]> {
        Some(self.id.as_slice()).filter(|id| !id.is_empty())
    }

    /// Takes the parameters of a MAIL or RCPT command (RFC 3461 section 4).
    pub fn note_parameters<'a>(&mut self, parameters: impl Iterator<Item = &'a [u8]>) {
        if self.dsn_shown {
            return;
        }
        let is_dsn = |parameter: &[u8]| {
            let name = parameter.split(|byte| *byte == b'=').next();
            let name = name.unwrap_or_default().to_ascii_uppercase();
            [&b"NOTIFY"[..], b"ORCPT", b"RET", b"ENVID"].contains(&&*name)
        };
        self.dsn_shown = { parameters }.any(is_dsn);
    }

    /// Returns true if the MTA may be sent ORCPT and NOTIFY with a recipient.
    pub fn take_parameters(&self) -> bool {
        self.mta.takes_parameters(self.dsn_shown)
    }

    /// Returns the MTA, as it has named itself when the connection began.
    pub fn mta(&self) -> Mta {
        self.mta
    }

    /// A macro of the recipient that is asked about, by its name with braces.
    pub fn of_recipient(&self, name: &[u8]) -> Option<&[u8]> {
        pairs(&self.rcpt)
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_of_one_recipient_do_not_serve_the_next() {
        let mut macros = Macros::default();
        macros.note(b'R', b"i\x004A\0{rcpt_addr}\0c@d\0");
        assert_eq!(macros.of_recipient(b"{rcpt_addr}"), Some(&b"c@d"[..]));
        assert_eq!(macros.of_recipient(b"{rcpt_mailer}"), None);
        macros.recipient_done();
        assert_eq!(macros.of_recipient(b"{rcpt_addr}"), None);
        macros.note(b'R', b"{rcpt_addr}\0e@f\0");
        macros.note(b'R', b"");
        assert_eq!(macros.of_recipient(b"{rcpt_addr}"), None);
        assert_eq!(macros.id(), Some(&b"4A"[..]));
    }

    #[test]
    fn the_id_of_one_message_does_not_serve_the_next() {
        let mut macros = Macros::default();
        macros.note(b'M', b"i\x004A\0");
        macros.begin();
        assert_eq!(macros.id(), Some(&b"4A"[..]));
        macros.note(b'E', b"{i}\x004B\0");
        assert_eq!(macros.id(), Some(&b"4B"[..]));
        macros.begin();
        assert_eq!(macros.id(), None);
        macros.note(b'M', b"{mail_addr}\0a@b\0");
        macros.begin();
        macros.note(b'R', b"i\x004C\0");
        assert_eq!(macros.id(), Some(&b"4C"[..]));
    }

    #[test]
    fn the_mta_is_the_same_for_all_messages() {
        let mut macros = Macros::default();
        macros.note(b'C', b"v\0Postfix 3.7.11\0");
        macros.note(b'M', b"");
        macros.begin();
        assert_eq!(macros.mta(), Mta::Postfix);
        macros.clear();
        assert_eq!(macros.mta(), Mta::Other);
    }

    #[test]
    fn sendmail_takes_parameters_once_a_client_has_shown_one() {
        let mut macros = Macros::default();
        macros.note(b'C', b"v\x008.17.1.9\0");
        macros.note_parameters([&b"SIZE=5"[..], b"BODY=8BITMIME", b"NOTIFYX=1"].into_iter());
        assert!(!macros.take_parameters());
        macros.note_parameters([&b"SIZE=5"[..], b"ret=HDRS"].into_iter());
        macros.begin();
        assert!(macros.take_parameters());
        macros.clear();
        assert!(!macros.take_parameters());
    }

    #[test]
    fn long_macros_are_not_kept() {
        let mut macros = Macros::default();
        let address = [b"i\0", &[b'A'; 60_000][..], b"\0{rcpt_addr}\0c@d\0"].concat();
        macros.note(b'R', &address);
        assert_eq!(macros.of_recipient(b"{rcpt_addr}"), Some(&b"c@d"[..]));
        assert_eq!(macros.id().map(<[u8]>::len), Some(MAX_ID));
        macros.recipient_done();
        assert_eq!(macros.rcpt.capacity(), 0);
    }

    #[test]
    fn pieces_of_macros_are_let_pass() {
        let mut macros = Macros::default();
        for odd in [&b"i\0"[..], b"i", b"i\x004A", b"\0", b"\0\0\0"] {
            macros.note(b'R', odd);
            assert_eq!(macros.id(), None, "{odd:?}");
        }
    }
}
