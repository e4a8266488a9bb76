//! The milter protocol: commands in, replies out. Pure, except for what the filter does.
//!
//! A transaction begins with `M`. It ends with `E`, with `A` (RSET, EHLO), `Q` or `K`. A command that makes no sense
//! where it comes (`R` without `M`) is ignored and not answered, as in libmilter. A step that the MTA was asked to
//! leave out and sends all the same is answered with "go on". The payload of `E` is ignored.

use std::collections::HashMap;

use indymilter::{
    Actions, MacroStage, ProtoOpts,
    message::{
        Message, PROTOCOL_VERSION,
        command::{Command, OptNegPayload},
        reply::Reply,
    },
};

use super::{
    filter::{Answer, Filter, Requests, Strings},
    frames::{Frame, Violation},
    macros::Macros,
    replies::Replies,
};
use crate::daemon::time_slice::TimeSlice;

/// The oldest version of the protocol that is accepted: the MTAs of this century have version 6.
const OLDEST_VERSION: u32 = 2;

/// The actions of an MTA that offers none explicitly (`SMFI_V1_ACTS` of libmilter).
const IMPLICIT_ACTIONS: Actions = Actions::ADD_HEADER
    .union(Actions::REPLACE_BODY)
    .union(Actions::ADD_RCPT)
    .union(Actions::DELETE_RCPT);

/// The steps that such an MTA can leave out (`SMFI_V1_PROT`).
const IMPLICIT_STEPS: ProtoOpts = ProtoOpts::NO_CONNECT
    .union(ProtoOpts::NO_HELO)
    .union(ProtoOpts::NO_MAIL)
    .union(ProtoOpts::NO_RCPT)
    .union(ProtoOpts::NO_HEADER)
    .union(ProtoOpts::NO_BODY);

/// How the dialogue goes on after a command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// The next command follows.
    Command,
    /// [`Dialogue::end`] has to be called, which may take long; then the next command follows.
    EndOfMessage,
    /// The dialogue is over, because the MTA ended it or was refused.
    End,
}

/// The dialogue on one connection.
#[derive(Debug)]
pub struct Dialogue<F> {
    filter: F,
    steps: ProtoOpts,
    negotiated: bool,
    in_transaction: bool,
    macros: Macros,
}

impl<F: Filter> Dialogue<F> {
    /// Returns a dialogue that has not begun.
    pub fn new(filter: F) -> Self {
        Self {
            filter,
            steps: ProtoOpts::empty(),
            negotiated: false,
            in_transaction: false,
            macros: Macros::default(),
        }
    }

    /// Returns true if a message is under way.
    pub fn in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Answers one command.
    pub fn command(&mut self, frame: Frame<'_>, out: &mut Replies) -> Result<Next, Violation> {
        match frame.letter {
            b'R' => self.rcpt(frame, out)?,
            b'D' => {
                let (stage, strings) = frame.payload.split_first().ok_or(bad(frame))?;
                self.macros.note(*stage, strings);
            }
            b'M' => self.mail(frame, out)?,
            b'E' if self.in_transaction => return Ok(Next::EndOfMessage),
            b'E' => {}
            b'A' => self.abort(),
            b'Q' => return Ok(Next::End),
            b'K' => {
                self.abort();
                self.macros.clear();
            }
            b'O' => return self.negotiate(frame, out),
            b'L' => self.header(frame, out)?,
            other => self.pass(other, out),
        }
        Ok(Next::Command)
    }

    fn negotiate(&mut self, frame: Frame<'_>, out: &mut Replies) -> Result<Next, Violation> {
        if std::mem::replace(&mut self.negotiated, true) {
            return Ok(Next::Command);
        }
        let offer = Message::new(frame.letter, frame.payload.to_vec());
        let Ok(Command::OptNeg(offer)) = Command::parse_command(offer) else {
            return Err(bad(frame));
        };
        if offer.version < OLDEST_VERSION {
            return Err(Violation::OldVersion(offer.version));
        }
        let (actions, steps) = offered(&offer);
        let Some(requests) = self.filter.negotiate(actions, steps) else {
            return Ok(Next::End);
        };
        self.steps = requests.steps;
        out.message(&negotiated(offer.version, requests));
        Ok(Next::Command)
    }

