//! Asking the running daemon: where its control socket is, one request, the lines of the answer.
//!
//! A configuration file with errors does not keep a command from asking: the errors are printed, and the
//! control socket is the one of the part that can be read, or the default one.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};

use super::{Exit, failed, files, flags::Control};
use crate::{config::socket::Socket, engine::Diagnostic};

/// A reload of a large table takes seconds; beyond this the daemon is held to be stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a request and returns the lines of the answer.
pub fn ask(
    socket: Option<&Socket>,
    config: Option<&Path>,
    request: &Value,
) -> Result<Vec<Value>, Exit> {
    let (answers, findings) = ask_partly(socket, config, request)?;
    files::complain_about(&findings);
    Ok(answers)
}

/// The same, with the errors of the configuration file, which are not printed yet.
fn ask_partly(
    socket: Option<&Socket>,
    config: Option<&Path>,
    request: &Value,
) -> Result<(Vec<Value>, Vec<Diagnostic>), Exit> {
    let (socket, findings) = match socket {
        Some(socket) => (socket.clone(), Vec::new()),
        None => {
            let (config, findings) = files::configuration_partly(config)?;
            (config.control, findings)
        }
    };
    let Socket::Unix(path) = &socket else {
        return Err(failed(&format!(
            "{socket}: the control socket is a Unix socket (unix:PATH)"
        )));
    };
    let answers = exchange(path, request).map_err(|error| {
        files::complain_about(&findings);
        let help = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                "; is the daemon running?"
            }
            io::ErrorKind::PermissionDenied => "; be root, or in the group of the socket",
            _ => "",
        };
        failed(&format!("{socket}: {error}{help}"))
    })?;
    Ok((answers, findings))
}

/// Sends a request to the socket at `path` and returns the lines of the answer.
pub fn exchange(path: &Path, request: &Value) -> io::Result<Vec<Value>> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{request}\n").as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    BufReader::new(stream)
        .lines()
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect()
}

/// The one object with which the daemon answers a command.
pub fn one(flags: &Control, request: &Value) -> Result<Value, Exit> {
    let (socket, config) = (flags.socket.as_ref(), flags.config.as_deref());
    let (answers, findings) = ask_partly(socket, config, request)?;
    let answer = answers
        .into_iter()
        .next()
        .ok_or_else(|| failed("the daemon closed the connection without an answer"))?;
    // A daemon that follows this file knows of them as well, and says it in its answer.
    if !answer["configuration"]["refused"].is_object() {
        files::complain_about(&findings);
    }
    match answer["error"].as_str() {
        Some(reason) => Err(failed(reason)),
        None => Ok(answer),
    }
}

/// A request without anything but the command.
pub fn command(name: &str) -> Value {
    json!({ "command": name })
}
