//! Idioms of other programs and common slips, in lines that are not rules as they stand.
//!
//! A line that cannot be read comes here. [`translate`] looks for what people bring along from Postfix,
//! Sendmail, aliases(5), Exchange, CSV files, shells and mail programs. Each idiom that it finds is one
//! finding, which says what to write; the words behind it are changed accordingly, so that the reader
//! reads the line a second time and the other findings of the line come in the same pass.
//!
//! Not here: idioms whose meaning depends on the domains of the table (`anna` as a target). Those findings
//! are made by the reader and completed by [`Names`](crate::engine::diagnostic::Names).

mod comments;
mod delivery;
mod files;
mod groups;
mod hidden;
mod layout;
mod patterns;
mod refusals;
mod targets;
mod word;
mod wrapped;

pub(super) use delivery::delivery;
pub(super) use files::other_file;
pub(super) use groups::{WITHOUT_REGEX, WRITE_A_REGEX, begins_group};
pub(super) use word::Word;

use super::lexer::Token;
use crate::engine::{diagnostic::Finding, rule::Annotation};

/// What a line was meant to say.
#[derive(Debug, Default)]
pub(super) struct Translation {
    /// One finding for each idiom. Empty if there is none.
    pub findings: Vec<Finding>,
    /// The lines without the idioms: more than one if a line was continued by mistake, none if the line is
    /// a comment.
    pub lines: Vec<Vec<Word>>,
}

/// Which lines a file holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lines {
    /// Rules.
    Rules,
    /// Expectations.
    Expectations,
}

/// Finds the idioms of a line. `bytes` are the file that the line stands in.
pub(super) fn translate(tokens: &[Token<'_>], bytes: &[u8], lines: Lines) -> Translation {
    let words: Vec<_> = tokens.iter().map(Word::of).collect();
    let mut translation = Translation::default();
    let found = &mut translation.findings;
    for mut line in layout::split_continuation(words, bytes, found) {
        hidden::remove(&mut line, bytes, found);
        // Words for people alone: anything may stand in a note.
        let begins = line
            .iter()
            .position(|word| Annotation::is_option(&word.text));
        let options = line.split_off(begins.unwrap_or(line.len()));
        comments::cut(&mut line, bytes, found);
        layout::arrow(&mut line, found);
        layout::separators(&mut line, found);
        wrapped::unwrap(&mut line, found);
        refusals::replies(&mut line, found);
        if lines == Lines::Rules {
            patterns::pattern(&mut line, found);
            targets::captures(&mut line, found);
            groups::without_regex(&mut line, found);
        }
        targets::two_at_signs(&mut line, found);
        targets::letter_case(&mut line, found);
        line.extend(options);
        if !line.is_empty() {
            translation.lines.push(line);
        }
    }
    translation
}

/// Returns the address in a text that has something around it: a name, brackets, `mailto:`.
pub(super) fn plain_address(text: &str) -> Option<&str> {
    text.get(wrapped::plain(text)?)
}

/// Finds the hidden characters of some tokens.
pub(super) fn hidden(tokens: &[Token<'_>], bytes: &[u8]) -> Vec<Finding> {
    let mut found = Vec::new();
    hidden::remove(
        &mut tokens.iter().map(Word::of).collect(),
        bytes,
        &mut found,
    );
    found
}
