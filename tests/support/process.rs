//! A child process that ends with the test, however the test ends.
//!
//! With `setpriv --pdeathsig` the kernel ends the process when the *thread* that started it ends, so that an
//! interrupted run leaves no MTA behind. The process has a process group of its own, because an MTA may send signals to
//! its whole group.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a process may take to end by itself, before it is killed.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts `command`, a program with its arguments. All output goes to `log`.
    pub fn start(name: &str, command: &[&str], environment: &[(&str, &str)], log: &Path) -> Self {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("a log file");
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--"])
            .args(command)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a second handle of the log"))
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: setpriv {command:?}: {error}"));
        Self {
            child,
            name: name.to_owned(),
        }
    }

    /// Returns how the process ended; `None` if it still runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("waiting for a child")
    }

    /// Returns the most memory that the process has held at one time, and what it holds now, in KiB.
    pub fn memory(&self) -> (usize, usize) {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let number = line.and_then(|line| line.split_whitespace().nth(1));
            number.and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        (field("VmHWM:"), field("VmRSS:"))
    }

    /// Sends a signal, by the number of the process.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("sh")
            .args([
                "-c",
                "kill -s \"$1\" \"$2\"",
                "sh",
                signal,
                &self.child.id().to_string(),
            ])
            .stderr(Stdio::null())
            .status();
        assert!(sent.is_ok(), "{}: no sh to send a signal with", self.name);
    }

    /// Asks the process to end, and waits until it has ended.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        if self.ended().is_none() {
            self.signal("TERM");
        }
        self.wait()
    }

    /// Waits until the process has ended.
    pub fn wait(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            sleep(Duration::from_millis(5));
        }
        self.kill();
        None
    }

    /// Kills the process, as in a crash.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}
