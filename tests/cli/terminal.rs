//! A command on a terminal.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use crate::program::{PATIENCE, Place};

/// What a command prints on a terminal, which script(1) makes, and its keyboard.
pub struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Starts a command with these arguments in a place. `no_color` is the value of NO_COLOR.
    pub fn start(place: &Place, arguments: &str, no_color: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_readdress");
        // Where the shell waits for the command instead of becoming it, as dash does, Ctrl-C ends the shell too,
        // and its exit status takes the place of the command's.
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--", "script", "-qec"])
            .args([&format!("exec {program} {arguments}"), "/dev/null"])
            .env("TERM", "xterm")
            .env("NO_COLOR", no_color)
            .env("TMPDIR", place.join("."))
            .current_dir(place.join("."))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut output, copy) = (child.stdout.take().unwrap(), Arc::clone(&shown));
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                copy.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            keyboard: child.stdin.take().unwrap(),
            child,
            shown,
        }
    }

    /// Returns what was printed so far.
    pub fn text(&self) -> String {
        let shown = self.shown.lock().unwrap();
        String::from_utf8_lossy(&shown).replace('\r', "")
    }

    /// Waits until the text ends with `end`, and returns it.
    pub fn ends_with(&self, end: &str) -> String {
        self.wait(end, |text| text.ends_with(end))
    }

    /// Waits until the text is the wanted one, and returns it.
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if wanted(&text) {
                return text;
            }
            assert!(Instant::now() < end, "never shown: {what}\n{text}");
            sleep(Duration::from_millis(10));
        }
    }

    /// Types these keys.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits for the end, and returns the exit status.
    pub fn end(&mut self) -> Option<i32> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < end, "no end\n{}", self.text());
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