    fn mail(&mut self, frame: Frame<'_>, out: &mut Replies) -> Result<(), Violation> {
        let arguments = Strings::read(frame.payload).ok_or(bad(frame))?;
        self.macros.begin();
        self.macros.note_parameters(arguments.iter().skip(1));
        self.in_transaction = true;
        let answer = self.filter.mail(arguments);
        self.answer(&answer, ProtoOpts::NOREPLY_MAIL, out);
        Ok(())
    }

    fn rcpt(&mut self, frame: Frame<'_>, out: &mut Replies) -> Result<(), Violation> {
        if self.in_transaction {
            let arguments = Strings::read(frame.payload).ok_or(bad(frame))?;
            self.macros.note_parameters(arguments.iter().skip(1));
            let answer = self.filter.rcpt(arguments, &self.macros);
            self.answer(&answer, ProtoOpts::NOREPLY_RCPT, out);
        }
        self.macros.recipient_done();
        Ok(())
    }

    fn header(&mut self, frame: Frame<'_>, out: &mut Replies) -> Result<(), Violation> {
        if !self.in_transaction {
            return Ok(());
        }
        let mut strings = Strings::read(frame.payload).ok_or(bad(frame))?.iter();
        let name = strings.next().filter(|name| !name.is_empty());
        let (name, value) = name.zip(strings.next()).ok_or(bad(frame))?;
        self.filter.header(name, value);
        self.answer(&Answer::Continue, ProtoOpts::NOREPLY_HEADER, out);
        Ok(())
    }

    /// Answers a step that the filter does not need.
    fn pass(&mut self, letter: u8, out: &mut Replies) {
        let (within, silent) = match letter {
            b'C' => (false, ProtoOpts::NOREPLY_CONNECT),
            b'H' => (false, ProtoOpts::NOREPLY_HELO),
            b'T' => (true, ProtoOpts::NOREPLY_DATA),
            b'N' => (true, ProtoOpts::NOREPLY_EOH),
            b'B' => (true, ProtoOpts::NOREPLY_BODY),
            _ => (false, ProtoOpts::NOREPLY_UNKNOWN),
        };
        if self.in_transaction || !within {
            self.answer(&Answer::Continue, silent, out);
        }
    }

    /// Answers the end of a message. Call this after [`Next::EndOfMessage`].
    pub async fn end(&mut self, out: &mut Replies, slice: &mut TimeSlice) {
        let answer = self.filter.end(&self.macros, &mut out.edits(), slice).await;
        self.in_transaction = false;
        self.answer(&answer, ProtoOpts::empty(), out);
    }

    fn abort(&mut self) {
        self.in_transaction = false;
        self.filter.abort();
    }

    /// Sends the answer, unless the negotiation agreed on no answer to this step.
    fn answer(&self, answer: &Answer, silent: ProtoOpts, out: &mut Replies) {
        if !silent.is_empty() && self.steps.contains(silent) {
            return;
        }
        match answer {
            Answer::Continue => out.letter(b'c'),
            Answer::Discard => out.letter(b'd'),
            Answer::Tempfail => out.letter(b't'),
            Answer::Refuse(reply) => out.refusal(reply),
        }
    }
}

fn bad(frame: Frame<'_>) -> Violation {
    Violation::BadCommand(frame.letter)
}

/// Returns what an MTA offers.
fn offered(offer: &OptNegPayload) -> (Actions, ProtoOpts) {
    let actions = match offer.actions.is_empty() {
        true => IMPLICIT_ACTIONS,
        false => offer.actions,
    };
    let steps = match offer.opts.is_empty() {
        true => IMPLICIT_STEPS,
        false => offer.opts,
    };
    (actions, steps)
}

/// Returns the answer to the negotiation.
fn negotiated(version: u32, requests: Requests) -> Message {
    let macros: HashMap<MacroStage, _> = match requests.actions.contains(Actions::REQUEST_MACROS) {
        true => requests
            .macros
            .iter()
            .map(|(stage, list)| (*stage, (*list).to_owned()))
            .collect(),
        false => HashMap::new(),
    };
    Reply::OptNeg {
        version: version.min(PROTOCOL_VERSION),
        actions: requests.actions,
        opts: requests.steps,
        macros,
    }
    .into_message()
}

#[cfg(test)]
mod tests;
