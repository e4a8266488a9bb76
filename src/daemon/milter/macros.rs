//! The macros that matter. A macro counts only for the recipient or the message for which it was sent.
//!
//! If an MTA has no macro to send for a recipient, it sends no packet (Sendmail) or a packet without strings
//! (Postfix). So the macros of a recipient are dropped after its answer. The queue id is dropped when a message
//! begins, unless the packet just before it has brought a new one.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | bytes of a queue id | 255 | the rest of the queue id is ignored |
//! | bytes kept between two recipients | 4096 | a larger buffer is freed |

use super::mta::Mta;

/// Longest queue id, in bytes. Queue ids of Postfix have at most 20 bytes, those of Sendmail 14.
const MAX_ID: usize = 255;

/// A buffer larger than this is freed after the answer to a recipient, so that an idle connection costs little.
const KEPT_CAPACITY: usize = 4096;

/// What the MTA said about itself, about the message and about its recipient.
#[derive(Debug, Default)]
pub struct Macros {
    /// The queue id; empty if it is not known.
    id: Vec<u8>,
    /// Names and values of the recipient's macros, as they came.
    rcpt: Vec<u8>,
    /// True if `id` came before the MAIL to which it belongs.
    early: bool,
    mta: Mta,
    /// True if a client has used a DSN parameter on this connection.
    dsn_used: bool,
}

/// Returns the names and values of a packet.
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

    /// Takes note that a message begins.
    pub fn begin(&mut self) {
        if !std::mem::take(&mut self.early) {
            self.id.clear();
        }
        self.recipient_done();
    }

    /// Takes note that the recipient was answered.
    pub fn recipient_done(&mut self) {
        self.rcpt.clear();
        if self.rcpt.capacity() > KEPT_CAPACITY {
            self.rcpt = Vec::new();
        }
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Returns the queue id, if the MTA has said it.
    pub fn id(&self) -> Option<&[u8]> {
        Some(self.id.as_slice()).filter(|id| !id.is_empty())
    }

    /// Takes the parameters of a MAIL or RCPT command (RFC 3461 section 4).
    pub fn note_parameters<'a>(&mut self, parameters: impl Iterator<Item = &'a [u8]>) {
        if self.dsn_used {
            return;
        }
        let is_dsn = |parameter: &[u8]| {
            let name = parameter.split(|byte| *byte == b'=').next();
            let name = name.unwrap_or_default().to_ascii_uppercase();
            [&b"NOTIFY"[..], b"ORCPT", b"RET", b"ENVID"].contains(&&*name)
        };
        self.dsn_used = { parameters }.any(is_dsn);
    }

    /// Returns true if the MTA takes ORCPT and NOTIFY with an added recipient.
    pub fn take_parameters(&self) -> bool {
        self.mta.takes_parameters(self.dsn_used)
    }

    /// Returns the MTA, by the name that it gave at the start of the connection.
    pub fn mta(&self) -> Mta {
        self.mta
    }

    /// Returns a macro of the present recipient. `name` includes the braces.
    pub fn of_recipient(&self, name: &[u8]) -> Option<&[u8]> {
        pairs(&self.rcpt)
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value)
    }

    /// Returns true if no SMTP client sent the present recipient, which came as `path`. There are three signs, and
    /// all of them are needed: the MTA sent macros for the recipient, `{rcpt_mailer}` is not among them, and the
    /// path has no `<>`. Postfix does that for mail from its `sendmail` command; a refusal would leave such a
    /// message in Postfix's maildrop for ever.
    pub fn say_no_client_sent(&self, path: &[u8]) -> bool {
        self.of_recipient(b"{rcpt_addr}").is_some()
            && self.of_recipient(b"{rcpt_mailer}").is_none()
            && !path.starts_with(b"<")
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
    fn mail_from_no_client_has_three_signs() {
        let mut macros = Macros::default();
        assert!(!macros.say_no_client_sent(b"a@b"));
        macros.note(b'R', b"{rcpt_addr}\0a@b\0");
        assert!(macros.say_no_client_sent(b"a@b"));
        assert!(!macros.say_no_client_sent(b"<a@b>"));
        macros.note(b'R', b"{rcpt_addr}\0a@b\0{rcpt_mailer}\0smtp\0");
        assert!(!macros.say_no_client_sent(b"a@b"));
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
