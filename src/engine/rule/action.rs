//! The actions of rules, and the words with which they are written.
//!
//! [`ActionWord::ALL`] is the only list of these words. The parser, the printer, the layout, the reader
//! of expectations, the store, suggestions and the manual page take them from here. A new action
//! that is a word alone needs a variant of [`Action`], a line in [`ActionWord::ALL`], its
//! [`Meaning`](super::Meaning), and what a decision makes of it (`engine::rewrite`).

use super::{
    meaning::{DISCARD, KEEP, Meaning},
    target::Target,
};
use crate::engine::{
    diagnostic::nearest,
    reply::{ReplyClass, SmtpReply},
};

/// The word of [`Action::Mailbox`].
const MAILBOX: &str = "mailbox";

/// Right side of a rule: what happens to an address that matches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// The address stays as it is.
    Keep,
    /// The address is the primary address of a mailbox that exists here. It stays as it is.
    Mailbox,
    /// The recipient is discarded in silence.
    Discard,
    /// `reject`, `defer` or `moved`: the recipient is refused with this reply.
    Refuse(SmtpReply),
    /// These targets take the place of the address.
    Rewrite(Vec<Target>),
}

impl Action {
    /// The actions that are a word without a reply or targets. The store numbers them by their
    /// places in this list.
    pub const PLAIN: [Self; 3] = [Self::Keep, Self::Mailbox, Self::Discard];

    /// Returns what the action means for an address that matches.
    pub fn meaning(&self) -> Meaning<&Target> {
        match self {
            Self::Keep | Self::Mailbox => Meaning::Keep,
            Self::Discard => Meaning::Discard,
            Self::Refuse(reply) => Meaning::Refuse(reply.clone()),
            Self::Rewrite(targets) => Meaning::Replace(targets.iter().collect()),
        }
    }

    /// Returns the word with which the action is written. Targets are written without a word.
    pub fn word(&self) -> Option<&'static str> {
        match self {
            Self::Keep => Some(KEEP),
            Self::Mailbox => Some(MAILBOX),
            Self::Discard => Some(DISCARD),
            Self::Refuse(reply) => Some(reply.class().word()),
            Self::Rewrite(_) => None,
        }
    }
}

/// What follows an action word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Arguments {
    /// Nothing: the word is the whole action.
    Nothing(Action),
    /// Reply code, enhanced code and text, each of them optional.
    Reply(ReplyClass),
    /// The new address of somebody who moved.
    NewAddress,
    /// The secondary addresses of a mailbox.
    Secondaries,
}

/// A word that begins an action, and how it is explained.
#[derive(Clone, Debug)]
pub struct ActionWord {
    /// The word.
    pub word: &'static str,
    /// What may follow the word.
    pub arguments: Arguments,
    /// The arguments as the manual shows them: capitals stand for values, brackets for what is optional.
    pub form: &'static str,
    /// What happens to the address, as a sentence without a full stop.
    pub meaning: &'static str,
    /// The reply codes that the word takes, and the reply without a code.
    pub codes: Option<&'static str>,
    /// A whole rule with the word.
    pub example: &'static str,
}

impl ActionWord {
    /// All words, in the order in which they are suggested and explained.
    pub const ALL: &'static [Self] = &[
        Self {
            word: KEEP,
            arguments: Arguments::Nothing(Action::Keep),
            form: "",
            meaning: "the address stays as it is",
            codes: None,
            example: "anna@company.com  keep",
        },
        Self {
            word: MAILBOX,
            arguments: Arguments::Secondaries,
            form: "[ADDRESS, ...]",
            meaning: "this primary address exists; its secondary addresses follow",
            codes: None,
            example: "jdoe@company.com  mailbox jd@domain2.com, john@domain2.com",
        },
        Self {
            word: ReplyClass::Reject.word(),
            arguments: Arguments::Reply(ReplyClass::Reject),
            form: "[CODE [ENHANCED]] [\"TEXT\"]",
            meaning: "the recipient is refused at RCPT",
            codes: Some("500 to 559 except 521; without a code 550 5.1.1"),
            example: "leaked@domain2.com  reject 550 5.1.1 \"No such user\"",
        },
        Self {
            word: ReplyClass::Defer.word(),
            arguments: Arguments::Reply(ReplyClass::Defer),
            form: "[CODE [ENHANCED]] [\"TEXT\"]",
            meaning: "the recipient is deferred at RCPT: the sender tries again later",
            codes: Some("400 to 459 except 421; without a code 451 4.3.0"),
            example: "new@domain2.com  defer 450 4.2.1 \"Not ready yet\"",
        },
        Self {
            word: "moved",
            arguments: Arguments::NewAddress,
            form: "ADDRESS",
            meaning: "the recipient is refused, and the reply names the new address",
            codes: Some("551 5.1.6"),
            example: "ann.old@domain2.com  moved ann@partner.example",
        },
        Self {
            word: DISCARD,
            arguments: Arguments::Nothing(Action::Discard),
            form: "",
            meaning: "this recipient gets no mail, and nobody is told; copies that the MTA makes itself (always_bcc) are delivered",
            codes: None,
            example: "spamtrap@domain2.com  discard",
        },
    ];

    /// Returns the entry of a word.
    pub fn find(word: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|entry| entry.word == word)
    }

    /// Returns the entry with these arguments.
    pub fn of(arguments: &Arguments) -> Option<&'static Self> {
        Self::ALL.iter().find(|entry| entry.arguments == *arguments)
    }

    /// Returns the word that was probably meant by a misspelt one.
    pub fn nearest(misspelt: &str) -> Option<&'static str> {
        let words = Self::ALL.iter().map(|entry| entry.word);
        nearest(&misspelt.to_ascii_lowercase(), words)
    }

    /// Returns true if the word can stand in an expectation: it names what comes out in the end.
    pub fn is_outcome(&self) -> bool {
        matches!(self.arguments, Arguments::Nothing(_) | Arguments::Reply(_))
    }

    /// Returns these words in backticks, with commas between them.
    pub fn list(wanted: impl Fn(&Self) -> bool) -> String {
        let words = Self::ALL.iter().filter(|entry| wanted(entry));
        let words: Vec<_> = words.map(|entry| format!("`{}`", entry.word)).collect();
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Settings, SourceText, compile};

    #[test]
    fn every_plain_action_has_a_word_of_its_own() {
        let words: Vec<_> = Action::PLAIN.iter().map(Action::word).collect();
        assert_eq!(words, [Some("keep"), Some("mailbox"), Some("discard")]);
    }

    /// The examples are one table. Its domains need somebody for postmaster and abuse.
    #[test]
    fn the_examples_load_without_a_finding() {
        let mut text = "company.com primary unknown=reject\ndomain2.com secondary unknown=reject\n\
             postmaster@* anna@company.com\nabuse@* anna@company.com\n"
            .to_owned();
        for entry in ActionWord::ALL {
            let action = entry.example.split_whitespace().nth(1);
            assert_eq!(action, Some(entry.word), "{}", entry.example);
            text.push_str(entry.example);
            text.push('\n');
        }
        let source = SourceText::new("examples.rules", text.into_bytes());
        let compiled = compile(&[source], &Settings::default());
        assert!(
            compiled.diagnostics.is_empty(),
            "{:#?}",
            compiled.diagnostics
        );
    }
}
