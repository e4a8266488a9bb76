//! What a conversation with an MTA asks about its messages: the inner interface of this room.
//!
//! The dialogue above knows the protocol and nothing of mail; what implements [`Filter`] knows mail
//! and nothing of packets. A table in memory has nothing to wait for, so questions are answered at once.
//! Only the end of a message may take long: it gives way to other connections in between ([`Turn`]).

use std::{ffi::CStr, future::Future};

use indymilter::{Actions, MacroStage, ProtoOpts};

use super::{macros::Macros, replies::Edits, turn::Turn};
use crate::engine::reply::SmtpReply;

/// What is asked of the MTA in the negotiation; all of it must be among what it offers.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// What may be changed.
    pub actions: Actions,
    /// Which steps are left out, and which are not answered.
    pub steps: ProtoOpts,
    /// Macros, by the stage they are sent at; only where the MTA takes such a list.
    pub macros: &'static [(MacroStage, &'static CStr)],
}

/// The answer to a step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Go on.
    Continue,
    /// The message is dropped in silence.
    Discard,
    /// The MTA says this to its client.
    Refuse(SmtpReply),
    /// The MTA defers in its own words.
    Tempfail,
}

/// The strings of a packet: each ends with a NUL.
#[derive(Clone, Copy, Debug)]
pub struct Strings<'a>(&'a [u8]);

impl<'a> Strings<'a> {
    /// `None` where not even one string is complete. What follows the last NUL is left out.
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        let end = payload.iter().rposition(|byte| *byte == 0)?;
        payload.get(..end).map(Self)
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        self.0.split(|byte| *byte == 0)
    }
}

/// One MTA's connection, as those see it who decide.
pub trait Filter: Send + 'static {
    /// What is asked of an MTA that offers this; `None` refuses it.
    fn negotiate(&mut self, actions: Actions, steps: ProtoOpts) -> Option<Wanted>;

    /// MAIL: the path and its parameters.
    fn mail(&mut self, arguments: Strings<'_>) -> Answer;

    /// RCPT: the path and its parameters.
    fn rcpt(&mut self, arguments: Strings<'_>, macros: &Macros) -> Answer;

    /// A header field.
    fn header(&mut self, name: &[u8], value: &[u8]);

    /// The end of the message; edits go before the answer, in one write with it.
    fn end(
        &mut self,
        macros: &Macros,
        edits: &mut Edits<'_>,
        turn: &mut Turn,
    ) -> impl Future<Output = Answer> + Send;

    /// The message is over, or never came to its end.
    fn abort(&mut self);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_end_with_a_nul() {
        let all = |payload| Strings::read(payload).map(|strings| strings.iter().collect());
        assert_eq!(all(b""), None::<Vec<&[u8]>>);
        assert_eq!(all(b"<a@b>"), None);
        assert_eq!(all(b"<a@b>\0"), Some(vec![&b"<a@b>"[..]]));
        assert_eq!(all(b"\0"), Some(vec![&b""[..]]));
        assert_eq!(
            all(b"<a@b>\0NOTIFY=NEVER\0rest"),
            Some(vec![&b"<a@b>"[..], b"NOTIFY=NEVER"])
        );
    }
}
