//! The program under test, started for one scenario.
//!
//! `READDRESS_BIN` names another program than the one that cargo built. Nothing outside of the
//! folder is read or written: state, runtime and control socket are put into it.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::folder::Folder;
use super::process::Process;

/// A saved rules file is live after some 300 ms. A busy machine needs longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the tests wait before they conclude that a broken file does not go live.
const STAYS: Duration = Duration::from_millis(1500);

pub struct Daemon {
    process: Process,
    folder: Folder,
    ports: Vec<u16>,
}

impl Daemon {
    /// Starts the program with these rules and this configuration, on a Unix socket and on `ports`.
    pub fn start(files: &[(String, String)], config: &str, ports: &[u16]) -> Result<Self, String> {
        let folder = Folder::new("daemon");
        let rules = folder.subfolder("rules");
        for (name, text) in files {
            fs::write(rules.join(name), text).expect("a rules file");
        }
        let socket = folder.join("control.sock");
        let config = format!(
            "{config}\n[control]\nlisten = \"unix:{}\"\n",
            socket.display()
        );
        fs::write(folder.join("readdress.toml"), config).expect("the configuration");
        let process = launch(&folder, ports);
        let mut daemon = Self {
            process,
            folder,
            ports: ports.to_vec(),
        };
        daemon.wait()?;
        Ok(daemon)
    }

    /// Starts the program again in the same folder, as after a crash or an upgrade.
    pub fn restart(&mut self) -> Result<(), String> {
        self.process = launch(&self.folder, &self.ports);
        self.wait()
    }

    fn wait(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        let answers = |daemon: &Self| {
            UnixStream::connect(daemon.socket()).is_ok()
                && daemon
                    .ports
                    .iter()
                    .all(|&port| TcpStream::connect(("127.0.0.1", port)).is_ok())
        };
        while !answers(self) {
            if let Some(status) = self.process.ended() {
                return Err(format!(
                    "readdress ended at its start: {status}\n{}",
                    self.log()
                ));
            }
            if Instant::now() > deadline {
                return Err(format!("readdress does not listen\n{}", self.log()));
            }
            sleep(Duration::from_millis(10));
        }
        // A message may wait longer for the first table than an MTA waits for an answer.
        while !self.has_decided_on_a_table() && Instant::now() < deadline {
            sleep(Duration::from_millis(10));
        }
        // An MTA that has given up root must be able to open the socket as well.
        fs::set_permissions(self.socket(), fs::Permissions::from_mode(0o666)).expect("chmod");
        Ok(())
    }

    /// Returns true if a table is live, or if the log says why none is.
    fn has_decided_on_a_table(&self) -> bool {
        let log = self.log();
        let decided = ["table: generation=", "table refused", "table held back"];
        decided.iter().any(|words| log.contains(words))
    }

    /// Returns the Unix socket of the milter.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("milter.sock")
    }

    /// Returns the rules directory.
    pub fn rules(&self) -> PathBuf {
        self.folder.join("rules")
    }

    /// Waits until the log contains this text.
    pub fn says(&self, text: &str) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !self.log().contains(text) {
            if Instant::now() > deadline {
                return Err(format!("the log never says: {text}\n{}", self.log()));
            }
            sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Saves a rules file, and waits until its table is live.
    pub fn edit(&self, name: &str, text: &str) -> Result<(), String> {
        let before = self.generations();
        self.save(name, text);
        let deadline = Instant::now() + PATIENCE;
        while self.generations() == before {
            if Instant::now() > deadline {
                return Err(format!(
                    "saved {name}, but no new generation\n{}",
                    self.log()
                ));
            }
            sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Writes a rules file elsewhere and renames it. On a busy machine a file that is written in place may go live
    /// while it is still empty.
    fn save(&self, name: &str, text: &str) {
        let new = self.folder.join(&format!("new-{name}"));
        fs::write(&new, text).expect("a rules file");
        fs::rename(&new, self.folder.join("rules").join(name)).expect("a rules file in its place");
    }

    /// Saves a rules file that must not go live.
    pub fn break_rules(&self, name: &str, text: &str) -> Result<(), String> {
        let (before, length) = (self.generations(), self.log().len());
        self.save(name, text);
        sleep(STAYS);
        if self.generations() != before {
            return Err(format!("{name} is broken, and went live\n{}", self.log()));
        }
        // Without a line in the log, the daemon may not have seen the change at all.
        if self.log().len() == length {
            return Err(format!("{name} is broken, and the log does not say so"));
        }
        Ok(())
    }

    /// Returns how many different generations the log has named.
    fn generations(&self) -> usize {
        let log = self.log();
        let mut numbers: Vec<&str> = log
            .split("generation=")
            .skip(1)
            .map(|rest| {
                rest.split(|c: char| !c.is_ascii_digit())
                    .next()
                    .unwrap_or_default()
            })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.len()
    }

    /// Returns the most memory that the process has held at one time, and what it holds now, in KiB.
    pub fn memory(&self) -> (usize, usize) {
        self.process.memory()
    }

    pub fn signal(&self, signal: &str) {
        self.process.signal(signal);
    }

    /// Kills the process, as in a crash.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends the process in order. After that the log is complete.
    pub fn stop(&mut self) -> Result<(), String> {
        let ended = self.process.stop();
        self.in_order(ended)
    }

    /// Waits for the end of the process after one signal. A second signal would end it at once.
    pub fn wait_for_the_end(&mut self) -> Result<(), String> {
        let ended = self.process.wait();
        self.in_order(ended)
    }

    fn in_order(&self, ended: Option<ExitStatus>) -> Result<(), String> {
        match ended {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("readdress ended with {status}\n{}", self.log())),
            None => Err(format!("readdress did not end at SIGTERM\n{}", self.log())),
        }
    }
}

fn launch(folder: &Folder, ports: &[u16]) -> Process {
    let program = std::env::var("READDRESS_BIN")
        .unwrap_or_else(|_| env!("CARGO_BIN_EXE_readdress").to_owned());
    let text = |path: &Path| path.to_str().expect("test paths are ASCII").to_owned();
    let mut command = vec![
        program,
        "run".to_owned(),
        "--config".to_owned(),
        text(&folder.join("readdress.toml")),
        "--rules".to_owned(),
        text(&folder.join("rules")),
        "--listen".to_owned(),
        format!("unix:{}", text(&folder.join("milter.sock"))),
    ];
    for port in ports {
        command.extend(["--listen".to_owned(), format!("inet:127.0.0.1:{port}")]);
    }
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let state = text(folder.path());
    let environment = [
        ("STATE_DIRECTORY", state.as_str()),
        ("RUNTIME_DIRECTORY", &state),
    ];
    Process::start("readdress", &command, &environment, &folder.join("log"))
}
