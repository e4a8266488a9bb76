//! What a dialogue with an MTA asks about messages: the inner interface of this room.
//!
//! `dialogue` knows the commands of the protocol and nothing about mail. A [`Filter`] knows what the commands mean
//! and nothing about packets. A table in memory has nothing to wait for, so a filter answers at once. Only the
//! end of a message may take long: other connections are served in between ([`TimeSlice`]).

use std::{ffi::CStr, future::Future};

use indymilter::{Actions, MacroStage, ProtoOpts};

use super::{macros::Macros, replies::Edits};
use crate::{daemon::time_slice::TimeSlice, engine::reply::SmtpReply};

/// What the filter requests in the negotiation. The MTA must have offered all of it.
#[derive(Clone, Copy, Debug)]
pub struct Requests {
    /// What the filter may change.
    pub actions: Actions,
    /// Which steps the MTA leaves out, and which steps the filter does not answer.
    pub steps: ProtoOpts,
    /// Macros for each stage. An MTA that takes no such list sends its own.
    pub macros: &'static [(MacroStage, &'static CStr)],
}

/// The answer to a step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// The MTA goes on.
    Continue,
    /// The MTA drops the message, and tells nobody.
    Discard,
    /// The MTA sends this reply to its client.
    Refuse(SmtpReply),
    /// The MTA defers with a reply of its own.
    Tempfail,
}

/// The strings of a packet. Each ends with a NUL.
#[derive(Clone, Copy, Debug)]
pub struct Strings<'a>(&'a [u8]);

impl<'a> Strings<'a> {
    /// Reads the strings of a packet. Returns `None` if no string is complete. What follows the last NUL is ignored.
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        let end = payload.iter().rposition(|byte| *byte == 0)?;
        payload.get(..end).map(Self)
    }

    /// Returns the strings in their order.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        self.0.split(|byte| *byte == 0)
    }
}

/// Decides what to answer to the commands of one connection.
pub trait Filter: Send + 'static {
    /// Returns what the filter requests from an MTA that offers this; `None` refuses the MTA.
    fn negotiate(&mut self, actions: Actions, steps: ProtoOpts) -> Option<Requests>;

    /// Answers MAIL: the path and its parameters.
    fn mail(&mut self, arguments: Strings<'_>) -> Answer;

    /// Answers RCPT: the path and its parameters.
    fn rcpt(&mut self, arguments: Strings<'_>, macros: &Macros) -> Answer;

    /// Takes a header field.
    fn header(&mut self, name: &[u8], value: &[u8]);

    /// Answers the end of the message. The edits are sent before the answer, in one write with it.
    fn end(
        &mut self,
        macros: &Macros,
        edits: &mut Edits<'_>,
        slice: &mut TimeSlice,
    ) -> impl Future<Output = Answer> + Send;

    /// Takes note that the MTA gave the message up.
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
