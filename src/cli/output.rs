//! Writes to standard output and standard error, with colour only on a terminal.
//!
//! `println!` panics if the reader of a pipe has gone, such as `head`. These functions do not panic, because
//! such a reader has read enough. Any other failure, such as a full disk, is reported at the end of the command
//! ([`lost`]).

use std::{
    env,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    sync::{
        OnceLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::engine::{
    diagnostic::Look,
    visible::{escaped, escaped_json},
};

/// The first error of a write to standard output.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Writes text to standard output as it is: for programs, not for people.
pub fn raw(text: &str) {
    match writeln!(io::stdout().lock(), "{text}") {
        // A reader that has gone has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            // Only the first failure is reported.
            let _ = LOST.set(error);
        }
        _ => {}
    }
}

/// Returns the error that left standard output incomplete. `None` if everything was written.
pub fn lost() -> Option<&'static io::Error> {
    LOST.get()
}

/// Writes a line to standard output. Escapes invisible characters and those that change the direction of text;
/// keeps colours.
pub fn line(text: &str) {
    raw(&without_marks(text));
}

/// Writes a JSON object as a line to standard output. Escapes the same characters as [`line`].
pub fn json(object: &impl Serialize) {
    match serde_json::to_string(object) {
        Ok(text) => raw(&escaped_json(&text)),
        Err(fault) => error(&format!("readdress: {fault}")),
    }
}

/// Writes a line to standard error.
pub fn error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", without_marks(text));
}

fn without_marks(text: &str) -> String {
    let piece = |text: &str| {
        text.split_inclusive(char::is_control)
            .map(line_end)
            .collect()
    };
    if text.is_ascii() {
        text.to_owned()
    } else {
        piece(text)
    }
}

/// Escapes a piece of text, except for the control character at its end: it begins a colour or ends a line.
fn line_end(piece: &str) -> String {
    let text = piece.trim_end_matches(char::is_control);
    escaped(text) + piece.get(text.len()..).unwrap_or_default()
}

/// Colours text, if the terminal and the user allow it.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    on: bool,
    /// The width of the terminal in columns, if there is a terminal.
    columns: Option<usize>,
}

impl Paint {
    /// Returns the colours for standard output. Without a terminal there are none.
    ///
    /// `NO_COLOR` (not empty), `CLICOLOR=0` and `TERM=dumb` switch colours off. `CLICOLOR_FORCE` (neither empty
    /// nor 0) switches them on, also without a terminal.
    pub fn stdout() -> Self {
        Self::on(&io::stdout())
    }

    /// Returns the colours for standard error, by the same rules.
    pub fn stderr() -> Self {
        Self::on(&io::stderr())
    }

    /// Returns no colours.
    pub fn none() -> Self {
        Self {
            on: false,
            columns: None,
        }
    }

    fn on(stream: &(impl IsTerminal + AsFd)) -> Self {
        let set = |name: &str, except: &[&str]| {
            env::var_os(name).is_some_and(|value| except.iter().all(|other| value != *other))
        };
        let is = |name: &str, value: &str| env::var_os(name).is_some_and(|set| set == value);
        let able = stream.is_terminal() && !is("TERM", "dumb") && !is("CLICOLOR", "0");
        let size = terminal_size::terminal_size_of(stream);
        Self {
            on: !set("NO_COLOR", &[""]) && (able || set("CLICOLOR_FORCE", &["", "0"])),
            columns: size.map(|(width, _)| usize::from(width.0)),
        }
    }

    /// Returns how to print findings: the width of the lines, and whether there are colours.
    pub fn look(self) -> Look {
        let default = Look::default();
        Look {
            columns: self.columns.unwrap_or(default.columns),
            colour: self.on,
        }
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.on {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Returns text for headings, in bold.
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// Returns text that is less important, dimmed.
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// Returns text for success or for something that is added, in green.
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Returns text for errors or for something that is removed, in red.
    pub fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    /// Returns text for warnings, in yellow.
    pub fn warn(self, text: &str) -> String {
        self.with("33", text)
    }
}

/// Shows on a terminal that work is in progress, if it takes longer than a second. Erases the text when dropped.
#[derive(Debug)]
pub struct Progress {
    done: Option<mpsc::Sender<()>>,
    printer: Option<thread::JoinHandle<()>>,
}

impl Progress {
    /// Shows `what` and the seconds since now. Without a terminal on standard error, shows nothing.
    pub fn start(what: &str) -> Self {
        if !io::stderr().is_terminal() {
            return Self {
                done: None,
                printer: None,
            };
        }
        let (done, finished) = mpsc::channel();
        let what = what.to_owned();
        let printer = thread::spawn(move || {
            let begun = Instant::now();
            let mut shown = false;
            while finished.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                shown = true;
                let _ = write!(io::stderr(), "\r{what} … {} s", begun.elapsed().as_secs());
            }
            if shown {
                // Erases the line, to make room for the result.
                let _ = write!(io::stderr(), "\r\u{1b}[K");
            }
        });
        Self {
            done: Some(done),
            printer: Some(printer),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(printer) = self.printer.take() {
            // A panic of the printing thread does no harm.
            let _ = printer.join();
        }
    }
}
