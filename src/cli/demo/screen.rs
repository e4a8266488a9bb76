//! What the demo prints: lines that fit a terminal, and a wait for Enter behind each screen.
//!
//! It waits if standard input and output are terminals, or with `--pause`; never with `--no-pause`. Enter
//! shows the next screen. `q` and Enter, the end of the input, and SIGINT or SIGTERM leave the demo.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | columns | 79 | a longer line is wrapped at a space |
//! | lines of a screen, with the prompt | 24 | the tests fail |

use std::{
    io::{self, BufRead, IsTerminal, Write},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use super::stage::Stage;
use crate::cli::{
    flags::Demo,
    output::{self, Paint},
};

/// The widest line.
const WIDTH: usize = 79;

/// What the reader wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Key {
    /// The next screen.
    Next,
    /// The end of the demo.
    Leave,
}

/// Prints, and waits for the reader.
pub struct Screen {
    paint: Paint,
    /// None if the demo does not wait.
    keys: Option<Receiver<Key>>,
}

impl Screen {
    /// Decides whether to wait, and then listens to keys and signals.
    pub fn new(flags: &Demo, stage: &Stage) -> Self {
        let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        let waits = !flags.no_pause && (flags.pause || terminal);
        let keys = waits.then(|| {
            let (sender, keys) = mpsc::channel();
            let on_signal = sender.clone();
            // Nobody receives any more once the demo has ended.
            stage.on_termination(move || {
                let _ = on_signal.send(Key::Leave);
            });
            thread::spawn(move || {
                for line in io::stdin().lock().lines() {
                    let leave = line
                        .as_ref()
                        .map_or(true, |line| line.trim().starts_with('q'));
                    let key = if leave { Key::Leave } else { Key::Next };
                    if sender.send(key).is_err() {
                        return;
                    }
                }
                let _ = sender.send(Key::Leave);
            });
            keys
        });
        Self {
            paint: Paint::stdout(),
            keys,
        }
    }

    /// Returns true if the demo waits for the reader.
    pub fn waits(&self) -> bool {
        self.keys.is_some()
    }

    /// Returns the colours of the terminal.
    pub fn paint(&self) -> Paint {
        self.paint
    }

    /// Begins a screen.
    pub fn heading(&self, text: &str) {
        output::line("");
        output::line(&self.paint.bold(text));
        output::line("");
    }

    /// Prints text as it is.
    pub fn line(&self, text: &str) {
        output::line(text);
    }

    /// Prints an empty line.
    pub fn blank(&self) {
        output::line("");
    }

    /// Prints text below the heading, wrapped.
    pub fn say(&self, text: &str) {
        wrapped(text).iter().for_each(|line| output::line(line));
    }

    /// Prints lines of rules that are right.
    pub fn good(&self, text: &str) {
        let lines = text.lines().flat_map(wrapped);
        lines.for_each(|line| output::line(&self.paint.good(&line)));
    }

    /// Prints lines of rules that are wrong.
    pub fn bad(&self, text: &str) {
        let lines = text.lines().flat_map(wrapped);
        lines.for_each(|line| output::line(&self.paint.bad(&line)));
    }

    /// Waits for the reader at the end of a screen. Returns false if the demo is to end.
    pub fn next(&mut self) -> bool {
        if self.keys.is_none() {
            return true;
        }
        self.prompt("Enter: next screen   q and Enter: leave");
        self.key(None) == Some(Key::Next)
    }

    /// Prints a prompt, without a line end.
    pub fn prompt(&self, text: &str) {
        let mut out = io::stdout().lock();
        // A reader that went away has had enough.
        let _ = write!(out, "\n{} ", self.paint.dim(&format!("-- {text} --")));
        let _ = out.flush();
    }

    /// Returns the next key; none if there is none within the limit.
    pub fn key(&self, limit: Option<Duration>) -> Option<Key> {
        let keys = self.keys.as_ref()?;
        match limit {
            None => Some(keys.recv().unwrap_or(Key::Leave)),
            Some(limit) => match keys.recv_timeout(limit) {
                Ok(key) => Some(key),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Key::Leave),
            },
        }
    }
}

/// Returns the lines of a text below a heading. Where a line is wrapped, its rest is indented as the line is,
/// and further if the line is indented itself.
fn wrapped(text: &str) -> Vec<String> {
    let indent = text.len() - text.trim_start().len();
    let further = match indent {
        0 => "  ".to_owned(),
        _ => " ".repeat(indent + 6),
    };
    let mut lines = Vec::new();
    let mut line = format!("  {text}").trim_end().to_owned();
    while let Some(at) = last_space(&line) {
        let rest = format!("{further}{}", line[at..].trim_start());
        line.truncate(at);
        lines.push(std::mem::replace(&mut line, rest).trim_end().to_owned());
    }
    lines.push(line);
    lines
}

/// Returns where a line that is too long can be wrapped.
fn last_space(line: &str) -> Option<usize> {
    let (end, _) = line.char_indices().nth(WIDTH)?;
    let begin = line.len() - line.trim_start().len();
    let spaces = line.match_indices(' ').map(|(at, _)| at);
    let spaces: Vec<_> = spaces.filter(|at| *at > begin).collect();
    // A word that is longer than a line stands alone.
    let before = spaces.iter().rfind(|at| **at <= end);
    before.or(spaces.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_at_a_space() {
        assert_eq!(wrapped("short   columns"), ["  short   columns"]);
        assert_eq!(wrapped(""), [""]);
        let long = format!("  {} end", "word ".repeat(16).trim());
        let lines = wrapped(&long);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("    word") && lines[0].len() <= WIDTH);
        assert!(lines[1].starts_with("        word"), "{lines:?}");
        // A word that is longer than a line stands alone.
        assert_eq!(wrapped(&format!("a {}", "x".repeat(90))).len(), 2);
    }
}
