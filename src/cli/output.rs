//! What commands print: standard output and error, colour only on a terminal.
//!
//! The macros of `std` panic when the reader of a pipe is gone. These functions do not: a reader that is gone
//! has read enough. Any other failure, such as a full disk, is reported at the end of the command ([`lost`]).

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

/// Why standard output is not complete.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Writes text to standard output as it is: for programs, not for people.
pub fn raw(text: &str) {
    match writeln!(io::stdout().lock(), "{text}") {
        // A reader that is gone has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            // The first failure is the one that is reported.
            let _ = LOST.set(error);
        }
        _ => {}
    }
}

/// Returns why standard output is not complete, if it is not.
pub fn lost() -> Option<&'static io::Error> {
    LOST.get()
}

/// Writes a line to standard output. Marks of direction and characters that nobody sees are escaped;
/// colours pass.
pub fn line(text: &str) {
    raw(&without_marks(text));
}

/// Writes an object of JSON as a line to standard output, with nothing in it that misleads the eye.
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

/// Escapes a piece of text but for the control character at its end, which is a colour's or a line's.
fn line_end(piece: &str) -> String {
    let text = piece.trim_end_matches(char::is_control);
    escaped(text) + piece.get(text.len()..).unwrap_or_default()
}

/// How text is set off, if the terminal and the user allow it.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    on: bool,
    /// Columns of the terminal, if there is one.
    columns: Option<usize>,
}

impl Paint {
    /// For standard output. Colour is used on a terminal only.
    ///
    /// `NO_COLOR` (any value but the empty one), `CLICOLOR=0` and `TERM=dumb` switch it off;
    /// `CLICOLOR_FORCE` (any value but the empty one and 0) switches it on without a terminal.
    pub fn stdout() -> Self {
        Self::on(&io::stdout())
    }

    /// For standard error, with the same rules.
    pub fn stderr() -> Self {
        Self::on(&io::stderr())
    }

    /// Without any colour.
    pub fn none() -> Self {
        Self {
            on: false,
            columns: None,
        }
    }

    fn on(stream: &(impl IsTerminal + AsFd)) -> Self {
        let set = |name: &str, but: &[&str]| {
            env::var_os(name).is_some_and(|value| but.iter().all(|other| value != *other))
        };
        let is = |name: &str, value: &str| env::var_os(name).is_some_and(|set| set == value);
        let able = stream.is_terminal() && !is("TERM", "dumb") && !is("CLICOLOR", "0");
        let size = terminal_size::terminal_size_of(stream);
        Self {
            on: !set("NO_COLOR", &[""]) && (able || set("CLICOLOR_FORCE", &["", "0"])),
            columns: size.map(|(width, _)| usize::from(width.0)),
        }
    }

    /// Returns how findings are printed there.
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

    /// Headings.
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What may be overlooked.
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// What went well, what is added.
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Errors, what is taken away.
    pub fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    /// Warnings.
    pub fn warn(self, text: &str) -> String {
        self.with("33", text)
    }
}

/// Says on a terminal that work goes on, once it takes longer than a second; gone when dropped.
#[derive(Debug)]
pub struct Progress {
    done: Option<mpsc::Sender<()>>,
    teller: Option<thread::JoinHandle<()>>,
}

impl Progress {
    /// Begins with `what` is being done. Without a terminal on standard error nothing is said.
    pub fn start(what: &str) -> Self {
        if !io::stderr().is_terminal() {
            return Self {
                done: None,
                teller: None,
            };
        }
        let (done, finished) = mpsc::channel();
        let what = what.to_owned();
        let teller = thread::spawn(move || {
            let begun = Instant::now();
            let mut said = false;
            while finished.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                said = true;
                let _ = write!(io::stderr(), "\r{what} … {} s", begun.elapsed().as_secs());
            }
            if said {
                // Erases the line: what follows is the result.
                let _ = write!(io::stderr(), "\r\u{1b}[K");
            }
        });
        Self {
            done: Some(done),
            teller: Some(teller),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(teller) = self.teller.take() {
            // It only prints; that it ended is all that matters.
            let _ = teller.join();
        }
    }
}
