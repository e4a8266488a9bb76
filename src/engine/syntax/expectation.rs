//! Lines of `.expect` files: an address, and what must come out.
//!
//! ```text
//! jd@domain2.com       jdoe@company.com
//! nosuch@domain2.com   reject 550 5.1.1
//! anna@company.com     keep
//! ```
//!
//! What is not written is not checked: `reject` alone holds for every 5xx reply.

use std::fmt;

use super::{
    action::something_follows,
    advice::{Side, bad_address},
    lexer::Token,
    target_words::words,
};
use crate::engine::{
    address::{LocalPart, Mailbox},
    diagnostic::{Finding, Span, codes, nearest},
    reply::{EnhancedCode, ReplyClass},
    rule::{ActionWord, Arguments, Meaning},
};

/// One line.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The address that is received.
    pub address: Mailbox,
    /// What must come out.
    pub expected: Expected,
    /// Where it is written.
    pub span: Span,
}

/// What must come out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Expected {
    /// What a word says that has no arguments: `keep` or `discard`.
    Exactly(Meaning<Mailbox>),
    /// It is refused, with at least what is named.
    Refuse {
        /// Rejected or deferred.
        class: ReplyClass,
        /// The reply code.
        code: Option<u16>,
        /// The enhanced status code.
        enhanced: Option<EnhancedCode>,
        /// The text.
        text: Option<String>,
    },
    /// These addresses, in any order, and no other.
    Replace(Vec<Mailbox>),
}

/// Reads a line.
pub fn parse(tokens: &[Token<'_>]) -> Result<Expectation, Vec<Finding>> {
    let Some((first, rest)) = tokens.split_first() else {
        return Err(Vec::new());
    };
    let address = mailbox(first, Side::Received)?;
    let Some((head, tail)) = rest.split_first() else {
        let message = format!(
            "`{}` stands alone: nothing says what must come out",
            first.text
        );
        return Err(vec![
            Finding::error(codes::NO_OUTCOME, first.span, message).help(format!(
                "write {}, or the addresses that must come out",
                ActionWord::list(ActionWord::is_outcome)
            )),
        ]);
    };
    let word = ActionWord::find(head.text).map(|entry| &entry.arguments);
    let expected = match word {
        Some(Arguments::Nothing(action)) => {
            if let Some(first) = tail.first() {
                return Err(vec![something_follows(head, first, tail)]);
            }
            // A word without arguments has no targets.
            Expected::Exactly(action.meaning().with_replacements(|_| Meaning::Keep))
        }
        Some(Arguments::Reply(class)) => refusal(*class, tail)?,
        _ => Expected::Replace(replaced(rest)?),
    };
    Ok(Expectation {
        address,
        expected,
        span: first.span,
    })
}

/// The addresses that must come out.
fn replaced(tokens: &[Token<'_>]) -> Result<Vec<Mailbox>, Vec<Finding>> {
    let listed = words(tokens)?;
    if let [word] = listed.as_slice()
        && !word.text.contains('@')
        && let Some(meant) = nearest_outcome(word.text)
    {
        let message = format!("`{}` is neither an outcome nor an address", word.text);
        return Err(vec![
            Finding::error(codes::BAD_EXPECTATION, word.span, message).suggest(
                format!("write `{meant}`"),
                word.span,
                meant,
            ),
        ]);
    }
    let mailboxes = listed.iter().map(|word| mailbox(word, Side::Target(None)));
    mailboxes.collect()
}

/// Returns the word for an outcome that was probably meant by a misspelt one.
fn nearest_outcome(misspelt: &str) -> Option<&'static str> {
    let outcomes = ActionWord::ALL.iter().filter(|entry| entry.is_outcome());
    nearest(&misspelt.to_lowercase(), outcomes.map(|entry| entry.word))
}

fn mailbox(token: &Token<'_>, side: Side) -> Result<Mailbox, Vec<Finding>> {
    Mailbox::parse(token.text).map_err(|error| {
        let word = (token.text, token.span);
        vec![bad_address(codes::BAD_EXPECTATION, side, word, error)]
    })
}

fn refusal(class: ReplyClass, tokens: &[Token<'_>]) -> Result<Expected, Vec<Finding>> {
    let mut rest = tokens.iter().peekable();
    let bad = |token: &Token<'_>, message: String| {
        let help = format!(
            "write `{} CODE ENHANCED \"text\"`, each of them optional",
            class.word()
        );
        vec![Finding::error(codes::BAD_EXPECTATION, token.span, message).help(help)]
    };
    let digits = |t: &Token<'_>| t.text.starts_with(|c: char| c.is_ascii_digit());
    let mut expected = (None, None, None);
    if let Some(token) = rest.next_if(|t| digits(t) && !t.text.contains('.')) {
        expected.0 = Some(
            class
                .parse_code(token.text)
                .map_err(|e| bad(token, e.to_string()))?,
        );
    }
    if let Some(token) = rest.next_if(|t| digits(t)) {
        expected.1 = Some(
            class
                .parse_enhanced(token.text)
                .map_err(|e| bad(token, e.to_string()))?,
        );
    }
    if let Some(token) = rest.next_if(|t| t.text.starts_with('"')) {
        let text = LocalPart::parse(token.text).map_err(|e| bad(token, e.to_string()))?;
        expected.2 = Some(text.as_str().to_owned());
    }
    match rest.next() {
        Some(token) => Err(bad(token, format!("`{}` cannot follow here", token.text))),
        None => Ok(Expected::Refuse {
            class,
            code: expected.0,
            enhanced: expected.1,
            text: expected.2,
        }),
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(meaning) => f.write_str(meaning.word()),
            Self::Refuse {
                class,
                code,
                enhanced,
                text,
            } => {
                f.write_str(class.word())?;
                code.map_or(Ok(()), |code| write!(f, " {code}"))?;
                enhanced.map_or(Ok(()), |enhanced| write!(f, " {enhanced}"))?;
                text.as_ref()
                    .map_or(Ok(()), |text| write!(f, " \"{text}\""))
            }
            Self::Replace(list) => {
                for (at, mailbox) in list.iter().enumerate() {
                    write!(f, "{}{mailbox}", if at > 0 { ", " } else { "" })?;
                }
                Ok(())
            }
        }
    }
}
