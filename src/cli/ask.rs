//! Asking the running daemon: `status`, `reload`, and `explain --live`.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    Exit, failed,
    files::{self, counted},
    flags::Control,
    output,
};
use crate::config::socket::Socket;

/// A reload of a large table takes seconds; beyond this the daemon is held to be stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a request and returns the lines of the answer.
pub fn ask(
    socket: Option<&Socket>,
    config: Option<&Path>,
    request: &Value,
) -> Result<Vec<Value>, Exit> {
    let socket = match socket {
        Some(socket) => socket.clone(),
        None => files::configuration(config)?.control,
    };
    let Socket::Unix(path) = &socket else {
        return Err(failed(&format!(
            "{socket}: the control socket is a Unix socket (unix:PATH)"
        )));
    };
    exchange(path, request).map_err(|error| {
        let help = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                "; is the daemon running?"
            }
            io::ErrorKind::PermissionDenied => "; be root, or in the group of the socket",
            _ => "",
        };
        failed(&format!("{socket}: {error}{help}"))
    })
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

fn one(flags: &Control, command: &str) -> Result<Value, Exit> {
    let answers = ask(
        flags.socket.as_ref(),
        flags.config.as_deref(),
        &json!({ "command": command }),
    )?;
    let answer = answers
        .into_iter()
        .next()
        .ok_or_else(|| failed("the daemon closed the connection without an answer"))?;
    match answer["error"].as_str() {
        Some(reason) => Err(failed(reason)),
        None => Ok(answer),
    }
}

/// `readdress status`.
pub fn status(flags: &Control) -> Exit {
    let answer = match one(flags, "status") {
        Ok(answer) => answer,
        Err(exit) => return exit,
    };
    let refused = answer["last_reload"]["outcome"] == "refused";
    let unwell = answer["problems"]
        .as_array()
        .is_some_and(|all| !all.is_empty());
    if flags.json {
        output::line(&answer.to_string());
    } else {
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| answer[key].as_u64().unwrap_or_default();
        print_problems(&answer);
        output::line(&format!(
            "version      {}, up for {}",
            text("version"),
            span(number("uptime_seconds"))
        ));
        output::line(&format!(
            "generation   {}, live for {}",
            number("generation"),
            span(number("age_seconds"))
        ));
        output::line(&format!(
            "rules        {} from {}",
            number("rules"),
            text("directory")
        ));
        for file in answer["files"].as_array().into_iter().flatten() {
            let (name, rules) = (file["file"].as_str(), file["rules"].as_u64());
            output::line(&format!(
                "             {:>8}  {}",
                rules.unwrap_or_default(),
                name.unwrap_or_default()
            ));
        }
        output::line(&format!("mode         {}", text("mode")));
        output::line(&format!(
            "connections  {} of {}",
            number("connections"),
            number("connection_limit")
        ));
        print_outcome(&answer["last_reload"]);
    }
    if refused || unwell {
        Exit::Findings
    } else {
        Exit::Fine
    }
}

/// What of the daemon is not well, the oldest first.
fn print_problems(answer: &Value) {
    for problem in answer["problems"].as_array().into_iter().flatten() {
        let text = |key: &str| problem[key].as_str().unwrap_or_default();
        let seconds = problem["for_seconds"].as_u64().unwrap_or_default();
        output::line(&format!(
            "DEGRADED     {}: {}, for {}",
            text("part"),
            text("what"),
            span(seconds)
        ));
    }
}

/// `readdress reload`.
pub fn reload(flags: &Control) -> Exit {
    let answer = match one(flags, "reload") {
        Ok(answer) => answer,
        Err(exit) => return exit,
    };
    if flags.json {
        output::line(&answer.to_string());
    } else {
        print_rules(&answer);
        print_outcome(&answer);
    }
    if answer["outcome"] == "refused" {
        Exit::Findings
    } else {
        Exit::Fine
    }
}

/// A time for people: the two largest units.
fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days} d {} h", hours % 24),
        () if hours > 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min {} s", seconds % 60),
        () => format!("{seconds} s"),
    }
}

/// Which rules a reload has added, removed and changed.
fn print_rules(outcome: &Value) {
    for (kind, key) in [
        ("added", "added_rules"),
        ("removed", "removed_rules"),
        ("changed", "changed_rules"),
    ] {
        let rules = outcome[key].as_array().map_or(&[][..], Vec::as_slice);
        for rule in rules.iter().filter_map(Value::as_str) {
            output::line(&format!("{kind:<12} {rule}"));
        }
        let all = usize::try_from(outcome[kind].as_u64().unwrap_or_default()).unwrap_or(usize::MAX);
        let more = all.saturating_sub(rules.len());
        if more > 0 {
            output::line(&format!("{kind:<12} and {more} more"));
        }
    }
}

fn print_outcome(outcome: &Value) {
    let number = |key: &str| outcome[key].as_u64().unwrap_or_default();
    for finding in outcome["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        output::line(finding);
    }
    let generation = number("generation");
    let line = match outcome["outcome"].as_str() {
        Some("unchanged") => {
            format!("last reload  the files hold what serves: generation {generation}")
        }
        Some("live") => {
            let rules = counted(
                usize::try_from(number("rules")).unwrap_or(usize::MAX),
                "rule",
            );
            let changes = format!(
                "+{}-{}~{}",
                number("added"),
                number("removed"),
                number("changed")
            );
            format!(
                "last reload  generation {generation} is live: {rules}, {changes}, {} ms",
                number("took_ms")
            )
        }
        Some("refused") if generation == 0 => {
            "last reload  REFUSED: no table yet, every recipient is deferred".to_owned()
        }
        Some("refused") => format!("last reload  REFUSED: generation {generation} serves on"),
        _ => "last reload  none yet".to_owned(),
    };
    output::line(&line);
}
