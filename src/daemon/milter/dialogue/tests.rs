//! Commands in any order against the protocol as libmilter's documentation describes it: what the filter is told, and
//! how many answers there are.

use indymilter::{Actions, MacroStage};
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::{
    daemon::milter::replies::Edits,
    engine::reply::{ReplyClass, SmtpReply},
};

/// Writes down what it is told. Answers by the first letter of a path.
#[derive(Default)]
struct Noting {
    steps: ProtoOpts,
    told: Vec<String>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn by_path(path: &[u8]) -> Answer {
    match path.first() {
        Some(b'r') => {
            Answer::Refuse(SmtpReply::new(ReplyClass::Reject, None, None, Some("50% off")).unwrap())
        }
        Some(b't') => Answer::Tempfail,
        Some(b'd') => Answer::Discard,
        _ => Answer::Continue,
    }
}

impl Filter for Noting {
    fn negotiate(&mut self, actions: Actions, steps: ProtoOpts) -> Option<Requests> {
        self.told.push(format!("offer {actions:?}"));
        Some(Requests {
            actions: actions & (Actions::DELETE_RCPT | Actions::REQUEST_MACROS),
            steps: steps & self.steps,
            macros: &[(MacroStage::Rcpt, c"i")],
        })
    }

    fn mail(&mut self, arguments: Strings<'_>) -> Answer {
        let path = arguments.iter().next().unwrap_or_default();
        self.told.push(format!("mail {}", text(path)));
        by_path(path)
    }

    fn rcpt(&mut self, arguments: Strings<'_>, macros: &Macros) -> Answer {
        let path = arguments.iter().next().unwrap_or_default();
        let address = macros.of_recipient(b"{rcpt_addr}").map(text);
        let told = format!(
            "rcpt {} {address:?} {:?}",
            text(path),
            macros.id().map(text)
        );
        self.told.push(told);
        by_path(path)
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        self.told
            .push(format!("header {} {}", text(name), text(value)));
    }

    async fn end(&mut self, macros: &Macros, edits: &mut Edits<'_>, _: &mut TimeSlice) -> Answer {
        self.told.push(format!("end {:?}", macros.id().map(text)));
        edits.delete_recipient(b"<a>").unwrap();
        Answer::Continue
    }

