//! Why a daemon did not start, or ended by itself; each sentence says what to do.

use std::{fmt, io};

use super::{descriptors::TooFew, listen::BindError};

/// Why a daemon did not start, or ended by itself.
#[derive(Debug)]
pub enum RunError {
    /// A socket could not be bound.
    Bind(BindError),
    /// The system refused a thread, or what threads wait for events with.
    System {
        /// What was being done, as an infinitive.
        doing: String,
        /// Its error.
        source: io::Error,
    },
    /// Too few files may be open.
    Files(TooFew),
    /// A task ended again and again.
    GivenUp(String),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind(error) => error.fmt(f),
            Self::System { doing, source } => {
                write!(f, "cannot {doing}: {source}")?;
                match source.raw_os_error() {
                    Some(libc::EAGAIN) => f.write_str(
                        ": no more threads may be started, raise TasksMax= of the unit, or `ulimit -u`",
                    ),
                    Some(libc::EMFILE) => f.write_str(
                        ": raise LimitNOFILE= of the unit, or `ulimit -n`",
                    ),
                    _ => Ok(()),
                }
            }
            Self::Files(error) => error.fmt(f),
            Self::GivenUp(task) => write!(
                f,
                "{task} ended again and again, and was given up; the log says why"
            ),
        }
    }
}

impl std::error::Error for RunError {}

/// The error for what the system refused while `doing` it, an infinitive.
pub(super) fn system(doing: &str) -> impl Fn(io::Error) -> RunError + '_ {
    move |source| RunError::System {
        doing: doing.to_owned(),
        source,
    }
}
