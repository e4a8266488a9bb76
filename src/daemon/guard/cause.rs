//! Why a table is held back: a stable word for programs, a sentence for people.

use std::fmt;

use super::traffic::TrafficCause;

/// A domain with so many addresses does not disappear unnoticed.
pub const MANY_ADDRESSES: usize = 20;

/// Why a table is held back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cause {
    /// The rules directory does not exist any more.
    Vanished {
        /// Rules that were live.
        was: usize,
    },
    /// No rule is left.
    NoRules {
        /// Rules that were live.
        was: usize,
    },
    /// The rules directory is on another file system.
    OtherMount,
    /// A file lost all its rules.
    Emptied {
        /// Its name.
        file: String,
        /// Rules that it held.
        was: usize,
    },
    /// More files than are listed lost all their rules.
    MoreEmptied {
        /// How many.
        files: usize,
    },
    /// A file became the beginning of what it was.
    Beginning {
        /// Its name.
        file: String,
        /// Rules that are gone with the rest of the file.
        gone: usize,
    },
    /// A file lost rules together with its last line end.
    NoLineEnd {
        /// Its name.
        file: String,
        /// Rules that it lost.
        gone: usize,
    },
    /// More files than are listed end as a copy does that was cut off.
    MoreEndings {
        /// How many.
        files: usize,
    },
    /// A domain with many addresses is in no rule any more.
    Domain {
        /// The domain.
        domain: String,
        /// Addresses that had a rule of their own.
        was: usize,
    },
    /// So are more domains than are listed.
    MoreDomains {
        /// How many.
        domains: usize,
    },
    /// More rules are gone than may go at once.
    Shrunk {
        /// Rules that are gone.
        gone: usize,
        /// Rules that were live.
        was: usize,
        /// The limit, in percent.
        max_shrink: u8,
    },
    /// More addresses are gone than may go at once.
    FewerAddresses {
        /// Addresses that have no rule of their own any more.
        gone: usize,
        /// Addresses that had one.
        was: usize,
        /// The limit, in percent.
        max_shrink: u8,
    },
    /// More rules were added than may come at once.
    Grown {
        /// Rules that were added.
        added: usize,
        /// Rules that were live.
        was: usize,
        /// The limit, in percent.
        max_growth: u32,
    },
    /// Addresses that got mail lately would lose it.
    Traffic(TrafficCause),
    /// There is no rule, and what was live last is unknown.
    Unknown,
}

impl Cause {
    /// A stable short word, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Vanished { .. } => "vanished",
            Self::NoRules { .. } => "no-rules",
            Self::OtherMount => "other-mount",
            Self::Emptied { .. } | Self::MoreEmptied { .. } => "emptied",
            Self::Beginning { .. } | Self::NoLineEnd { .. } | Self::MoreEndings { .. } => "cut-off",
            Self::Domain { .. } | Self::MoreDomains { .. } => "domain-gone",
            Self::Shrunk { .. } | Self::FewerAddresses { .. } => "shrunk",
            Self::Grown { .. } => "grown",
            Self::Traffic(cause) => cause.word(),
            Self::Unknown => "unknown",
        }
    }

    /// Returns a sentence. It names no address of mail if `hides` is true.
    pub fn text(&self, hides: bool) -> String {
        match self {
            Self::Traffic(cause) => cause.text(hides),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Cause {
    /// A sentence that names no address of mail.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vanished { was } => write!(
                f,
                "the rules directory does not exist any more; {} came from it",
                rules(*was)
            ),
            Self::NoRules { was } => write!(
                f,
                "no file in the rules directory holds a rule; before: {}",
                rules(*was)
            ),
            Self::OtherMount => f.write_str(
                "the rules directory is on another file system than before: it was unmounted, or something was mounted over it",
            ),
            Self::Emptied { file, was } => {
                write!(f, "{file} holds no rule any more; before: {}", rules(*was))
            }
            Self::MoreEmptied { files } => {
                write!(f, "{files} more files hold no rule any more")
            }
            Self::Beginning { .. } | Self::NoLineEnd { .. } | Self::MoreEndings { .. } => {
                self.ending(f)
            }
            Self::Traffic(cause) => f.write_str(&cause.text(true)),
            Self::Unknown => f.write_str(
                "no file in the rules directory holds a rule, and the record of what was live last is damaged",
            ),
            Self::Domain { .. }
            | Self::MoreDomains { .. }
            | Self::Shrunk { .. }
            | Self::FewerAddresses { .. }
            | Self::Grown { .. } => self.amount(f),
        }
    }
}

impl Cause {
    fn ending(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = "a copy is under way, or was cut off";
        match self {
            Self::Beginning { file, gone: 0 } => write!(
                f,
                "{file} is the beginning of what it was, and ends within a line: {cut}"
            ),
            Self::Beginning { file, gone } => write!(
                f,
                "{file} is the beginning of what it was, without {}: {cut}",
                rules(*gone)
            ),
            Self::NoLineEnd { file, gone } => write!(
                f,
                "{file} lost {} together with its last line end: {cut}",
                rules(*gone)
            ),
            Self::MoreEndings { files } => write!(f, "{files} more files end like that: {cut}"),
            _ => Ok(()),
        }
    }

    fn amount(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain { domain, was } => write!(
                f,
                "{domain} is in no rule any more; before: rules for {was} addresses"
            ),
            Self::MoreDomains { domains } => write!(
                f,
                "{domains} more domains with {MANY_ADDRESSES} addresses or more are in no rule any more"
            ),
            Self::Shrunk {
                gone,
                was,
                max_shrink,
            } => write!(
                f,
                "{gone} of {} are gone, and [reload] max_shrink allows {max_shrink}% at once",
                rules(*was)
            ),
            Self::FewerAddresses {
                gone,
                was,
                max_shrink,
            } => write!(
                f,
                "{gone} of {was} addresses are gone, and [reload] max_shrink allows {max_shrink}% at once"
            ),
            Self::Grown {
                added,
                was,
                max_growth,
            } => write!(
                f,
                "{} were added to the {was} that there were, and [reload] max_growth allows {max_growth}% at once",
                rules(*added)
            ),
            _ => Ok(()),
        }
    }
}

fn rules(number: usize) -> String {
    match number {
        1 => "1 rule or domain line".to_owned(),
        _ => format!("{number} rules and domain lines"),
    }
}