    fn abort(&mut self) {
        self.told.push("abort".to_owned());
    }
}

type Sent = (u8, &'static [u8]);

/// Commands, complete ones and broken ones.
const COMMANDS: &[Sent] = &[
    (b'O', b"\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"),
    (b'C', b"mx\x004\x00\x19192.0.2.1\0"),
    (b'H', b"client.example\0"),
    (b'M', b"s\0"),
    (b'M', b"s\0SIZE=1\0"),
    (b'M', b"t\0"),
    (b'M', b"s"),
    (b'R', b"a\0"),
    (b'R', b"a\0NOTIFY=NEVER\0"),
    (b'R', b"r\0"),
    (b'R', b"d\0"),
    (b'R', b""),
    (b'D', b"Mi\x004A\0"),
    (b'D', b"R{rcpt_addr}\0a@b\0i\x004B\0"),
    (b'D', b"R"),
    (b'D', b""),
    (b'T', b""),
    (b'L', b"To\0 a@b\0"),
    (b'L', b"To\0\0"),
    (b'L', b"\0a\0"),
    (b'L', b"To\0"),
    (b'N', b""),
    (b'B', b"text"),
    (b'U', b"NONSENSE\0"),
    (b'E', b""),
    (b'E', b"text"),
    (b'A', b""),
    (b'K', b""),
    (b'Q', b""),
];

/// What a connection must do, written down without its code: each command by itself.
#[derive(Default)]
struct Wanted {
    steps: ProtoOpts,
    message: bool,
    early: bool,
    id: Option<&'static str>,
    address: Option<&'static str>,
    told: Vec<String>,
    /// The letters of the answers.
    answers: Vec<u8>,
}

impl Wanted {
    fn answer(&mut self, letter: u8, silent: ProtoOpts) {
        if silent.is_empty() || !self.steps.contains(silent) {
            self.answers.push(letter);
        }
    }

    /// Returns false if the command ends the connection: the MTA ends it, or the command is broken.
    fn command(&mut self, sent: Sent) -> bool {
        let within = self.message;
        match sent {
            (b'Q', _) | (b'M', b"s") | (b'D', b"") => return false,
            (b'R', b"") | (b'L', b"\0a\0" | b"To\0") if within => return false,
            (b'C', _) => self.answer(b'c', ProtoOpts::NOREPLY_CONNECT),
            (b'H', _) => self.answer(b'c', ProtoOpts::NOREPLY_HELO),
            (b'U', _) => self.answer(b'c', ProtoOpts::NOREPLY_UNKNOWN),
            (b'T', _) if within => self.answer(b'c', ProtoOpts::NOREPLY_DATA),
            (b'N', _) if within => self.answer(b'c', ProtoOpts::NOREPLY_EOH),
            (b'B', _) if within => self.answer(b'c', ProtoOpts::NOREPLY_BODY),
            (b'M', payload) => {
                // A queue id that came just before is that of this message.
                if !std::mem::take(&mut self.early) {
                    self.id = None;
                }
                self.address = None;
                self.message = true;
                let letter = payload[0];
                self.told.push(format!("mail {}", char::from(letter)));
                self.answer(
                    if letter == b't' { b't' } else { b'c' },
                    ProtoOpts::NOREPLY_MAIL,
                );
            }
            (b'R', payload) => {
                if within {
                    let letter = char::from(payload[0]);
                    let told = format!("rcpt {letter} {:?} {:?}", self.address, self.id);
                    self.told.push(told);
                    let answer = match letter {
                        'r' => b'y',
                        'd' => b'd',
                        _ => b'c',
                    };
                    self.answer(answer, ProtoOpts::NOREPLY_RCPT);
                }
                self.address = None;
            }
            (b'D', b"Mi\x004A\0") => {
                (self.id, self.early) = (Some("4A"), true);
            }
            (b'D', b"R") => self.address = None,
            (b'D', _) => (self.id, self.address) = (Some("4B"), Some("a@b")),
            (b'L', payload) if within => {
                let value = if payload.len() > 4 { " a@b" } else { "" };
                self.told.push(format!("header To {value}"));
                self.answer(b'c', ProtoOpts::NOREPLY_HEADER);
            }
            (b'E', _) if within => {
                self.told.push(format!("end {:?}", self.id));
                self.message = false;
                self.answers.extend(b"-c");
            }
            (b'A', _) => self.abort(),
            (b'K', _) => {
                self.abort();
                (self.id, self.address, self.early) = (None, None, false);
            }
            // A second negotiation, and what makes no sense outside of a message.
            _ => {}
        }
        true
    }

    fn abort(&mut self) {
        self.told.push("abort".to_owned());
        self.message = false;
    }
}

/// Returns the letters of all packets.
fn letters(mut bytes: &[u8]) -> Vec<u8> {
    let mut letters = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(4) {
        let length = u32::from_be_bytes(head.try_into().unwrap()) as usize;
        letters.push(rest[0]);
        bytes = &rest[length..];
    }
    assert!(bytes.is_empty());
    letters
}

fn steps() -> impl Strategy<Value = ProtoOpts> {
    let all = [
        ProtoOpts::NOREPLY_CONNECT,
        ProtoOpts::NOREPLY_HELO,
        ProtoOpts::NOREPLY_MAIL,
        ProtoOpts::NOREPLY_RCPT,
        ProtoOpts::NOREPLY_DATA,
        ProtoOpts::NOREPLY_HEADER,
        ProtoOpts::NOREPLY_EOH,
        ProtoOpts::NOREPLY_BODY,
        ProtoOpts::NOREPLY_UNKNOWN,
    ];
    vec(any::<bool>(), all.len()).prop_map(move |chosen| {
        let chosen = all.into_iter().zip(chosen).filter(|(_, chosen)| *chosen);
        chosen.map(|(step, _)| step).collect()
    })
}

/// Plays commands; returns whether the last of them was broken.
async fn play(dialogue: &mut Dialogue<Noting>, sent: &[Sent], out: &mut Replies) -> bool {
    for (letter, payload) in sent.iter().copied() {
        match dialogue.command(Frame { letter, payload }, out) {
            Ok(Next::Command) => {}
            Ok(Next::EndOfMessage) => dialogue.end(out, &mut TimeSlice::begin()).await,
            Ok(Next::End) => return false,
            Err(Violation::BadCommand(named)) => {
                assert_eq!(named, letter);
                return true;
            }
            Err(other) => panic!("{other}"),
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn commands_in_any_order_are_answered_as_the_protocol_says(
        steps in steps(),
        sent in vec(select(COMMANDS.to_vec()), 0..40),
    ) {
        let filter = Noting { steps, ..Noting::default() };
        let (mut dialogue, mut out) = (Dialogue::new(filter), Replies::default());
        let mut wanted = Wanted { steps, ..Wanted::default() };
        let offer = COMMANDS[0];
        let mut taken = vec![offer];
        let mut broken = false;
        for command in sent {
            taken.push(command);
            if !wanted.command(command) {
                broken = command.0 != b'Q';
                break;
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let was_broken = runtime.block_on(play(&mut dialogue, &taken, &mut out));
        prop_assert_eq!(was_broken, broken, "{:?}", taken);
        let answers = letters(out.unsent());
        prop_assert_eq!(&answers[..1], b"O");
        prop_assert_eq!(&answers[1..], &wanted.answers[..], "{:?}", taken);
        prop_assert_eq!(&dialogue.filter.told[1..], &wanted.told[..], "{:?}", taken);
        prop_assert_eq!(dialogue.in_transaction(), wanted.message);
    }
}

/// Returns what comes of a first packet, and what the filter was told.
fn negotiate(payload: &[u8]) -> (Result<Next, Violation>, Vec<String>) {
    let mut dialogue = Dialogue::new(Noting::default());
    let next = dialogue.command(
        Frame {
            letter: b'O',
            payload,
        },
        &mut Replies::default(),
    );
    (next, dialogue.filter.told)
}

/// An MTA of version 2 offers nothing in so many words; one of version 1 is too old, and one of version 7 is new.
#[test]
fn versions_are_taken_from_the_second_on() {
    let words = |version: u32, actions: u32| [version, actions, 0].map(u32::to_be_bytes).concat();
    for version in [0, 1] {
        let (next, told) = negotiate(&words(version, 0x1ff));
        assert_eq!((next, told.len()), (Err(Violation::OldVersion(version)), 0));
    }
    for version in [2, 6, 7, u32::MAX] {
        let (next, told) = negotiate(&words(version, 0));
        assert_eq!(next, Ok(Next::Command));
        assert_eq!(told, [format!("offer {IMPLICIT_ACTIONS:?}")]);
    }
    for length in 0..12 {
        let (next, told) = negotiate(&words(6, 0x1ff)[..length]);
        assert_eq!(
            (next, told.len()),
            (Err(Violation::BadCommand(b'O')), 0),
            "{length}"
        );
    }
}

/// The answer names the version that both sides have, what was asked for, and the macros only to an MTA that takes
/// such a list.
#[test]
fn the_answer_to_a_negotiation_asks_for_what_was_offered() {
    for (version, actions, answered, macros) in [
        (2_u32, 0_u32, 2_u8, false),
        (6, 0x1ff, 6, true),
        (9, 0x1ff, 6, true),
    ] {
        let filter = Noting {
            steps: ProtoOpts::all(),
            ..Noting::default()
        };
        let (mut dialogue, mut out) = (Dialogue::new(filter), Replies::default());
        let payload = [version, actions, 0x001f_ffff]
            .map(u32::to_be_bytes)
            .concat();
        let frame = Frame {
            letter: b'O',
            payload: &payload,
        };
        assert_eq!(dialogue.command(frame, &mut out), Ok(Next::Command));
        let answer = out.unsent();
        assert_eq!(answer[4], b'O');
        assert_eq!(answer[5..9], [0, 0, 0, answered]);
        // Delete recipients; request macros.
        assert_eq!(answer[9..13], [0, 0, u8::from(macros), 0x08]);
        assert_eq!(answer.len() > 17, macros, "{answer:?}");
    }
}
