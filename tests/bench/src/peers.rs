//! The programs that are measured: readdress and its peers, as child processes. Dropping a [`Peer`] ends its process.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::traffic::{Connection, ECHO};

/// A program that can be measured. The first value is true if it negotiates that RCPT has no reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The daemon of this tree, with the level of its log.
    Readdress(bool, &'static str),
    /// A milter in C, with libmilter.
    C(bool),
    /// A milter with python3-milter.
    Python(bool),
    /// A server that reads and writes the same number of bytes in one round trip.
    Echo,
}

impl Kind {
    /// Returns the name for the report.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Readdress(_, "info") => "readdress, every rewriting logged",
            Kind::Readdress(true, _) => "readdress, no reply at RCPT",
            Kind::Readdress(false, _) => "readdress, reply at RCPT",
            Kind::C(true) => "libmilter C, no reply at RCPT",
            Kind::C(false) => "libmilter C, reply at RCPT",
            Kind::Python(true) => "python3-milter, no reply at RCPT",
            Kind::Python(false) => "python3-milter, reply at RCPT",
            Kind::Echo => "echo: the floor",
        }
    }
}

/// A running program.
pub struct Peer {
    child: Child,
    /// The socket, in the form of [`crate::traffic::Load`].
    pub socket: String,
}

impl Peer {
    /// Starts a program on a Unix socket in `folder`, or on a free TCP port, and waits until it answers.
    pub fn start(
        kind: Kind,
        built: &Path,
        folder: &Path,
        rules: &Path,
        tcp: bool,
    ) -> io::Result<Self> {
        Self::spawn(kind, built, folder, rules, tcp, None)
    }

    /// Starts a program on a Unix socket. The file `counter` counts its memory allocations.
    pub fn counted(
        kind: Kind,
        built: &Path,
        folder: &Path,
        rules: &Path,
        counter: &Path,
    ) -> io::Result<Self> {
        fs::write(counter, [0; 8])?;
        Self::spawn(kind, built, folder, rules, false, Some(counter))
    }

    fn spawn(
        kind: Kind,
        built: &Path,
        folder: &Path,
        rules: &Path,
        tcp: bool,
        counter: Option<&Path>,
    ) -> io::Result<Self> {
        let path = folder.join("peer.sock");
        let _ = fs::remove_file(&path);
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (socket, libmilter) = if tcp {
            (format!("inet:{port}"), format!("inet:{port}@127.0.0.1"))
        } else {
            let socket = format!("unix:{}", path.display());
            (socket.clone(), socket)
        };
        let mode = |silent| if silent { "nr" } else { "reply" };
        let peers = built
            .parent()
            .map_or_else(PathBuf::new, |target| target.join("peers"));
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]);
        match kind {
            Kind::Readdress(silent, level) => {
                let config = folder.join("readdress.toml");
                fs::write(
                    &config,
                    configuration(folder, rules, &libmilter, (silent, level)),
                )?;
                command
                    .arg(built.join("readdress"))
                    .args(["run", "--config"])
                    .arg(config);
            }
            Kind::C(silent) => {
                command
                    .arg(peers.join("milter"))
                    .arg(&libmilter)
                    .arg(rules)
                    .arg(mode(silent));
            }
            Kind::Python(silent) => {
                command.args(["/usr/bin/python3", "tests/bench/peers/rewriter.py"]);
                command.arg(&libmilter).arg(rules).arg(mode(silent));
            }
            Kind::Echo => {
                command
                    .arg(std::env::current_exe()?)
                    .args(["echo", &socket]);
            }
        }
        if let Some(counter) = counter {
            command
                .env("LD_PRELOAD", peers.join("allocations.so"))
                .env("COUNT_ALLOCATIONS", counter);
        }
        let log = File::create(folder.join("log"))?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let mut peer = Self {
            child: command.spawn()?,
            socket,
        };
        peer.wait(kind, &folder.join("log"))?;
        Ok(peer)
    }

    fn wait(&mut self, kind: Kind, log: &Path) -> io::Result<()> {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            let there = match kind {
                Kind::Echo => {
                    Path::new(&self.socket[5..]).exists() || self.socket.starts_with("inet:")
                }
                _ => Connection::negotiated(&self.socket).is_ok(),
            };
            if there {
                thread::sleep(Duration::from_millis(100));
                return Ok(());
            }
            if self.child.try_wait()?.is_some() || Instant::now() > end {
                let said = fs::read_to_string(log).unwrap_or_default();
                let lines: Vec<&str> = said.lines().rev().take(5).collect();
                let said = lines.into_iter().rev().collect::<Vec<_>>().join("\n");
                return Err(io::Error::other(format!(
                    "{} does not answer: {said}",
                    kind.name()
                )));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns the number of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(
    folder: &Path,
    rules: &Path,
    socket: &str,
    (silent, level): (bool, &str),
) -> String {
    let refusals = if silent { "socketmap" } else { "milter" };
    format!(
        "rules = \"{}\"\n[milter]\nlisten = [\"{socket}\"]\nmax_connections = 20000\nrefusals = \"{refusals}\"\n\
         [control]\nlisten = \"unix:{}/control.sock\"\n[log]\nlevel = \"{level}\"\n",
        rules.display(),
        folder.display()
    )
}

fn answer(mut stream: impl Read + Write) {
    let mut bytes = [0; ECHO.0];
    while stream.read_exact(&mut bytes).is_ok() && stream.write_all(&[9; ECHO.1]).is_ok() {}
}

/// Runs `echo SOCKET`: the least that any server needs, with a thread for each connection.
pub fn echo(socket: &str) -> io::Result<()> {
    if let Some(path) = socket.strip_prefix("unix:") {
        for stream in UnixListener::bind(path)?.incoming() {
            let stream = stream?;
            thread::spawn(move || answer(stream));
        }
        return Ok(());
    }
    let port: u16 = socket
        .trim_start_matches("inet:")
        .parse()
        .map_err(io::Error::other)?;
    for stream in TcpListener::bind(("127.0.0.1", port))?.incoming() {
        let stream = stream?;
        thread::spawn(move || answer(stream));
    }
    Ok(())
}
