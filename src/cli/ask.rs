//! Asks the running daemon: finds its control socket, sends one request, reads the answer.
//!
//! A configuration file with errors does not keep a command from asking: the errors are printed, and the
//! control socket is the one that the rest of the file names, or the default one.
//!
//! # Versions
//!
//! After an upgrade the daemon may be older than the command until it is restarted. A failure then says
//! so, with the version of the daemon, and what to do ([`reason`]).

use std::{
    io::{self, BufRead, BufReader, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde::de::DeserializeOwned;

use super::{Exit, failed, files, flags::Control};
use crate::{
    config::socket::Socket,
    engine::Diagnostic,
    protocol::{self, Command, Failure, FailureCode, Request, Status},
};

/// Longest time without a line of the answer. A reload of a large table takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longest time to ask for the version of a daemon that gave no answer.
const VERSION_PATIENCE: Duration = Duration::from_secs(2);

/// The lines of an answer.
pub type Lines<T> = Vec<Result<T, Failure>>;

/// Sends a request and returns the lines of the answer. A failure says what to do if the daemon is of
/// another version; one about a single address stays as it is.
pub fn ask<T: DeserializeOwned>(
    socket: Option<&Socket>,
    config: Option<&Path>,
    request: &Request,
) -> Result<Lines<T>, Exit> {
    let asked = ask_partly(socket, config, request)?;
    files::complain_about(&asked.findings);
    let explained = |mut failure: Failure| {
        if failure.address.is_none() {
            failure.error = reason(request, &failure, &asked.socket);
        }
        failure
    };
    let lines = asked.lines.into_iter();
    Ok(lines.map(|line| line.map_err(explained)).collect())
}

/// The one answer of the daemon to a command.
#[derive(Debug)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// The errors of the configuration file, which are not printed yet. A daemon that follows this file
    /// knows them as well, and its answer may say so.
    pub findings: Vec<Diagnostic>,
}

/// Sends a request and returns the one line of the answer.
pub fn one<T: DeserializeOwned>(flags: &Control, request: &Request) -> Result<Answer<T>, Exit> {
    let asked = ask_partly(flags.socket.as_ref(), flags.config.as_deref(), request)?;
    let refused = |reason: &str| {
        files::complain_about(&asked.findings);
        failed(reason)
    };
    match asked.lines.into_iter().next() {
        Some(Ok(value)) => Ok(Answer {
            value,
            findings: asked.findings,
        }),
        Some(Err(failure)) => Err(refused(&reason(request, &failure, &asked.socket))),
        None => Err(refused(
            "the daemon closed the connection without an answer",
        )),
    }
}

/// An answer, with what was wrong on the way to it.
struct Asked<T> {
    lines: Lines<T>,
    socket: Socket,
    findings: Vec<Diagnostic>,
}

fn ask_partly<T: DeserializeOwned>(
    socket: Option<&Socket>,
    config: Option<&Path>,
    request: &Request,
) -> Result<Asked<T>, Exit> {
    let (socket, findings) = match socket {
        Some(socket) => (socket.clone(), Vec::new()),
        None => {
            let (config, findings) = files::configuration_partly(config)?;
            (config.control, findings)
        }
    };
    match exchange(&socket, request) {
        Ok(lines) => Ok(Asked {
            lines,
            socket,
            findings,
        }),
        Err(error) => {
            files::complain_about(&findings);
            let help = match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                    "; is the daemon running?"
                }
                io::ErrorKind::PermissionDenied => "; be root, or in the group of the socket",
                _ => "",
            };
            Err(failed(&format!("{socket}: {error}{help}")))
        }
    }
}

/// Sends a request to a control socket and returns the lines of the answer.
pub fn exchange<T: DeserializeOwned>(socket: &Socket, request: &Request) -> io::Result<Lines<T>> {
    exchange_within(PATIENCE, socket, request)
}

fn exchange_within<T: DeserializeOwned>(
    patience: Duration,
    socket: &Socket,
    request: &Request,
) -> io::Result<Lines<T>> {
    let Socket::Unix(path) = socket else {
        let reason = "the control socket is a Unix socket (unix:PATH)";
        return Err(io::Error::other(reason));
    };
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(patience))?;
    let line = serde_json::to_string(request)? + "\n";
    stream.write_all(line.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    BufReader::new(stream)
        .lines()
        .map(|line| Ok(protocol::read(&line?)))
        .collect()
}

/// Returns the status of a daemon; nothing if no daemon answers.
pub fn status(socket: &Socket) -> Option<Status> {
    only(exchange(socket, &Request::new(Command::Status)).ok()?)
}

fn only<T>(lines: Lines<T>) -> Option<T> {
    lines.into_iter().next()?.ok()
}

/// Returns the version of a daemon, in words that follow its name; empty if the daemon does not say it.
fn version_of(failure: &Failure, socket: &Socket) -> String {
    let asked = || {
        let request = Request::new(Command::Status);
        let lines = exchange_within::<Status>(VERSION_PATIENCE, socket, &request);
        Some(only(lines.ok()?)?.version)
    };
    let version = failure.version.clone().or_else(asked);
    let version = version.filter(|version| !version.is_empty());
    version.map_or_else(String::new, |version| format!(" (version {version})"))
}

/// Returns why the daemon did not answer a request, for people. If the daemon is of another version than
/// this program, the text says so.
pub fn reason(request: &Request, failure: &Failure, socket: &Socket) -> String {
    let version = || version_of(failure, socket);
    let error = &failure.error;
    if failure.code == Some(FailureCode::UnknownCommand) {
        return format!(
            "the daemon{} does not know \"{}\": restart it after the upgrade",
            version(),
            request.command
        );
    }
    match failure.protocol.cmp(&protocol::VERSION) {
        std::cmp::Ordering::Equal => error.clone(),
        std::cmp::Ordering::Less => format!(
            "{error}; the daemon{} is older than this command: restart it after the upgrade",
            version()
        ),
        std::cmp::Ordering::Greater => format!(
            "{error}; the daemon{} is newer than this command: use the command of its version",
            version()
        ),
    }
}
