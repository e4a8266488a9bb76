//! Where log lines go: to standard error, or to the journal with their fields. [`Event`] says what each line
//! means.
//!
//! In: `tracing` events. Out: one line or one datagram for each, written by a thread of its own. The code
//! that logs puts bytes into a queue and never waits. A frozen journal blocks a writer forever after
//! 2.6 MB, and a pipe that nobody reads after 64 KiB; mail must not stop for either.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | `QUEUE` | 8192 events | further events are dropped and counted, see [`Log::dropped`] |
//! | `line::LONGEST` | 16 KiB an event | the event is cut |
//! | the end of the process | 1 s | dropping [`Log`] waits no longer for the queue to empty |
//!
//! A line on standard error begins with a time, unless standard error is the journal, which adds the time.

mod event;
mod form;
mod journal;
mod line;
mod queue;

use std::env;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use tracing::Subscriber;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

pub use event::{DROPPED, Event};
pub(crate) use event::{events, write_event};
use form::Form;
use line::Fields;
use queue::Queue;

/// Events waiting for the writer.
const QUEUE: usize = 8192;

/// The log of this process. Dropping it writes the events that wait.
#[derive(Debug)]
pub struct Log {
    queue: Arc<Queue>,
}

/// Why the log cannot start.
#[derive(Debug)]
pub enum LogError {
    /// The level does not exist.
    Level(String),
    /// There is a log already, or its thread could not be started.
    Start(String),
}

impl std::fmt::Display for LogError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Level(level) => write!(
                f,
                "\"{level}\" is not a log level: write error, warn, info, debug or trace"
            ),
            Self::Start(reason) => write!(f, "cannot log: {reason}"),
        }
    }
}

impl std::error::Error for LogError {}

impl Log {
    /// Starts the log: events of `level` and above go to the journal or to standard error.
    ///
    /// `level` is a word (`info`), or the directives of [`EnvFilter`] (`info,indymilter=debug`).
    pub fn start(level: &str) -> Result<Self, LogError> {
        let filter = filter(level)?;
        let (form, sink) = destination();
        let start = |error: io::Error| {
            let advice = match error.raw_os_error() {
                Some(libc::EAGAIN) => {
                    ": no more threads may be started, raise TasksMax= of the unit, or `ulimit -u`"
                }
                _ => "",
            };
            LogError::Start(format!("{error}{advice}"))
        };
        let queue = Arc::new(Queue::start(QUEUE, form, sink).map_err(start)?);
        let output = Output {
            form,
            queue: Arc::clone(&queue),
        };
        let subscriber = tracing_subscriber::registry().with(filter).with(output);
        tracing::subscriber::set_global_default(subscriber)
            .map_err(|error| LogError::Start(error.to_string()))?;
        Ok(Self { queue })
    }

    /// Returns a view of the thread that writes the log.
    pub fn thread(&self) -> LogThread {
        LogThread(Arc::clone(&self.queue))
    }

    /// Returns how many events were lost because the queue was full, or because they could not be written.
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }
}

/// A view of the thread that writes the log.
#[derive(Clone, Debug)]
pub struct LogThread(Arc<Queue>);

impl LogThread {
    /// Returns false if the thread that writes has ended. A thread that waits for a frozen journal has not
    /// ended, and mail does not depend on it.
    pub fn is_running(&self) -> bool {
        self.0.is_written()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.queue.finish();
    }
}

fn destination() -> (Form, Box<dyn Write + Send>) {
    if !stderr_is_journal() {
        return (Form::Line, Box::new(io::stderr()));
    }
    match journal::Socket::connect(journal::SOCKET) {
        Ok(socket) => (Form::Native, Box::new(socket)),
        Err(_) => (Form::Prefixed, Box::new(io::stderr())),
    }
}

/// Returns true if standard error leads to the journal. `JOURNAL_STREAM` is inherited, so it counts only if
/// it names standard error of this process.
fn stderr_is_journal() -> bool {
    let Ok(stream) = env::var("JOURNAL_STREAM") else {
        return false;
    };
    let Ok(stderr) = io::stderr().as_fd().try_clone_to_owned() else {
        return false;
    };
    File::from(stderr)
        .metadata()
        .is_ok_and(|metadata| stream == format!("{}:{}", metadata.dev(), metadata.ino()))
}

fn filter(level: &str) -> Result<EnvFilter, LogError> {
    let wrong = || LogError::Level(level.to_owned());
    // EnvFilter takes any word as the name of a module, so a misspelt level would hide every event.
    let words = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |piece: &str| {
        words
            .iter()
            .any(|word| piece.trim().eq_ignore_ascii_case(word))
    };
    if !level
        .split(',')
        .all(|piece| piece.contains('=') || is_level(piece))
    {
        return Err(wrong());
    }
    EnvFilter::try_new(level).map_err(|_| wrong())
}

/// Turns events into bytes and queues them.
#[derive(Debug)]
struct Output {
    form: Form,
    queue: Arc<Queue>,
}

impl<S: Subscriber> Layer<S> for Output {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        self.queue.push(self.form.bytes(&Fields::of(event)));
    }
}

/// Returns the lines that `work` logs in this thread, each after its level, without a time.
#[cfg(test)]
pub(crate) fn capture(work: impl FnOnce()) -> Vec<String> {
    use std::sync::Mutex;
    struct Kept(Arc<Mutex<Vec<String>>>);
    impl<S: Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
            self.0.lock().unwrap().push(Fields::of(event).text());
        }
    }
    let lines = Arc::new(Mutex::new(Vec::new()));
    let subscriber = tracing_subscriber::registry().with(Kept(Arc::clone(&lines)));
    tracing::subscriber::with_default(subscriber, work);
    let lines = lines.lock().unwrap();
    lines.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_an_error() {
        for level in ["info", "ERROR", "off", "info,indymilter=debug"] {
            assert!(filter(level).is_ok(), "{level}");
        }
        for level in ["", "infos", "warning!", "infos,a=debug", "info,", "3"] {
            assert!(filter(level).is_err(), "{level}");
        }
    }

    #[test]
    fn debug_is_silent_by_default() {
        assert_eq!(filter("info").unwrap().to_string(), "info");
    }
}
