//! What a rule or a decision means for one address: the one value that decisions, exports and reports
//! are made from.

use std::fmt;

use crate::engine::reply::SmtpReply;

/// The word of [`Meaning::Keep`].
pub(super) const KEEP: &str = "keep";

/// The word of [`Meaning::Discard`].
pub(super) const DISCARD: &str = "discard";

/// What happens to an address. `T` is the form of what takes its place: a target of a rule, a mailbox of
/// a decision, an entry of an export.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Meaning<T> {
    /// The recipient is discarded in silence.
    Discard,
    /// The address stays as it was received.
    Keep,
    /// The recipient is refused, for now or for good.
    Refuse(SmtpReply),
    /// These take the place of the address, which may be one of them itself.
    Replace(Vec<T>),
}

impl<T> Meaning<T> {
    /// Returns the word of `--json`, of log lines and of expectations: `keep`, `replace`, `reject`,
    /// `defer` or `discard`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Discard => DISCARD,
            Self::Keep => KEEP,
            Self::Refuse(reply) => reply.class().word(),
            Self::Replace(_) => "replace",
        }
    }

    /// Returns what takes the place of the address.
    pub fn replacements(&self) -> &[T] {
        match self {
            Self::Replace(list) => list,
            _ => &[],
        }
    }

    /// Returns the same meaning with what `change` makes of the replacements.
    pub fn with_replacements<U>(self, change: impl FnOnce(Vec<T>) -> Meaning<U>) -> Meaning<U> {
        match self {
            Self::Discard => Meaning::Discard,
            Self::Keep => Meaning::Keep,
            Self::Refuse(reply) => Meaning::Refuse(reply),
            Self::Replace(list) => change(list),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Meaning<T> {
    /// As the right side of a line of an `.expect` file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refuse(reply) => {
                write!(f, "{} {} {}", self.word(), reply.code(), reply.enhanced())
            }
            Self::Replace(list) => {
                for (at, target) in list.iter().enumerate() {
                    write!(f, "{}{target}", if at > 0 { ", " } else { "" })?;
                }
                Ok(())
            }
            Self::Discard | Self::Keep => f.write_str(self.word()),
        }
    }
}
