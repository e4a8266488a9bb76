//! Why the daemon did not start, or why it ended by itself. Each message says what to do.

use std::{fmt, io};

use super::{descriptors::TooFewFiles, listen::BindError};

/// Why the daemon did not start, or why it ended by itself.
#[derive(Debug)]
pub enum RunError {
    /// A socket could not be bound.
    Bind(BindError),
    /// The system refused a thread, or a file with which threads wait for events.
    System {
        /// What the daemon tried to do, as an infinitive.
        doing: String,
        /// The error of the system.
        source: io::Error,
    },
    /// Too few files may be open.
    Files(TooFewFiles),
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
            Self::GivenUp(task) => write!(f, "{task} ended again and again; the log says why"),
        }
    }
}

impl std::error::Error for RunError {}

/// Returns the error for what the system refused. `doing` is an infinitive.
pub(super) fn system(doing: &str) -> impl Fn(io::Error) -> RunError + '_ {
    move |source| RunError::System {
        doing: doing.to_owned(),
        source,
    }
}
