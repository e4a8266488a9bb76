//! The milter protocol: commands in, replies out. Pure but for what the filter does.
//!
//! A transaction begins with `M`. It ends with `E`, with `A` (RSET, EHLO), `Q` or `K`. A command
//! that has no place where it comes (`R` without `M`) is passed over without an answer, as libmilter
//! does. What was left out in the negotiation and comes all the same is answered with "go on".
//!
//! Macros: see `macros`. What follows the end of the body in its packet (`E`) is not looked at.

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
    filter::{Answer, Filter, Strings, Wanted},
    frames::{Frame, Violation},
    macros::Macros,
    replies::Replies,
    turn::Turn,
};

/// The oldest version that is spoken: MTAs of this century have 6.
const OLDEST_VERSION: u32 = 2;

/// What an MTA can do that does not say so (`SMFI_V1_ACTS` of libmilter).
const FIRST_ACTIONS: Actions = Actions::ADD_HEADER
    .union(Actions::REPLACE_BODY)
    .union(Actions::ADD_RCPT)
    .union(Actions::DELETE_RCPT);

/// Likewise the steps that may be left out (`SMFI_V1_PROT`).
const FIRST_STEPS: ProtoOpts = ProtoOpts::NO_CONNECT
    .union(ProtoOpts::NO_HELO)
    .union(ProtoOpts::NO_MAIL)
    .union(ProtoOpts::NO_RCPT)
    .union(ProtoOpts::NO_HEADER)
    .union(ProtoOpts::NO_BODY);

/// How a conversation goes on after a command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// With the next one.
    Command,
    /// With [`Dialogue::end`], which may take long; then with the next one.
    EndOfMessage,
    /// It is over: the MTA said so, or was refused.
    End,
}

/// One conversation.
#[derive(Debug)]
pub struct Dialogue<F> {
    filter: F,
    steps: ProtoOpts,
    negotiated: bool,
    in_transaction: bool,
    macros: Macros,
}

impl<F: Filter> Dialogue<F> {
    /// One that has not begun.
    pub fn new(filter: F) -> Self {
        Self {
            filter,
            steps: ProtoOpts::empty(),
            negotiated: false,
            in_transaction: false,
            macros: Macros::default(),
        }
    }

    /// Whether a message is under way.
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
        let Some(wanted) = self.filter.negotiate(actions, steps) else {
            return Ok(Next::End);
        };
        self.steps = wanted.steps;
        out.message(&agreement(offer.version, wanted));
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

    /// A step that nothing here is made of.
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

    /// Answers the end of a message: the answer to [`Next::EndOfMessage`].
    pub async fn end(&mut self, out: &mut Replies, turn: &mut Turn) {
        let answer = self.filter.end(&self.macros, &mut out.edits(), turn).await;
        self.in_transaction = false;
        self.answer(&answer, ProtoOpts::empty(), out);
    }

    fn abort(&mut self) {
        self.in_transaction = false;
        self.filter.abort();
    }

    /// Answers, unless it was agreed that there is no answer to this step.
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

fn offered(offer: &OptNegPayload) -> (Actions, ProtoOpts) {
    let actions = match offer.actions.is_empty() {
        true => FIRST_ACTIONS,
        false => offer.actions,
    };
    let steps = match offer.opts.is_empty() {
        true => FIRST_STEPS,
        false => offer.opts,
    };
    (actions, steps)
}

fn agreement(version: u32, wanted: Wanted) -> Message {
    let macros: HashMap<MacroStage, _> = match wanted.actions.contains(Actions::REQUEST_MACROS) {
        true => wanted
            .macros
            .iter()
            .map(|(stage, list)| (*stage, (*list).to_owned()))
            .collect(),
        false => HashMap::new(),
    };
    Reply::OptNeg {
        version: version.min(PROTOCOL_VERSION),
        actions: wanted.actions,
        opts: wanted.steps,
        macros,
    }
    .into_message()
}
