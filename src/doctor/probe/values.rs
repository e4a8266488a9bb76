//! The questions to an MTA and its replies, as values.

use super::trust::Trust;

/// The most domains that are asked about.
pub const DOMAINS: usize = 50;

/// What the MTA should reply about an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expected {
    /// It accepts the address.
    Taken,
    /// It refuses the address: nobody has it.
    Refused,
    /// The table leaves the answer to the MTA.
    Either,
    /// It refuses the address to strangers: the address is elsewhere.
    Relay,
}

/// An address about which the MTA is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// The address as it stands in RCPT, without angle brackets.
    pub address: String,
    /// What the MTA should reply.
    pub expected: Expected,
}

impl Question {
    pub(super) fn new(address: impl Into<String>, expected: Expected) -> Self {
        Self {
            address: address.into(),
            expected,
        }
    }
}

/// A reply of the MTA.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// Its three digits.
    pub code: u16,
    /// The rest of its lines, joined.
    pub text: String,
}

impl Reply {
    pub(super) fn taken(&self) -> bool {
        self.code / 100 == 2
    }

    pub(super) fn holds(&self, words: &str) -> bool {
        self.text.to_ascii_lowercase().contains(words)
    }

    /// Returns true if the reply only asks for another attempt, as greylisting does.
    pub(super) fn greylists(&self) -> bool {
        let words = ["greylist", "graylist", "try again later", "come back"];
        self.code / 100 == 4
            && !self.holds("4.7.1 service unavailable")
            && words.iter().any(|words| self.holds(words))
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

/// What came of `--probe`.
#[derive(Clone, Debug, Default)]
pub enum Probe {
    /// `--probe` was not given.
    #[default]
    Unasked,
    /// There is nobody to ask, for this reason.
    Impossible(String),
    /// There was no SMTP session.
    Failed {
        /// The address that was tried.
        target: String,
        /// The reason.
        reason: String,
    },
    /// The MTA replied.
    Done(Answers),
}

/// The answers of an MTA.
#[derive(Clone, Debug)]
pub struct Answers {
    /// Who was asked.
    pub target: String,
    /// How far the MTA trusts doctor.
    pub trust: Trust,
    /// True if EHLO offers DSN.
    pub dsn: bool,
    /// Each question with its reply; no reply if the session broke.
    pub replies: Vec<(Question, Option<Reply>)>,
    /// The reply to MAIL, if it is a refusal. Nothing else was asked then.
    pub sender: Option<Reply>,
    /// Why some questions were not asked.
    pub unfinished: Option<String>,
    /// How many domains were left out because there are too many.
    pub left: usize,
}
